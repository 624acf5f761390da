"""The life of theses, gone through once from the start: at which moments each broke or was revived.

What is looked at is in `evidence.belief.thesis`. All looks at all theses are worked out together,
since one by one they would cost a hundred times as much; a thesis by itself goes the same way.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evidence.belief.facts import Bet, Hypothesis, Id
from evidence.belief.hypothesis import HypothesisBelief
from evidence.belief.many import EPOCH, MICROSECONDS_PER_DAY, microseconds
from evidence.belief.measurements import Floats
from evidence.belief.retraction import counted_evidence
from evidence.belief.running import Flags, Moments, RunningBelief, beliefs_at

LOOKS_PER_HALF_LIFE = 4
HALF_LIVES_LOOKED_AT = 32
BEFORE_EVERYTHING = microseconds(datetime.min.replace(tzinfo=UTC))
LOOKS_AT_ONCE = 50_000
"""About so many looks are kept in memory."""
PROBES = 64
"""Into so many parts the time in which a threshold is crossed is cut, again and again."""


@dataclass(frozen=True, slots=True)
class ThesisEvent:
    """A thesis broke or was revived.

    `at` is None for a thesis that is broken from the start. `kill` are the kill criteria met then
    as (hypothesis id, criterion id), `evidence` the (hypothesis id, item id) observed at that very
    moment; none where it was age or a deadline that did it.
    """

    kind: Literal["break", "revival"]
    at: datetime | None
    belief: float
    kill: tuple[tuple[Id, Id], ...]
    evidence: tuple[tuple[Id, Id], ...]


@dataclass(frozen=True, slots=True)
class Life:
    """What one replay goes through: a bet, its hypotheses by id, and where it ends.

    `beliefs` are those in its hypotheses at `as_of`, in id order.
    """

    bet: Bet
    hypotheses: Mapping[Id, Hypothesis]
    as_of: datetime
    beliefs: Sequence[HypothesisBelief]


@dataclass(frozen=True, slots=True)
class Looks:
    """Belief in a thesis at several moments, and the kill criteria met at each."""

    belief: Floats
    kill: Mapping[tuple[Id, Id], Flags]

    def flips(self, bet: Bet, is_broken: bool) -> Flags:
        """Tell at which moments a thesis in one state changes to the other."""
        killed = np.zeros(len(self.belief), dtype=np.bool_)
        for met in self.kill.values():
            killed |= met
        if is_broken:
            return (self.belief > bet.revive_above) & ~killed
        return (self.belief < bet.stop_below) | killed

    def killed(self, place: int) -> tuple[tuple[Id, Id], ...]:
        """Return the kill criteria met at one of the moments."""
        return tuple(each for each, met in self.kill.items() if met[place])


def chain_belief(beliefs: Iterable[float]) -> float:
    """Return the belief that all of several hypotheses hold: their product, in one fixed order."""
    return math.prod(sorted(beliefs))


def replayed(lives: Iterable[Life]) -> Iterator[list[ThesisEvent]]:
    """Yield the breaks and revivals in each life, oldest first."""
    waiting: list[_Replay] = []
    looks = 0
    for life in lives:
        waiting.append(_Replay(life))
        looks += waiting[-1].size
        if looks >= LOOKS_AT_ONCE:
            yield from _events(waiting)
            waiting, looks = [], 0
    yield from _events(waiting)


def final_look(beliefs: Sequence[HypothesisBelief]) -> Looks:
    """Return where a thesis stands by the beliefs in its hypotheses, in id order."""
    kill = {(each.id, criterion): np.array([True]) for each in beliefs for criterion in each.kill}
    return Looks(np.array([chain_belief(each.belief for each in beliefs)]), kill)


def _events(replays: list["_Replay"]) -> Iterator[list[ThesisEvent]]:
    found = iter(beliefs_at([asked for each in replays for asked in each.asked(each.moments)]))
    for each in replays:
        yield list(each.events([next(found) for _ in each.running]))


def _chained(beliefs: Sequence[Floats]) -> Floats:
    """Return `chain_belief` at each of several moments."""
    chained: Floats = np.prod(np.sort(np.array(beliefs), axis=0), axis=0)
    return chained


class _Replay:
    """One life: when it is looked at, and what the looks say."""

    def __init__(self, life: Life) -> None:
        self.bet = life.bet
        self.final = final_look(life.beliefs)
        self.running = [
            RunningBelief(
                life.hypotheses[each.id],
                counted_evidence(life.hypotheses[each.id].evidence, life.as_of),
            )
            for each in life.beliefs
        ]
        self.as_of = microseconds(life.as_of)
        self.arrivals: Moments = np.unique(
            np.concatenate([each.moments for each in self.running] or [np.zeros(0, np.int64)])
        )
        self.moments = self._looked_at()

    @property
    def size(self) -> int:
        """How many beliefs have to be worked out."""
        return len(self.moments) * len(self.running)

    def asked(self, moments: Moments) -> list[tuple[RunningBelief, Moments]]:
        """Return each hypothesis with these moments."""
        return [(each, moments) for each in self.running]

    def events(self, beliefs: list[Floats]) -> Iterator[ThesisEvent]:
        """Yield the breaks and revivals, given the beliefs in each hypothesis at the moments."""
        looks = self._looks(self.moments, beliefs)
        flips = [looks.flips(self.bet, is_broken) for is_broken in (False, True)]
        is_broken, place = False, 0
        while (found := _first(flips[is_broken], place)) is not None:
            yield self._event(looks, found, is_broken)
            is_broken, place = not is_broken, found + 1

    def _event(self, looks: Looks, place: int, is_broken: bool) -> ThesisEvent:
        """Return what happens at one look, or between it and the one before."""
        kind: Literal["break", "revival"] = "revival" if is_broken else "break"
        at = int(self.moments[place])
        if place == 0:
            return ThesisEvent(kind, None, float(looks.belief[0]), looks.killed(0), ())
        evidence = tuple(
            (each.hypothesis.id, item) for each in self.running for item in each.arrived(at)
        )
        if not evidence and place > 1:
            at = self._crossing(int(self.moments[place - 1]), at, is_broken)
            looks, place = self._looks_at(np.array([at])), 0
        moment = EPOCH + timedelta(microseconds=at)
        return ThesisEvent(kind, moment, float(looks.belief[place]), looks.killed(place), evidence)

    def _crossing(self, before: int, at: int, is_broken: bool) -> int:
        """Return the first microsecond after one look from which the state is changed, by `at`."""
        while at - before > 1:
            step = max(1, (at - before) // PROBES)
            probes = np.arange(before + step, at, step, dtype=np.int64)
            place = _first(self._looks_at(probes).flips(self.bet, is_broken), 0)
            if place is None:
                before = int(probes[-1])
            else:
                at = int(probes[place])
                before = at - step
        return at

    def _looks_at(self, moments: Moments) -> Looks:
        return self._looks(moments, beliefs_at(self.asked(moments)))

    def _looks(self, moments: Moments, beliefs: list[Floats]) -> Looks:
        """Return where the thesis stands at these moments, in order.

        At `as_of` itself this is what was worked out from all items at once, so that the history
        never ends in another state than the belief that is shown.
        """
        belief = _chained(beliefs)
        kill = {
            (each.hypothesis.id, criterion): met
            for each in self.running
            for criterion, met in each.kill(moments).items()
        }
        if moments[-1] == self.as_of:
            belief[-1] = self.final.belief[0]
            for identifier, met in kill.items():
                met[-1] = identifier in self.final.kill
        return Looks(belief, kill)

    def _looked_at(self) -> Moments:
        """Return the moments at which the thesis is looked at, in order; the first is the start."""
        until = np.append(self.arrivals, self.as_of + 1) - 1
        looks = [np.array([BEFORE_EVERYTHING]), self.arrivals, until, self._just_late()]
        gaps = (until[1:] - self.arrivals) / MICROSECONDS_PER_DAY
        for half_life in {each.hypothesis.half_life_days for each in self.running} - {None}:
            assert half_life is not None
            most = LOOKS_PER_HALF_LIFE * HALF_LIVES_LOOKED_AT
            steps = np.minimum(most, gaps / half_life * LOOKS_PER_HALF_LIFE).astype(np.int64)
            step = half_life / LOOKS_PER_HALF_LIFE * MICROSECONDS_PER_DAY
            since = np.repeat(self.arrivals, steps)
            number = np.arange(1, len(since) + 1) - np.repeat(np.cumsum(steps) - steps, steps)
            looks.append(since + np.rint(number * step).astype(np.int64))
        return np.unique(np.minimum(np.concatenate(looks), self.as_of))

    def _just_late(self) -> Moments:
        """Return the moments just after each deadline that is over."""
        deadlines = [
            microseconds(criterion.deadline)
            for each in self.running
            for criterion in each.hypothesis.kill_criteria
            if criterion.deadline is not None
        ]
        return np.array([each + 1 for each in deadlines if each < self.as_of], dtype=np.int64)


def _first(flags: NDArray[np.bool_], start: int) -> int | None:
    """Return the place of the first that holds, from a place on."""
    found = start + int(flags[start:].argmax()) if start < len(flags) else start
    return found if found < len(flags) and flags[found] else None
