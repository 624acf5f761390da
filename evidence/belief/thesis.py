"""The belief in a whole thesis, its breaks and revivals.

A thesis is a chain: the belief in it is the product of the beliefs in its hypotheses. It breaks
when that belief falls below `stop_below` or a kill criterion of one of its hypotheses is met, and
is revived only when the belief is above `revive_above` and no kill criterion is met: engine.md
section 1. Readings taken where that text is open:

- The **history is replayed** from the evidence and `as_of` alone. What has been taken back by
  `as_of` is as if it had never been throughout the replay, so a retraction also takes back the
  break that the retracted item caused.
- **Between items** the belief moves by decay alone and a deadline may pass. It is looked at just
  after each deadline, at every quarter of a half-life after the last item (32 half-lives long),
  just before the next item and at `as_of`; where it has crossed a threshold since the last look,
  the event bears the microsecond of the crossing.
- **The start** has no time: a thesis whose priors alone are below `stop_below` is broken from the
  start (`at` is None), until evidence revives it.
- **Silent** is a thesis that is not broken, has counted evidence, and every piece of it is older
  than the half-life of its hypothesis. Without a half-life nothing grows old; a thesis that never
  had evidence is intact.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Literal

from evidence.belief.facts import Bet, Hypothesis, Id, Item, id_order
from evidence.belief.hypothesis import DAY, HypothesisBelief, hypothesis_belief
from evidence.belief.retraction import counted_evidence
from evidence.belief.running import RunningBelief

Status = Literal["intact", "broken", "silent"]

INSTANT = timedelta(microseconds=1)
LOOKS_PER_HALF_LIFE = 4
HALF_LIVES_LOOKED_AT = 32
BEFORE_EVERYTHING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ThesisBelief:
    """The belief in a bet's thesis at a moment.

    `uncertainty` is the belief's binary entropy in bits, `weakest` the id of the hypothesis least
    believed (of equals the lowest id), `kill` the kill criteria met as (hypothesis id, criterion
    id).
    """

    id: Id
    belief: float
    uncertainty: float
    weakest: Id
    status: Status
    kill: tuple[tuple[Id, Id], ...]


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
class _Standing:
    """Belief in a thesis and the kill criteria it meets, at one moment."""

    belief: float
    kill: tuple[tuple[Id, Id], ...]

    def flips(self, bet: Bet, is_broken: bool) -> bool:
        """Tell whether a thesis in one state changes to the other when it stands like this."""
        if is_broken:
            return self.belief > bet.revive_above and not self.kill
        return self.belief < bet.stop_below or bool(self.kill)


def binary_entropy(probability: float) -> float:
    """Return the uncertainty of a yes-or-no question in bits: 1 at one half, 0 when settled."""
    parts = (probability, 1.0 - probability)
    return math.fsum(-part * math.log2(part) for part in parts if part > 0.0)


def chain_belief(beliefs: Iterable[float]) -> float:
    """Return the belief that all of several hypotheses hold: their product, in one fixed order."""
    return math.prod(sorted(beliefs))


def thesis_belief(
    bet: Bet,
    hypotheses: Mapping[Id, Hypothesis],
    as_of: datetime,
    known: Mapping[Id, HypothesisBelief] | None = None,
) -> ThesisBelief:
    """Return the belief in a bet's thesis at `as_of` and whether it is broken.

    `hypotheses` holds at least those of the bet, by id. `known` may hold their beliefs at the same
    `as_of`, so that they are not worked out twice.
    """
    beliefs = _beliefs(bet, hypotheses, as_of, known)
    standing = _standing(beliefs)
    return ThesisBelief(
        id=bet.id,
        belief=standing.belief,
        uncertainty=binary_entropy(standing.belief),
        weakest=min(beliefs, key=lambda each: (each.belief, id_order(each.id))).id,
        status=_status(bet, hypotheses, as_of, beliefs),
        kill=standing.kill,
    )


def history(bet: Bet, hypotheses: Mapping[Id, Hypothesis], as_of: datetime) -> list[ThesisEvent]:
    """Return all breaks and revivals of a bet's thesis up to `as_of`, oldest first.

    They alternate, beginning with a break. Nothing but the evidence, the bet's thresholds and
    `as_of` goes into them, so they can be worked out anew at any time.
    """
    replay = _Replay(bet, hypotheses, as_of, _beliefs(bet, hypotheses, as_of, None))
    return list(replay.events())


def _beliefs(
    bet: Bet,
    hypotheses: Mapping[Id, Hypothesis],
    as_of: datetime,
    known: Mapping[Id, HypothesisBelief] | None,
) -> list[HypothesisBelief]:
    known = known or {}
    return [
        known.get(each) or hypothesis_belief(hypotheses[each], as_of, attribution=False)
        for each in sorted(bet.hypotheses, key=id_order)
    ]


def _standing(beliefs: list[HypothesisBelief]) -> _Standing:
    kill = tuple((each.id, criterion) for each in beliefs for criterion in each.kill)
    return _Standing(chain_belief(each.belief for each in beliefs), kill)


def _status(
    bet: Bet,
    hypotheses: Mapping[Id, Hypothesis],
    as_of: datetime,
    beliefs: list[HypothesisBelief],
) -> Status:
    """Return whether the thesis is broken, and if it is not, whether it is silent.

    Where it stands at `as_of` settles it, except between the two thresholds: only there does it
    depend on the past, and only then is the past replayed.
    """
    standing = _standing(beliefs)
    is_broken = standing.flips(bet, is_broken=False)
    if not is_broken and not standing.flips(bet, is_broken=True):
        events = list(_Replay(bet, hypotheses, as_of, beliefs).events())
        is_broken = bool(events) and events[-1].kind == "break"
    if is_broken:
        return "broken"
    return "silent" if _is_silent(hypotheses, as_of, beliefs) else "intact"


def _is_silent(
    hypotheses: Mapping[Id, Hypothesis], as_of: datetime, beliefs: list[HypothesisBelief]
) -> bool:
    """Tell whether there is evidence, all of it older than its hypothesis's half-life."""
    ages = [
        ((as_of - each.newest) / DAY, hypotheses[each.id].half_life_days)
        for each in beliefs
        if each.newest is not None
    ]
    return bool(ages) and all(half_life is not None and age > half_life for age, half_life in ages)


class _Replay:
    """Goes through the life of a thesis once, from its start to `as_of`."""

    def __init__(
        self,
        bet: Bet,
        hypotheses: Mapping[Id, Hypothesis],
        as_of: datetime,
        beliefs: list[HypothesisBelief],
    ) -> None:
        self.bet = bet
        self.as_of = as_of
        self.final = _standing(beliefs)
        self.running = {each.id: RunningBelief(hypotheses[each.id]) for each in beliefs}
        self.half_lives = {
            each.hypothesis.half_life_days
            for each in self.running.values()
            if each.hypothesis.half_life_days is not None
        }
        self.just_late = sorted(
            criterion.deadline + INSTANT
            for each in self.running.values()
            for criterion in each.hypothesis.kill_criteria
            if criterion.deadline is not None and criterion.deadline < as_of
        )
        self.is_broken = False

    def events(self) -> Iterator[ThesisEvent]:
        """Yield the breaks and revivals, oldest first."""
        yield from self._look(None)
        last = None
        for at, group in groupby(self._arrivals(), key=lambda arrival: arrival[1].observed_at):
            yield from self._quiet_time(last, at - INSTANT)
            arrived = tuple(group)
            for hypothesis, item in arrived:
                self.running[hypothesis].add(item)
            yield from self._look(at, tuple((hypothesis, item.id) for hypothesis, item in arrived))
            last = at
        yield from self._quiet_time(last, self.as_of)

    def _arrivals(self) -> list[tuple[Id, Item]]:
        """Return what counts at `as_of` of all hypotheses, in one order for every order given."""
        arrivals = [
            (hypothesis, item)
            for hypothesis, running in self.running.items()
            for item in counted_evidence(running.hypothesis.evidence, self.as_of)
        ]
        return sorted(
            arrivals,
            key=lambda each: (each[1].observed_at, id_order(each[0]), id_order(each[1].id)),
        )

    def _look(
        self, at: datetime | None, evidence: tuple[tuple[Id, Id], ...] = ()
    ) -> Iterator[ThesisEvent]:
        """Yield the break or revival, if the thesis changes its state at this moment."""
        standing = self._standing_at(at)
        if standing.flips(self.bet, self.is_broken):
            kind: Literal["break", "revival"] = "revival" if self.is_broken else "break"
            self.is_broken = not self.is_broken
            yield ThesisEvent(kind, at, standing.belief, standing.kill, evidence)

    def _quiet_time(self, last: datetime | None, until: datetime) -> Iterator[ThesisEvent]:
        """Yield what age and deadlines alone do after the items of `last`, up to `until`."""
        seen = last
        for at in self._looks(last, until):
            if self._standing_at(at).flips(self.bet, self.is_broken):
                yield from self._look(self._crossing(seen, at))
            seen = at

    def _looks(self, last: datetime | None, until: datetime) -> list[datetime]:
        """Return the moments after `last` and up to `until` at which the thesis is looked at."""
        looks = {until, *self.just_late}
        if last is None:
            return sorted(at for at in looks if at <= until)
        most = LOOKS_PER_HALF_LIFE * HALF_LIVES_LOOKED_AT
        for half_life in self.half_lives:
            step = half_life / LOOKS_PER_HALF_LIFE
            count = int(min(most, (until - last) / DAY / half_life * LOOKS_PER_HALF_LIFE))
            looks |= {last + DAY * (step * k) for k in range(1, count + 1)}
        return sorted(at for at in looks if last < at <= until)

    def _crossing(self, before: datetime | None, at: datetime) -> datetime:
        """Return the first microsecond after `before` from which the state is changed, by `at`."""
        if before is None:
            return at
        low, high = 0, (at - before) // INSTANT
        while high - low > 1:
            middle = (low + high) // 2
            standing = self._standing_at(before + middle * INSTANT)
            if standing.flips(self.bet, self.is_broken):
                high = middle
            else:
                low = middle
        return before + high * INSTANT

    def _standing_at(self, at: datetime | None) -> _Standing:
        """Return where the thesis stands at a moment not before the last item taken in.

        At `as_of` itself this is what was worked out from all items at once, so that the history
        never ends in another state than the belief that is shown.
        """
        if at == self.as_of:
            return self.final
        moment = BEFORE_EVERYTHING if at is None else at
        kill = tuple(
            (hypothesis, criterion)
            for hypothesis, running in self.running.items()
            for criterion in running.kill(moment)
        )
        return _Standing(chain_belief(each.belief(moment) for each in self.running.values()), kill)
