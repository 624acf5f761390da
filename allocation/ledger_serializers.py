"""The forms of unwinding and actual spend in the API."""

from typing import Any

from rest_framework import serializers

from allocation.actuals import DEFAULT_SOURCE
from allocation.models import ActualSpend
from bets.serializers import PortfolioFilter
from evidence.serializers import RefusedLineShown
from spm.api import fields
from spm.api.serializers import ShownSerializer, Terms


class UnwindTerms(Terms):
    """What has become free, from when on, and what freed it."""

    amount = fields.MoneyField(help_text="Currency per month; at most what is entangled.")
    effective_on = serializers.DateField(required=False, help_text="From then on; today.")
    one_off = fields.MoneyField(required=False, help_text="What it cost once, in currency.")
    reason = fields.TextField(max_length=500, help_text="What freed it; kept with the transfer.")


class ActualTerms(Terms):
    """What a bet really cost in a month."""

    amount = fields.MoneyField(help_text="In the portfolio's currency; a credit is below zero.")
    source: Any = fields.TextField(
        required=False,
        max_length=60,
        help_text=f"Who says so, such as SAP; '{DEFAULT_SOURCE}' if left out. What a source says "
        "later corrects what it said before; what several say is added up.",
    )
    external_id = fields.TextField(
        required=False, max_length=255, help_text="What the source calls it; kept with it."
    )


class ActualShown(ShownSerializer):
    """What one source said of one bet and month; the latest counts."""

    month = serializers.SerializerMethodField(help_text="Such as 2026-03.")

    class Meta:
        model = ActualSpend
        fields = [
            "id",
            "portfolio",
            "bet",
            "month",
            "amount",
            "source",
            "external_id",
            "recorded_at",
            "recorded_by",
            "api_key",
        ]

    def get_month(self, row: ActualSpend) -> str:
        """Without its first day."""
        return f"{row.month:%Y-%m}"


class ActualsFilter(PortfolioFilter):
    """Of a portfolio, or a bet."""

    bet = fields.QueryWholeField(required=False)


class ActualsTakenShown(serializers.Serializer[Any]):
    """What became of the lines; ``repeated`` were on record as they are."""

    taken = serializers.IntegerField()
    repeated = serializers.IntegerField()
    refused = RefusedLineShown(many=True)
