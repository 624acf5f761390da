"""The forms of decisions in the API: what is sent to decide, and what is shown of it."""

from typing import Any

from rest_framework import serializers

from allocation.models import Consent, Decision
from allocation.part_serializers import PartAsked
from bets.serializers import PortfolioFilter
from spm.api import fields
from spm.api.serializers import ShownSerializer, StrictSerializer


class DecisionShown(ShownSerializer):
    """A decision: who, when, under which authority, and what was known.

    ``part`` is what was asked and booked where only a part was approved, and otherwise null.
    """

    evidence_seen = serializers.ListField(child=serializers.IntegerField(), read_only=True)
    part = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = Decision
        fields = [
            "id",
            "portfolio",
            "proposal",
            "kind",
            "decided_at",
            "decided_by",
            "api_key",
            "mandate",
            "authority",
            "signed_with",
            "consent",
            "reason",
            "proposal_version",
            "content_sha256",
            "evidence_seen",
            "part",
        ]


class JournalledDecisionShown(DecisionShown):
    """The same with what it moved: the sum of the moves that it booked, currency per month."""

    moved = fields.MoneyField(read_only=True)

    class Meta(DecisionShown.Meta):
        fields = [*DecisionShown.Meta.fields, "moved"]


class ConsentShown(ShownSerializer):
    """The first of two approvals; nothing is booked until another person approves the same.

    ``part_sha256`` is the digest of the part that it approves, and empty for the whole.
    """

    class Meta:
        model = Consent
        fields = [
            "id",
            "portfolio",
            "proposal",
            "person",
            "api_key",
            "mandate",
            "authority",
            "signed_with",
            "given_at",
            "reason",
            "proposal_version",
            "content_sha256",
            "part_sha256",
        ]


class WaitingShown(serializers.Serializer[Any]):
    """An approval that is kept, and waits for a second person."""

    detail = serializers.CharField()
    consent = ConsentShown()


class DecisionFilter(PortfolioFilter):
    """Decisions of a portfolio: of a kind, about a bet, under a mandate, in a period."""

    kind = fields.ChoiceField(required=False, choices=Decision.Kind.choices)
    bet = fields.QueryWholeField(required=False, help_text="Those whose proposal changes it.")
    mandate = fields.QueryWholeField(required=False)
    since = fields.MomentField(required=False, help_text="Decided then or later.")
    until = fields.MomentField(required=False, help_text="Decided before then.")


SIGNATURE: dict[str, Any] = {
    "required": False,
    "trim_whitespace": False,
    "max_length": 128,
    "help_text": "What a signed-in person signs with: their password, or a code of their app. "
    "A key is its own signature and leaves it out.",
}


class Approval(StrictSerializer):
    """Names what was seen; anything else answers 409 with what has changed."""

    version = fields.WholeField(max_value=2**31 - 1)
    content_sha256 = fields.TextField(min_length=64, max_length=64)
    newer_evidence = serializers.ListField(
        child=fields.WholeField(),
        required=False,
        max_length=1000,
        help_text="Events newer than the proposal that you have seen and decide all the same.",
    )
    reason = fields.TextField(required=False, allow_blank=True, max_length=4000)
    part = PartAsked(
        required=False, help_text="What of it; the whole if left away, or if it leaves nothing out."
    )
    part_sha256 = fields.TextField(
        required=False,
        min_length=64,
        max_length=64,
        help_text="The digest of the part that was shown; needed with `part`.",
    )
    signature = fields.TextField(**SIGNATURE)


class Refusal(StrictSerializer):
    """Names what was seen, and why it is refused."""

    version = fields.WholeField(max_value=2**31 - 1)
    content_sha256 = fields.TextField(min_length=64, max_length=64)
    reason = fields.TextField(max_length=4000)
    signature = fields.TextField(**SIGNATURE)
