"""The forms of proposals, transfers and limits in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from allocation.decision_serializers import ConsentShown
from allocation.leaving.shown import ConsequencesShown
from allocation.models import (
    Guardrail,
    LimitChange,
    Move,
    Proposal,
    ProposalChange,
    Transfer,
)
from allocation.study_serializers import StudyShown
from bets.serializers import PortfolioFilter
from spm.api import fields
from spm.api.serializers import ShownSerializer, Terms


class ProposalSummaryShown(ShownSerializer):
    """A proposal in a list. Money is currency per month, gains and costs are currency."""

    class Meta:
        model = Proposal
        fields = [
            "id",
            "portfolio",
            "number",
            "status",
            "purpose",
            "about",
            "successor",
            "reason",
            "version",
            "content_sha256",
            "drawn_up_by",
            "replaces",
            "created_at",
            "checked_at",
            "closed_at",
            "closed_because",
            "horizon_months",
            "objective_current",
            "objective_proposed",
            "objective_bound",
            "gap",
            "gain",
            "gain_per_month_of_waiting",
            "out_of_bets",
            "freed",
            "entangled",
            "exit_costs",
            "newest_evidence",
        ]


class ProposalChangeShown(ShownSerializer):
    """What a proposal does to one bet."""

    class Meta:
        model = ProposalChange
        fields = [
            "id",
            "bet",
            "working_before",
            "working_after",
            "freed",
            "entangled",
            "notice_months",
            "exit_cost",
            "ramp_cost",
            "gain_alone",
            "belief",
            "approved",
            "leaves_to",
        ]


class MoveShown(ShownSerializer):
    """One amount per month from a bet to another; null stands for the reserve."""

    class Meta:
        model = Move
        fields = ["id", "from_bet", "to_bet", "amount", "available_in_months"]


class GuardrailEffectShown(serializers.Serializer[Any]):
    """A guardrail before and after, and what relaxing it is worth, as the engine found it."""

    id = serializers.CharField()
    kind = serializers.CharField()
    value_before = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    min = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)
    breach_before = serializers.FloatField()
    breach_after = serializers.FloatField()
    shadow_price = serializers.FloatField(allow_null=True)


class ProposalShown(ProposalSummaryShown):
    """A proposal with all that a decider should have seen.

    ``newer_evidence`` are events that it has not seen: it is being recomputed. ``may_not_decide``
    says why you may not decide it and who may, and is empty if you may. ``standing_consents`` are
    approvals of it as it is now that wait for a second person. ``consequences`` are those that
    were on the table where it ends a bet.
    """

    changes = ProposalChangeShown(many=True, read_only=True)
    moves = MoveShown(many=True, read_only=True)
    guardrails = serializers.SerializerMethodField()
    consequences = ConsequencesShown(read_only=True, allow_null=True)
    study = serializers.SerializerMethodField()
    evidence: Any = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    newer_evidence = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    may_not_decide = serializers.CharField(read_only=True)
    standing_consents = ConsentShown(many=True, read_only=True)

    class Meta(ProposalSummaryShown.Meta):
        fields = [
            *ProposalSummaryShown.Meta.fields,
            "changes",
            "moves",
            "guardrails",
            "consequences",
            "study",
            "evidence",
            "newer_evidence",
            "may_not_decide",
            "standing_consents",
        ]

    @extend_schema_field(GuardrailEffectShown(many=True))
    def get_guardrails(self, proposal: Proposal) -> Any:
        """The guardrails of the portfolio under this proposal."""
        return GuardrailEffectShown(proposal.solution.get("guardrails", []), many=True).data

    @extend_schema_field(StudyShown(allow_null=True))
    def get_study(self, proposal: Proposal) -> Any:
        """Levers, frontier, robustness and information; null until a worker has begun."""
        study = getattr(proposal, "study", None)
        return None if study is None else StudyShown(study).data


class PlaceShown(serializers.Serializer[Any]):
    """Where money stands: an account of the portfolio, or of a bet."""

    kind = serializers.CharField()
    bet = serializers.IntegerField(source="bet_id", allow_null=True)


class TransferShown(ShownSerializer):
    """One amount per month from an account to another, from a date on; ``one_off`` is currency."""

    from_account = PlaceShown(read_only=True)
    to_account = PlaceShown(read_only=True)

    class Meta:
        model = Transfer
        fields = [
            "id",
            "portfolio",
            "sequence",
            "kind",
            "from_account",
            "to_account",
            "amount",
            "effective_on",
            "one_off",
            "booked_at",
            "booked_by",
            "api_key",
            "decision",
            "limit_change",
            "note",
            "previous_sha256",
            "sha256",
        ]


LIMIT: dict[str, Any] = {"max_digits": 16, "decimal_places": 4, "allow_null": True}


class GuardrailShown(ShownSerializer):
    """A guardrail. Limits are shares of the envelope (0 to 1), currency per month, or bets."""

    scope = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    minimum = serializers.DecimalField(**LIMIT)
    maximum = serializers.DecimalField(**LIMIT)

    class Meta:
        model = Guardrail
        fields = [
            "id",
            "portfolio",
            "name",
            "kind",
            "scope",
            "minimum",
            "maximum",
            "active",
            "version",
            "created_at",
        ]


class GuardrailTerms(Terms):
    """What a guardrail says, and why it is set so."""

    name = fields.TextField(max_length=120, required=False)
    scope = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text='Which bets it looks at, such as {"horizon": ["H3"]}; all, if left out. '
        "Attributes: theme, stream (their ids), horizon, liquidity, stage.",
    )
    minimum = serializers.DecimalField(
        required=False,
        help_text="Share of the envelope (0 to 1), currency per month, or bets, by its kind.",
        **LIMIT,
    )
    maximum = serializers.DecimalField(required=False, help_text="The same.", **LIMIT)
    active = serializers.BooleanField(required=False, help_text="Whether it is in force.")
    reason = fields.TextField(max_length=2000, help_text="Kept in the journal with the change.")


class KeyedGuardrailTerms(GuardrailTerms):
    """The same by its name, with what it limits."""

    portfolio = fields.WholeField(required=False)
    kind = fields.ChoiceField(choices=Guardrail.Kind.choices)


class NewGuardrailTerms(KeyedGuardrailTerms):
    """A new one."""

    name = fields.TextField(max_length=120)


class LimitChangeShown(ShownSerializer):
    """One change of a limit: who, when, from what to what, and why."""

    before = serializers.DictField()
    after = serializers.DictField()

    class Meta:
        model = LimitChange
        fields = [
            "id",
            "portfolio",
            "subject",
            "guardrail",
            "before",
            "after",
            "changed_at",
            "changed_by",
            "api_key",
            "reason",
        ]


class GuardrailFilter(PortfolioFilter):
    """Guardrails of a portfolio, of a kind."""

    kind = fields.ChoiceField(required=False, choices=Guardrail.Kind.choices)


class ProposalFilter(PortfolioFilter):
    """Proposals of a portfolio, in a status."""

    status = fields.ChoiceField(required=False, choices=Proposal.Status.choices)


class TransferFilter(PortfolioFilter):
    """Transfers of a portfolio, in or out of a bet's accounts, of a kind, effective in a time."""

    bet = fields.QueryWholeField(required=False)
    kind = fields.ChoiceField(required=False, choices=Transfer.Kind.choices)
    effective_since = serializers.DateField(required=False, help_text="On that day or later.")
    effective_until = serializers.DateField(required=False, help_text="On that day or before.")
