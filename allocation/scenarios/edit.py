"""Making and changing scenarios: the one door for pages and API.

Whoever may propose makes scenarios and changes their own; everybody who may see the portfolio
sees them. Each change owes a solve (``solving``). All functions raise ``Invalid`` with the names
of fields, ``NotAllowed``, and ``Scenario.DoesNotExist`` for what the editor may not see.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation.assumptions import (
    Change,
    ChangeError,
    changes_from,
    changes_to_json,
    rebased,
    set_to,
    without,
)
from allocation.models import Scenario
from allocation.scenarios import made_from, solving
from bets.models import Portfolio
from spm import live, reading
from spm.accounts.permissions import NotAllowed, Principal, person_behind, require
from spm.errors import Conflict, Invalid

LONGEST_NAME = 120
LONGEST_NOTE = 4000
MOST_CHANGES = 2000

read_name = reading.text(LONGEST_NAME, required=True)
read_note = reading.text(LONGEST_NOTE)


@transaction.atomic
def create(
    principal: Principal,
    portfolio: Portfolio,
    name: str = "",
    note: str = "",
    parent_id: int | None = None,
) -> Scenario:
    """Make a scenario that starts from today, or from another scenario with all its changes.

    Args:
        principal: who makes it, and may change it.
        portfolio: where.
        name: what it is called; made up if none is given.
        note: what it is about.
        parent_id: the scenario to start from; today if None.
    """
    require(principal, "propose", portfolio.pk)
    parent = _parent(principal, portfolio, parent_id)
    origin = made_from.origin_of(parent) if parent else made_from.today(portfolio)
    scenario = Scenario(
        portfolio=portfolio,
        name=read_name(name or _made_up_name(portfolio, parent), "name"),
        note=read_note(note or (parent.note if parent else ""), "note"),
        author=person_behind(principal),
        parent=parent,
        taken_at=origin.taken_at,
        newest_evidence=origin.newest_evidence,
        snapshot=origin.snapshot,
        names=origin.names,
        changes=parent.changes if parent else [],
        changed_at=timezone.now(),
    )
    solving.owe(scenario)
    return scenario


def _parent(principal: Principal, portfolio: Portfolio, parent_id: int | None) -> Scenario | None:
    if parent_id is None:
        return None
    visible = Scenario.objects.visible_to(principal)
    parent: Scenario | None = visible.filter(portfolio=portfolio, pk=parent_id).first()
    if parent is None:
        raise Invalid({"parent": "There is no such scenario in this portfolio."})
    return parent


def _made_up_name(portfolio: Portfolio, parent: Scenario | None) -> str:
    if parent is not None:
        return f"{parent.name[: LONGEST_NAME - 8]}, copy"
    return f"Scenario {Scenario.objects.filter(portfolio=portfolio).count() + 1}"


@transaction.atomic
def change(principal: Principal, scenario_id: int, kind: str, target: str, to: Any) -> Scenario:
    """Make one value otherwise than it is in the snapshot; back at what it was, it is no change.

    Args:
        principal: the author.
        scenario_id: in which scenario.
        kind: which value, see ``allocation.assumptions.KINDS``.
        target: of what.
        to: what it becomes, as JSON: numbers, not text.

    Raises:
        Invalid: the value cannot be taken; ``kind``, ``target`` or ``to`` (with the part of it)
            says why.
    """
    scenario = _own(principal, scenario_id)
    before = changes_from(scenario.changes)
    try:
        changes = set_to(scenario.snapshot, before, kind, target, to)
    except ChangeError as fault:
        raise Invalid({fault.field: fault.problem}) from fault
    if len(changes) > MOST_CHANGES:
        raise Invalid({"": f"A scenario takes at most {MOST_CHANGES} changes."})
    return _with(scenario, changes) if changes != before else scenario


@transaction.atomic
def undo(principal: Principal, scenario_id: int, kind: str, target: str) -> Scenario:
    """Take one change back; what was added goes, with all that was changed about it."""
    scenario = _own(principal, scenario_id)
    before = changes_from(scenario.changes)
    if not any(each.slot == (kind, target) for each in before):
        raise Invalid({"target": "Nothing of this kind is changed here."})
    return _with(scenario, without(before, kind, target))


@transaction.atomic
def undo_all(principal: Principal, scenario_id: int) -> Scenario:
    """Take every change back."""
    return _with(_own(principal, scenario_id), [])


@transaction.atomic
def rebase(
    principal: Principal, scenario_id: int, version: int | None = None
) -> tuple[Scenario, list[Change]]:
    """Make the scenario from today instead, and keep its changes.

    Args:
        principal: the author.
        scenario_id: which.
        version: the version that was read; None for whatever it is now.

    Returns:
        The scenario, and the changes that were left out: what they changed is no longer there, or
        is today as they would have it.

    Raises:
        Conflict: it is no longer that version.
    """
    scenario = _own(principal, scenario_id)
    require_version(scenario, version)
    origin = made_from.today(scenario.portfolio)
    kept, left_out = rebased(changes_from(scenario.changes), origin.snapshot)
    scenario.snapshot, scenario.names = origin.snapshot, origin.names
    scenario.taken_at, scenario.newest_evidence = origin.taken_at, origin.newest_evidence
    return _with(scenario, kept), left_out


@transaction.atomic
def describe(
    principal: Principal,
    scenario_id: int,
    *,
    name: str | None = None,
    note: str | None = None,
    archived: bool | None = None,
) -> Scenario:
    """Rename it, note something, put it away or bring it back; what is not given stays."""
    scenario = _own(principal, scenario_id)
    if name is not None:
        scenario.name = read_name(name, "name")
    if note is not None:
        scenario.note = read_note(note, "note")
    if archived is not None:
        now = timezone.now()
        scenario.archived_at = (scenario.archived_at or now) if archived else None
    scenario.save(update_fields=["name", "note", "archived_at"])
    live.say(scenario.portfolio_id, f"scenario:{scenario.pk}", "scenarios")
    return scenario


@transaction.atomic
def solve_again(principal: Principal, scenario_id: int, version: int | None = None) -> Scenario:
    """Have it worked out once more, as after a fault; ``version`` as for ``rebase``."""
    scenario = _own(principal, scenario_id)
    require_version(scenario, version)
    scenario.solved_version = None
    solving.owe(scenario)
    return scenario


def require_version(scenario: Scenario, version: int | None) -> None:
    """Raise Conflict unless the scenario is the one that was read."""
    if version is not None and version != scenario.version:
        said = f"It was version {version} and is now version {scenario.version}."
        raise Conflict("The scenario has been changed since you read it.", [said])


def why_not(principal: Principal, scenario: Scenario) -> str:
    """Why this principal may not change this scenario, or an empty text if they may."""
    try:
        _require_own(principal, scenario)
    except NotAllowed as error:
        return str(error)
    return ""


def _own(principal: Principal, scenario_id: int) -> Scenario:
    """The scenario, locked, if this principal may change it."""
    visible = Scenario.objects.visible_to(principal).select_related("portfolio")
    scenario: Scenario = visible.select_for_update(of=["self"]).get(pk=scenario_id)
    _require_own(principal, scenario)
    return scenario


def _require_own(principal: Principal, scenario: Scenario) -> None:
    require(principal, "propose", scenario.portfolio_id)
    if scenario.author_id != person_behind(principal).pk:
        raise NotAllowed(
            "Somebody else has made this scenario. Duplicate it, and change your own copy."
        )


def _with(scenario: Scenario, changes: list[Change]) -> Scenario:
    scenario.changes = changes_to_json(changes)
    scenario.version += 1
    scenario.changed_at = timezone.now()
    solving.owe(scenario)
    return scenario
