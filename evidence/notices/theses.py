"""What is said of theses: they broke, were revived, or have gone silent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import prefetch_related_objects
from django.urls import reverse
from django.utils import timezone

from bets.models import Bet
from bets.models.bet import EXITS, ThesisStatus
from evidence.models import NoticeKind, ThesisBreak
from evidence.notices.concerned import concerned_with, recorders_of, without
from evidence.notices.tell import News, in_brief, tell
from spm import formats

#: What became known longer ago than this is the past being replayed, and no news to anybody.
NEWS_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Change:
    """A bet that was written: with its status of before, and the breaks and revivals that are new.

    Where it broke and was revived at one go, only where it has come to is told.
    """

    bet: Bet
    was: str
    turns: Sequence[ThesisBreak]

    @property
    def turned(self) -> ThesisBreak | None:
        """The break or revival by which it is not what it was."""
        was_broken = self.was == ThesisStatus.BROKEN
        is_broken = self.bet.thesis_status == ThesisStatus.BROKEN
        return self.turns[-1] if self.turns and was_broken != is_broken else None

    @property
    def fell_silent(self) -> bool:
        """Whether nothing that counts is heard of it any more."""
        is_silent = self.bet.thesis_status == ThesisStatus.SILENT
        return is_silent and self.was == ThesisStatus.INTACT and self.bet.stage not in EXITS


def tell_of_theses(changes: Iterable[Change], known_at: datetime) -> None:
    """Tell the owner of each bet, and the portfolio's leads and finance.

    Args:
        changes: what was written, whether or not it is worth telling.
        known_at: when it became known; the past being replayed is told to nobody.
    """
    told = [change for change in changes if change.turned or change.fell_silent]
    if not told or known_at < timezone.now() - NEWS_FOR:
        return
    to = concerned_with([change.bet for change in told])
    prefetch_related_objects([change.bet for change in told], "portfolio")
    events = [change.turned.evidence_id for change in told if change.turned]
    recorders = recorders_of([each for each in events if each is not None])
    news = []
    for change in told:
        if turned := change.turned:
            by = recorders.get(turned.evidence_id or 0)
            news.append(_of_turn(change.bet, turned, without(to[change.bet.pk], by)))
        else:
            news.append(_of_silence(change.bet, to[change.bet.pk], known_at))
    tell(news)


def _of_turn(bet: Bet, turned: ThesisBreak, to: dict[int, str]) -> News:
    broke = turned.kind == "break"
    rate = formats.rate(bet.working, bet.portfolio.currency)
    money = f" {rate} is working on it." if broke and bet.working else ""
    verb = "broke" if broke else "was revived"
    return News(
        kind=NoticeKind.BREAK if broke else NoticeKind.REVIVAL,
        about=f"turn:{turned.pk}",
        text=f"{in_brief(bet.title)}: the thesis {verb} at a belief of "
        f"{formats.percent(turned.belief)}.{money}",
        url=reverse("bets:bet", args=[bet.pk]),
        portfolio_id=bet.portfolio_id,
        bet=bet,
        to=to,
    )


def _of_silence(bet: Bet, to: dict[int, str], now: datetime) -> News:
    newest = bet.freshest_evidence_at
    heard = (
        f"the newest evidence was observed {formats.ago(newest, now)}" if newest else "no evidence"
    )
    # Once for each silence: it ends with newer evidence.
    since = f"{newest:%Y%m%dT%H%M%S}" if newest else "ever"
    return News(
        kind=NoticeKind.SILENCE,
        about=f"silence:{bet.pk}:{since}",
        text=f"{in_brief(bet.title)}: the thesis has gone silent; {heard}.",
        url=reverse("bets:bet", args=[bet.pk]),
        portfolio_id=bet.portfolio_id,
        bet=bet,
        to=to,
    )
