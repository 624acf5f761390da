"""The API's paths for ending a bet; the pages call the same functions."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation.leaving import draw_up
from allocation.leaving import serializers as forms
from allocation.leaving.consequences import consequences_of
from allocation.leaving.plan import read_plan, visible_bet
from allocation.leaving.shown import IfStoppedShown
from allocation.leaving.weighing import weigh_plan
from allocation.serializers import ProposalSummaryShown
from spm.api.idempotency import Answer, once
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.views import ApiView, respond
from spm.errors import Invalid
from spm.reading import id_of


class IfStopped(ApiView):
    """What ending a bet would mean."""

    @extend_schema(
        parameters=[forms.IfStoppedFilter],
        responses=IfStoppedShown,
        summary="Show what ending a bet would free and leave",
    )
    def get(self, request: Request, bet_id: int) -> Response:
        """Today's figures; nothing is written."""
        bet = visible_bet(self.principal, bet_id)
        asked = forms.IfStoppedFilter.of(request.query_params)
        plan = read_plan(
            bet,
            with_ids=_ids_in(asked.get("stop_with", "")),
            successor_id=asked.get("successor"),
            amount=asked.get("amount"),
        )
        weighed = weigh_plan(plan)
        shown = {
            **consequences_of(weighed),
            "obstacles": [obstacle.text for obstacle in weighed.obstacles],
            "content_sha256": weighed.digest,
            "may_not_propose": draw_up.why_not(self.principal, bet),
        }
        return Response(IfStoppedShown(shown).data)


def _ids_in(text: str) -> list[int]:
    words = text.split(",") if text else []
    ids = [number for word in words if (number := id_of(word)) is not None]
    if len(ids) < len(words):
        raise Invalid({"stop_with": "Give ids of bets, such as 3,5."})
    return ids


class ProposeStop(ApiView):
    """Propose to stop a bet."""

    problems = (409,)

    @extend_schema(
        request=forms.Stop,
        responses={201: ProposalSummaryShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Draw up a proposal to stop a bet",
    )
    def post(self, request: Request, bet_id: int) -> Response:
        """Another has to decide it; 409 says in ``changed`` what stands in the way."""
        said = _as_arguments(self.read_body(forms.Stop))

        def act() -> Answer:
            proposal = draw_up.propose_stop(self.principal, bet_id, **said)
            return Answer(201, ProposalSummaryShown(proposal).data)

        return respond(once(request, act))


class ProposePivot(ApiView):
    """Propose to pivot a bet."""

    problems = (409,)

    @extend_schema(
        request=forms.Pivot,
        responses={201: ProposalSummaryShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Draw up a proposal to pivot a bet",
    )
    def post(self, request: Request, bet_id: int) -> Response:
        """What is freed goes to the successor as far as it may, and the rest to the reserve."""
        said = _as_arguments(self.read_body(forms.Pivot))
        successor_id = said.pop("successor")

        def act() -> Answer:
            proposal = draw_up.propose_pivot(
                self.principal, bet_id, successor_id=successor_id, **said
            )
            return Answer(201, ProposalSummaryShown(proposal).data)

        return respond(once(request, act))


def _as_arguments(said: dict[str, Any]) -> dict[str, Any]:
    """The names that the rules have for what a body says."""
    names = {"stop_with": "with_ids", "content_sha256": "seen"}
    return {names.get(name, name): value for name, value in said.items()}


urlpatterns = [
    path("bets/<int:bet_id>/if-stopped", IfStopped.as_view(), name="api-if-stopped"),
    path("bets/<int:bet_id>/stop", ProposeStop.as_view(), name="api-stop"),
    path("bets/<int:bet_id>/pivot", ProposePivot.as_view(), name="api-pivot"),
]
