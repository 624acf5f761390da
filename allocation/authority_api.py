"""The API's paths for who may decide: the thresholds of a portfolio."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import thresholds
from bets.models import Portfolio
from spm.api import fields
from spm.api.serializers import ShownSerializer, Terms
from spm.api.views import ApiView


class ThresholdsShown(ShownSerializer):
    """Currency per month that a decision moves; above them more is needed."""

    class Meta:
        model = Portfolio
        fields = ["finance_above", "two_people_above"]


class ThresholdsTerms(Terms):
    """What is given is changed."""

    finance_above = fields.MoneyField(
        required=False, help_text="Portfolio leads decide up to it too; 0: finance always."
    )
    two_people_above = fields.MoneyField(
        required=False, allow_null=True, help_text="Two people approve above it; null: never."
    )
    reason = fields.TextField(max_length=2000, help_text="Kept in the journal with the change.")


class Thresholds(ApiView):
    """The sums above which finance, and two people, decide."""

    @extend_schema(responses=ThresholdsShown, summary="Show the thresholds")
    def get(self, request: Request, portfolio_id: int) -> Response:
        """As they are now."""
        portfolio = Portfolio.objects.visible_to(self.principal).get(pk=portfolio_id)
        return Response(ThresholdsShown(portfolio).data)

    @extend_schema(
        request=ThresholdsTerms, responses=ThresholdsShown, summary="Change the thresholds"
    )
    def patch(self, request: Request, portfolio_id: int) -> Response:
        """Change those that are given; each change is journalled."""
        portfolio = Portfolio.objects.visible_to(self.principal).get(pk=portfolio_id)
        changed = thresholds.change(self.principal, portfolio.pk, self.body)
        return Response(ThresholdsShown(changed).data)


urlpatterns = [
    path("portfolios/<int:portfolio_id>/thresholds", Thresholds.as_view(), name="api-thresholds"),
]
