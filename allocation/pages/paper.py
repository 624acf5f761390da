"""A proposal as a file to print or to send on."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from allocation.models import Proposal
from allocation.proposal_paper import paper_of
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest


@require_GET
def proposal_pdf(request: PageRequest, proposal_id: int) -> HttpResponse:
    """One proposal on A4, for whoever may see it."""
    visible = Proposal.objects.visible_to(request.user).select_related(
        "portfolio", "drawn_up_by", "about", "successor", "decision__decided_by"
    )
    proposal = get_object_or_404(visible, pk=proposal_id)
    turn_to(request, proposal.portfolio_id)
    response = HttpResponse(paper_of(proposal), content_type="application/pdf")
    name = f"{proposal.portfolio.slug}-proposal-{proposal.number}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
