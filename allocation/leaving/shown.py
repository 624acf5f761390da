"""How the API shows what ending a bet means."""

from typing import Any

from rest_framework import serializers

from bets.models import Stage
from bets.models.bet import ThesisStatus


class TeamTouchedShown(serializers.Serializer[Any]):
    """A team, its share of the bet, and what of its funding is released a month."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    share = serializers.FloatField()
    released = serializers.CharField()
    members = serializers.ListField(child=serializers.CharField())


class EndingBetShown(serializers.Serializer[Any]):
    """A bet that would end. Money is currency per month, the exit cost currency."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    theme = serializers.CharField()
    stream = serializers.CharField()
    stage = serializers.ChoiceField(choices=Stage.choices)
    leaves_to = serializers.ChoiceField(choices=Stage.choices)
    belief = serializers.FloatField(allow_null=True)
    thesis_status = serializers.ChoiceField(choices=ThesisStatus.choices)
    working = serializers.CharField()
    withdrawn = serializers.CharField()
    freed = serializers.CharField()
    entangled = serializers.CharField(help_text="What becomes entangled by it.")
    locked = serializers.CharField(help_text="What cannot be withdrawn now, and stays.")
    already_entangled = serializers.CharField()
    reclaimable_share = serializers.FloatField()
    withdrawable = serializers.FloatField()
    notice_months = serializers.FloatField()
    available_on = serializers.DateField(help_text="When it is there, if it is decided today.")
    exit_cost = serializers.CharField()
    owner = serializers.CharField()
    value_is_known = serializers.BooleanField()
    teams = TeamTouchedShown(many=True)


class DependentShown(serializers.Serializer[Any]):
    """A bet that needs what would end; ``left_without`` if it is funded and would not have it.

    ``why_it_stays`` says why it cannot be stopped along with that, and is empty if it can.
    """

    id = serializers.IntegerField()
    title = serializers.CharField()
    theme = serializers.CharField()
    stage = serializers.ChoiceField(choices=Stage.choices)
    working = serializers.CharField()
    entangled = serializers.CharField()
    needs = serializers.ListField(child=serializers.CharField())
    left_without = serializers.BooleanField()
    ends_with_it = serializers.BooleanField()
    # Tables that were kept before this was said lack it.
    why_it_stays = serializers.CharField(allow_blank=True, default="")


class SuccessorShown(serializers.Serializer[Any]):
    """The bet in which a pivot goes on, and what goes over to it a month."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    stage = serializers.ChoiceField(choices=Stage.choices)
    belief = serializers.FloatField(allow_null=True)
    amount = serializers.CharField()
    most = serializers.CharField()
    working_before = serializers.CharField()
    working_after = serializers.CharField()
    to_reserve = serializers.CharField()


class TotalsShown(serializers.Serializer[Any]):
    """Over all bets that would end."""

    withdrawn = serializers.CharField()
    freed = serializers.CharField()
    entangled = serializers.CharField()
    locked = serializers.CharField()
    exit_cost = serializers.CharField()


class ConsequencesShown(serializers.Serializer[Any]):
    """What is on the table when a bet is to end; gains are currency over the horizon."""

    purpose = serializers.ChoiceField(choices=["stop", "pivot"])
    horizon_months = serializers.IntegerField()
    bets = EndingBetShown(many=True)
    totals = TotalsShown()
    dependents = DependentShown(many=True)
    successor = SuccessorShown(allow_null=True)
    gain = serializers.FloatField(allow_null=True)
    gain_per_month_of_waiting = serializers.FloatField(allow_null=True)


class IfStoppedShown(ConsequencesShown):
    """The same as it is today, and what stands in the way of proposing it.

    ``content_sha256`` names these figures: a proposal that gives it is not drawn up on others.
    """

    obstacles = serializers.ListField(child=serializers.CharField())
    content_sha256 = serializers.CharField(allow_blank=True)
    may_not_propose = serializers.CharField(allow_blank=True)
