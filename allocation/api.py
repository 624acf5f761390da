"""The API's paths for where the money goes."""

from typing import Any, ClassVar

from django.db.models import Q
from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import (
    authority,
    consents,
    decide,
    learned_api,
    ledger_api,
    limits,
    reading,
    still_so,
)
from allocation import decision_serializers as decisions
from allocation import serializers as forms
from allocation.models import Decision, Guardrail, LimitChange, Proposal, Transfer
from allocation.part import Part, checked, worked_out
from allocation.part_serializers import PartAsked, PartShown
from bets.models import Portfolio
from bets.serializers import PortfolioFilter
from spm.api.idempotency import Answer, once
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.views import ApiView, ListView, etag, id_in, respond, signed, version_meant
from spm.errors import Invalid


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
        rows = Proposal.objects.visible_to(self.principal).select_related("study", "portfolio")
        proposal = rows.prefetch_related("changes", "moves", "evidence").get(pk=proposal_id)
        proposal.newer_evidence = [event.pk for event in still_so.newer_than(proposal)]
        proposal.standing_consents = consents.standing(proposal)
        proposal.may_not_decide = authority.why_not(self.principal, proposal)
        return Response(forms.ProposalShown(proposal).data)


class Approve(ApiView):
    """Approve a proposal."""

    problems = (409,)

    @extend_schema(
        request=decisions.Approval,
        responses={
            200: decisions.DecisionShown,
            202: OpenApiResponse(decisions.WaitingShown, "It is kept; a second person is needed."),
        },
        parameters=[IDEMPOTENCY_KEY],
        summary="Approve a proposal",
    )
    def post(self, request: Request, proposal_id: int) -> Response:
        """Book its moves, or those of a part, all or nothing; above a sum it takes two people."""
        said = self.read_body(decisions.Approval)
        newer = frozenset(said.get("newer_evidence", ()))
        digest = said.get("part_sha256", "")
        shown = still_so.Shown(said["version"], said["content_sha256"], newer, digest)

        def act() -> Answer:
            part = part_asked(self.principal, proposal_id, said.get("part", {}), "part.")
            signature = signed(self, said)
            reason = said.get("reason", "")
            try:
                decision = decide.approve(
                    self.principal, proposal_id, shown, part, reason=reason, signature=signature
                )
            except consents.SecondPersonNeeded as waiting:
                kept = {"detail": waiting.message, "consent": waiting.consent}
                return Answer(202, dict(decisions.WaitingShown(kept).data))
            return Answer(200, decisions.DecisionShown(decision).data)

        return respond(once(request, act))


class PartOfProposal(ApiView):
    """A part of a proposal."""

    @extend_schema(request=PartAsked, responses=PartShown, summary="Work out a part of a proposal")
    def post(self, request: Request, proposal_id: int) -> Response:
        """What it would mean to approve only this much; nothing is changed or kept."""
        said = self.read_body(PartAsked)
        visible = Proposal.objects.visible_to(self.principal).select_related("portfolio")
        asked = part_asked(self.principal, proposal_id, said)
        return Response(PartShown(worked_out(visible.get(pk=proposal_id), asked)).data)


def part_asked(principal: Any, proposal_id: int, said: dict[str, Any], prefix: str = "") -> Part:
    """The part that a body asks for; ``prefix`` stands before its fields in what is wrong."""
    proposal = Proposal.objects.visible_to(principal).get(pk=proposal_id)
    try:
        return checked(proposal, said.get("left_out", ()), said.get("amounts", {}))
    except Invalid as error:
        raise Invalid({f"{prefix}{name}": text for name, text in error.fields.items()}) from error


class Refuse(ApiView):
    """Refuse a proposal."""

    problems = (409,)

    @extend_schema(
        request=decisions.Refusal,
        responses=decisions.DecisionShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Refuse a proposal",
    )
    def post(self, request: Request, proposal_id: int) -> Response:
        """Nothing moves, and the reason is kept."""
        said = self.read_body(decisions.Refusal)
        shown = still_so.Shown(said["version"], said["content_sha256"])

        def act() -> Answer:
            signature = signed(self, said)
            decision = decide.refuse(
                self.principal, proposal_id, shown, said["reason"], signature=signature
            )
            return Answer(200, decisions.DecisionShown(decision).data)

        return respond(once(request, act))


class Transfers(ListView):
    """The ledger."""

    sorts: ClassVar = {"effective": "effective_on", "amount": "amount"}

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
        names = {"effective_since": "effective_on__gte", "effective_until": "effective_on__lte"}
        conditions = {names.get(name, name): value for name, value in wanted.items()}
        return self.page(rows.filter(**conditions), forms.TransferShown)


class Decisions(ListView):
    """Decisions."""

    @extend_schema(
        parameters=[decisions.DecisionFilter],
        responses=decisions.JournalledDecisionShown(many=True),
        summary="List decisions",
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        wanted = decisions.DecisionFilter.of(request.query_params)
        conditions = {DECISION_CONDITIONS.get(name, name): wanted[name] for name in wanted}
        rows = reading.with_moved(Decision.objects.visible_to(self.principal))
        return self.page(rows.filter(**conditions), decisions.JournalledDecisionShown)


class Guardrails(ListView):
    """Guardrails."""

    @extend_schema(
        parameters=[forms.GuardrailFilter],
        responses=forms.GuardrailShown(many=True),
        summary="List guardrails",
    )
    def get(self, request: Request) -> Response:
        """Newest first, those out of force among them."""
        wanted = forms.GuardrailFilter.of(request.query_params)
        rows = Guardrail.objects.visible_to(self.principal)
        return self.page(rows.filter(**wanted), forms.GuardrailShown)

    @extend_schema(
        request=forms.NewGuardrailTerms,
        responses={201: forms.GuardrailShown},
        parameters=[IDEMPOTENCY_KEY, ETAG],
        summary="Create a guardrail",
    )
    def post(self, request: Request) -> Response:
        """It holds from now on; the portfolio is computed again."""
        portfolio, given = _portfolio_and_rest(self.principal, self.body)

        def act() -> Answer:
            made = limits.create_guardrail(self.principal, portfolio, given)
            return Answer(201, _guardrail_as_it_is(made))

        return _respond_with_guardrail(once(request, act))


class OneGuardrail(ApiView):
    """One guardrail."""

    problems = (412, 428)

    @extend_schema(responses=forms.GuardrailShown, parameters=[ETAG], summary="Show a guardrail")
    def get(self, request: Request, guardrail_id: int) -> Response:
        """``ETag`` is its version, for ``If-Match`` when you change it."""
        guardrail = Guardrail.objects.visible_to(self.principal).get(pk=guardrail_id)
        return _respond_with_guardrail(Answer(200, _guardrail_as_it_is(guardrail)))

    @extend_schema(
        request=forms.GuardrailTerms,
        responses=forms.GuardrailShown,
        parameters=[IF_MATCH, ETAG],
        summary="Change a guardrail",
    )
    def patch(self, request: Request, guardrail_id: int) -> Response:
        """Change the fields that are given; ``active`` takes it out of force or puts it back."""
        given, version = self.body, version_meant(request, required=True)
        changed = limits.change_guardrail(self.principal, guardrail_id, given, version)
        return _respond_with_guardrail(Answer(200, _guardrail_as_it_is(changed)))


class GuardrailByName(ApiView):
    """The guardrail of a name."""

    @extend_schema(
        request=forms.KeyedGuardrailTerms,
        responses={
            201: OpenApiResponse(forms.GuardrailShown, "It was created."),
            200: OpenApiResponse(forms.GuardrailShown, "It was there; it is now as you say."),
        },
        parameters=[ETAG],
        summary="Create or change a guardrail by name",
    )
    def put(self, request: Request, name: str) -> Response:
        """The same twice changes nothing."""
        portfolio, given = _portfolio_and_rest(self.principal, self.body)
        done = limits.upsert_guardrail(self.principal, portfolio, name, given)
        body = _guardrail_as_it_is(done.guardrail)
        return _respond_with_guardrail(Answer(201 if done.created else 200, body))


class LimitChanges(ListView):
    """The journal of limits."""

    @extend_schema(
        parameters=[PortfolioFilter],
        responses=forms.LimitChangeShown(many=True),
        summary="List changes of limits",
    )
    def get(self, request: Request) -> Response:
        """Newest first: guardrails, the envelope and the reserve floor."""
        wanted = PortfolioFilter.of(request.query_params)
        rows = LimitChange.objects.visible_to(self.principal)
        return self.page(rows.filter(**wanted), forms.LimitChangeShown)


DECISION_CONDITIONS = {
    "bet": "proposal__changes__bet",
    "since": "decided_at__gte",
    "until": "decided_at__lt",
}


def _guardrail_as_it_is(guardrail: Guardrail) -> dict[str, Any]:
    return dict(forms.GuardrailShown(Guardrail.objects.get(pk=guardrail.pk)).data)


def _respond_with_guardrail(answer: Answer) -> Response:
    return respond(answer, {"ETag": etag(answer.body["version"])})


def _portfolio_and_rest(principal: Any, given: dict[str, Any]) -> tuple[Portfolio, dict[str, Any]]:
    """The portfolio that a body names, or the only one there is, and the body without it."""
    portfolio_id = id_in(given, "portfolio") if "portfolio" in given else None
    return Portfolio.objects.meant_by(principal, portfolio_id), given


urlpatterns = [
    path("guardrails", Guardrails.as_view(), name="api-guardrails"),
    path("guardrails/<int:guardrail_id>", OneGuardrail.as_view(), name="api-guardrail"),
    path("guardrails/by-name/<str:name>", GuardrailByName.as_view(), name="api-guardrail-by-name"),
    path("limit-changes", LimitChanges.as_view(), name="api-limit-changes"),
    path("proposals", Proposals.as_view(), name="api-proposals"),
    path("proposals/<int:proposal_id>", OneProposal.as_view(), name="api-proposal"),
    path("proposals/<int:proposal_id>/approve", Approve.as_view(), name="api-approve"),
    path("proposals/<int:proposal_id>/part", PartOfProposal.as_view(), name="api-part"),
    path("proposals/<int:proposal_id>/refuse", Refuse.as_view(), name="api-refuse"),
    path("transfers", Transfers.as_view(), name="api-transfers"),
    path("decisions", Decisions.as_view(), name="api-decisions"),
    *ledger_api.urlpatterns,
    *learned_api.urlpatterns,
]
