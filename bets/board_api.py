"""The API's paths for the board's own settings: limits on work in progress, saved views."""

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from bets import board_serializers as forms
from bets import saved_views
from bets.models import Portfolio, WipLimit
from bets.serializers import PortfolioFilter
from bets.wip import set_limit
from spm.api.idempotency import Answer, once
from spm.api.schema import ETAG, IDEMPOTENCY_KEY, IF_MATCH
from spm.api.views import ApiView, ListView, require_as_read, respond, tagged


class WipLimits(ListView):
    """Limits on work in progress."""

    problems = (409, 422)

    @extend_schema(
        parameters=[PortfolioFilter],
        responses=forms.WipLimitShown(many=True),
        summary="List limits on work in progress",
    )
    def get(self, request: Request) -> Response:
        """Newest first; a stage or stream that is not named has none."""
        wanted = PortfolioFilter.of(request.query_params)
        rows = WipLimit.objects.visible_to(self.principal)
        rows = rows.filter(portfolio_id=wanted["portfolio"]) if wanted else rows
        return self.page(rows, forms.WipLimitShown)

    @extend_schema(
        request=forms.WipLimitGiven,
        responses=forms.WipLimitNow,
        summary="Set a limit on work in progress",
    )
    def put(self, request: Request) -> Response:
        """A lead may. What stands there already stays; each change is journalled, and the same
        twice changes nothing.
        """
        given = self.read_body(forms.WipLimitGiven)
        portfolio = Portfolio.objects.meant_by(self.principal, given.pop("portfolio", None))
        seen = {given["stream"]: given.pop("was")} if "was" in given else None
        set_limit(self.principal, portfolio, **given, seen=seen)
        now = {name: given[name] for name in ("stage", "stream", "limit")}
        return Response(forms.WipLimitNow({"portfolio": portfolio.pk, **now}).data)


class SavedViews(ListView):
    """Saved views of the board: your own, and those that are shared."""

    @extend_schema(
        parameters=[PortfolioFilter],
        responses=forms.SavedViewShown(many=True),
        summary="List saved views",
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        wanted = PortfolioFilter.of(request.query_params)
        rows = saved_views.views_for(self.principal)
        rows = rows.filter(portfolio_id=wanted["portfolio"]) if wanted else rows
        return self.page(rows, forms.SavedViewShown)

    @extend_schema(
        request=forms.SavedViewGiven,
        responses={201: forms.SavedViewShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Save a view",
    )
    def post(self, request: Request) -> Response:
        """Keep filters and lanes under a name; only a lead may share it."""
        given = self.read_body(forms.SavedViewGiven)
        portfolio = Portfolio.objects.meant_by(self.principal, given.get("portfolio"))

        def act() -> Answer:
            view = saved_views.save_view(
                self.principal,
                portfolio,
                given["name"],
                given["query"],
                share=given["shared"],
                opens=given["opens"],
            )
            return Answer(201, _as_it_is(self, view.pk))

        return respond(once(request, act))


class OneSavedView(ApiView):
    """One saved view."""

    problems = (412, 428)

    @extend_schema(responses=forms.SavedViewShown, parameters=[ETAG], summary="Show a saved view")
    def get(self, request: Request, view_id: int) -> Response:
        """Its name and filters."""
        return tagged(_as_it_is(self, view_id))

    @extend_schema(
        request=forms.SavedViewChanged,
        responses=forms.SavedViewShown,
        parameters=[IF_MATCH, ETAG],
        summary="Change a saved view",
    )
    @transaction.atomic
    def patch(self, request: Request, view_id: int) -> Response:
        """Another name for one of your own; shared or not, which a lead says; and whether the
        board opens in it for you.
        """
        given = self.read_body(forms.SavedViewChanged)
        saved_views.hold(self.principal, view_id, own="name" in given)
        require_as_read(request, _as_it_is(self, view_id))
        saved_views.change_view(
            self.principal,
            view_id,
            name=given.get("name"),
            share=given.get("shared"),
            opens=given.get("opens"),
        )
        return tagged(_as_it_is(self, view_id))

    @extend_schema(responses={204: None}, parameters=[IF_MATCH], summary="Delete a saved view")
    @transaction.atomic
    def delete(self, request: Request, view_id: int) -> Response:
        """One of your own; whoever opened the board in it sees all cards again."""
        saved_views.hold(self.principal, view_id, own=True)
        require_as_read(request, _as_it_is(self, view_id), needed=False)
        saved_views.delete_view(self.principal, view_id)
        return Response(status=204)


def _as_it_is(view: ApiView, view_id: int) -> dict[str, object]:
    row = saved_views.view_for(view.principal, view_id)
    return dict(forms.SavedViewShown(row).data)


urlpatterns = [
    path("wip-limits", WipLimits.as_view(), name="api-wip-limits"),
    path("saved-views", SavedViews.as_view(), name="api-saved-views"),
    path("saved-views/<int:view_id>", OneSavedView.as_view(), name="api-saved-view"),
]
