"""What webhooks are told of theses: that they broke or were revived, in ids and figures."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from bets.models import Bet
from evidence.models import ThesisBreak
from evidence.notices.theses import NEWS_FOR, Change
from spm.webhooks.events import link, owe
from spm.webhooks.models import Event


def owe_theses(changes: Iterable[Change], known_at: datetime) -> None:
    """Owe each thesis that broke or was revived; the past being replayed is told to nobody."""
    if known_at < timezone.now() - NEWS_FOR:
        return
    for change in changes:
        if turned := change.turned:
            _owe(change.bet, turned, known_at)


def _owe(bet: Bet, turned: ThesisBreak, known_at: datetime) -> None:
    data = {
        "bet": bet.pk,
        "evidence": turned.evidence_id,
        "belief": turned.belief,
        "working": str(bet.working),
        "url": link(reverse("bets:bet", args=[bet.pk])),
        "api": link(reverse("api-bet", args=[bet.pk])),
    }
    event = Event.THESIS_BROKEN if turned.kind == "break" else Event.THESIS_REVIVED
    owe(bet.portfolio_id, event, data, known_at)
