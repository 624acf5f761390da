"""Telling people: one row for each person and happening, in the transaction of its cause."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.utils import timezone

from bets.models import Bet
from evidence.models import Notice
from spm import live

#: What open pages of the person are told by; each hears of their own alone.
LIVE_NAME = "notices"
LONGEST = Notice._meta.get_field("text").max_length or 0


@dataclass(frozen=True)
class Details:
    """What an e-mail shows below the text: figures with their names, and one small table.

    All of it is text as it is shown; nothing of evidence.
    """

    figures: Sequence[tuple[str, str]] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    more: str = ""


@dataclass(frozen=True)
class News:
    """Something that happened.

    ``about`` names it for all time, so that nobody is told twice; ``text`` holds titles of bets and
    figures, never the words of evidence; ``url`` is the path of a page; ``to`` says why each
    person, by id, is told. ``instead_of`` names older news that this makes superfluous.
    """

    kind: str
    about: str
    text: str
    url: str
    portfolio_id: int
    to: Mapping[int, str]
    bet: Bet | None = None
    details: Details | None = None
    instead_of: str = ""


def tell(news: Iterable[News], at: datetime | None = None) -> None:
    """Write a notice to each person concerned, unless they were told before.

    Args:
        news: what happened.
        at: when it became known; now by default.
    """
    moment, said = at or timezone.now(), list(news)
    owed_since = _take_places(said)
    rows = [_row(each, person_id, moment) for each in said for person_id in each.to]
    known = Notice.objects.filter(about__in={row.about for row in rows})
    told = set(known.values_list("person_id", "about"))
    rows = [row for row in rows if (row.person_id, row.about) not in told]
    for row in rows:
        row.owed_since = owed_since.get(row.person_id, row.owed_since)
    if not rows:
        return
    # Two that tell at once: the constraint decides.
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    _say_to({row.person_id for row in rows})


def forget(portfolio_id: int, about: str) -> None:
    """Take away what nobody has read yet of news that are none any more.

    Args:
        portfolio_id: where.
        about: the beginning of their names.
    """
    rows = Notice.objects.unread().filter(portfolio_id=portfolio_id, about__startswith=about)
    people = set(rows.values_list("person_id", flat=True))
    if people:
        rows.delete()
        _say_to(people)


def in_brief(title: str) -> str:
    """A title on one line and without control characters: it ends up in the head of an e-mail."""
    shown = "".join(letter if letter.isprintable() else " " for letter in title)
    return " ".join(shown.split())


def _take_places(news: Iterable[News]) -> dict[int, datetime]:
    """Take away unread notices that newer ones make superfluous.

    Returns:
        Since when each person is owed an e-mail about what was taken away: news that replace each
        other every few minutes must not put it off for ever.
    """
    owed: dict[int, datetime] = {}
    for each in news:
        if each.instead_of:
            rows = Notice.objects.unread().filter(
                portfolio_id=each.portfolio_id, about__startswith=each.instead_of
            )
            waiting = rows.filter(mail_owed=True)
            owed |= dict(waiting.order_by("-owed_since").values_list("person_id", "owed_since"))
            forget(each.portfolio_id, each.instead_of)
    return owed


def _say_to(people: Iterable[int]) -> None:
    for person_id in sorted(people):
        live.say_to(person_id, LIVE_NAME)


def _row(news: News, person_id: int, at: datetime) -> Notice:
    return Notice(
        portfolio_id=news.portfolio_id,
        person_id=person_id,
        because=news.to[person_id],
        kind=news.kind,
        about=news.about,
        bet=news.bet,
        text=news.text[:LONGEST],
        url=news.url,
        details=asdict(news.details) if news.details else {},
        created_at=at,
        owed_since=at,
    )
