"""What is said of kill deadlines: that one is near, and that it has passed."""

from datetime import datetime, timedelta

from django.db.models import F
from django.urls import reverse

from bets.models import KillCriterion
from bets.models.bet import EXITS
from evidence.models import NoticeKind, Resolution
from evidence.notices.concerned import concerned_with
from evidence.notices.tell import News, in_brief, tell
from spm import formats

NEAR = timedelta(days=14)
#: A deadline that passed longer ago is no news, even where nothing has run since.
PASSED_WITHIN = timedelta(days=30)


def tell_of_deadlines(now: datetime) -> None:
    """Tell of each deadline once when it is at most 14 days away, and once when it has passed."""
    due = KillCriterion.objects.filter(
        deadline__gt=now - PASSED_WITHIN, deadline__lte=now + NEAR, created_at__lt=F("deadline")
    )
    settled = Resolution.objects.in_force().values("hypothesis_id")
    due = due.exclude(hypothesis__bet__stage__in=EXITS).exclude(hypothesis_id__in=settled)
    criteria = list(due.select_related("hypothesis__bet").order_by("id"))
    to = concerned_with([criterion.hypothesis.bet for criterion in criteria])
    tell((_news(criterion, to[criterion.hypothesis.bet_id], now) for criterion in criteria), now)


def _news(criterion: KillCriterion, to: dict[int, str], now: datetime) -> News:
    bet, deadline = criterion.hypothesis.bet, criterion.deadline
    assert deadline is not None  # asked for
    passed = deadline <= now
    when = f"{'passed on' if passed else 'ends on'} {formats.full_moment(deadline.date())}"
    rule = f"{criterion.get_metric_display().lower()} {criterion.get_comparison_display()}"
    sample = f" on {criterion.min_sample} or more" if criterion.min_sample else ""
    return News(
        kind=NoticeKind.DEADLINE,
        about=f"deadline:{criterion.pk}:{deadline:%Y%m%d}:{'passed' if passed else 'near'}",
        text=f"{in_brief(bet.title)}: a kill deadline {when} ({rule} {criterion.value:g}{sample}).",
        url=reverse("bets:bet", args=[bet.pk]) + f"#hypothesis-{criterion.hypothesis_id}",
        portfolio_id=bet.portfolio_id,
        bet=bet,
        to=to,
    )
