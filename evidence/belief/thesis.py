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
from datetime import datetime
from typing import Literal

from evidence.belief.facts import Bet, Hypothesis, Id, id_order
from evidence.belief.hypothesis import DAY, HypothesisBelief, hypothesis_belief
from evidence.belief.replay import Life, ThesisEvent, chain_belief, final_look, replayed

Status = Literal["intact", "broken", "silent"]


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


def binary_entropy(probability: float) -> float:
    """Return the uncertainty of a yes-or-no question in bits: 1 at one half, 0 when settled."""
    parts = (probability, 1.0 - probability)
    return math.fsum(-part * math.log2(part) for part in parts if part > 0.0)


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
    belief = chain_belief(each.belief for each in beliefs)
    return ThesisBelief(
        id=bet.id,
        belief=belief,
        uncertainty=binary_entropy(belief),
        weakest=min(beliefs, key=lambda each: (each.belief, id_order(each.id))).id,
        status=_status(bet, hypotheses, as_of, beliefs),
        kill=tuple((each.id, criterion) for each in beliefs for criterion in each.kill),
    )


def history(bet: Bet, hypotheses: Mapping[Id, Hypothesis], as_of: datetime) -> list[ThesisEvent]:
    """Return all breaks and revivals of a bet's thesis up to `as_of`, oldest first.

    They alternate, beginning with a break. Nothing but the evidence, the bet's thresholds and
    `as_of` goes into them, so they can be worked out anew at any time.
    """
    (found,) = histories([(bet, hypotheses, as_of, None)])
    return found


def histories(
    asked: Iterable[
        tuple[Bet, Mapping[Id, Hypothesis], datetime, Mapping[Id, HypothesisBelief] | None]
    ],
) -> Iterator[list[ThesisEvent]]:
    """Yield the same for many bets, each with what `thesis_belief` takes, far sooner."""
    return replayed(
        Life(bet, hypotheses, as_of, _beliefs(bet, hypotheses, as_of, known))
        for bet, hypotheses, as_of, known in asked
    )


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
    final = final_look(beliefs)
    is_broken = bool(final.flips(bet, is_broken=False)[0])
    if not is_broken and not final.flips(bet, is_broken=True)[0]:
        (events,) = replayed([Life(bet, hypotheses, as_of, beliefs)])
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
