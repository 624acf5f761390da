"""The API's paths around evidence: files, sources, requests that are withdrawn."""

from typing import Any, cast

from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bets.models import Hypothesis
from bets.serializers import PortfolioFilter
from evidence import asking, intake, sources
from evidence.attachments import hand_in
from evidence.models import Attachment, EvidenceRequest, Source, Upload
from evidence.serializers import RecordedShown, RequestShown
from evidence.views.attachments import SAFE
from spm.accounts.permissions import person_behind, require
from spm.api import fields
from spm.api.idempotency import Answer, once
from spm.api.parsers import FileParser
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.serializers import FilterSerializer, ShownSerializer, StrictSerializer
from spm.api.views import ApiView, ListView, require_as_read, respond, tagged


class NoBody(StrictSerializer):
    """Nothing has to be said."""


class RetractionTerms(StrictSerializer):
    """Why."""

    note = fields.TextField(max_length=2_000, help_text="Kept with the retraction.")


class SourceShown(ShownSerializer):
    """A source: how far it is relied on, above 0 and up to 1."""

    class Meta:
        model = Source
        fields = ["id", "portfolio", "name", "reliability"]


class SourceTerms(StrictSerializer):
    """How far a source is relied on from now on, and what that is based on."""

    reliability = fields.NumberField(min_value=0, max_value=1)
    based_on = fields.TextField(max_length=2_000)


class AttachmentShown(ShownSerializer):
    """A file of a piece of evidence; ``size`` is in bytes."""

    class Meta:
        model = Attachment
        fields = ["id", "portfolio", "evidence", "name", "media_type", "size", "sha256"]


class AttachmentFilter(PortfolioFilter):
    """Files of a portfolio, or of one piece of evidence."""

    evidence = fields.QueryWholeField(required=False)


class UploadNamed(FilterSerializer):
    """What a file is called, and for evidence on what."""

    hypothesis = fields.QueryWholeField()
    name = fields.TextField(max_length=120, help_text="Such as survey.pdf.")


class UploadShown(ShownSerializer):
    """A file that waits for the evidence that names it by its token."""

    class Meta:
        model = Upload
        fields = ["token", "name", "media_type", "size", "uploaded_at"]


class Withdraw(ApiView):
    """A request for evidence."""

    problems = (409,)

    @extend_schema(
        request=NoBody,
        responses=RequestShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Withdraw a request for evidence",
    )
    def post(self, request: Request, request_id: int) -> Response:
        """Who asked may, and whoever leads the portfolio; who was asked is told."""
        self.read_body(NoBody)

        def act() -> Answer:
            asking.withdraw(self.principal, request_id)
            rows = EvidenceRequest.objects.with_state(timezone.now().date())
            return Answer(200, dict(RequestShown(rows.get(pk=request_id)).data))

        return respond(once(request, act))


class Retract(ApiView):
    """Evidence that is taken back."""

    problems = (409,)

    @extend_schema(
        request=RetractionTerms,
        responses={201: RecordedShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Take a piece of evidence back",
    )
    def post(self, request: Request, evidence_id: int) -> Response:
        """A new row that says why; the belief is as if it had never been. Nothing is deleted."""
        said = self.read_body(RetractionTerms)

        def act() -> Answer:
            done = intake.retract(self.principal, evidence_id, said["note"])
            return Answer(201, dict(RecordedShown(done).data))

        return respond(once(request, act))


class Sources(ListView):
    """Sources of evidence."""

    @extend_schema(
        parameters=[PortfolioFilter], responses=SourceShown(many=True), summary="List sources"
    )
    def get(self, request: Request) -> Any:
        """Newest first; a source is there once evidence has named it."""
        wanted = PortfolioFilter.of(request.query_params)
        return self.page(sources.visible_sources(self.principal).filter(**wanted), SourceShown)


class OneSource(ApiView):
    """One source."""

    problems = (412, 428)

    @extend_schema(responses=SourceShown, parameters=[ETAG], summary="Show a source")
    def get(self, request: Request, source_id: int) -> Response:
        """How far it is relied on."""
        return tagged(SourceShown(sources.visible_sources(self.principal).get(pk=source_id)).data)

    @extend_schema(
        request=SourceTerms,
        responses=SourceShown,
        parameters=[IF_MATCH, ETAG],
        summary="Say how far a source is relied on",
    )
    @transaction.atomic
    def patch(self, request: Request, source_id: int) -> Response:
        """It counts for what comes from now on; each change is journalled."""
        said = self.read_body(SourceTerms)
        rows = sources.visible_sources(self.principal).select_for_update()
        seen = rows.get(pk=source_id)
        require_as_read(request, SourceShown(seen).data)
        done = sources.set_reliability(
            self.principal, source_id, said["reliability"], said["based_on"]
        )
        return tagged(SourceShown(done).data)


class Attachments(ListView):
    """Files of evidence."""

    parser_classes = (FileParser,)
    problems = (404,)

    @extend_schema(
        parameters=[AttachmentFilter], responses=AttachmentShown(many=True), summary="List files"
    )
    def get(self, request: Request) -> Any:
        """Newest first, without their contents."""
        wanted = AttachmentFilter.of(request.query_params)
        rows = Attachment.objects.visible_to(self.principal).defer("content")
        return self.page(rows.filter(**wanted), AttachmentShown)

    @extend_schema(
        request={FileParser.media_type: {"type": "string", "format": "binary"}},
        responses={201: UploadShown},
        parameters=[UploadNamed, IDEMPOTENCY_KEY],
        summary="Hand in a file",
    )
    def post(self, request: Request) -> Response:
        """The answer holds a token, which ``files`` of new evidence on that hypothesis names
        within a week.
        """
        said = UploadNamed.of(request.query_params)
        rows = Hypothesis.objects.visible_to(self.principal).select_related("bet")
        bet = rows.get(pk=said["hypothesis"]).bet
        require(self.principal, "log_evidence", bet.portfolio_id, bet.team_ids)
        content = cast(bytes, request.data) or b""

        def act() -> Answer:
            upload = hand_in(person_behind(self.principal), said["name"], bytes(content))
            return Answer(201, dict(UploadShown(upload).data))

        return respond(once(request, act))


class OneAttachment(ApiView):
    """One file."""

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        summary="Download a file",
    )
    def get(self, request: Request, attachment_id: int) -> HttpResponse:
        """As it was handed in; its kind stands in the list."""
        row = Attachment.objects.visible_to(self.principal).get(pk=attachment_id)
        response = HttpResponse(
            bytes(row.content), content_type="application/octet-stream", headers=SAFE
        )
        response["Content-Disposition"] = content_disposition_header(True, row.name)
        return response


urlpatterns = [
    path(
        "evidence-requests/<int:request_id>/withdraw",
        Withdraw.as_view(),
        name="api-withdraw-request",
    ),
    path("evidence/<int:evidence_id>/retract", Retract.as_view(), name="api-retract"),
    path("sources", Sources.as_view(), name="api-sources"),
    path("sources/<int:source_id>", OneSource.as_view(), name="api-source"),
    path("attachments", Attachments.as_view(), name="api-attachments"),
    path("attachments/<int:attachment_id>", OneAttachment.as_view(), name="api-attachment"),
]
