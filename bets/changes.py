"""What has changed on a board since a page was brought up to date, so that only that travels.

A page says what it holds, and hears what differs from what is there now: whatever it has missed,
or has moved by itself, it ends as the database is. Nothing of it is kept on the server.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bets.cards import MARK_LETTERS, template_digest
from bets.kanban import CARDS_AT_FIRST, MOST_CARDS, Column
from bets.models import StageChange
from spm.accounts.models import User

LONGEST_MARK = 40


@dataclass(frozen=True)
class Held:
    """A column as a page holds it: the mark of its head, how many cards it asked for at most, and
    the cards in it from top to bottom, each with its mark.
    """

    head: str
    show: int
    cards: dict[int, str]


@dataclass(frozen=True)
class Change:
    """What a page must do to one column: put its cards into this order, having taken in ``fresh``
    ones, and its head, if that is another.
    """

    column: Column
    order: list[int]
    fresh: list[int]
    with_head: bool


def held_of(texts: Iterable[str]) -> dict[str, Held]:
    """What a page holds, by ``Column.key``; what cannot be read is not held.

    Each text is ``testing|<mark of the head>|<show>|17:<mark> 4:<mark>``.
    """
    held = {}
    for text in texts:
        key, _, rest = text.partition("|")
        head, _, rest = rest.partition("|")
        show, _, cards = rest.partition("|")
        held[key] = Held(head[:LONGEST_MARK], _number(show), _cards(cards))
    return held


def _number(text: str) -> int:
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else CARDS_AT_FIRST
    return min(max(wanted, CARDS_AT_FIRST), MOST_CARDS)


def _cards(text: str) -> dict[int, str]:
    pairs = (part.partition(":") for part in text.split()[:MOST_CARDS])
    return {
        int(bet_id): mark[:LONGEST_MARK]
        for bet_id, _, mark in pairs
        if bet_id.isascii() and bet_id.isdigit() and len(bet_id) < 19
    }


def mark_heads(columns: Iterable[Column], *shown_with: Any) -> None:
    """Give each column the mark of its head and of what stands below its cards.

    ``shown_with`` is what these say beside the column itself.
    """
    for column in columns:
        said = [
            getattr(column, each.name)
            for each in fields(column)
            if each.name not in ("places", "cards", "mark")
        ]
        state = repr((template_digest(), shown_with, said, len(column.places)))
        digest = hashlib.blake2b(state.encode(), digest_size=MARK_LETTERS // 2)
        column.mark = digest.hexdigest()


def changes_between(
    held: Mapping[str, Held], columns: Iterable[Column], marks: Mapping[int, str]
) -> list[Change]:
    """What differs between what a page holds and what is there.

    Args:
        held: the columns of the page; the same as ``columns``, by their keys.
        columns: as they are now, with their places and the marks of their heads.
        marks: of the cards in them, by bet.
    """
    known = {bet_id: mark for column in held.values() for bet_id, mark in column.cards.items()}
    changes = []
    for column in columns:
        before = held[column.key]
        order = [place.bet_id for place in column.places]
        fresh = [bet_id for bet_id in order if known.get(bet_id) != marks[bet_id]]
        with_head = before.head != column.mark
        if fresh or with_head or order != list(before.cards):
            changes.append(Change(column, order, fresh, with_head))
    return changes


def moves_by_others(
    held: Mapping[str, Held], columns: Iterable[Column], person: User
) -> list[StageChange]:
    """The last move of each card that somebody else has taken to another stage than the page
    shows, so that whoever is on that card can be told.

    Args:
        held: the columns of the page.
        columns: as they are now.
        person: who looks.
    """
    stage_of = {
        bet_id: key.partition("-")[0] for key, column in held.items() for bet_id in column.cards
    }
    moved = [
        place.bet_id
        for column in columns
        for place in column.places
        if stage_of.get(place.bet_id, column.stage) != column.stage
    ]
    if not moved:
        return []
    moves = StageChange.objects.filter(bet__in=moved).order_by("bet_id", "-id")
    last = moves.distinct("bet_id").select_related("bet", "changed_by", "api_key")
    return [move for move in last if move.changed_by != person]
