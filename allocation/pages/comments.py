"""What people say about a proposal, on its page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from allocation.comments import comment, comments_on
from allocation.models import Proposal
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Invalid


def said_about(request: PageRequest, proposal: Proposal) -> dict[str, Any]:
    """What the section of the page shows."""
    return {
        "comments": list(comments_on(proposal)),
        "may_comment": may(request.user, "comment", proposal.portfolio_id),
    }


@require_http_methods(["GET", "POST"])
def comments_panel(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The comments, which follow live; a new one is posted here.

    A page that follows them fetches the list, one that comes to them the whole ``section``.
    """
    visible = Proposal.objects.visible_to(request.user).defer("snapshot", "solution")
    proposal = get_object_or_404(visible, pk=proposal_id)
    turn_to(request, proposal.portfolio_id)
    wrong, typed, status = "", "", 200
    if request.method == "POST":
        typed = request.POST.get("text", "")
        try:
            comment(request.user, proposal.pk, typed)
            typed = ""
        except Invalid as refusal:
            wrong, status = " ".join(refusal.fields.values()), 422
        except NotAllowed as refusal:
            wrong, status = str(refusal), 403
        if "HX-Request" not in request.headers and not wrong:
            return redirect("allocation:proposal", proposal_id=proposal.pk)
    context = {"proposal": proposal, "wrong": wrong, "typed": typed}
    context |= said_about(request, proposal)
    is_whole = request.method == "POST" or "section" in request.GET
    fragment = "_comments" if is_whole else "_comment_list"
    template = fragment if "HX-Request" in request.headers else "comments"
    return render(request, f"allocation/{template}.html", context, status=status)
