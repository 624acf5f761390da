"""The limits on work in progress of a stage, set by a lead from the head of its column."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from bets.forms import LimitsForm
from bets.models import Portfolio, Stage, WipLimitChange
from bets.views.asked import portfolio_of, say
from bets.views.bet import put_beside_fields
from bets.wip import overrides_in, set_limits
from spm.accounts.permissions import may

CHANGES_SHOWN = 12


@require_http_methods(["GET", "POST"])
def limits(request: HttpRequest, stage: str) -> HttpResponse:
    """The form, with who changed the limits so far and who went over them."""
    if stage not in Stage.values:
        raise Http404
    portfolio = portfolio_of(request)
    if not may(request.user, "set_wip_limits", portfolio.pk):
        raise PermissionDenied
    if request.method == "GET":
        return _form(request, portfolio, Stage(stage), LimitsForm(portfolio, Stage(stage)))
    form = LimitsForm(portfolio, Stage(stage), request.POST)
    changes = None
    if form.is_valid():
        changes = put_beside_fields(
            form,
            lambda: set_limits(
                request.user,  # type: ignore[arg-type]
                portfolio,
                stage,
                form.limits(),
                form.seen_limits(),
            ),
        )
    if changes is None:
        return _form(request, portfolio, Stage(stage), form, status=422)
    if not request.headers.get("HX-Request"):
        return redirect("bets:kanban")
    text = f"The limits of {Stage(stage).label} are changed." if changes else "Nothing was changed."
    return say(HttpResponse(), text, close=True, done=[])


def _form(
    request: HttpRequest, portfolio: Portfolio, stage: Stage, form: LimitsForm, status: int = 200
) -> HttpResponse:
    changes = WipLimitChange.objects.filter(portfolio=portfolio, stage=stage).order_by("-id")
    context = {
        "board_portfolio": portfolio,
        "stage": stage,
        "form": form,
        "changes": changes.select_related("stream", "changed_by", "api_key")[:CHANGES_SHOWN],
        "overrides": overrides_in(portfolio.pk, [stage]),
    }
    return render(request, "bets/_limits.html", context, status=status)
