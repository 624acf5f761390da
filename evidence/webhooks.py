"""What webhooks are told of theses: that they broke or were revived, in ids and figures."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from bets.models import Bet
from evidence.models import ThesisBreak
from evidence.notices.theses import NEWS_FOR, Change
from spm.webhooks.events import Happening, link, owe_all
from spm.webhooks.models import Event


def owe_theses(changes: Iterable[Change], known_at: datetime) -> None:
    """Owe each thesis that broke or was revived; the past being replayed is told to nobody.

    Two queries for each portfolio in which some did, however many they are.
    """
    if known_at < timezone.now() - NEWS_FOR:
        return
    happened: dict[int, list[Happening]] = {}
    for change in changes:
        if turned := change.turned:
            told = _happening(change.bet, turned)
            happened.setdefault(change.bet.portfolio_id, []).append(told)
    for portfolio_id, what in happened.items():
        owe_all(portfolio_id, what, known_at)


def _happening(bet: Bet, turned: ThesisBreak) -> Happening:
    data = {
        "bet": bet.pk,
        "evidence": turned.evidence_id,
        "belief": turned.belief,
        "working": str(bet.working),
        "url": link(reverse("bets:bet", args=[bet.pk])),
        "api": link(reverse("api-bet", args=[bet.pk])),
    }
    event = Event.THESIS_BROKEN if turned.kind == "break" else Event.THESIS_REVIVED
    return Happening(event, data)
