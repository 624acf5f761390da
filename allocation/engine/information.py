"""What it is worth to know: for each hypothesis, whether it holds, before deciding.

With b the belief in a hypothesis, p that in its bet's thesis (p = b × the other hypotheses), and
Z(·) the optimum as it depends on the belief in that bet,

    value of information = b·Z(p/b) + (1−b)·Z(0) − Z(p)  ≥ 0,

since Z is the largest of functions that are linear in the belief, and so convex: knowing more never
costs. Seen otherwise: today's best allocation stands against the best for whoever knows,

    b·[Z(p/b) − Z°(p/b)] + (1−b)·[Z(0) − Z°(0)],

where Z°(q) is what today's best is worth at belief q. Only what would be done otherwise counts: a
question whose answer moves no money is worth nothing, however uncertain it is.

All hypotheses are screened by what they are worth at today's prices (`prices`), uncertainty times
the value at stake; the most promising are solved again, true and false; the rest keep the estimate.
What is known takes effect within what the bet may do today: a bet that may not grow stays so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from allocation.engine.book import Book, Floats
from allocation.engine.prices import ByItself, Prices
from allocation.engine.questions import NOISE, Pause, Questions, no_pause
from allocation.engine.snapshot import Snapshot
from allocation.engine.solution import digits
from allocation.engine.what_if import Outcome

SOLVED = 50
"""So many hypotheses, the most promising, are solved again."""
ALMOST_NONE = 1e-9
"""Belief in what is known to fail: a bet of no value at all would be another program."""


@dataclass(frozen=True)
class Learning:
    """What knowing whether one hypothesis holds is worth, before the money is decided."""

    bet: str
    hypothesis: str | None
    """None where nothing is known of a bet's hypotheses: then its whole thesis is asked about."""
    belief: float
    gain: float
    """Expected, currency over the horizon."""
    gain_per_month_of_waiting: float
    """What each month without knowing costs: the gain ÷ the months of the horizon."""
    gain_if_true: float | None
    """What whoever knows that it holds does better than today's best; None for an estimate."""
    gain_if_false: float | None
    """The same for whoever knows that it does not."""
    exact: bool
    """False for an estimate, and where bets were funded in part to find it."""

    def as_dict(self) -> dict[str, Any]:
        """The JSON of one hypothesis."""
        return asdict(self)


@dataclass(frozen=True)
class _Question:
    """One hypothesis: its bet's place, its name and belief, and the thesis's belief."""

    place: int
    hypothesis: str | None
    belief: float
    thesis: float

    @property
    def thesis_if_true(self) -> float:
        """p/b: what the belief in the thesis becomes."""
        return min(self.thesis / self.belief, 1.0)


def information(
    snapshot: Snapshot, pause: Pause = no_pause, solved: int = SOLVED
) -> tuple[Learning, ...]:
    """What each hypothesis is worth knowing, the most first. Raises NoSolutionError."""
    return information_of(Questions(snapshot, pause), solved)


def information_of(questions: Questions, solved: int = SOLVED) -> tuple[Learning, ...]:
    """The same for a portfolio that is solved already."""
    book = questions.what_if.problem.book
    asked = list(_questions(book))
    estimates = _estimates(questions, asked)
    order = sorted(range(len(asked)), key=lambda place: (-estimates[place], place))
    promising = set(order[:solved])
    known = _Known(questions)
    found = [
        known.about(question)
        if place in promising
        else _estimated(questions.snapshot, question, float(estimates[place]))
        for place, question in enumerate(asked)
    ]
    return tuple(sorted(found, key=lambda learning: -learning.gain))


def _questions(book: Book) -> Iterable[_Question]:
    """Every hypothesis in the order of bets; of what is certain nothing can be learnt."""
    for place, bet in enumerate(book.bets):
        if bet.belief <= 0:
            continue
        asked: list[tuple[str | None, float]] = [(each.id, each.belief) for each in bet.hypotheses]
        for identifier, belief in asked or [(None, bet.belief)]:
            if belief < 1:
                yield _Question(place, identifier, belief, bet.belief)


def _estimates(questions: Questions, asked: list[_Question]) -> Floats:
    """b·φ(p/b) + (1−b)·φ(0) − φ(p) at today's prices, for each question."""
    if not asked:
        return np.zeros(0)
    book = questions.what_if.problem.book
    alone = ByItself.of(book, Prices.of(questions.base.problem, questions.base.point))
    places = np.array([question.place for question in asked])
    chosen = ByItself(alone.earned[places], alone.cost[places])
    belief = np.array([question.belief for question in asked])
    now = chosen.worth(np.array([question.thesis for question in asked]))
    true = chosen.worth(np.array([question.thesis_if_true for question in asked]))
    false = chosen.worth(np.zeros(len(asked)))
    worth = belief * true + (1.0 - belief) * false - now
    noise = NOISE * np.maximum(np.abs(now), np.abs(true))
    return np.where(worth > noise, worth, 0.0)


def _estimated(snapshot: Snapshot, question: _Question, gain: float) -> Learning:
    return Learning(
        bet=snapshot.bets[question.place].id,
        hypothesis=question.hypothesis,
        belief=question.belief,
        gain=digits(gain),
        gain_per_month_of_waiting=digits(gain / snapshot.horizon_months),
        gain_if_true=None,
        gain_if_false=None,
        exact=False,
    )


class _Known:
    """The portfolio solved again with what would be known, each answer once.

    Beliefs limit nothing, so an allocation found for one answer is open to every other: the best of
    all that were found is what an answer is worth, and a search that ends early takes nothing away.
    """

    def __init__(self, questions: Questions) -> None:
        self.questions = questions
        self.found: dict[tuple[int, float], _Worth] = {}
        self.today = _Worth.of(questions.base)
        problem = questions.what_if.problem
        self.can_move = (problem.decision.growth_limit > 0) | (problem.book.withdrawal_limit > 0)

    def about(self, question: _Question) -> Learning:
        """What knowing about one hypothesis is worth."""
        snapshot, b = self.questions.snapshot, question.belief
        true = false = 0.0
        if self.can_move[question.place]:
            true = self._better(question, question.thesis_if_true)
            false = self._better(question, 0.0)
        gain = b * true + (1.0 - b) * false
        return replace(
            _estimated(snapshot, question, gain),
            gain_if_true=digits(true),
            gain_if_false=digits(false),
            exact=self.questions.is_exact,
        )

    def _better(self, question: _Question, belief: float) -> float:
        """Z − Z° at a belief: what whoever knows gains over today's best, never negative."""
        place = question.place
        self._solve(place, belief)
        today = self.today.at(place, belief)
        best = max(each.at(place, belief) for each in self.found.values())
        gain = best - today
        return gain if gain > NOISE * max(abs(best), abs(today)) else 0.0

    def _solve(self, place: int, belief: float) -> None:
        if (place, belief) in self.found:
            return
        bets = list(self.questions.snapshot.bets)
        bets[place] = replace(bets[place], belief=max(belief, ALMOST_NONE))
        outcome = self.questions.solve(replace(self.questions.snapshot, bets=tuple(bets)))
        self.found[(place, belief)] = _Worth.of(outcome, self.questions.snapshot)


@dataclass(frozen=True)
class _Worth:
    """What one allocation is worth, at today's beliefs and with the belief in one bet changed."""

    objective: float
    """At today's beliefs, currency over the horizon."""
    earned: Floats
    """V_j·g_j(x_j/F_j), what each bet earns if its thesis holds."""
    belief: Floats
    """Today's."""

    @classmethod
    def of(cls, outcome: Outcome, snapshot: Snapshot | None = None) -> _Worth:
        """Of an answer; `snapshot` has today's beliefs where they are others than the answer's."""
        asked = outcome.problem.snapshot
        earned = np.array(
            [
                bet.value_if_true * bet.response.at(working / bet.full_funding)
                if bet.full_funding > 0
                else 0.0
                for bet, working in zip(asked.bets, outcome.allocation.working, strict=True)
            ]
        )
        belief = np.array([bet.belief for bet in (snapshot or asked).bets])
        then = np.array([bet.belief for bet in asked.bets])
        return cls(outcome.objective + float((belief - then) @ earned), earned, belief)

    def at(self, place: int, belief: float) -> float:
        """With the belief in one bet changed, currency over the horizon."""
        return float(self.objective + (belief - self.belief[place]) * self.earned[place])
