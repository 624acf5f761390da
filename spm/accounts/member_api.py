"""The API's paths for members: everybody sees who is there; people say who may what, signed in."""

from typing import Any

from django.apps import apps
from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from spm.accounts import people
from spm.accounts.models import Membership, Role
from spm.accounts.permissions import require, visible_portfolio_ids
from spm.api import fields
from spm.api.idempotency import Answer, once
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.serializers import FilterSerializer, ShownSerializer, StrictSerializer
from spm.api.views import ApiView, ListView, require_as_read, respond, tagged
from spm.errors import Invalid

TEAMS = "On the bets of which teams a contributor acts; their ids."


class MemberShown(ShownSerializer):
    """Somebody's role in a portfolio; ``user`` is the id by which bets and requests name them."""

    name = serializers.CharField(source="user.name")
    email = serializers.CharField(source="user.email")

    class Meta:
        model = Membership
        fields = ["id", "portfolio", "user", "name", "email", "role", "administers", "teams"]


class MemberTerms(StrictSerializer):
    """Another role."""

    role = fields.ChoiceField(choices=Role.choices)
    teams = serializers.ListField(child=fields.WholeField(), required=False, help_text=TEAMS)


class NewMemberTerms(MemberTerms):
    """Somebody new; ``portfolio`` may be left out where there is only one."""

    portfolio = fields.WholeField(required=False)
    email = fields.TextField(max_length=254)
    name = fields.TextField(required=False, allow_blank=True, max_length=120)


class BroughtInShown(serializers.Serializer[Any]):
    """How they sign in."""

    email = serializers.CharField()
    role = serializers.CharField()
    password = serializers.CharField(
        allow_blank=True,
        allow_null=True,
        help_text="Shown this once: empty where they had an account, null in a repetition.",
    )


class MemberFilter(FilterSerializer):
    """Members of a portfolio, of a role."""

    portfolio = fields.QueryWholeField(required=False)
    role = fields.ChoiceField(required=False, choices=Role.choices)


class Members(ListView):
    """Members."""

    @extend_schema(
        parameters=[MemberFilter], responses=MemberShown(many=True), summary="List members"
    )
    def get(self, request: Request) -> Any:
        """Who has which role; newest first."""
        return self.page(
            _visible(self).filter(**MemberFilter.of(request.query_params)), MemberShown
        )

    @extend_schema(
        request=NewMemberTerms,
        responses={201: BroughtInShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Bring somebody in",
    )
    def post(self, request: Request) -> Response:
        """For people alone. Who has a role here is refused."""
        said = self.read_body(NewMemberTerms)
        portfolios: Any = apps.get_model("bets", "Portfolio").objects
        portfolio = portfolios.meant_by(self.principal, said.pop("portfolio", None))
        require(self.principal, "administer", portfolio.pk)

        def act() -> Answer:
            made = people.invite(
                self.principal,  # type: ignore[arg-type]  # a key does not get this far
                portfolio.pk,
                said["email"],
                said["role"],
                name=said.get("name", ""),
                team_ids=_teams(portfolio.pk, said),
            )
            return Answer(201, dict(BroughtInShown(vars(made)).data))

        return respond(once(request, act, said_once=("password",)))


class OneMember(ApiView):
    """One member."""

    problems = (412, 428)

    @extend_schema(responses=MemberShown, parameters=[ETAG], summary="Show a member")
    def get(self, request: Request, member_id: int) -> Response:
        """Their role, and their teams."""
        return tagged(MemberShown(_visible(self).get(pk=member_id)).data)

    @extend_schema(
        request=MemberTerms,
        responses=MemberShown,
        parameters=[IF_MATCH, ETAG],
        summary="Give a member another role",
    )
    @transaction.atomic
    def patch(self, request: Request, member_id: int) -> Response:
        """For people alone, and never their own."""
        said, member = self.read_body(MemberTerms), self._held(member_id)
        require_as_read(request, MemberShown(member).data)
        teams = _teams(member.portfolio_id, said)
        people.change_role(self.principal, member, said["role"], teams)  # type: ignore[arg-type]
        return tagged(MemberShown(_visible(self).get(pk=member_id)).data)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH], summary="Take a role away")
    @transaction.atomic
    def delete(self, request: Request, member_id: int) -> Response:
        """For people alone, and never their own; what they did stays on record."""
        member = self._held(member_id)
        require_as_read(request, MemberShown(member).data, needed=False)
        people.dismiss(self.principal, member)  # type: ignore[arg-type]
        return Response(status=204)

    def _held(self, member_id: int) -> Membership:
        rows = _visible(self).select_for_update(of=("self",))
        member: Membership = rows.get(pk=member_id)
        require(self.principal, "administer", member.portfolio_id)
        return member


def _visible(view: ApiView) -> Any:
    rows = Membership.objects.filter(portfolio_id__in=visible_portfolio_ids(view.principal))
    return rows.select_related("user").prefetch_related("teams")


def _teams(portfolio_id: int, said: dict[str, Any]) -> list[int]:
    """The ids of teams that a body names, all of the portfolio."""
    wanted = said.get("teams", [])
    teams: Any = apps.get_model("bets", "Team")._default_manager
    known = set(teams.filter(portfolio_id=portfolio_id, pk__in=wanted).values_list("pk", flat=True))
    if set(wanted) - known:
        raise Invalid({"teams": "This portfolio has no such team."})
    return sorted(known)


urlpatterns = [
    path("members", Members.as_view(), name="api-members"),
    path("members/<int:member_id>", OneMember.as_view(), name="api-member"),
]
