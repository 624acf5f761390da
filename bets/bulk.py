"""Many bets at once, for imports: what ``bets.edit`` and ``bets.board`` do, in few statements.

Only the office imports, so nobody is asked for a role, and no limit on work in progress. Fields
are read as strictly as everywhere. The floors above hear once of all of it, but beliefs are left
to the caller, who has evidence to bring as well: ``evidence.beliefs.refresh``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from bets import signals
from bets.models import Bet, ExternalKey, Hypothesis, Portfolio, Stage, StageChange
from bets.models.bet import FUNDABLE
from bets.terms import (
    WORDS_ONLY,
    contradictions,
    contradictions_of_thesis,
    read_bet,
    read_hypothesis,
)
from bets.wip import lock_board
from spm import live
from spm.errors import Invalid

Given = Mapping[str, Any]
ROWS_PER_STATEMENT = 500


@dataclass(frozen=True, kw_only=True)
class ImportedBet:
    """A bet as it stands in another system.

    ``fields`` and ``thesis`` as in ``bets.terms``, without teams and needs; ``keys`` are the names
    that ``source`` has for it.
    """

    fields: Given
    stage: str
    thesis: Given
    source: str
    keys: Sequence[str] = field(default=())


@transaction.atomic
def create_bets(
    portfolio: Portfolio, imported: Sequence[ImportedBet], at: datetime, note: str
) -> list[Bet]:
    """Make bets that stand somewhere already, each with its thesis and its keys, in their order.

    Raises:
        Invalid: fields that cannot be taken; the bet is named.
    """
    lock_board(portfolio.pk)
    bets = [_unsaved(portfolio, one, at) for one in imported]
    Bet.objects.bulk_create(bets, batch_size=ROWS_PER_STATEMENT)
    pairs = list(zip(bets, imported, strict=True))
    Hypothesis.objects.bulk_create(_hypothesis(bet, one) for bet, one in pairs)
    ExternalKey.objects.bulk_create(
        ExternalKey(portfolio=portfolio, bet=bet, source=one.source, key=key)
        for bet, one in pairs
        for key in one.keys
    )
    StageChange.objects.bulk_create(
        StageChange(bet=bet, to_stage=bet.stage, changed_at=at, note=note) for bet in bets
    )
    _say(portfolio, any(bet.stage in FUNDABLE for bet in bets), f"{len(bets)} bets were imported")
    return bets


@transaction.atomic
def change_bets(portfolio: Portfolio, changes: Mapping[int, Given]) -> int:
    """Change bets by id; fields that are not given stay. Returns how many were changed.

    The thesis' own terms cannot be among the fields: ``bets.edit`` changes those.

    Raises:
        Invalid: fields that cannot be taken; the bet is named.
    """
    touched: set[str] = set()
    changed = []
    for bet in _locked(portfolio, changes):
        terms = _read(portfolio, bet.title, changes[bet.pk])
        differing = {name for name, value in terms.items() if getattr(bet, name) != value}
        if not differing:
            continue
        for name in differing:
            setattr(bet, name, terms[name])
        _refuse(bet.title, contradictions(bet))
        bet.version += 1
        touched |= differing
        changed.append(bet)
    if changed:
        Bet.objects.bulk_update(changed, [*sorted(touched), "version"], ROWS_PER_STATEMENT)
        matters = bool(touched - WORDS_ONLY) and any(_holds_or_may(bet) for bet in changed)
        _say(portfolio, matters, f"{len(changed)} bets were changed by an import")
    return len(changed)


@transaction.atomic
def place_bets(portfolio: Portfolio, stages: Mapping[int, str], at: datetime, note: str) -> int:
    """Put cards where they stand already, by bet id, and journal it. Returns how many moved."""
    lock_board(portfolio.pk)
    moved, journal, matters = [], [], False
    for bet in _locked(portfolio, stages):
        before, after = bet.stage, stages[bet.pk]
        if before == after:
            continue
        matters = matters or before in FUNDABLE or _holds_or_may(bet)
        bet.stage, bet.stage_entered_at, bet.version = Stage(after), at, bet.version + 1
        moved.append(bet)
        journal.append(
            StageChange(
                bet=bet,
                from_stage=before,
                to_stage=after,
                changed_at=at,
                bet_version=bet.version,
                note=note,
            )
        )
    Bet.objects.bulk_update(moved, ["stage", "stage_entered_at", "version"], ROWS_PER_STATEMENT)
    StageChange.objects.bulk_create(journal)
    if moved:
        _say(portfolio, matters, f"{len(moved)} bets were placed on the board by an import")
    return len(moved)


def _locked(portfolio: Portfolio, ids: Iterable[int]) -> list[Bet]:
    """Bets of the portfolio in id order, locked against others until the transaction ends."""
    rows = Bet.objects.select_for_update(no_key=True).filter(portfolio=portfolio, pk__in=list(ids))
    return list(rows.order_by("id"))


def _unsaved(portfolio: Portfolio, one: ImportedBet, at: datetime) -> Bet:
    title = str(one.fields.get("title", ""))
    terms = _read(portfolio, title, one.fields)
    bet = Bet(portfolio=portfolio, stage=Stage(one.stage), stage_entered_at=at, **terms)
    wrong = contradictions(bet) if "title" in terms else {"title": "A bet needs a title."}
    _refuse(title, wrong)
    return bet


def _hypothesis(bet: Bet, one: ImportedBet) -> Hypothesis:
    try:
        terms = read_hypothesis(one.thesis)
    except Invalid as refusal:
        raise _named(bet.title, refusal.fields) from refusal
    terms.pop("kill_criteria", None)
    hypothesis = Hypothesis(bet=bet, **terms)
    _refuse(bet.title, contradictions_of_thesis(hypothesis))
    return hypothesis


def _read(portfolio: Portfolio, title: str, fields: Given) -> dict[str, Any]:
    """Fields as values of columns. References are rows already, read once for all bets."""
    given = {name: value for name, value in fields.items() if name not in _REFERENCES}
    rows = {name: fields[name] for name in _REFERENCES if name in fields}
    wrong = {
        name: "This is no row of the portfolio."
        for name, row in rows.items()
        if row is not None and getattr(row, "portfolio_id", None) != portfolio.pk
    }
    wrong |= {name: "An import does not set this." for name in _NOT_IMPORTED if name in given}
    _refuse(title, wrong)
    try:
        return read_bet(portfolio, given) | rows
    except Invalid as refusal:
        raise _named(title, refusal.fields) from refusal


_REFERENCES = ("stream", "theme")
_NOT_IMPORTED = ("teams", "needs")


def _refuse(title: str, wrong: Mapping[str, str]) -> None:
    if wrong:
        raise _named(title, wrong)


def _named(title: str, wrong: Mapping[str, str]) -> Invalid:
    return Invalid({name: f"{title[:60]}: {text}" for name, text in wrong.items()})


def _holds_or_may(bet: Bet) -> bool:
    return bet.stage in FUNDABLE or bet.funding > 0


def _say(portfolio: Portfolio, matters: bool, reason: str) -> None:
    live.say(portfolio.pk, "all")
    if matters:
        signals.position_terms_changed.send(sender=Bet, portfolio_id=portfolio.pk, reason=reason)
