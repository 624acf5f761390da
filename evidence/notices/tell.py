"""Telling people: one row for each person and happening, in the transaction of its cause."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from bets.models import Bet
from evidence.models import Notice
from spm import live

#: What open pages of the person are told by; each hears of their own alone.
LIVE_NAME = "notices"
LONGEST = Notice._meta.get_field("text").max_length or 0


@dataclass(frozen=True)
class News:
    """Something that happened.

    ``about`` names it for all time, so that nobody is told twice; ``text`` holds the title of the
    bet and figures, never the words of evidence; ``url`` is the path of a page; ``to`` says why
    each person, by id, is told.
    """

    kind: str
    about: str
    text: str
    url: str
    bet: Bet
    to: Mapping[int, str]


def tell(news: Iterable[News], at: datetime | None = None) -> None:
    """Write a notice to each person concerned, unless they were told before.

    Args:
        news: what happened.
        at: when it became known; now by default.
    """
    moment = at or timezone.now()
    rows = [_row(each, person_id, moment) for each in news for person_id in each.to]
    known = Notice.objects.filter(about__in={row.about for row in rows})
    told = set(known.values_list("person_id", "about"))
    rows = [row for row in rows if (row.person_id, row.about) not in told]
    if not rows:
        return
    # Two that tell at once: the constraint decides.
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    for person_id in sorted({row.person_id for row in rows}):
        live.say_to(person_id, LIVE_NAME)


def in_brief(title: str) -> str:
    """A title on one line and without control characters: it ends up in the head of an e-mail."""
    shown = "".join(letter if letter.isprintable() else " " for letter in title)
    return " ".join(shown.split())


def _row(news: News, person_id: int, at: datetime) -> Notice:
    return Notice(
        portfolio_id=news.bet.portfolio_id,
        person_id=person_id,
        because=news.to[person_id],
        kind=news.kind,
        about=news.about,
        bet=news.bet,
        text=news.text[:LONGEST],
        url=news.url,
        created_at=at,
    )
