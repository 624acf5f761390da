"""The forms of unwinding and actual spend in the API."""

from rest_framework import serializers

from spm.api import fields
from spm.api.serializers import Terms


class UnwindTerms(Terms):
    """What has become free, from when on, and what freed it."""

    amount = fields.MoneyField(help_text="Currency per month; at most what is entangled.")
    effective_on = serializers.DateField(required=False, help_text="From then on; today.")
    one_off = fields.MoneyField(required=False, help_text="What it cost once, in currency.")
    reason = fields.TextField(max_length=500, help_text="What freed it; kept with the transfer.")
