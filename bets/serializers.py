"""The forms of portfolios, themes, value streams, teams, bets and hypotheses in the API."""

from rest_framework import serializers

from bets.models import (
    Bet,
    BetTeam,
    ExternalKey,
    Horizon,
    Hypothesis,
    KillCriterion,
    Liquidity,
    Portfolio,
    Stage,
    Team,
    Theme,
    ValueStream,
)
from bets.models.bet import ThesisStatus
from spm.api import fields
from spm.api.serializers import FilterSerializer, ShownSerializer, Terms


class PortfolioShown(ShownSerializer):
    """A portfolio. ``envelope`` and ``reserve`` are currency per month."""

    class Meta:
        model = Portfolio
        fields = [
            "id",
            "name",
            "slug",
            "intent",
            "currency",
            "horizon_months",
            "envelope",
            "reserve",
            "reserve_floor",
            "switching_cost",
            "created_at",
        ]


class ThemeShown(ShownSerializer):
    """A strategic theme; its target range is a share of the envelope."""

    class Meta:
        model = Theme
        fields = [
            "id",
            "portfolio",
            "name",
            "statement",
            "target_min_share",
            "target_max_share",
        ]


class StreamShown(ShownSerializer):
    """A value stream."""

    class Meta:
        model = ValueStream
        fields = ["id", "portfolio", "name", "purpose"]


class TeamShown(ShownSerializer):
    """A team; its capacity is currency per month."""

    class Meta:
        model = Team
        fields = ["id", "portfolio", "stream", "name", "capacity"]


class BetTeamShown(ShownSerializer):
    """Which share of a bet's funding is work of a team."""

    class Meta:
        model = BetTeam
        fields = ["team", "share"]


class ExternalKeyShown(ShownSerializer):
    """The name that another system has for a bet."""

    class Meta:
        model = ExternalKey
        fields = ["source", "key", "url"]


class BetShown(ShownSerializer):
    """A bet. Rates are currency per month; values are currency over the portfolio's horizon."""

    teams = BetTeamShown(source="bet_teams", many=True, read_only=True)
    needs = serializers.SerializerMethodField()
    keys = ExternalKeyShown(source="external_keys", many=True, read_only=True)
    funding = fields.MoneyField(read_only=True)
    wsjf = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = Bet
        fields = [
            "id",
            "portfolio",
            "version",
            "title",
            "description",
            "theme",
            "stream",
            "owner",
            "predecessor",
            "stage",
            "stage_entered_at",
            "horizon",
            "liquidity",
            "working",
            "entangled",
            "funding",
            "belief",
            "belief_before",
            "belief_changed_at",
            "freshest_evidence_at",
            "thesis_status",
            "broken_at",
            "value_p10",
            "value_p50",
            "value_p90",
            "full_funding",
            "response",
            "minimum",
            "maximum",
            "test_budget",
            "reclaimable_share",
            "notice_months",
            "exit_cost",
            "ramp_cost",
            "withdrawable",
            "stop_below",
            "revive_above",
            "business_value",
            "time_criticality",
            "risk_reduction",
            "job_size",
            "wsjf",
            "delivery_signal",
            "delivery_signal_source",
            "delivery_signal_at",
            "teams",
            "needs",
            "keys",
            "created_at",
        ]

    def get_needs(self, bet: Bet) -> list[int]:
        """Ids of the bets that this one needs."""
        return sorted(link.needs_id for link in bet.needs_links.all())


class KillCriterionShown(ShownSerializer):
    """A condition under which the thesis counts as broken."""

    class Meta:
        model = KillCriterion
        fields = ["id", "metric", "comparison", "value", "min_sample", "deadline"]


class HypothesisShown(ShownSerializer):
    """A hypothesis with its kill criteria; its belief is under ``/hypotheses/{id}/belief``."""

    kill_criteria = KillCriterionShown(many=True, read_only=True)

    class Meta:
        model = Hypothesis
        fields = [
            "id",
            "bet",
            "statement",
            "indicator",
            "metric",
            "threshold",
            "direction",
            "prior",
            "half_life_days",
            "kill_criteria",
            "created_at",
        ]


class PortfolioFilter(FilterSerializer):
    """Of one portfolio."""

    portfolio = fields.QueryWholeField(required=False, help_text="Of this portfolio.")


class BetFilter(PortfolioFilter):
    """The board's filters."""

    theme = fields.QueryWholeField(required=False)
    stream = fields.QueryWholeField(required=False)
    team = fields.QueryWholeField(required=False)
    owner = fields.QueryWholeField(required=False)
    stage = fields.ChoiceField(required=False, choices=Stage.choices)
    horizon = fields.ChoiceField(required=False, choices=Horizon.choices)
    liquidity = fields.ChoiceField(required=False, choices=Liquidity.choices)
    thesis_status = fields.ChoiceField(required=False, choices=ThesisStatus.choices)
    search = fields.TextField(required=False, max_length=200, help_text="Part of the title.")


class HypothesisFilter(PortfolioFilter):
    """Of one bet, or of one portfolio."""

    bet = fields.QueryWholeField(required=False)


class BetTeamTerms(Terms):
    """A team, by id or name, and the share of the bet's funding that is its work."""

    team = fields.IdOrNameField()
    share = serializers.FloatField(min_value=0, max_value=1)


class BetTerms(Terms):
    """The fields of a bet. What is not given stays as it is, or as it is by default."""

    title = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    theme = fields.IdOrNameField(required=False, allow_null=True)
    stream = fields.IdOrNameField(required=False, allow_null=True)
    owner = fields.IdOrNameField(
        required=False, allow_null=True, help_text="A member of the portfolio: id or address."
    )
    predecessor = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    horizon = serializers.ChoiceField(required=False, choices=Horizon.choices)
    liquidity = serializers.ChoiceField(required=False, choices=Liquidity.choices)
    value_p10 = fields.MoneyField(required=False, allow_null=True)
    value_p50 = fields.MoneyField(required=False, allow_null=True)
    value_p90 = fields.MoneyField(required=False, allow_null=True)
    full_funding = fields.MoneyField(required=False)
    response = serializers.ListField(
        required=False,
        min_length=1,
        max_length=20,
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="Points [share of full funding, share of value] of a concave curve.",
    )
    minimum = fields.MoneyField(required=False)
    maximum = fields.MoneyField(required=False, allow_null=True)
    test_budget = fields.MoneyField(required=False, allow_null=True)
    reclaimable_share = serializers.FloatField(required=False, min_value=0, max_value=1)
    notice_months = serializers.FloatField(required=False, min_value=0, max_value=600)
    exit_cost = serializers.FloatField(required=False, min_value=0, max_value=1e12)
    ramp_cost = serializers.FloatField(required=False, min_value=0, max_value=1e12)
    withdrawable = serializers.FloatField(required=False, min_value=0, max_value=1)
    stop_below = serializers.FloatField(required=False, min_value=0, max_value=1)
    revive_above = serializers.FloatField(required=False, min_value=0, max_value=1)
    business_value = fields.ScoreField(required=False, allow_null=True)
    time_criticality = fields.ScoreField(required=False, allow_null=True)
    risk_reduction = fields.ScoreField(required=False, allow_null=True)
    job_size = fields.ScoreField(required=False, allow_null=True)
    delivery_signal = serializers.CharField(required=False, allow_blank=True, max_length=120)
    delivery_signal_source = serializers.CharField(required=False, allow_blank=True, max_length=120)
    delivery_signal_at = fields.MomentField(required=False, allow_null=True)
    teams = BetTeamTerms(many=True, required=False)
    needs = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=200
    )


class NewBetTerms(BetTerms):
    """A new bet."""

    portfolio = fields.WholeField(
        required=False, help_text="Where; may be left out by who has one portfolio only."
    )


class KeyedBetTerms(BetTerms):
    """A bet that another system has a key for; only a new one needs its title."""

    title = serializers.CharField(required=False, max_length=200)
    portfolio = fields.WholeField(
        required=False, help_text="Where; may be left out by who has one portfolio only."
    )
    url = serializers.URLField(
        required=False, allow_blank=True, help_text="Where the other system shows it."
    )


class KillCriterionTerms(Terms):
    """A condition under which the thesis counts as broken."""

    metric = serializers.ChoiceField(choices=["value", "trials"])
    comparison = serializers.ChoiceField(choices=["<", "<=", ">", ">="])
    value = serializers.FloatField()
    min_sample = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    deadline = fields.MomentField(required=False, allow_null=True)


class HypothesisTerms(Terms):
    """The fields of a hypothesis; kill criteria are given as a whole."""

    statement = serializers.CharField(max_length=20_000)
    indicator = serializers.CharField(required=False, allow_blank=True, max_length=200)
    metric = serializers.ChoiceField(
        required=False, choices=["proportion", "mean"], allow_null=True, allow_blank=True
    )
    threshold = serializers.FloatField(required=False, allow_null=True)
    direction = serializers.ChoiceField(required=False, choices=[">=", "<="])
    prior = serializers.FloatField(
        required=False, min_value=0, max_value=1, help_text="Between 0 and 1, neither of the two."
    )
    half_life_days = serializers.FloatField(
        required=False, allow_null=True, min_value=0, max_value=36_500
    )
    kill_criteria = KillCriterionTerms(many=True, required=False)


class ChangedHypothesisTerms(HypothesisTerms):
    """What changes of a hypothesis, and why."""

    statement = serializers.CharField(required=False, max_length=20_000)
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2_000,
        help_text="Needed where there is evidence already and a metric, threshold, direction, "
        "prior, half-life or kill criterion changes.",
    )


class NewHypothesisTerms(HypothesisTerms):
    """A new hypothesis of a bet."""

    bet = fields.WholeField()
