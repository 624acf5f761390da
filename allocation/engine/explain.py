"""Saying what an allocation means: changes with what each is worth, limits with their prices."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from allocation.engine.book import Allocation
from allocation.engine.constraints import Envelope, Teams
from allocation.engine.guardrails import KINDS
from allocation.engine.lending import Lending
from allocation.engine.moves import Move, pair
from allocation.engine.problem import Problem
from allocation.engine.program import ROUNDING
from allocation.engine.search import Best
from allocation.engine.snapshot import Guardrail
from allocation.engine.solution import (
    Breach,
    Change,
    EnvelopeResult,
    GuardrailResult,
    NeedResult,
    Position,
    TeamResult,
    cents,
    digits,
)
from allocation.engine.solver import NoSolutionError

PER_POINT = 0.01


class Explanation:
    """Everything that is said about one allocation, in the units of the output."""

    def __init__(self, problem: Problem, allocation: Allocation, best: Best | None) -> None:
        self.problem = problem
        self.book = problem.book
        self.snapshot = problem.snapshot
        self.before = Allocation.today(problem.book)
        self.after = allocation
        self.best = best
        self.shares = problem.book.team_shares
        self.lending_before = Lending.least(self.snapshot, self.shares @ self.before.held)
        self.lending = self._lending_after()

    def _lending_after(self) -> Lending:
        """The least lending, no team over by more than it was, where teams are not all alike."""
        load = self.shares @ self.after.held
        try:
            return Lending.least(self.snapshot, load, self.lending_before.overload)
        except NoSolutionError:
            return Lending.least(self.snapshot, load)

    def positions(self) -> dict[str, Position]:
        """Funding of every bet: in cents where it changes, and otherwise exactly as it was."""
        return {
            bet.id: Position(float(working), float(entangled))
            for bet, working, entangled in zip(
                self.book.bets, self.after.working, self.after.entangled, strict=True
            )
        }

    def reserve(self) -> float:
        """Envelope less all positions as they are given back, currency per month."""
        return digits(self.snapshot.envelope - self.after.held.sum())

    def moves(self) -> tuple[Move, ...]:
        """Freed money paired with additions."""
        bets = self.book.bets
        pairs = self.lending.pairs
        used = np.flatnonzero(self.lending.amount > ROUNDING)
        ids = [team.id for team in self.snapshot.teams]
        return tuple(
            pair(
                [(bets[j], self._freed(int(j))) for j in np.flatnonzero(self.after.withdrawn)],
                [(bets[j], self.after.added[j]) for j in np.flatnonzero(self.after.added)],
                [(ids[pairs.lender[p]], ids[pairs.borrower[p]]) for p in used],
            )
        )

    def changes(
        self, moves: tuple[Move, ...], alone: dict[int, float | None]
    ) -> tuple[Change, ...]:
        """What changes, bet by bet in id order; `alone` is what each change is worth."""
        arrival: dict[str, float] = {}
        for move in moves:
            if move.target is not None:
                months = max(arrival.get(move.target, 0.0), move.available_in_months)
                arrival[move.target] = months
        return tuple(
            self._change(int(place), arrival, alone.get(int(place)))
            for place in np.flatnonzero(self.after.changed)
        )

    def _freed(self, place: int) -> float:
        """What a withdrawal frees: to the cent what of it is not entangled."""
        withdrawn = cents(self.after.withdrawn[place])
        return cents(withdrawn - cents(self.after.newly_entangled[place]))

    def _change(self, place: int, arrival: dict[str, float], alone: float | None) -> Change:
        bet = self.book.bets[place]
        before, after = bet.working, float(self.after.working[place])
        withdrawn = after < before
        return Change(
            bet=bet.id,
            source_rate=before,
            target_rate=cents(after),
            nominal=cents(after - before),
            freed=self._freed(place),
            entangled=cents(self.after.newly_entangled[place]),
            notice_months=bet.notice_months if withdrawn else 0.0,
            exit_cost=cents(bet.exit_cost * self.after.withdrawn[place]),
            ramp_cost=cents(bet.ramp_cost * self.after.added[place]),
            available_in_months=bet.notice_months if withdrawn else arrival.get(bet.id, 0.0),
            gain_alone=None if alone is None else digits(alone),
        )

    @cached_property
    def guardrails(self) -> tuple[GuardrailResult, ...]:
        """Every guardrail, in id order."""
        return tuple(self._guardrail(rail) for rail in self.snapshot.guardrails)

    def _guardrail(self, rail: Guardrail) -> GuardrailResult:
        kind = KINDS[rail.kind]
        before, after = kind.value(rail, self.before), kind.value(rail, self.after)
        breach_after = _unless_rounding(kind.breach(rail, self.after))
        headroom = _headroom(rail, after, breach_after)
        price = None
        if kind.unit != "count":
            price = sum(self._price(name) for name in kind.limit_names(rail, self.book))
        envelope = self.snapshot.envelope if kind.unit == "share" else 1.0
        touching = headroom is not None and headroom * envelope <= ROUNDING
        per_point = None
        if price is not None and kind.unit == "share":
            per_point = digits(price * envelope * PER_POINT)
        return GuardrailResult(
            id=rail.id,
            kind=rail.kind,
            value=None if after is None else digits(after),
            value_before=None if before is None else digits(before),
            min=rail.minimum,
            max=rail.maximum,
            headroom=None if headroom is None else digits(headroom),
            breach_before=_unless_rounding(kind.breach(rail, self.before)),
            breach_after=breach_after,
            binding=touching or bool(price and digits(price) > 0),
            shadow_price=None if price is None else digits(price),
            shadow_price_per_point=per_point,
        )

    @cached_property
    def teams(self) -> tuple[TeamResult, ...]:
        """Every team, in id order."""
        count = len(self.snapshot.teams)
        if not count:
            return ()
        load_before = self.shares @ self.before.held
        load_after = self.shares @ self.after.held
        lent, borrowed = self.lending.lent(count), self.lending.borrowed(count)
        return tuple(
            TeamResult(
                id=team.id,
                capacity=team.capacity,
                load_before=cents(load_before[place]),
                load_after=cents(load_after[place]),
                lent=cents(lent[place]),
                borrowed=cents(borrowed[place]),
                breach_before=_unless_rounding(self.lending_before.overload[place]),
                breach_after=_unless_rounding(self.lending.overload[place]),
                shadow_price=digits(self._price(Teams.name_of(team.id))),
            )
            for place, team in enumerate(self.snapshot.teams)
        )

    @cached_property
    def needs(self) -> tuple[NeedResult, ...]:
        """Every need that is not met today or in the proposal."""
        results = []
        for bet in self.book.bets:
            for needed in sorted(bet.needs):
                before, after = (
                    float(a.working[self.book.index[bet.id]])
                    if a.working[self.book.index[needed]] <= 0
                    else 0.0
                    for a in (self.before, self.after)
                )
                if before or after:
                    results.append(NeedResult(bet.id, needed, cents(before), cents(after)))
        return tuple(results)

    @cached_property
    def envelope(self) -> EnvelopeResult:
        """The envelope as a limit."""
        room = self.snapshot.envelope - self.snapshot.reserve_floor
        before, after = float(self.before.held.sum()), float(self.after.held.sum())
        return EnvelopeResult(
            limit=self.snapshot.envelope,
            reserve_floor=self.snapshot.reserve_floor,
            held_before=cents(before),
            held_after=cents(after),
            breach_before=_unless_rounding(before - room),
            breach_after=_unless_rounding(after - room),
            shadow_price=digits(self._price(Envelope.name)),
            gain_of_more=digits(self._price(Envelope.name) + self._gain_at_guardrails()),
        )

    def _gain_at_guardrails(self) -> float:
        """What guardrails that move with the envelope let earn per unit of it more."""
        return sum(
            (result.shadow_price or 0.0)
            * KINDS[rail.kind].loosened_by_envelope(rail, _nearer_side(result))
            for rail, result in zip(self.snapshot.guardrails, self.guardrails, strict=True)
        )

    @cached_property
    def breach(self) -> Breach:
        """The total over all limits."""
        parts = [
            *((r.breach_before, r.breach_after) for r in self.guardrails),
            *((r.breach_before, r.breach_after) for r in self.teams),
            *((r.breach_before, r.breach_after) for r in self.needs),
            (self.envelope.breach_before, self.envelope.breach_after),
        ]
        return Breach(cents(sum(b for b, _ in parts)), cents(sum(a for _, a in parts)))

    def _price(self, name: str) -> float:
        """The dual of a limit; 0 for one that stands in no program."""
        limit = self.problem.limits.get(name)
        if limit is None or self.best is None:
            return 0.0
        return float(self.best.point.row_price[limit.row])


def _headroom(rail: Guardrail, value: float | None, breach: float) -> float | None:
    """How far a value is from the nearer limit; None without a value or a limit."""
    if value is None or (rail.minimum is None and rail.maximum is None):
        return None
    below = np.inf if rail.maximum is None else rail.maximum - value
    above = np.inf if rail.minimum is None else value - rail.minimum
    return 0.0 if breach else max(float(min(below, above)), 0.0)


def _nearer_side(result: GuardrailResult) -> str:
    """Which limit of a guardrail an allocation is nearer to: "min" or "max"."""
    if result.min is None or result.max is None or result.value is None:
        return "max" if result.min is None else "min"
    return "min" if abs(result.value - result.min) < abs(result.max - result.value) else "max"


def _unless_rounding(breach: float) -> float:
    """A breach to the cent; what is within half a cent is none."""
    return cents(breach) if breach > ROUNDING else 0.0
