"""The API's paths for what we hold."""

from typing import Any, ClassVar

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bets import edit
from bets import serializers as forms
from bets.models import Bet, Hypothesis, Portfolio
from spm.api.idempotency import Answer, once
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.views import (
    ApiView,
    ListView,
    etag,
    id_in,
    require_as_read,
    respond,
    tagged,
    version_meant,
)


class Portfolios(ListView):
    """The portfolios that you may see."""

    @extend_schema(responses=forms.PortfolioShown(many=True), summary="List portfolios")
    def get(self, request: Request) -> Response:
        """Newest first."""
        return self.page(Portfolio.objects.visible_to(self.principal), forms.PortfolioShown)


class Bets(ListView):
    """Bets."""

    sorts: ClassVar = {
        "title": "title",
        "belief": "belief",
        "working": "working",
        "entangled": "entangled",
        "value": "value_p50",
        "moved": "stage_entered_at",
        "evidence": "freshest_evidence_at",
    }

    @extend_schema(
        parameters=[forms.BetFilter], responses=forms.BetShown(many=True), summary="List bets"
    )
    def get(self, request: Request) -> Response:
        """Newest first, with the board's filters."""
        bets = _shown_bets(Bet.objects.visible_to(self.principal))
        wanted = forms.BetFilter.of(request.query_params)
        return self.page(bets.filter(**_conditions(wanted)), forms.BetShown)

    @extend_schema(
        request=forms.NewBetTerms,
        responses={201: forms.BetShown},
        parameters=[IDEMPOTENCY_KEY, ETAG],
        summary="Create a bet",
    )
    def post(self, request: Request) -> Response:
        """It enters the Funnel."""
        portfolio, given = _portfolio_and_rest(self.principal, self.body)

        def act() -> Answer:
            bet = edit.create_bet(self.principal, portfolio, given)
            return Answer(201, bet_as_it_is(bet))

        return _respond_with_bet(once(request, act))


class OneBet(ApiView):
    """One bet."""

    problems = (412, 428)

    @extend_schema(responses=forms.BetShown, parameters=[ETAG], summary="Show a bet")
    def get(self, request: Request, bet_id: int) -> Response:
        """All of it; ``ETag`` is its version, for ``If-Match`` when you change it."""
        bet = _shown_bets(Bet.objects.visible_to(self.principal)).get(pk=bet_id)
        return _respond_with_bet(Answer(200, forms.BetShown(bet).data))

    @extend_schema(
        request=forms.BetTerms,
        responses=forms.BetShown,
        parameters=[IF_MATCH, ETAG],
        summary="Change a bet",
    )
    def patch(self, request: Request, bet_id: int) -> Response:
        """Change the fields that are given, if it still is as you have read it."""
        given, version = self.body, version_meant(request, required=True)
        bet = edit.change_bet(self.principal, bet_id, given, version)
        return _respond_with_bet(Answer(200, bet_as_it_is(bet)))


class BetByKey(ApiView):
    """The bet that another system has a key for."""

    @extend_schema(
        request=forms.KeyedBetTerms,
        responses={
            201: OpenApiResponse(forms.BetShown, "It was created."),
            200: OpenApiResponse(forms.BetShown, "It was there; it is now as you say."),
        },
        parameters=[ETAG],
        summary="Create or change a bet by key",
    )
    def put(self, request: Request, source: str, key: str) -> Response:
        """The same twice changes nothing."""
        portfolio, given = _portfolio_and_rest(self.principal, self.body)
        url = given.pop("url", "")
        done = edit.upsert_bet(self.principal, portfolio, source, key, given, url)
        return _respond_with_bet(Answer(201 if done.created else 200, bet_as_it_is(done.bet)))


class Hypotheses(ListView):
    """Hypotheses."""

    problems = (404,)

    @extend_schema(
        parameters=[forms.HypothesisFilter],
        responses=forms.HypothesisShown(many=True),
        summary="List hypotheses",
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        wanted = forms.HypothesisFilter.of(request.query_params)
        rows = Hypothesis.objects.visible_to(self.principal).prefetch_related("kill_criteria")
        if "portfolio" in wanted:
            rows = rows.filter(bet__portfolio_id=wanted["portfolio"])
        if "bet" in wanted:
            rows = rows.filter(bet_id=wanted["bet"])
        return self.page(rows, forms.HypothesisShown)

    @extend_schema(
        request=forms.NewHypothesisTerms,
        responses={201: forms.HypothesisShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Add a hypothesis",
    )
    def post(self, request: Request) -> Response:
        """Add a hypothesis, with its kill criteria, to the thesis of a bet."""
        given = self.body
        bet_id = id_in(given, "bet")

        def act() -> Answer:
            hypothesis = edit.add_hypothesis(self.principal, bet_id, given)
            return Answer(201, forms.HypothesisShown(hypothesis).data)

        return respond(once(request, act))


class OneHypothesis(ApiView):
    """One hypothesis."""

    problems = (412,)

    @extend_schema(responses=forms.HypothesisShown, parameters=[ETAG], summary="Show a hypothesis")
    def get(self, request: Request, hypothesis_id: int) -> Response:
        """With its kill criteria; ``ETag`` is for ``If-Match`` when you change it."""
        hypothesis = Hypothesis.objects.visible_to(self.principal).get(pk=hypothesis_id)
        return tagged(forms.HypothesisShown(hypothesis).data)

    @extend_schema(
        request=forms.ChangedHypothesisTerms,
        responses=forms.HypothesisShown,
        parameters=[IF_MATCH, ETAG],
        summary="Change a hypothesis",
    )
    @transaction.atomic
    def patch(self, request: Request, hypothesis_id: int) -> Response:
        """Change the fields that are given; say why where there is evidence already. With
        ``If-Match`` nobody's change is overwritten.
        """
        given = dict(self.body)
        reason = given.pop("reason", "")
        rows = Hypothesis.objects.visible_to(self.principal)
        # Whoever changes a thesis holds its bet: what is compared here is still so below.
        Bet.objects.select_for_update(no_key=True).get(pk=rows.get(pk=hypothesis_id).bet_id)
        seen = forms.HypothesisShown(rows.get(pk=hypothesis_id)).data
        require_as_read(request, seen, needed=False)
        edit.change_hypothesis(self.principal, hypothesis_id, given, reason)
        return tagged(forms.HypothesisShown(rows.get(pk=hypothesis_id)).data)


def _shown_bets(bets: Any) -> Any:
    return bets.prefetch_related("bet_teams", "needs_links", "external_keys")


def _conditions(wanted: dict[str, Any]) -> dict[str, Any]:
    names = {"team": "bet_teams__team_id", "search": "title__icontains"}
    return {names.get(name, name): value for name, value in wanted.items()}


def bet_as_it_is(bet: Bet) -> dict[str, Any]:
    """The bet as the database has it now: what was given may have been read more narrowly."""
    return dict(forms.BetShown(_shown_bets(Bet.objects).get(pk=bet.pk)).data)


def _respond_with_bet(answer: Answer) -> Response:
    return respond(answer, {"ETag": etag(answer.body["version"])})


def _portfolio_and_rest(principal: Any, given: dict[str, Any]) -> tuple[Portfolio, dict[str, Any]]:
    """The portfolio that a body names, or the only one there is, and the body without it."""
    portfolio_id = id_in(given, "portfolio") if "portfolio" in given else None
    return Portfolio.objects.meant_by(principal, portfolio_id), given


urlpatterns = [
    path("portfolios", Portfolios.as_view(), name="api-portfolios"),
    path("bets", Bets.as_view(), name="api-bets"),
    path("bets/<int:bet_id>", OneBet.as_view(), name="api-bet"),
    path("bets/by-key/<str:source>/<path:key>", BetByKey.as_view(), name="api-bet-by-key"),
    path("hypotheses", Hypotheses.as_view(), name="api-hypotheses"),
    path("hypotheses/<int:hypothesis_id>", OneHypothesis.as_view(), name="api-hypothesis"),
]
