"""Evidence that somebody was asked for, and that it is no longer wanted."""

from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from bets.models import Bet, Hypothesis, Portfolio
from bets.models.portfolio import VisibleQuerySet
from evidence.models.belief import BeliefPoint
from evidence.models.event import Evidence, EvidenceKind
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel
from spm.fields import ShareField


class RequestState(models.TextChoices):
    """How a request stands; worked out, never written."""

    OPEN = "open", "Open"
    OVERDUE = "overdue", "Overdue"
    ANSWERED = "answered", "Answered"
    WITHDRAWN = "withdrawn", "Withdrawn"


class EvidenceRequestQuerySet(VisibleQuerySet):
    """Requests for evidence."""

    def with_state(self, today: date) -> "EvidenceRequestQuerySet":
        """Each with ``state``, ``answered_at``, ``answered_by_id`` and ``belief_after``, in the one
        query.

        A request is answered by the first evidence on its hypothesis that was recorded after it
        and is no retraction; ``belief_after`` is the belief in the hypothesis that came of it.
        """
        answers = Evidence.objects.filter(
            hypothesis=OuterRef("hypothesis"), recorded_at__gt=OuterRef("asked_at")
        ).exclude(kind=EvidenceKind.RETRACTION)
        first = answers.order_by("recorded_at", "id")[:1]
        recorder = Coalesce("recorded_by_id", "api_key__owner_id")
        points = BeliefPoint.objects.filter(
            hypothesis=OuterRef("hypothesis"), known_at__gte=OuterRef("answered_at")
        )
        withdrawn = RequestWithdrawal.objects.filter(request=OuterRef("pk"))
        rows: Any = self.annotate(
            answered_at=Subquery(first.values("recorded_at")),
            answered_by_id=Subquery(first.values(recorder=recorder)),
            is_withdrawn=Exists(withdrawn),
        ).annotate(
            belief_after=Subquery(points.order_by("known_at", "id").values("belief")[:1]),
            state=Case(
                When(is_withdrawn=True, then=Value(RequestState.WITHDRAWN.value)),
                When(answered_at__isnull=False, then=Value(RequestState.ANSWERED.value)),
                When(due_on__lt=today, then=Value(RequestState.OVERDUE.value)),
                default=Value(RequestState.OPEN.value),
                output_field=models.CharField(),
            ),
        )
        return rows

    def waiting(self, today: date) -> "EvidenceRequestQuerySet":
        """Those that nobody has answered or withdrawn."""
        rows = self.with_state(today)
        return rows.filter(state__in=[RequestState.OPEN, RequestState.OVERDUE])


class EvidenceRequest(AppendOnlyModel):
    """Somebody was asked for evidence on a hypothesis by a day. Never changed; see ``with_state``.

    ``belief_before`` is the belief in the hypothesis when it was asked about.
    """

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.PROTECT, related_name="evidence_requests"
    )
    bet = models.ForeignKey(Bet, on_delete=models.PROTECT, related_name="evidence_requests")
    hypothesis = models.ForeignKey(
        Hypothesis, on_delete=models.PROTECT, related_name="evidence_requests"
    )
    asked_of = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    what_would_help = models.TextField()
    belief_before = ShareField(null=True)

    # What ``with_state`` works out.
    state: str
    answered_at: datetime | None
    answered_by_id: int | None
    belief_after: float | None

    objects = EvidenceRequestQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """Newest first; a request says what would help."""

        ordering = ["-id"]
        indexes = [
            models.Index(fields=["hypothesis", "-id"], name="requests_on_hypothesis"),
            models.Index(fields=["portfolio", "-id"], name="requests_of_portfolio"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(what_would_help=""), name="request_says_what_would_help"
            ),
        ]

    def __str__(self) -> str:
        return f"Evidence on {self.bet} by {self.due_on:%d %B %Y}"


class RequestWithdrawal(AppendOnlyModel):
    """A request for evidence is no longer wanted."""

    request = models.OneToOneField(
        EvidenceRequest, on_delete=models.PROTECT, related_name="withdrawal"
    )
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.request}, withdrawn"
