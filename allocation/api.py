"""The API's paths for where the money goes."""

from django.db.models import Q
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import decide
from allocation import serializers as forms
from allocation.models import Decision, Proposal, Transfer
from spm.api.idempotency import Answer, once
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.views import ApiView, ListView, respond


class Proposals(ListView):
    """Proposals."""

    @extend_schema(
        parameters=[forms.ProposalFilter],
        responses=forms.ProposalSummaryShown(many=True),
        summary="List proposals",
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        wanted = forms.ProposalFilter.of(request.query_params)
        rows = Proposal.objects.visible_to(self.principal).defer("snapshot", "solution")
        return self.page(rows.filter(**wanted), forms.ProposalSummaryShown)


class OneProposal(ApiView):
    """One proposal."""

    @extend_schema(responses=forms.ProposalShown, summary="Show a proposal")
    def get(self, request: Request, proposal_id: int) -> Response:
        """Its changes, moves, guardrails and evidence: what an approval has to name."""
        rows = Proposal.objects.visible_to(self.principal).select_related("study")
        proposal = rows.prefetch_related("changes", "moves", "evidence").get(pk=proposal_id)
        proposal.newer_evidence = [event.pk for event in decide.newer_than(proposal)]
        proposal.may_not_decide = decide.why_not(self.principal, proposal)
        return Response(forms.ProposalShown(proposal).data)


class Approve(ApiView):
    """Approve a proposal."""

    problems = (409, 422)

    @extend_schema(
        request=forms.Approval,
        responses=forms.DecisionShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Approve a proposal",
    )
    def post(self, request: Request, proposal_id: int) -> Response:
        """Book its moves, all or nothing."""
        said = self.read_body(forms.Approval)
        newer = frozenset(said.get("newer_evidence", ()))
        shown = decide.Shown(said["version"], said["content_sha256"], newer)

        def act() -> Answer:
            decision = decide.approve(
                self.principal, proposal_id, shown, reason=said.get("reason", "")
            )
            return Answer(200, forms.DecisionShown(decision).data)

        return respond(once(request, act))


class Refuse(ApiView):
    """Refuse a proposal."""

    problems = (409, 422)

    @extend_schema(
        request=forms.Refusal,
        responses=forms.DecisionShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Refuse a proposal",
    )
    def post(self, request: Request, proposal_id: int) -> Response:
        """Nothing moves, and the reason is kept."""
        said = self.read_body(forms.Refusal)
        shown = decide.Shown(said["version"], said["content_sha256"])

        def act() -> Answer:
            decision = decide.refuse(self.principal, proposal_id, shown, said["reason"])
            return Answer(200, forms.DecisionShown(decision).data)

        return respond(once(request, act))


class Transfers(ListView):
    """The ledger."""

    @extend_schema(
        parameters=[forms.TransferFilter],
        responses=forms.TransferShown(many=True),
        summary="List transfers",
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        wanted = forms.TransferFilter.of(request.query_params)
        rows = Transfer.objects.visible_to(self.principal)
        rows = rows.select_related("from_account", "to_account")
        bet_id = wanted.pop("bet", None)
        if bet_id is not None:
            rows = rows.filter(Q(from_account__bet_id=bet_id) | Q(to_account__bet_id=bet_id))
        return self.page(rows.filter(**wanted), forms.TransferShown)


class Decisions(ListView):
    """Decisions."""

    @extend_schema(
        parameters=[forms.DecisionFilter],
        responses=forms.DecisionShown(many=True),
        summary="List decisions",
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        wanted = forms.DecisionFilter.of(request.query_params)
        rows = Decision.objects.visible_to(self.principal)
        return self.page(rows.filter(**wanted), forms.DecisionShown)


urlpatterns = [
    path("proposals", Proposals.as_view(), name="api-proposals"),
    path("proposals/<int:proposal_id>", OneProposal.as_view(), name="api-proposal"),
    path("proposals/<int:proposal_id>/approve", Approve.as_view(), name="api-approve"),
    path("proposals/<int:proposal_id>/refuse", Refuse.as_view(), name="api-refuse"),
    path("transfers", Transfers.as_view(), name="api-transfers"),
    path("decisions", Decisions.as_view(), name="api-decisions"),
]
