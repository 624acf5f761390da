"""What a change of a limit would do, before it is made: the portfolio solved with it and without.

Small portfolios are solved while the page waits; of larger ones a worker does it, and the answer
waits in the cache under the digest of what was asked.
"""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.cache import cache

from allocation.engine import SnapshotError, parse_snapshot, solve
from allocation.models import Guardrail
from allocation.snapshot import Snapshot, guardrail_of, snapshot_of
from bets.models import Bet, Portfolio
from spm import celery, valkey

TASK = "allocation.limit_effect"
# A hundred bets are solved in some 50 ms, four hundred in half a second, each of the two times.
MOST_BETS_INLINE = 400
KEEP_SECONDS = 600
LEAST_DIFFERENCE = 0.005
ENVELOPE = "envelope"
# The id of a guardrail that there is not yet.
NEW = "new"


@dataclass(frozen=True)
class Difference:
    """What the best allocation gives a bet without the change and with it; currency per month."""

    bet: str
    title: str
    without: float
    with_it: float

    @property
    def difference(self) -> float:
        """More is above nothing."""
        return self.with_it - self.without


@dataclass(frozen=True)
class Effect:
    """What a change of a limit would do.

    Objectives are currency over the horizon. ``breaks_by`` is how far today's allocation would be
    outside the changed limit where it is not now, in the unit of the breach (currency per month,
    or bets); ``problem`` is why nothing can be said.
    """

    best_without: float = 0.0
    best_with: float = 0.0
    breaks_by: float = 0.0
    counts_bets: bool = False
    differences: list[Difference] = field(default_factory=list)
    binds_newly: list[str] = field(default_factory=list)
    binds_no_more: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def gain(self) -> float:
        """What the change is worth, currency over the horizon; a tighter limit costs."""
        return self.best_with - self.best_without

    @property
    def loss(self) -> float:
        """The same the other way round."""
        return -self.gain

    @property
    def is_neutral(self) -> bool:
        """Whether it is worth nothing either way."""
        return abs(self.gain) < 1

    def as_dict(self) -> dict[str, Any]:
        """For the cache."""
        return asdict(self)

    @classmethod
    def of_dict(cls, kept: Mapping[str, Any]) -> "Effect":
        """From the cache."""
        differences = [Difference(**each) for each in kept["differences"]]
        return cls(**{**kept, "differences": differences})


@dataclass(frozen=True)
class Change:
    """A limit as it would be: one of the three.

    ``guardrail`` is the document that the engine takes, None for one that is out of force;
    ``guardrail_id`` which one it replaces.
    """

    guardrail_id: str = ""
    guardrail: dict[str, Any] | None = None
    envelope: float | None = None
    reserve_floor: float | None = None

    @classmethod
    def to(cls, draft: Guardrail) -> "Change":
        """To a guardrail as it would be, not saved."""
        guardrail_id = str(draft.pk) if draft.pk else NEW
        document = {**guardrail_of(draft), "id": guardrail_id} if draft.active else None
        return cls(guardrail_id, document)

    @property
    def subject(self) -> str:
        """The id of what is changed among the results."""
        return self.guardrail_id or ENVELOPE

    def made_in(self, snapshot: Snapshot) -> Snapshot:
        """The portfolio with the change."""
        changed = copy.deepcopy(snapshot)
        if self.envelope is not None:
            changed["envelope"] = self.envelope
        if self.reserve_floor is not None:
            changed["reserve_floor"] = self.reserve_floor
        if self.guardrail_id:
            others = [each for each in changed["guardrails"] if each["id"] != self.guardrail_id]
            changed["guardrails"] = others + ([self.guardrail] if self.guardrail else [])
        return changed


def effect_of(portfolio: Portfolio, change: Change) -> Effect | None:
    """What a change would do; None while a worker is finding out: ask again."""
    snapshot = snapshot_of(portfolio)
    if len(snapshot["bets"]) <= MOST_BETS_INLINE:
        return work_out(portfolio.pk, snapshot, change)
    key = _key(portfolio, snapshot, change)
    kept = cache.get(key)
    if kept is not None:
        return Effect.of_dict(kept)
    if cache.add(f"{key}:asked", 1, KEEP_SECONDS):
        try:
            with valkey.asked():
                celery.ring(TASK, portfolio.pk, asdict(change), key)
        except valkey.Away:
            return work_out(portfolio.pk, snapshot, change)
    return None


def keep(portfolio_id: int, asked: Mapping[str, Any], key: str) -> None:
    """Work out what was asked, in a worker, for whoever asks again."""
    snapshot = snapshot_of(Portfolio.objects.get(pk=portfolio_id))
    cache.set(key, work_out(portfolio_id, snapshot, Change(**asked)).as_dict(), KEEP_SECONDS)


def _key(portfolio: Portfolio, snapshot: Snapshot, change: Change) -> str:
    asked = json.dumps([portfolio.pk, snapshot, asdict(change)], sort_keys=True).encode()
    return f"limit-effect:{hashlib.sha256(asked).hexdigest()}"


def work_out(portfolio_id: int, snapshot: Snapshot, change: Change) -> Effect:
    """Solve the portfolio without the change and with it, and compare."""
    try:
        without = solve(parse_snapshot(snapshot)).as_dict()
        with_it = solve(parse_snapshot(change.made_in(snapshot))).as_dict()
    except SnapshotError as error:
        return Effect(problem=str(error))
    if with_it["status"] == "infeasible":
        return Effect(problem=with_it["reason"])
    titles = dict(Bet.objects.filter(portfolio_id=portfolio_id).values_list("pk", "title"))
    return Effect(
        best_without=without["objective"]["proposed"],
        best_with=with_it["objective"]["proposed"],
        breaks_by=_newly_broken_by(without, with_it, change.subject),
        counts_bets=(change.guardrail or {}).get("kind") == "count",
        differences=_differences(without, with_it, titles),
        binds_newly=sorted(_binding(with_it) - _binding(without)),
        binds_no_more=sorted(_binding(without) - _binding(with_it)),
    )


def _results(solution: Mapping[str, Any]) -> dict[str, Any]:
    """Each limit's result by its id; the envelope among them."""
    return {
        **{each["id"]: each for each in solution["guardrails"]},
        ENVELOPE: solution["envelope"],
    }


def _newly_broken_by(without: Mapping[str, Any], with_it: Mapping[str, Any], subject: str) -> float:
    """How far today's allocation is outside the changed limit, where it was not before."""
    now = _results(with_it).get(subject, {}).get("breach_before", 0.0)
    was = _results(without).get(subject, {}).get("breach_before", 0.0)
    return now if now > was + LEAST_DIFFERENCE else 0.0


def _binding(solution: Mapping[str, Any]) -> set[str]:
    """The ids of the limits at which the best allocation stands."""
    rails = {each["id"] for each in solution["guardrails"] if each["binding"]}
    return rails | ({ENVELOPE} if solution["envelope"]["shadow_price"] > 0 else set())


def _differences(
    without: Mapping[str, Any], with_it: Mapping[str, Any], titles: Mapping[int, str]
) -> list[Difference]:
    """The bets that get something else, the largest difference first."""
    found = []
    for bet, position in with_it["positions"].items():
        before, after = without["positions"][bet]["working"], position["working"]
        if abs(after - before) > LEAST_DIFFERENCE:
            found.append(Difference(bet, titles.get(int(bet), bet), before, after))
    return sorted(found, key=lambda each: (-abs(each.difference), int(each.bet)))
