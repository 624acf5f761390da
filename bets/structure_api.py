"""The API's paths that change what a portfolio is divided into: itself, themes, streams, teams."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bets import serializers as shown
from bets import structure
from bets import structure_serializers as forms
from bets.models import Fungibility, Portfolio, Team, Theme, ValueStream
from spm.accounts.permissions import Action, require
from spm.api.idempotency import Answer, once
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.views import ApiView, ListView, answer_tagged, require_as_read, tagged
from spm.errors import Invalid

ACTION: Action = "edit_settings"


@dataclass(frozen=True)
class Kind:
    """A kind of part: its rows, how one is shown, and the rule that changes it."""

    model: Any
    shown: Any
    change: Callable[[Any, Mapping[str, Any]], Any]

    def as_it_is(self, part_id: int) -> dict[str, Any]:
        """A row as the database has it."""
        return dict(self.shown(self.model.objects.get(pk=part_id)).data)


THEME = Kind(Theme, shown.ThemeShown, structure.change_theme)
STREAM = Kind(ValueStream, shown.StreamShown, structure.change_stream)
TEAM = Kind(Team, shown.TeamShown, structure.change_team)


class OnePortfolio(ApiView):
    """One portfolio."""

    problems = (412, 428)

    @extend_schema(responses=shown.PortfolioShown, parameters=[ETAG], summary="Show a portfolio")
    def get(self, request: Request, portfolio_id: int) -> Response:
        """What it holds per month, and its terms; money is changed by decisions and limits."""
        portfolio = Portfolio.objects.visible_to(self.principal).get(pk=portfolio_id)
        return tagged(shown.PortfolioShown(portfolio).data)

    @extend_schema(
        request=forms.PortfolioTerms,
        responses=shown.PortfolioShown,
        parameters=[IF_MATCH, ETAG],
        summary="Change a portfolio",
    )
    @transaction.atomic
    def patch(self, request: Request, portfolio_id: int) -> Response:
        """Its name, what it is for, and over how many months value counts."""
        rows = Portfolio.objects.visible_to(self.principal).select_for_update(no_key=True)
        portfolio = rows.get(pk=portfolio_id)
        require(self.principal, ACTION, portfolio.pk)
        require_as_read(request, shown.PortfolioShown(portfolio).data)
        structure.change_portfolio(portfolio, self.body)
        portfolio.refresh_from_db()
        return tagged(shown.PortfolioShown(portfolio).data)


class _Parts(ListView):
    """All parts of a kind."""

    problems = (422,)
    kind: Kind

    def listed(self, request: Request) -> Any:
        """Newest first."""
        wanted = shown.PortfolioFilter.of(request.query_params)
        rows = self.kind.model.objects.visible_to(self.principal)
        rows = rows.filter(portfolio_id=wanted["portfolio"]) if wanted else rows
        return self.page(rows, self.kind.shown)

    def added(self, request: Request, form: Any) -> Response:
        """A new part, under a name that is not used."""
        said = self.read_body(form)
        portfolio = Portfolio.objects.meant_by(self.principal, said.pop("portfolio", None))

        def act() -> Answer:
            require(self.principal, ACTION, portfolio.pk)
            made = self.kind.change(
                self.kind.model(portfolio=portfolio), _as_the_rule_reads(said, portfolio)
            )
            return Answer(201, self.kind.as_it_is(made.pk))

        return answer_tagged(once(request, act))


class _OnePart(ApiView):
    """One part of a kind."""

    problems = (412, 428)
    kind: Kind

    def seen(self, part_id: int) -> Response:
        """As it is; ``ETag`` for ``If-Match``."""
        part = self.kind.model.objects.visible_to(self.principal).get(pk=part_id)
        return tagged(self.kind.shown(part).data)

    @transaction.atomic
    def changed(self, request: Request, part_id: int, form: Any) -> Response:
        """Change the fields that are given, if it still is as it was read."""
        part = self._held(part_id)
        require_as_read(request, self.kind.shown(part).data)
        said = self.read_body(form, partial=True)
        self.kind.change(part, _as_the_rule_reads(said, part.portfolio))
        return tagged(self.kind.as_it_is(part_id))

    @transaction.atomic
    def removed(self, request: Request, part_id: int) -> Response:
        """Remove it, where no bet or team belongs to it."""
        part = self._held(part_id)
        require_as_read(request, self.kind.shown(part).data, needed=False)
        structure.remove(part)
        return Response(status=204)

    def _held(self, part_id: int) -> Any:
        rows = self.kind.model.objects.visible_to(self.principal).select_related("portfolio")
        part = rows.select_for_update(of=("self",)).get(pk=part_id)
        require(self.principal, ACTION, part.portfolio_id)
        return part


class _PartByName(ApiView):
    """The part of a name."""

    kind: Kind

    @transaction.atomic
    def put_so(self, request: Request, name: str, form: Any) -> Response:
        """Created, or made as is said; the same twice changes nothing."""
        said = self.read_body(form)
        portfolio = Portfolio.objects.meant_by(self.principal, said.pop("portfolio", None))
        require(self.principal, ACTION, portfolio.pk)
        if said.pop("name", name) != name:
            raise Invalid({"name": "The address names it: leave it out, or say the same."})
        part = structure.named(portfolio, self.kind.model, name)
        created = part.pk is None
        given = {**_as_the_rule_reads(said, portfolio), "name": name}
        if created or structure.differs(part, given):
            self.kind.change(part, given)
        return answer_tagged(Answer(201 if created else 200, self.kind.as_it_is(part.pk)))


def _as_the_rule_reads(said: dict[str, Any], portfolio: Portfolio) -> dict[str, Any]:
    """A body as ``structure`` takes it: ranges as pairs, a value stream by its name."""
    given = dict(said)
    low, high = given.pop("target_min_share", None), given.pop("target_max_share", None)
    if (low is None) != (high is None):
        raise Invalid({"target_min_share": "Give both ends of the range, or neither."})
    if low is not None:
        given["target"] = (low, high)
    if "stream" in given and given["stream"] is not None:
        stream = portfolio.streams.filter(pk=given["stream"]).first()
        if stream is None:
            raise Invalid({"stream": "This portfolio has no such value stream."})
        given["stream"] = stream.name
    elif "stream" in given:
        given["stream"] = ""
    return given


def _views_of(kind: Kind, word: str, plural: str, form: Any, new_form: Any) -> tuple[Any, Any, Any]:
    """The three paths of a kind, each described by its own name."""
    lists, one = kind.shown(many=True), kind.shown

    @extend_schema(parameters=[shown.PortfolioFilter], responses=lists, summary=f"List {plural}")
    def get_all(self: _Parts, request: Request) -> Any:
        """Newest first."""
        return self.listed(request)

    @extend_schema(
        request=new_form,
        responses={201: one},
        parameters=[IDEMPOTENCY_KEY, ETAG],
        summary=f"Add a {word}",
    )
    def post(self: _Parts, request: Request) -> Response:
        """Under a name that the portfolio does not use for another."""
        return self.added(request, new_form)

    @extend_schema(responses=one, parameters=[ETAG], summary=f"Show a {word}")
    def get_one(self: _OnePart, request: Request, part_id: int) -> Response:
        """As it is; ``ETag`` is for ``If-Match`` when you change it."""
        return self.seen(part_id)

    @extend_schema(
        request=form, responses=one, parameters=[IF_MATCH, ETAG], summary=f"Change a {word}"
    )
    def patch(self: _OnePart, request: Request, part_id: int) -> Response:
        """Change the fields that are given, if it still is as you have read it."""
        return self.changed(request, part_id, form)

    @extend_schema(responses={204: None}, parameters=[IF_MATCH], summary=f"Remove a {word}")
    def delete(self: _OnePart, request: Request, part_id: int) -> Response:
        """Where no bet or team belongs to it."""
        return self.removed(request, part_id)

    @extend_schema(
        request=new_form,
        responses={
            201: OpenApiResponse(one, "It was created."),
            200: OpenApiResponse(one, "It was there; it is now as you say."),
        },
        parameters=[ETAG],
        summary=f"Create or change a {word} by name",
    )
    def put(self: _PartByName, request: Request, name: str) -> Response:
        """The same twice changes nothing."""
        return self.put_so(request, name, new_form)

    name = word.title().replace(" ", "")
    return (
        type(f"{name}s", (_Parts,), {"kind": kind, "get": get_all, "post": post}),
        type(f"One{name}", (_OnePart,), {
            "kind": kind, "get": get_one, "patch": patch, "delete": delete,
        }),
        type(f"{name}ByName", (_PartByName,), {"kind": kind, "put": put}),
    )  # fmt: skip


class Lending(ListView):
    """What teams lend each other."""

    @extend_schema(
        parameters=[shown.PortfolioFilter],
        responses=forms.LendingShown(many=True),
        summary="List what teams lend each other",
    )
    def get(self, request: Request) -> Any:
        """Newest first; a pair that is not named lends nothing."""
        wanted = shown.PortfolioFilter.of(request.query_params)
        rows = Fungibility.objects.filter(from_team__in=Team.objects.visible_to(self.principal))
        if wanted:
            rows = rows.filter(from_team__portfolio_id=wanted["portfolio"])
        return self.page(rows, forms.LendingShown)


class OneLending(ApiView):
    """What one team lends another."""

    @extend_schema(
        request=forms.LendingTerms,
        responses=forms.LendingNow,
        summary="Say what a team lends another",
    )
    @transaction.atomic
    def put(self, request: Request, from_team: int, to_team: int) -> Response:
        """How well ``to_team`` takes over what is freed in ``from_team``, 0 to 1; 0 for not."""
        said = self.read_body(forms.LendingTerms)
        teams = Team.objects.visible_to(self.principal).select_related("portfolio")
        giver, taker = teams.get(pk=from_team), teams.get(pk=to_team)
        require(self.principal, ACTION, giver.portfolio_id)
        require(self.principal, ACTION, taker.portfolio_id)
        structure.set_fungibility(giver, taker, said["efficiency"])
        now = {"from_team": from_team, "to_team": to_team, **said}
        return Response(forms.LendingNow(now).data)


Themes, OneTheme, ThemeByName = _views_of(
    THEME, "theme", "themes", forms.ThemeTerms, forms.NewThemeTerms
)
Streams, OneStream, StreamByName = _views_of(
    STREAM, "value stream", "value streams", forms.StreamTerms, forms.NewStreamTerms
)
Teams, OneTeam, TeamByName = _views_of(TEAM, "team", "teams", forms.TeamTerms, forms.NewTeamTerms)

urlpatterns = [
    path("portfolios/<int:portfolio_id>", OnePortfolio.as_view(), name="api-portfolio"),
    path("themes", Themes.as_view(), name="api-themes"),
    path("themes/<int:part_id>", OneTheme.as_view(), name="api-theme"),
    path("themes/by-name/<str:name>", ThemeByName.as_view(), name="api-theme-by-name"),
    path("streams", Streams.as_view(), name="api-streams"),
    path("streams/<int:part_id>", OneStream.as_view(), name="api-stream"),
    path("streams/by-name/<str:name>", StreamByName.as_view(), name="api-stream-by-name"),
    path("teams", Teams.as_view(), name="api-teams"),
    path("teams/<int:part_id>", OneTeam.as_view(), name="api-team"),
    path("teams/by-name/<str:name>", TeamByName.as_view(), name="api-team-by-name"),
    path("lending", Lending.as_view(), name="api-lending"),
    path("lending/<int:from_team>/<int:to_team>", OneLending.as_view(), name="api-lend"),
]
