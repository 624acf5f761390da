"""The forms of reports in the API."""

from typing import Any

from rest_framework import serializers

from bets.serializers import PortfolioFilter
from reports.broken.events import WORDS
from spm.api import fields


class AfterBreakFilter(PortfolioFilter):
    """Bets whose thesis broke: one of them, or those that are broken now."""

    bet = fields.QueryWholeField(required=False)
    broken = fields.ChoiceField(required=False, choices=[("now", "Broken now")])


class SpellShown(serializers.Serializer[Any]):
    """A time for which a thesis was broken."""

    start = serializers.DateField()
    end = serializers.DateField(help_text="Of the revival, or today.")


class BrokenEventShown(serializers.Serializer[Any]):
    """One thing that happened; ``spent_since`` is currency spent on the broken thesis since."""

    kind = serializers.ChoiceField(choices=list(WORDS.items()))
    at = fields.MomentField()
    text = serializers.CharField()
    who = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)
    spent_since = fields.MoneyField()


class BrokenBetShown(serializers.Serializer[Any]):
    """A bet whose thesis broke; ``rate`` is currency per month now, ``spent`` currency since by the
    ledger, ``actual_spent`` by what was recorded of its spending, null where nothing was."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    broken_on = serializers.DateField(allow_null=True)
    rate = fields.MoneyField()
    spent = fields.MoneyField()
    actual_spent = fields.MoneyField(allow_null=True)
    actual_months = serializers.IntegerField(help_text="Broken months with actual spend.")
    broken_months = serializers.IntegerField(
        help_text="Null where no actual spend is known.", allow_null=True
    )
    spells = SpellShown(many=True)
    events = BrokenEventShown(many=True)


class AfterBreakShown(serializers.Serializer[Any]):
    """The report; ``rate`` and ``spent`` are those of the whole portfolio, whatever is asked."""

    until = serializers.DateField()
    rate = fields.MoneyField()
    spent = fields.MoneyField()
    actual_spent = fields.MoneyField(allow_null=True)
    next = serializers.URLField(allow_null=True)
    results = BrokenBetShown(many=True)
