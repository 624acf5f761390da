"""The API's paths for what we learn."""

from typing import Any, ClassVar, cast

from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bets.models import Hypothesis, Portfolio
from bets.serializers import PortfolioFilter
from evidence import asking, intake, metrics, resolve
from evidence import serializers as forms
from evidence.attachments import named, tokens_in
from evidence.bulk import record_many
from evidence.models import Evidence, EvidenceRequest
from spm.accounts.permissions import person_behind
from spm.api.idempotency import Answer, once
from spm.api.lines import Lines
from spm.api.parsers import LinesParser
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.views import ApiView, ListView, id_in, respond


class EvidenceStream(ListView):
    """Evidence."""

    problems = (404,)
    sorts: ClassVar = {"observed": "observed_at"}

    @extend_schema(
        parameters=[forms.EvidenceFilter],
        responses=forms.EvidenceShown(many=True),
        summary="List evidence",
    )
    def get(self, request: Request) -> Response:
        """What was recorded last comes first."""
        wanted = forms.EvidenceFilter.of(request.query_params)
        names = {"source": "source__name__iexact", "recorded_since": "recorded_at__gte"}
        conditions = {names.get(name, name): value for name, value in wanted.items()}
        rows = Evidence.objects.visible_to(self.principal).select_related("source")
        return self.page(rows.filter(**conditions), forms.EvidenceShown)

    @extend_schema(
        request=forms.NewEvidenceTerms,
        responses={
            201: OpenApiResponse(forms.RecordedShown, "It was taken."),
            200: OpenApiResponse(forms.RecordedShown, "It had been taken before."),
        },
        parameters=[IDEMPOTENCY_KEY],
        summary="Log evidence",
    )
    def post(self, request: Request) -> Response:
        """Take one event. The same event delivered again is one event."""
        given = self.body
        hypothesis_id = id_in(given, "hypothesis")
        files = named(person_behind(self.principal), tokens_in(given))
        event = intake.event_of(given)

        def act() -> Answer:
            recorded = intake.record(self.principal, hypothesis_id, event, files=files)
            return Answer(201 if recorded.created else 200, forms.RecordedShown(recorded).data)

        return respond(once(request, act))


class EvidenceInBulk(ApiView):
    """Many events at once."""

    parser_classes = (LinesParser,)
    problems = (409,)
    throttle_cost = 100

    @extend_schema(
        request={LinesParser.media_type: {"type": "string", "format": "binary"}},
        responses=forms.BulkShown,
        parameters=[PortfolioFilter, IDEMPOTENCY_KEY],
        summary="Log evidence in bulk",
    )
    def post(self, request: Request) -> Response:
        """Take all good lines; answer each bad one with its number and its problem."""
        wanted = PortfolioFilter.of(request.query_params)
        portfolio = Portfolio.objects.meant_by(self.principal, wanted.get("portfolio"))
        lines = Lines.of(cast(list[bytes], request.data), _event_of)

        def act() -> Answer:
            outcomes = record_many(self.principal, portfolio, lines.read)
            return Answer(200, forms.BulkShown(lines.sum_up(outcomes)).data)

        return respond(once(request, act))


def _event_of(given: dict[str, Any]) -> tuple[int, intake.NewEvidence]:
    return id_in(given, "hypothesis"), intake.event_of(given)


class OneEvidence(ApiView):
    """One event."""

    @extend_schema(responses=forms.EvidenceShown, summary="Show a piece of evidence")
    def get(self, request: Request, evidence_id: int) -> Response:
        """As it was taken."""
        rows = Evidence.objects.visible_to(self.principal).select_related("source")
        return Response(forms.EvidenceShown(rows.get(pk=evidence_id)).data)


class Belief(ApiView):
    """The belief in a hypothesis."""

    @extend_schema(responses=forms.HypothesisBeliefShown, summary="Show the belief in a hypothesis")
    def get(self, request: Request, hypothesis_id: int) -> Response:
        """What the evidence says of it, and how the figure came about."""
        rows = Hypothesis.objects.visible_to(self.principal).select_related("belief_now")
        return Response(forms.HypothesisBeliefShown(rows.get(pk=hypothesis_id).belief_now).data)


class Resolving(ApiView):
    """How a hypothesis ended."""

    problems = (404, 409)

    @extend_schema(
        request=forms.ResolutionTerms,
        responses={201: forms.ResolutionShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Resolve a hypothesis",
    )
    def post(self, request: Request, hypothesis_id: int) -> Response:
        """Say that it held or did not, with what shows it; the belief follows."""
        given = dict(self.body)

        def act() -> Answer:
            done = resolve.resolve(self.principal, hypothesis_id, given)
            return Answer(201, forms.ResolutionShown(done).data)

        return respond(once(request, act))


class Reopening(ApiView):
    """A resolved hypothesis is open again."""

    problems = (404, 409)

    @extend_schema(
        request=forms.ReopeningTerms,
        responses={201: forms.ResolutionShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Open a resolved hypothesis again",
    )
    def post(self, request: Request, hypothesis_id: int) -> Response:
        """What settled it is retracted."""
        reason = dict(self.body).get("reason", "")

        def act() -> Answer:
            done = resolve.reopen(self.principal, hypothesis_id, reason)
            return Answer(201, forms.ResolutionShown(done).data)

        return respond(once(request, act))


class Metrics(ApiView):
    """A running system as a source of evidence."""

    problems = (404, 409, 422)

    @extend_schema(
        request=forms.ReadingTerms,
        responses={
            201: OpenApiResponse(forms.RecordedShown, "It was taken."),
            200: OpenApiResponse(forms.RecordedShown, "It had been taken before."),
        },
        summary="Send a reading",
    )
    def post(self, request: Request, hypothesis_id: int) -> Response:
        """Take one reading of the leading indicator of a hypothesis."""
        taken = metrics.take(self.principal, hypothesis_id, dict(self.body))
        status = 201 if taken.created else 200
        return Response(forms.RecordedShown(taken).data, status=status)


class EvidenceRequests(ListView):
    """Evidence that was asked for."""

    problems = (404, 409)

    @extend_schema(
        parameters=[forms.RequestListFilter],
        responses=forms.RequestShown(many=True),
        summary="List requests for evidence",
    )
    def get(self, request: Request) -> Response:
        """What was asked for last comes first, each with what came of it."""
        wanted = forms.RequestListFilter.of(request.query_params)
        today = timezone.now().date()
        rows = EvidenceRequest.objects.with_state(today).visible_to(self.principal)
        return self.page(rows.filter(**wanted), forms.RequestShown)

    @extend_schema(
        request=forms.NewRequestTerms,
        responses={201: forms.RequestShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Ask for evidence",
    )
    def post(self, request: Request) -> Response:
        """The person who is asked is told, and reminded before the day and after it."""
        given = dict(self.body)
        hypothesis_id = id_in(given, "hypothesis")

        def act() -> Answer:
            made = asking.ask(self.principal, hypothesis_id, given)
            rows = EvidenceRequest.objects.with_state(timezone.now().date())
            return Answer(201, forms.RequestShown(rows.get(pk=made.pk)).data)

        return respond(once(request, act))


urlpatterns = [
    path("metrics/<int:hypothesis_id>", Metrics.as_view(), name="api-metrics"),
    path("evidence-requests", EvidenceRequests.as_view(), name="api-evidence-requests"),
    path("evidence", EvidenceStream.as_view(), name="api-evidence-stream"),
    path("evidence/bulk", EvidenceInBulk.as_view(), name="api-evidence-bulk"),
    path("evidence/<int:evidence_id>", OneEvidence.as_view(), name="api-evidence"),
    path("hypotheses/<int:hypothesis_id>/resolve", Resolving.as_view(), name="api-resolve"),
    path("hypotheses/<int:hypothesis_id>/reopen", Reopening.as_view(), name="api-reopen"),
    path("hypotheses/<int:hypothesis_id>/belief", Belief.as_view(), name="api-belief"),
]
