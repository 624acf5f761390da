"""The API's paths for the books as a whole: balances at a date, envelope, proofs, recomputation."""

from typing import Any

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import limits, proving, requests
from allocation.models import LatestRun, Proof
from allocation.positions import positions_on
from bets.models import Portfolio
from bets.serializers import PortfolioFilter, PortfolioShown
from spm.accounts.permissions import person_behind, require
from spm.api import fields
from spm.api.idempotency import Answer, once
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.serializers import ShownSerializer, StrictSerializer
from spm.api.views import ApiView, ListView, respond


class BalancesFilter(PortfolioFilter):
    """Of one portfolio, at the end of a day."""

    on = serializers.DateField(required=False, help_text="Such as 2026-03-31; today if left out.")


class HeldShown(serializers.Serializer[Any]):
    """What one bet holds; currency per month."""

    bet = serializers.IntegerField(source="bet.pk")
    title = serializers.CharField(source="bet.title")
    working = fields.MoneyField()
    entangled = fields.MoneyField()


class BalancesShown(serializers.Serializer[Any]):
    """All accounts at the end of a day; ``balance`` is their sum, and so nothing."""

    portfolio = serializers.IntegerField()
    on = serializers.DateField()
    envelope = fields.MoneyField()
    reserve = serializers.CharField(help_text="Money; below zero only in books that are wrong.")
    held = fields.MoneyField(help_text="What bets hold together.")
    balance = serializers.CharField()
    bets = HeldShown(many=True)


class SumTerms(StrictSerializer):
    """A sum, currency per month, and why."""

    amount = fields.MoneyField()
    reason = fields.TextField(max_length=2_000, help_text="Kept in the journal of limits.")


class PortfolioNamed(StrictSerializer):
    """Which portfolio; may be left out where there is only one."""

    portfolio = fields.WholeField(required=False)


class ProofShown(ShownSerializer):
    """One proof of the books; not finished, it is owed."""

    findings = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))

    class Meta:
        model = Proof
        fields = [
            "id",
            "portfolio",
            "asked_at",
            "asked_by",
            "finished_at",
            "seconds",
            "transfers",
            "seals",
            "wrong",
            "findings",
        ]


class RecomputationShown(serializers.Serializer[Any]):
    """How the computation of a portfolio stands."""

    portfolio = serializers.IntegerField()
    is_owed = serializers.BooleanField(help_text="Something has yet to be computed.")
    finished_at = fields.MomentField(allow_null=True, help_text="When it last was.")
    problem = serializers.CharField(allow_blank=True, help_text="What could not be taken, if so.")


class Balances(ApiView):
    """Balances at a date."""

    @extend_schema(
        parameters=[BalancesFilter], responses=BalancesShown, summary="Show balances at a date"
    )
    def get(self, request: Request) -> Response:
        """Worked out from the transfers alone, those that are scheduled until then included."""
        wanted = BalancesFilter.of(request.query_params)
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        at = positions_on(portfolio, wanted.get("on") or timezone.localdate())
        shown = {
            "portfolio": portfolio.pk,
            "on": at.on,
            "envelope": at.envelope,
            "reserve": f"{at.reserve:.2f}",
            "held": at.held,
            "balance": f"{at.balance:.2f}",
            "bets": at.bets,
        }
        return Response(BalancesShown(shown).data)


class _Sum(ApiView):
    """One of the sums of a portfolio."""

    problems = (422,)

    def set_so(self, request: Request, portfolio_id: int, rule: Any) -> Response:
        """Change it by the rule; the journal keeps why."""
        said = self.read_body(SumTerms)
        portfolio = Portfolio.objects.visible_to(self.principal).get(pk=portfolio_id)

        def act() -> Answer:
            changed = rule(self.principal, portfolio.pk, said["amount"], said["reason"])
            return Answer(200, dict(PortfolioShown(changed).data))

        return respond(once(request, act))


class Envelope(_Sum):
    """The envelope."""

    @extend_schema(
        request=SumTerms,
        responses=PortfolioShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Change the envelope",
    )
    def post(self, request: Request, portfolio_id: int) -> Response:
        """What the portfolio may commit; the reserve takes the difference."""
        return self.set_so(request, portfolio_id, limits.change_envelope)


class ReserveFloor(_Sum):
    """The reserve floor."""

    @extend_schema(
        request=SumTerms,
        responses=PortfolioShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Change the reserve floor",
    )
    def post(self, request: Request, portfolio_id: int) -> Response:
        """What no proposal may take out of the reserve."""
        return self.set_so(request, portfolio_id, limits.change_reserve_floor)


class Proofs(ListView):
    """Proofs of the books."""

    @extend_schema(
        parameters=[PortfolioFilter], responses=ProofShown(many=True), summary="List proofs"
    )
    def get(self, request: Request) -> Any:
        """Of one portfolio, newest first; for who may have its books proved."""
        wanted = PortfolioFilter.of(request.query_params)
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        require(self.principal, "prove", portfolio.pk)
        return self.page(Proof.objects.filter(portfolio=portfolio), ProofShown)

    @extend_schema(
        request=PortfolioNamed,
        responses={202: ProofShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Have the books proved",
    )
    def post(self, request: Request) -> Response:
        """By a worker; asked for twice it is proved once."""
        said = self.read_body(PortfolioNamed)
        portfolio = Portfolio.objects.meant_by(self.principal, said.get("portfolio"))

        def act() -> Answer:
            proof = proving.ask_for_proof(self.principal, portfolio.pk)
            return Answer(202, dict(ProofShown(proof).data))

        return respond(once(request, act))


class Recomputation(ApiView):
    """The computation of a portfolio."""

    @extend_schema(
        parameters=[PortfolioFilter],
        responses=RecomputationShown,
        summary="Show how the computation stands",
    )
    def get(self, request: Request) -> Response:
        """Whether something is owed, and when it was last computed."""
        wanted = PortfolioFilter.of(request.query_params)
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        return Response(_computed(portfolio))

    @extend_schema(
        request=PortfolioNamed,
        responses={202: RecomputationShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Have the portfolio computed again",
    )
    def post(self, request: Request) -> Response:
        """Nothing needs it but the wish to see it: evidence asks by itself."""
        said = self.read_body(PortfolioNamed)
        portfolio = Portfolio.objects.meant_by(self.principal, said.get("portfolio"))

        def act() -> Answer:
            require(self.principal, "propose", portfolio.pk)
            requests.ask(portfolio.pk, f"{person_behind(self.principal)} asked for it.")
            return Answer(202, _computed(portfolio))

        return respond(once(request, act))


def _computed(portfolio: Portfolio) -> dict[str, Any]:
    run = LatestRun.objects.filter(portfolio=portfolio).first()
    shown = {
        "portfolio": portfolio.pk,
        "is_owed": requests.owed(portfolio.pk),
        "finished_at": run.finished_at if run else None,
        "problem": run.problem if run else "",
    }
    return dict(RecomputationShown(shown).data)


urlpatterns = [
    path("balances", Balances.as_view(), name="api-balances"),
    path("portfolios/<int:portfolio_id>/envelope", Envelope.as_view(), name="api-envelope"),
    path(
        "portfolios/<int:portfolio_id>/reserve-floor",
        ReserveFloor.as_view(),
        name="api-reserve-floor",
    ),
    path("proofs", Proofs.as_view(), name="api-proofs"),
    path("recomputation", Recomputation.as_view(), name="api-recomputation"),
]
