"""The API's paths for a proposal in words, and for what of it lies inside a mandate."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import authority
from allocation.models import Proposal
from allocation.part_serializers import PartShown
from allocation.proposal_paper import facts_of
from allocation.within_mandate import inside_one_of
from spm.api.views import ApiView


def _rows(names: tuple[str, ...], rows: list[Any]) -> list[dict[str, str]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


class FigureInWords(serializers.Serializer[Any]):
    """One figure of the whole: what it is, and how much."""

    name = serializers.CharField()
    amount = serializers.CharField()


class ReasonInWords(serializers.Serializer[Any]):
    """One piece of evidence behind a change, and what it weighs."""

    said = serializers.CharField()
    weight = serializers.CharField(help_text="In decibans; above zero speaks for the bet.")


class ChangeInWords(serializers.Serializer[Any]):
    """What happens to one bet: from what to what, what is freed, what stays, what it costs."""

    bet = serializers.IntegerField()
    title = serializers.CharField()
    about = serializers.CharField()
    moves = serializers.CharField()
    costs = serializers.CharField(allow_blank=True)
    reasons = ReasonInWords(many=True)


class MoveInWords(serializers.Serializer[Any]):
    """One amount a month from a bet, or the reserve, to another."""

    from_bet = serializers.CharField()
    to_bet = serializers.CharField()
    amount = serializers.CharField()
    available = serializers.CharField(help_text="In how many months, or at once.")


class LimitInWords(serializers.Serializer[Any]):
    """A guardrail, or a team at its limit, before and after."""

    name = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()
    limit = serializers.CharField()
    worth = serializers.CharField(
        allow_blank=True, help_text="What more of it would be worth; empty where it does not bind."
    )


class DecisionInWords(serializers.Serializer[Any]):
    """How it was decided, and why."""

    text = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class ProposalInWords(serializers.Serializer[Any]):
    """A proposal as its page and its paper say it."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    content_sha256 = serializers.CharField()
    currency = serializers.CharField()
    title = serializers.CharField()
    sentence = serializers.CharField()
    about = serializers.CharField()
    figures = FigureInWords(many=True)
    changes = ChangeInWords(many=True)
    moves = MoveInWords(many=True)
    guardrails = LimitInWords(many=True)
    teams = LimitInWords(many=True)
    decision = DecisionInWords(allow_null=True)


class InsideMandateShown(serializers.Serializer[Any]):
    """What of a proposal lies inside a mandate of yours; ``mandate`` is null if nothing does.

    ``is_whole`` says that all of it does, and ``part`` is null then. Else an approval names the
    ``left_out`` and ``part.sha256`` that stand here. A role may let you decide more.
    """

    mandate = serializers.IntegerField(allow_null=True)
    is_whole = serializers.BooleanField()
    left_out = serializers.ListField(child=serializers.IntegerField())
    part = PartShown(allow_null=True)


class InWords(ApiView):
    """A proposal in words."""

    @extend_schema(responses=ProposalInWords, summary="Show a proposal in words")
    def get(self, request: Request, proposal_id: int) -> Response:
        """The sentences and figures that its page shows; the paper says the same."""
        rows = Proposal.objects.visible_to(self.principal).defer("snapshot", "solution")
        rows = rows.select_related("portfolio", "drawn_up_by", "about", "successor")
        proposal = rows.prefetch_related("changes").get(pk=proposal_id)
        facts = facts_of(proposal)
        limit = ("name", "before", "after", "limit", "worth")
        shown = {
            **{name: facts[name] for name in ("title", "sentence", "about", "decision")},
            "id": proposal.pk,
            "version": proposal.version,
            "content_sha256": proposal.content_sha256,
            "currency": proposal.portfolio.currency,
            "figures": _rows(("name", "amount"), facts["figures"]),
            "changes": [
                change | {"reasons": _rows(("said", "weight"), change["reasons"])}
                for change in facts["changes"]
            ],
            "moves": _rows(("from_bet", "to_bet", "amount", "available"), facts["moves"]),
            "guardrails": _rows(limit, facts["limits"]),
            "teams": _rows(limit, facts["teams"]),
        }
        return Response(ProposalInWords(shown).data)


class InsideMandate(ApiView):
    """What of a proposal lies inside a mandate."""

    throttle_cost = 10

    @extend_schema(
        responses=InsideMandateShown, summary="Show what of a proposal lies in your mandate"
    )
    def get(self, request: Request, proposal_id: int) -> Response:
        """As the page ticks it on request; nothing is changed or kept."""
        rows = Proposal.objects.visible_to(self.principal).select_related("portfolio")
        proposal = rows.get(pk=proposal_id)
        found = None
        if proposal.is_open and authority.parts_in_reach(self.principal, proposal):
            found = inside_one_of(self.principal, proposal)
        use, booking = found or (None, None)
        part = booking.part if booking else None
        shown = {
            "mandate": use.mandate.pk if use else None,
            "is_whole": booking is not None and part is None,
            "left_out": sorted(part.part.left_out) if part else [],
            "part": part,
        }
        return Response(InsideMandateShown(shown).data)


urlpatterns = [
    path("proposals/<int:proposal_id>/in-words", InWords.as_view(), name="api-in-words"),
    path(
        "proposals/<int:proposal_id>/inside-mandate",
        InsideMandate.as_view(),
        name="api-inside-mandate",
    ),
]
