"""The API's paths for what withdrawals have taught."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation.learned_serializers import LearnedTermsShown, LearnedTermsUse, LearnedTermsUsed
from allocation.learned_terms import learned_terms, use_learned
from bets.models import Portfolio
from bets.serializers import PortfolioFilter
from spm.api.idempotency import Answer, once
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.views import ApiView, id_in, respond


class LearnedTermsList(ApiView):
    """What withdrawals have taught about getting out."""

    @extend_schema(
        parameters=[PortfolioFilter],
        responses=LearnedTermsShown(many=True),
        summary="Show learned reclaimable shares and notices",
    )
    def get(self, request: Request) -> Response:
        """One entry for each liquidity class that has bets or cases."""
        wanted = PortfolioFilter.of(request.query_params)
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        return Response(LearnedTermsShown(learned_terms(portfolio), many=True).data)


class UseLearnedTerms(ApiView):
    """Use what withdrawals have taught."""

    problems = (409,)

    @extend_schema(
        request=LearnedTermsUse,
        responses=LearnedTermsUsed,
        parameters=[IDEMPOTENCY_KEY],
        summary="Use learned reclaimable shares and notices",
    )
    def post(self, request: Request) -> Response:
        """Give the bets of a class that you may edit the learned values, as you were shown them."""
        given = self.body
        portfolio_id = id_in(given, "portfolio") if "portfolio" in given else None
        portfolio = Portfolio.objects.meant_by(self.principal, portfolio_id)
        liquidity = given.pop("liquidity", "")

        def act() -> Answer:
            changed = use_learned(self.principal, portfolio, liquidity, given)
            return Answer(200, {"changed": [bet.pk for bet in changed]})

        return respond(once(request, act))


urlpatterns = [
    path("learned-terms", LearnedTermsList.as_view(), name="api-learned-terms"),
    path("learned-terms/use", UseLearnedTerms.as_view(), name="api-use-learned-terms"),
]
