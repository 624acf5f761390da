"""The API's paths for what is recorded in the books beside decisions."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import ledger_serializers as forms
from allocation import unwinding
from allocation.serializers import TransferShown
from spm.api.idempotency import Answer, once
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.views import ApiView, respond


class Unwind(ApiView):
    """Entangled money of a bet."""

    problems = (422,)

    @extend_schema(
        request=forms.UnwindTerms,
        responses={201: TransferShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Record that entangled money is free again",
    )
    def post(self, request: Request, bet_id: int) -> Response:
        """Book it back to the reserve; the portfolio is computed again."""
        given = self.body

        def act() -> Answer:
            booked = unwinding.unwind(self.principal, bet_id, given)
            return Answer(201, TransferShown(booked).data)

        return respond(once(request, act))


urlpatterns = [
    path("bets/<int:bet_id>/unwind", Unwind.as_view(), name="api-unwind"),
]
