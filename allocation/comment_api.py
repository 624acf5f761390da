"""The API's paths for what is said about a proposal."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation.comments import comment, comments_on
from allocation.models import Proposal, ProposalComment
from allocation.models.comment import LONGEST_COMMENT
from spm.api import fields
from spm.api.idempotency import Answer, once
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.serializers import ShownSerializer, StrictSerializer
from spm.api.views import ListView, respond


class CommentShown(ShownSerializer):
    """One remark: who, when, what."""

    class Meta:
        model = ProposalComment
        fields = ["id", "proposal", "written_at", "written_by", "api_key", "text"]


class NewComment(StrictSerializer):
    """A remark."""

    text = fields.TextField(max_length=LONGEST_COMMENT)


class Comments(ListView):
    """Comments on a proposal."""

    @extend_schema(responses=CommentShown(many=True), summary="List comments on a proposal")
    def get(self, request: Request, proposal_id: int) -> Response:
        """Newest first."""
        proposal = Proposal.objects.visible_to(self.principal).get(pk=proposal_id)
        return self.page(comments_on(proposal), CommentShown)

    @extend_schema(
        request=NewComment,
        responses={201: CommentShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Comment on a proposal",
    )
    def post(self, request: Request, proposal_id: int) -> Response:
        """It stays as it is; a correction is another comment."""
        said: dict[str, Any] = self.read_body(NewComment)

        def act() -> Answer:
            written = comment(self.principal, proposal_id, said["text"])
            return Answer(201, CommentShown(written).data)

        return respond(once(request, act))


urlpatterns = [
    path("proposals/<int:proposal_id>/comments", Comments.as_view(), name="api-comments"),
]
