"""What people say about a proposal, open or decided."""

from django.db.models import QuerySet
from django.utils import timezone

from allocation.models import Proposal, ProposalComment
from allocation.models.comment import LONGEST_COMMENT
from spm import live
from spm.accounts.models import ApiKey
from spm.accounts.permissions import Principal, person_behind, require
from spm.errors import Invalid


def comment(principal: Principal, proposal_id: int, text: str) -> ProposalComment:
    """Say something about a proposal; whoever has its page open sees it at once.

    Raises:
        Proposal.DoesNotExist: there is none that the principal may see.
        NotAllowed: the role does not suffice.
        Invalid: there is no text, or too much of it; the field is "text".
    """
    proposal = Proposal.objects.visible_to(principal).only("portfolio_id").get(pk=proposal_id)
    require(principal, "comment", proposal.portfolio_id)
    said = text.strip()
    if not said:
        raise Invalid({"text": "Write what you have to say about this proposal."})
    if len(said) > LONGEST_COMMENT:
        raise Invalid({"text": f"Write at most {LONGEST_COMMENT} characters; it has {len(said)}."})
    written = ProposalComment.objects.create(
        portfolio_id=proposal.portfolio_id,
        proposal=proposal,
        written_at=timezone.now(),
        written_by=person_behind(principal),
        api_key=principal if isinstance(principal, ApiKey) else None,
        text=said,
    )
    live.say(proposal.portfolio_id, f"comments:{proposal.pk}")
    return written


def comments_on(proposal: Proposal) -> QuerySet[ProposalComment]:
    """What has been said, the oldest first; one query."""
    return ProposalComment.objects.filter(proposal=proposal).select_related("written_by", "api_key")
