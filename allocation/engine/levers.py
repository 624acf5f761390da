"""Structural levers: what would be better if the system changed instead of the allocation.

Candidates are picked by the prices of the optimum, at most MOST_OF_A_KIND of each kind:

    hire            K_t + one unit             the teams whose capacity has the highest price
    cross_train     φ_st up to the size        for these teams, from whoever has room and is cheap
    relax           a limit by a tenth         the guardrails that bind
    unlock          λ_j up to 1                the bets whose lock costs most at these prices
    shorten_notice  n_j down to 0              the bets whose notice does
    decouple        ρ_j up to 1                the bets of which most sticks
    horizon         H longer, and shorter      one each

Each is solved again with that one thing changed: gain = the optimum with the change less the
optimum without. For the horizon values per month stay as they are, so what changes is only over how
many months one-off costs are spread: H → H' is the same as H/H' of notice, exit, ramp-up and
switching cost, told in currency over today's horizon. Limits that are broken today come before
value with the change and without it; `mends` says how much less is then broken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from allocation.engine.book import Book, Floats
from allocation.engine.constraints import Teams
from allocation.engine.guardrails import KINDS as GUARDRAIL_KINDS
from allocation.engine.prices import ByItself, Prices
from allocation.engine.program import ROUNDING
from allocation.engine.questions import Pause, Questions, no_pause
from allocation.engine.snapshot import Bet, Fungibility, Guardrail, Snapshot
from allocation.engine.solution import cents, digits
from allocation.engine.solver import NoSolutionError

MOST_OF_A_KIND = 5
LEAST_PRICE = 1e-6
"""Expected value per unit of rate below which a limit does not bind."""


@dataclass(frozen=True)
class Candidate:
    """One change of the structure, before it is known what it is worth."""

    kind: str
    target: dict[str, str]
    """What it changes: a team, a pair of teams, a guardrail and its limit, a bet."""
    before: float
    after: float
    change: dict[str, Any]
    """The change as a part of a snapshot document: what stands in it replaces what is there."""
    cost: float
    lead_time_months: float
    snapshot: Snapshot


@dataclass(frozen=True)
class Lever:
    """One change of the structure, and what it is worth; currency over the horizon."""

    kind: str
    target: dict[str, str]
    before: float
    after: float
    change: dict[str, Any]
    gain: float
    cost: float
    """Once, currency."""
    net_gain: float
    lead_time_months: float
    mends: float
    """How much less would be broken in all, currency per month, a bet over a count as 1."""
    exact: bool

    def as_dict(self) -> dict[str, Any]:
        """The JSON of one lever."""
        return asdict(self)


def levers(snapshot: Snapshot, pause: Pause = no_pause) -> tuple[Lever, ...]:
    """What structural changes are worth, the highest net gain first. Raises NoSolutionError."""
    return levers_of(Questions(snapshot, pause))


def levers_of(questions: Questions) -> tuple[Lever, ...]:
    """The same for a portfolio that is solved already."""
    weighed = (_weighed(questions, candidate) for candidate in candidates(questions))
    return tuple(
        sorted(
            (lever for lever in weighed if lever is not None),
            key=lambda lever: (-lever.net_gain, lever.kind, sorted(lever.target.items())),
        )
    )


def _weighed(questions: Questions, candidate: Candidate) -> Lever | None:
    """What a candidate is worth; None where the portfolio cannot be solved with it."""
    try:
        worth = questions.worth(candidate.snapshot)
    except NoSolutionError:
        return None
    gain, cost = digits(worth.gain), cents(candidate.cost)
    return Lever(
        kind=candidate.kind,
        target=candidate.target,
        before=candidate.before,
        after=candidate.after,
        change=candidate.change,
        gain=gain,
        cost=cost,
        net_gain=digits(gain - cost),
        lead_time_months=candidate.lead_time_months,
        mends=cents(worth.mends),
        exact=worth.exact,
    )


def candidates(questions: Questions) -> Iterator[Candidate]:
    """The changes that the prices of the optimum speak for."""
    yield from _teams(questions)
    yield from _guardrails(questions)
    yield from _bets(questions)
    yield from _horizons(questions.snapshot)


# --- teams ----------------------------------------------------------------------------------------


def _teams(questions: Questions) -> Iterator[Candidate]:
    """A unit more for each team whose capacity binds, and a pair trained for it."""
    snapshot, prices = questions.snapshot, questions.base.prices
    price = [prices[Teams.name_of(team.id)] for team in snapshot.teams]
    units = _units(snapshot)
    over = _overloads(questions)
    order = sorted(
        (place for place in range(len(price)) if price[place] > LEAST_PRICE or over[place] > 0),
        key=lambda place: (-price[place] * units[place], -over[place], place),
    )
    for place in order[:MOST_OF_A_KIND]:
        yield _hire(snapshot, place, units[place])
        pair = _best_pair(questions, place, price, units)
        if pair is not None:
            yield pair


def _overloads(questions: Questions) -> list[float]:
    """What each team still has above its capacity, if anything is still broken; before lending."""
    if questions.base.breach <= ROUNDING:
        return [0.0] * len(questions.snapshot.teams)
    load = questions.what_if.problem.book.team_shares @ questions.base.allocation.held
    capacity = np.array([team.capacity for team in questions.snapshot.teams])
    return [float(over) if over > ROUNDING else 0.0 for over in load - capacity]


def _units(snapshot: Snapshot) -> list[float]:
    """What one unit of hiring is in each team, currency per month."""
    size = snapshot.levers.of("hire").size
    largest = max((team.capacity for team in snapshot.teams), default=0.0)
    return [size * (team.capacity or largest) for team in snapshot.teams]


def _hire(snapshot: Snapshot, place: int, unit: float) -> Candidate:
    team, terms = snapshot.teams[place], snapshot.levers.of("hire")
    larger = replace(team, capacity=cents(team.capacity + unit))
    return Candidate(
        "hire",
        {"team": team.id},
        team.capacity,
        larger.capacity,
        {"teams": [{"id": team.id, "capacity": larger.capacity}]},
        terms.cost_of(unit),
        terms.lead_time_months,
        replace(snapshot, teams=_with(snapshot.teams, place, larger)),
    )


def _best_pair(
    questions: Questions, place: int, price: list[float], units: list[float]
) -> Candidate | None:
    """The lender from whom training for this team promises most: cheap, with room to lend."""
    snapshot, terms = questions.snapshot, questions.snapshot.levers.of("cross_train")
    load = questions.what_if.problem.book.team_shares @ questions.base.allocation.held
    known = {(pair.source, pair.target): pair.efficiency for pair in snapshot.fungibility}
    learner = snapshot.teams[place].id
    promises = {}
    for other, team in enumerate(snapshot.teams):
        if other == place or known.get((team.id, learner), 0.0) >= terms.size:
            continue
        room = max(team.capacity - float(load[other]), units[other])
        promises[other] = (terms.size * price[place] - price[other]) * room
    best = max(promises, key=lambda other: (promises[other], -other), default=None)
    if best is None or promises[best] <= 0:
        return None
    lender = snapshot.teams[best].id
    trained = Fungibility(lender, learner, terms.size)
    others = [p for p in snapshot.fungibility if (p.source, p.target) != (lender, learner)]
    return Candidate(
        "cross_train",
        {"from": lender, "to": learner},
        known.get((lender, learner), 0.0),
        terms.size,
        {"fungibility": [{"from": lender, "to": learner, "efficiency": terms.size}]},
        terms.cost_of(units[place]),
        terms.lead_time_months,
        replace(snapshot, fungibility=(*others, trained)),
    )


# --- guardrails -----------------------------------------------------------------------------------


def _guardrails(questions: Questions) -> Iterator[Candidate]:
    """The limits that bind, each relaxed by a tenth; those without a price come last."""
    book = questions.what_if.problem.book
    found = []
    for place, rail in enumerate(book.snapshot.guardrails):
        side = _binding_side(questions, rail)
        if side is not None:
            found.append((-_promise(questions, rail, side), place, side))
    for _, place, side in sorted(found)[:MOST_OF_A_KIND]:
        candidate = _relaxed(book.snapshot, place, side)
        if candidate is not None:
            yield candidate


def _price(questions: Questions, rail: Guardrail) -> float:
    """The dual of a guardrail's limits, currency over the horizon per unit of rate."""
    kind, book = GUARDRAIL_KINDS[rail.kind], questions.what_if.problem.book
    prices = questions.base.prices
    return sum(prices.get(name, 0.0) for name in kind.limit_names(rail, book))


def _binding_side(questions: Questions, rail: Guardrail) -> str | None:
    """Which limit the optimum stands at, or has to break; None where it stands at neither."""
    kind, allocation = GUARDRAIL_KINDS[rail.kind], questions.base.allocation
    value = kind.value(rail, allocation)
    if value is None:
        return None
    away = {
        side: abs(limit - value)
        for side, limit in (("min", rail.minimum), ("max", rail.maximum))
        if limit is not None
    }
    binds = _price(questions, rail) > LEAST_PRICE or kind.breach(rail, allocation) > 0
    if kind.unit == "count":
        binds = binds or min(away.values(), default=1.0) < 0.5
    return min(away, key=lambda side: away[side]) if binds and away else None


def _promise(questions: Questions, rail: Guardrail, side: str) -> float:
    """Price × how far the limit would move, currency over the horizon; 0 for a count."""
    limit = (rail.minimum if side == "min" else rail.maximum) or 0.0
    is_share = GUARDRAIL_KINDS[rail.kind].unit == "share"
    unit = questions.snapshot.envelope if is_share else 1.0
    return _price(questions, rail) * limit * unit


def _relaxed(snapshot: Snapshot, place: int, side: str) -> Candidate | None:
    """A guardrail with one limit moved; None where a tenth of it is nothing."""
    rail, terms = snapshot.guardrails[place], snapshot.levers.of("relax")
    limit = (rail.minimum if side == "min" else rail.maximum) or 0.0
    moved = _moved(limit, side, GUARDRAIL_KINDS[rail.kind].unit, terms.size)
    if moved == limit:
        return None
    looser = replace(rail, minimum=moved) if side == "min" else replace(rail, maximum=moved)
    return Candidate(
        "relax",
        {"guardrail": rail.id, "limit": side},
        limit,
        moved,
        {"guardrails": [{"id": rail.id, side: moved}]},
        terms.cost,
        terms.lead_time_months,
        replace(snapshot, guardrails=_with(snapshot.guardrails, place, looser)),
    )


def _moved(limit: float, side: str, unit: str, size: float) -> float:
    """A limit relaxed by a share of itself; a count by whole bets and at least one."""
    moved = limit * (1.0 + size) if side == "max" else max(limit * (1.0 - size), 0.0)
    if unit == "count":
        whole = math.ceil(moved - 1e-9) if side == "max" else math.floor(moved + 1e-9)
        return float(max(whole, limit + 1) if side == "max" else max(min(whole, limit - 1), 0))
    if unit == "share":
        return round(min(moved, 1.0), 6)
    return cents(moved)


# --- bets -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _BetLever:
    """A change to one field of a bet."""

    kind: str
    name: str
    """Of the field, in the class and in the document."""
    pulled: Callable[[Bet, float], Bet]
    """The bet after the change, by the size of the lever."""
    rate: Callable[[Bet], float]
    """What its cost is counted on, currency per month."""


def _nearer_to_all(share: float, size: float) -> float:
    """A share with `size` of what it lacks to 1 added."""
    return round(share + size * (1.0 - share), 9)


BET_LEVERS = (
    _BetLever(
        "unlock",
        "withdrawable",
        lambda bet, size: replace(bet, withdrawable=_nearer_to_all(bet.withdrawable, size)),
        lambda bet: (1.0 - bet.withdrawable) * bet.working,
    ),
    _BetLever(
        "shorten_notice",
        "notice_months",
        lambda bet, size: replace(bet, notice_months=bet.notice_months * (1.0 - size)),
        lambda bet: bet.working,
    ),
    _BetLever(
        "decouple",
        "reclaimable",
        lambda bet, size: replace(bet, reclaimable=_nearer_to_all(bet.reclaimable, size)),
        lambda bet: bet.working,
    ),
)


def _bets(questions: Questions) -> Iterator[Candidate]:
    """For each kind the bets that would be worth more by themselves, at today's prices."""
    book, snapshot = questions.what_if.problem.book, questions.snapshot
    prices = Prices.of(questions.base.problem, questions.base.point)
    belief = np.array([bet.belief for bet in book.bets])
    now = ByItself.of(book, prices).worth(belief)
    for lever in BET_LEVERS:
        size = snapshot.levers.of(lever.kind).size
        pulled = tuple(lever.pulled(bet, size) for bet in book.bets)
        then_book = Book(replace(snapshot, bets=pulled))
        then = ByItself.of(then_book, _loosened(prices, book, then_book)).worth(belief)
        promise = np.where(book.working > 0, then - now, 0.0)
        stuck = _stuck(questions, lever)
        order = sorted(
            np.flatnonzero((promise > LEAST_PRICE) | (stuck > ROUNDING)).tolist(),
            key=lambda place: (-promise[place], -stuck[place], place),
        )
        for place in order[:MOST_OF_A_KIND]:
            yield _changed_bet(snapshot, lever, place, pulled[place])


def _stuck(questions: Questions, lever: _BetLever) -> Floats:
    """What a lock or an entanglement keeps in a bet while limits are still broken; rates.

    Mending has no price in the objective: what stands in its way is looked for by hand.
    """
    book, allocation = questions.what_if.problem.book, questions.base.allocation
    if questions.base.breach <= ROUNDING or lever.kind == "shorten_notice":
        return np.zeros(book.size)
    if lever.kind == "decouple":
        return allocation.newly_entangled
    at_lock = allocation.withdrawn >= book.withdrawal_limit - ROUNDING
    return np.where(at_lock, book.working - book.withdrawal_limit, 0.0)


def _loosened(prices: Prices, before: Book, after: Book) -> Prices:
    """What withdrawing costs at the limits when more of it is freed: that much more room."""
    freed = after.reclaimable - before.reclaimable
    return Prices(prices.on_added, prices.on_withdrawn - freed * prices.on_added)


def _changed_bet(snapshot: Snapshot, lever: _BetLever, place: int, pulled: Bet) -> Candidate:
    bet, terms = snapshot.bets[place], snapshot.levers.of(lever.kind)
    after = getattr(pulled, lever.name)
    return Candidate(
        lever.kind,
        {"bet": bet.id},
        getattr(bet, lever.name),
        after,
        {"bets": [{"id": bet.id, lever.name: after}]},
        terms.cost_of(lever.rate(bet)),
        terms.lead_time_months,
        replace(snapshot, bets=_with(snapshot.bets, place, pulled)),
    )


# --- the horizon ----------------------------------------------------------------------------------


def _horizons(snapshot: Snapshot) -> Iterator[Candidate]:
    """The horizon longer and shorter; nothing where no cost is one-off."""
    terms, months = snapshot.levers.of("horizon"), snapshot.horizon_months
    if not snapshot.switching_cost and not any(_one_off(bet) for bet in snapshot.bets):
        return
    for after in (months * (1.0 + terms.size), months * (1.0 - terms.size)):
        after = float(max(round(after), 1)) if months == round(months) else after
        if after != months:
            yield Candidate(
                "horizon",
                {},
                months,
                after,
                {"horizon_months": after, "values_times": after / months},
                terms.cost,
                terms.lead_time_months,
                _spread(snapshot, months / after),
            )


def _one_off(bet: Bet) -> bool:
    return bool(bet.notice_months or bet.exit_cost or bet.ramp_cost)


def _spread(snapshot: Snapshot, share: float) -> Snapshot:
    """One-off costs times `share`: what another horizon makes of them."""
    return replace(
        snapshot,
        switching_cost=snapshot.switching_cost * share,
        bets=tuple(
            replace(
                bet,
                notice_months=bet.notice_months * share,
                exit_cost=bet.exit_cost * share,
                ramp_cost=bet.ramp_cost * share,
            )
            for bet in snapshot.bets
        ),
    )


def _with(things: Iterable[Any], place: int, thing: Any) -> tuple[Any, ...]:
    """The same things with another one at `place`."""
    changed = list(things)
    changed[place] = thing
    return tuple(changed)
