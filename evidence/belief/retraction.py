"""Which evidence counts at a moment: what was observed by then and has not been taken back."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from evidence.belief.facts import Id, Item, Retraction


def counted_evidence(evidence: Iterable[Item], as_of: datetime) -> list[Item]:
    """Return the items that count at `as_of`, retractions themselves left out.

    An item counts if it was observed at or before `as_of` and no live retraction names it. A
    retraction is live if it too was observed by then and is not itself taken back; so retracting
    a retraction restores the item. Whatever does not count has no part in any weight, in the
    number of items of a source, in the pooled measurement or in the freshness.
    """
    seen = [item for item in evidence if item.observed_at <= as_of]
    retractions = [item for item in seen if isinstance(item, Retraction)]
    if not retractions:
        return seen
    taken_back = {retraction.retracts for retraction in live_retractions(retractions)}
    return [item for item in seen if not isinstance(item, Retraction) and item.id not in taken_back]


def live_retractions(retractions: Iterable[Retraction]) -> list[Retraction]:
    """Return those of the given retractions that no live retraction takes back.

    A retraction is decided once everything that names it is decided, so chains of any length are
    worked off from their ends, without recursion. Retractions in a cycle (refused by
    `evidence.belief.reading`) are never decided and take nothing back.
    """
    by_id = {retraction.id: retraction for retraction in retractions}
    undecided: defaultdict[Id, int] = defaultdict(int)
    for retraction in by_id.values():
        undecided[retraction.retracts] += 1
    ready = [retraction for retraction in by_id.values() if not undecided[retraction.id]]
    taken_back: set[Id] = set()
    live = []
    while ready:
        retraction = ready.pop()
        target = retraction.retracts
        if retraction.id not in taken_back:
            live.append(retraction)
            taken_back.add(target)
        undecided[target] -= 1
        if not undecided[target] and target in by_id:
            ready.append(by_id[target])
    return live


def find_cycle(retractions: Iterable[Retraction]) -> Retraction | None:
    """Return a retraction that, followed from target to target, comes back to itself."""
    by_id = {retraction.id: retraction for retraction in retractions}
    cleared: set[Id] = set()
    for start in by_id.values():
        way: set[Id] = set()
        step: Retraction | None = start
        while step is not None and step.id not in cleared:
            if step.id in way:
                return step
            way.add(step.id)
            step = by_id.get(step.retracts)
        cleared |= way
    return None
