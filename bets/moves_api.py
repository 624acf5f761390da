"""The API's paths for moving bets along the board, and for what was moved."""

from typing import Any, ClassVar

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bets import board
from bets.api import bet_as_it_is
from bets.board import LONGEST_NOTE
from bets.models import Bet, Stage, StageChange
from bets.serializers import BetShown, PortfolioFilter
from spm.api import fields
from spm.api.idempotency import Answer, once
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.serializers import ShownSerializer, StrictSerializer
from spm.api.views import ApiView, ListView, etag, respond, version_meant
from spm.errors import Conflict


class MoveTerms(StrictSerializer):
    """Where to, and what has to be said for it."""

    stage = fields.ChoiceField(choices=Stage.choices)
    note = fields.TextField(
        required=False, allow_blank=True, max_length=LONGEST_NOTE, help_text="To remember."
    )
    override_reason = fields.TextField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_NOTE,
        help_text="Why a portfolio lead goes over a limit on work in progress all the same; "
        "people alone do.",
    )
    accepted = serializers.BooleanField(
        required=False,
        help_text="Leaving the board: what is freed and stays entangled was seen and accepted.",
    )


class StageChangeShown(ShownSerializer):
    """One move of a bet."""

    class Meta:
        model = StageChange
        fields = [
            "id",
            "bet",
            "from_stage",
            "to_stage",
            "changed_at",
            "changed_by",
            "api_key",
            "override_reason",
            "note",
        ]


class StageChangeFilter(PortfolioFilter):
    """Moves of a portfolio's bets, of one bet, or to a stage."""

    bet = fields.QueryWholeField(required=False)
    to_stage = fields.ChoiceField(required=False, choices=Stage.choices)
    since = fields.MomentField(required=False, help_text="Moved then or later.")


class Move(ApiView):
    """Move a bet along the board."""

    problems = (409, 412)

    @extend_schema(
        request=MoveTerms,
        responses=BetShown,
        parameters=[IDEMPOTENCY_KEY, IF_MATCH, ETAG],
        summary="Move a bet to another stage",
    )
    def post(self, request: Request, bet_id: int) -> Response:
        """By the board's rules: 409 says in ``changed`` what stands against it. With ``If-Match``
        nobody's move is overtaken: 412 says who moved it meanwhile.
        """
        said, version = self.read_body(MoveTerms), version_meant(request, required=False)
        to_stage = said.pop("stage")

        def act() -> Answer:
            try:
                done = board.move(self.principal, bet_id, to_stage, version=version, **said)
            except board.Refused as refusal:
                reasons = [reason.text for reason in refusal.reasons]
                raise Conflict("The rules of that stage are against it.", reasons) from refusal
            return Answer(200, bet_as_it_is(done.bet))

        answer = once(request, act)
        return respond(answer, {"ETag": etag(answer.body["version"])})


class StageChanges(ListView):
    """Moves."""

    sorts: ClassVar = {"changed": "changed_at"}

    @extend_schema(
        parameters=[StageChangeFilter],
        responses=StageChangeShown(many=True),
        summary="List moves along the board",
    )
    def get(self, request: Request) -> Any:
        """Newest first."""
        wanted = StageChangeFilter.of(request.query_params)
        names = {"portfolio": "bet__portfolio", "since": "changed_at__gte"}
        rows = StageChange.objects.filter(bet__in=Bet.objects.visible_to(self.principal))
        return self.page(
            rows.filter(**{names.get(name, name): value for name, value in wanted.items()}),
            StageChangeShown,
        )


urlpatterns = [
    path("bets/<int:bet_id>/move", Move.as_view(), name="api-move"),
    path("stage-changes", StageChanges.as_view(), name="api-stage-changes"),
]
