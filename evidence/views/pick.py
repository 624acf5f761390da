"""What to log evidence on: a page of its own, or a dialog over whatever somebody is looking at."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from bets.models import Portfolio
from evidence.pick import to_pick_from
from spm.accounts.permissions import may


@require_GET
def pick(request: HttpRequest) -> HttpResponse:
    """The hypotheses to log on, found by typing; the last ones used stand first."""
    portfolio: Portfolio | None = getattr(request, "portfolio", None)
    if portfolio is None:
        return render(request, "evidence/pick.html", {"portfolio": None})
    if not may(request.user, "log_evidence", portfolio.pk):
        raise PermissionDenied
    text = request.GET.get("q", "").replace("\0", "")
    found = to_pick_from(request.user, portfolio.pk, text)  # type: ignore[arg-type]
    context = {"found": found, "text": text, "in_dialog": "HX-Request" in request.headers}
    if request.headers.get("HX-Target") == "pick-list":
        return render(request, "evidence/_pick_list.html", context)
    template = "evidence/_pick.html" if context["in_dialog"] else "evidence/pick.html"
    return render(request, template, context)
