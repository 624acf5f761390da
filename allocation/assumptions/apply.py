"""Applying changes to a snapshot, undoing them, and carrying them over to another snapshot.

A scenario's snapshot is in order (``in_order``) and each slot is changed at most once, so that

- putting a change and then what undoes it gives back the same snapshot, to the last digit;
- changes of different slots give the same snapshot in whatever order they are applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allocation.assumptions.change import Change, ChangeError
from allocation.assumptions.kinds import KINDS, STOPPED, Kind, is_new, pair_rank, rank

Snapshot = Mapping[str, Any]


def in_order(snapshot: Snapshot) -> dict[str, Any]:
    """An engine's snapshot as scenarios start from it: rows by id, nothing stopped yet."""
    return {
        **snapshot,
        "bets": sorted(({**bet, STOPPED: False} for bet in snapshot["bets"]), key=rank),
        "teams": sorted(snapshot["teams"], key=rank),
        "guardrails": sorted(snapshot["guardrails"], key=rank),
        "fungibility": sorted(
            (pair for pair in snapshot["fungibility"] if pair["efficiency"]), key=pair_rank
        ),
    }


def put(snapshot: Snapshot, change: Change) -> dict[str, Any]:
    """The snapshot with one change made.

    Raises:
        ChangeError: the kind or the target is unknown, or what stands there is not what the change
            starts from.
    """
    kind = kind_of(change.kind)
    if kind.value(snapshot, change.target) != change.before:
        raise ChangeError("from", "Something else stands there.")
    return kind.put(snapshot, change.target, change.after)


def apply(snapshot: Snapshot, changes: Iterable[Change]) -> dict[str, Any]:
    """The snapshot with all changes made; raises as ``put``."""
    changed = dict(snapshot)
    for change in changes:
        changed = put(changed, change)
    return changed


def kind_of(name: str) -> Kind:
    """The kind with this name; raises ChangeError if there is none."""
    if name not in KINDS:
        raise ChangeError("kind", f"Give one of {', '.join(KINDS)}.")
    return KINDS[name]


def set_to(
    snapshot: Snapshot, changes: Sequence[Change], kind: str, target: str, after: Any
) -> list[Change]:
    """The changes with one more, or another value for a slot that is changed already.

    A slot that goes back to what the snapshot has is no longer changed. A value of a bet that the
    scenario has added becomes part of the adding.

    Args:
        snapshot: what the scenario starts from, in order.
        changes: what is changed so far.
        kind: which value.
        target: of what.
        after: what it becomes, any JSON value.

    Raises:
        ChangeError: the value cannot be taken, or contradicts what stands beside it.
    """
    chosen = kind_of(kind)
    read = chosen.read(after, "to")
    added = _of_added(changes, kind, target)
    if added is not None:
        return set_to(snapshot, changes, "bet", target, {**added.after, FIELD_OF_BET[kind]: read})
    chosen.refuse_unknown(snapshot, target)
    before = chosen.value(snapshot, target)
    change = Change(kind, target, before, read)
    made = _replaced(changes, change)
    _refuse_contradictions(apply(snapshot, made), change)
    return made


# A bet that is added is one change, and these values of it stand in that change.
FIELD_OF_BET = {"belief": "belief", "value": "value", "minimum": "minimum", "maximum": "maximum"}


def _of_added(changes: Sequence[Change], kind: str, target: str) -> Change | None:
    """The change that has added the bet, if the value is one of those that it states."""
    if kind == "bet" or not is_new(target):
        return None
    added = next((each for each in changes if each.slot == ("bet", target)), None)
    if added is not None and kind not in FIELD_OF_BET:
        raise ChangeError("kind", "A bet that this scenario adds has no such value to change.")
    return added


def _replaced(changes: Sequence[Change], change: Change) -> list[Change]:
    """The changes with this one in its slot: where it was, else at the end; none if it is none."""
    if change.before == change.after:
        return without(changes, change.kind, change.target)
    if any(each.slot == change.slot for each in changes):
        return [change if each.slot == change.slot else each for each in changes]
    return [*changes, change]


def without(changes: Iterable[Change], kind: str, target: str) -> list[Change]:
    """The changes without the one of this slot."""
    return [change for change in changes if change.slot != (kind, target)]


def _refuse_contradictions(changed: Snapshot, change: Change) -> None:
    """What does not go together once a change is made, said at the value that was changed."""
    if change.kind in ("minimum", "maximum"):
        bet = next(bet for bet in changed["bets"] if bet["id"] == change.target)
        if bet["maximum"] is not None and bet["minimum"] > bet["maximum"]:
            least, most = f"{bet['minimum']:,.2f}", f"{bet['maximum']:,.2f}"
            said = (
                f"The least is then above the most, which is {most}."
                if change.kind == "minimum"
                else f"The most is then below the least, which is {least}."
            )
            raise ChangeError("to", said)
    if change.kind in ("envelope", "reserve_floor") and (
        changed["reserve_floor"] > changed["envelope"]
    ):
        raise ChangeError("to", "The reserve that must stay is then more than the whole envelope.")
    if change.kind == "bet" and change.after is not None:
        teams = {team["id"] for team in changed["teams"]}
        for team in change.after["teams"]:
            if team not in teams:
                raise ChangeError("to.teams", f"There is no team {team!r:.40} here.")


def rebased(changes: Iterable[Change], snapshot: Snapshot) -> tuple[list[Change], list[Change]]:
    """Changes carried over to another snapshot, and those that have no place or no effect there.

    What each becomes is kept; what it comes from is what the other snapshot has.
    """
    kept: list[Change] = []
    left_out: list[Change] = []
    for change in changes:
        try:
            carried = set_to(snapshot, kept, change.kind, change.target, change.after)
        except ChangeError:
            left_out.append(change)
            continue
        if any(each.slot == change.slot for each in carried):
            kept = carried
        else:
            left_out.append(change)
    return kept, left_out
