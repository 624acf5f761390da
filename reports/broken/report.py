"""Capital after break, bet by bet, with what happened to each: the report and its figures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.utils import timezone

from allocation.actuals import spent_by_month
from allocation.after_break import (
    AfterBreak,
    Spell,
    Steps,
    after_spells,
    broken_spells,
    funding_steps,
    spent_in,
)
from allocation.booked import NOTHING
from allocation.models import Account
from bets.models import Bet, Portfolio
from reports.broken.events import Event, events_of
from reports.broken.spending import Actual, actual_after_break
from reports.figures.after_break import Funding, Happened, Timeline, timeline

Held = tuple[date, Decimal, Decimal]


@dataclass(frozen=True)
class BrokenBet:
    """One bet with its history.

    ``since`` is what was spent on the broken thesis from each event on, in currency; ``held`` the
    working and the entangled money from each day of a change on, in currency per month; ``actual``
    what it really cost, where anybody has said so.
    """

    bet: Bet
    row: AfterBreak
    spells: list[Spell]
    events: list[Event]
    since: list[Decimal]
    held: list[Held]
    actual: Actual | None

    @property
    def timed(self) -> list[tuple[Event, Decimal]]:
        """The events, latest first, each with what was spent on the broken thesis since."""
        return list(zip(self.events, self.since, strict=True))[::-1]

    def count(self, kind: str) -> int:
        """How many events of a kind."""
        return sum(event.kind == kind for event in self.events)

    @property
    def ignored(self) -> int:
        """Proposals to withdraw its money that nobody decided."""
        return self.count("ignored")

    @property
    def refused(self) -> int:
        """Proposals to withdraw its money that were refused."""
        return self.count("refused")


class AfterBreakReport:
    """The report of a portfolio; a fixed number of queries, however many bets are shown."""

    def __init__(
        self,
        portfolio: Portfolio,
        now: datetime,
        *,
        bet_id: int | None = None,
        only_now: bool = False,
    ) -> None:
        """``bet_id`` narrows the rows to one bet, ``only_now`` to theses that are broken now."""
        self.portfolio, self.now = portfolio, now
        self.bet_id, self.only_now = bet_id, only_now
        self.today = timezone.localdate(now)

    @cached_property
    def spells(self) -> Mapping[int, list[Spell]]:
        """When each thesis was broken."""
        return broken_spells(self.portfolio, self.today)

    @cached_property
    def all_rows(self) -> list[AfterBreak]:
        """Every bet whose thesis ever broke, by the money spent since."""
        steps = funding_steps(self.spells, self.today)
        return after_spells(self.spells, steps, self.today)

    @cached_property
    def rows(self) -> list[AfterBreak]:
        """Those that the filters leave."""
        return [
            row
            for row in self.all_rows
            if self.bet_id in (None, row.bet_id)
            and (not self.only_now or row.broken_on is not None)
        ]

    @property
    def rate(self) -> Decimal:
        """What broken theses hold now, currency per month."""
        return sum((row.rate for row in self.all_rows), NOTHING)

    @property
    def spent(self) -> Decimal:
        """What was spent on broken theses in total, currency."""
        return sum((row.spent for row in self.all_rows), NOTHING)

    @cached_property
    def actual(self) -> Mapping[int, Actual | None]:
        """What each of these bets really cost while it was broken, where anybody has said so."""
        months = spent_by_month(self.spells, self.today)
        return {
            bet_id: actual_after_break(months[bet_id], spells)
            for bet_id, spells in self.spells.items()
        }

    @property
    def actual_spent(self) -> Decimal | None:
        """What they really cost together, currency; None where nobody has said anything."""
        known = [actual.spent for actual in self.actual.values() if actual is not None]
        return sum(known, NOTHING) if known else None

    @property
    def broken_now(self) -> int:
        """How many theses are broken now."""
        return sum(row.broken_on is not None for row in self.all_rows)

    @cached_property
    def titles(self) -> Mapping[int, str]:
        """The titles of all of these bets."""
        rows = Bet.objects.filter(pk__in=self.spells).values_list("pk", "title")
        return dict(rows)

    def histories(self, rows: Iterable[AfterBreak]) -> list[BrokenBet]:
        """The bets of some of the rows with all that happened to them."""
        chosen = {row.bet_id: row for row in rows}
        spells = {bet_id: self.spells[bet_id] for bet_id in chosen}
        bets = Bet.objects.select_related("theme", "stream").in_bulk(chosen)
        working = funding_steps(chosen, self.today, kinds=(Account.Kind.WORKING,))
        entangled = funding_steps(chosen, self.today, kinds=(Account.Kind.ENTANGLED,))
        events = events_of(self.portfolio, spells, self.now)
        return [
            BrokenBet(
                bets[bet_id],
                row,
                spells[bet_id],
                events[bet_id],
                _since(events[bet_id], spells[bet_id], held),
                held,
                self.actual[bet_id],
            )
            for bet_id, row in chosen.items()
            for held in [_held(working[bet_id], entangled[bet_id])]
        ]

    def picture(self, broken: BrokenBet, width: float) -> Timeline:
        """The timeline of one of the bets."""
        return timeline(
            [Happened(event.day, event.kind, _title(event), event.href) for event in broken.events],
            [Funding(day, float(free), float(stuck)) for day, free, stuck in broken.held],
            broken.spells,
            today=self.today,
            currency=self.portfolio.currency,
            width=width,
        )


def _title(event: Event) -> str:
    said = [f"{event.word}: {event.text}", f"by {event.who}" if event.who else "", event.why]
    return ", ".join(part for part in said if part)


def _since(events: list[Event], spells: list[Spell], held: list[Held]) -> list[Decimal]:
    together = [(day, working + entangled) for day, working, entangled in held]
    return [spent_in(spells, together, event.day) for event in events]


def _held(working: Steps, entangled: Steps) -> list[Held]:
    """What the bet held from each day of a change on."""
    free, stuck = dict(working), dict(entangled)
    steps, now_free, now_stuck = [], NOTHING, NOTHING
    for day in sorted(free.keys() | stuck.keys()):
        now_free, now_stuck = free.get(day, now_free), stuck.get(day, now_stuck)
        steps.append((day, now_free, now_stuck))
    return steps
