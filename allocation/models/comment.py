"""Comments: what people say about a proposal, beside the reason of a decision."""

from django.db import models
from django.db.models import Q

from allocation.models.proposal import Proposal
from bets.models import Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel

LONGEST_COMMENT = 2000


class ProposalComment(AppendOnlyModel):
    """One person's remark on a proposal. It is never changed; a correction is a later remark."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="+")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="comments")
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    text = models.TextField(max_length=LONGEST_COMMENT)

    objects = VisibleQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """Read by proposal, in the order in which they were written."""

        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")]

    def __str__(self) -> str:
        return f"{self.written_by}: {self.text[:60]}"
