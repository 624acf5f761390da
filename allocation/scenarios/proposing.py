"""A scenario's solution as a proposal that a person draws up, held against today.

A scenario may assume what is not so; a proposal may not. Its moves are taken as they are, and
weighed with today's beliefs, against today's limits:

- the positions have to be those that the scenario was made from;
- what is believed of bets, and what they are worth, has to be what evidence and editors say today:
  a what-if is no evidence;
- no limit of today, of the portfolio or of a bet, may be broken more than it is.

The person is recorded as who drew it up, and so may not approve it.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation.assumptions import Change, in_order, moved_on
from allocation.broken import limits_broken, terms_not_kept
from allocation.engine import SnapshotError, beyond_terms, parse_snapshot, weigh
from allocation.models import LatestRun, Proposal, Scenario
from allocation.propose import publish
from allocation.recompute import keep_others_out
from allocation.scenarios.edit import require_version
from allocation.scenarios.made_from import names_of
from allocation.scenarios.opened import Opened
from allocation.scenarios.wording import Words
from allocation.snapshot import Snapshot, snapshot_of
from bets.models import Portfolio
from spm.accounts.permissions import NotAllowed, Principal, person_behind, require
from spm.errors import Conflict

# What a proposal cannot rest on, and what would have to happen instead.
ASSUMED = {
    "belief": "log the evidence that says so",
    "value": "change the estimate on the bet's page",
    "bet": "create the bet and carry it to Testing",
    "horizon": "change the portfolio's horizon",
}


@dataclass(frozen=True)
class Check:
    """What a scenario's moves mean today, and what stands in the way of proposing them."""

    weighed: dict[str, Any] | None
    snapshot: Snapshot
    obstacles: list[str]

    @property
    def may_be_proposed(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.obstacles


def check(scenario: Scenario) -> Check:
    """Hold a scenario's moves against today; a fixed number of queries."""
    today = snapshot_of(scenario.portfolio)
    if not scenario.is_settled or scenario.solution is None:
        return Check(None, today, ["There is no answer to this scenario yet."])
    opened = Opened(scenario)
    words = Words(names_of(scenario.portfolio), scenario.portfolio.currency, tuple(opened.changes))
    wanted = {
        change["bet"]: change["to"]
        for change in scenario.solution["changes"]
        if change["bet"] not in opened.added
    }
    obstacles = [*_assumed(opened, words), *_moved_positions(opened, today, words)]
    try:
        parsed = parse_snapshot(today)
    except SnapshotError as error:
        return Check(None, today, [*obstacles, f"Today cannot be computed: {error}"])
    known = {bet.id for bet in parsed.bets}
    wanted = {bet_id: rate for bet_id, rate in wanted.items() if bet_id in known}
    weighed = weigh(parsed, wanted).as_dict()
    if not weighed["changes"]:
        obstacles.append("It moves nothing, so there is nothing to propose.")
    obstacles += terms_not_kept(beyond_terms(parsed, wanted), words)
    obstacles += limits_broken(weighed, words)
    return Check(weighed, today, obstacles)


def _assumed(opened: Opened, words: Words) -> list[str]:
    return [
        f"It assumes what is not so: {words.of(change)}. To propose on that, "
        f"{ASSUMED[change.kind]}."
        for change in opened.changes
        if change.kind in ASSUMED
    ]


def _moved_positions(opened: Opened, today: Snapshot, words: Words) -> list[str]:
    """Money that has moved since the scenario was made, on any bet."""
    return [
        f"{words.of(moved)} since this scenario was made. Rebase it on today first."
        for moved in moved_on(opened.before, in_order(today))
        if moved.kind in ("working", "entangled", "went")
    ]


def why_not(principal: Principal, scenario: Scenario) -> str:
    """Why this principal may not draw up proposals, or an empty text if they may."""
    try:
        require(principal, "propose", scenario.portfolio_id)
    except NotAllowed as error:
        return str(error)
    return ""


@transaction.atomic
def draw_up(principal: Principal, scenario_id: int, version: int | None = None) -> Proposal:
    """Make a scenario's solution an open proposal of this person.

    Args:
        principal: who proposes it.
        scenario_id: which.
        version: the version of the scenario that was read; None for whatever it is now.

    Raises:
        Scenario.DoesNotExist: there is none that the principal may see.
        NotAllowed: the role does not suffice.
        Conflict: it is no longer that version, or something stands in the way; ``changed`` says
            what.
    """
    visible = Scenario.objects.visible_to(principal).select_related("portfolio", "author")
    scenario: Scenario = visible.select_for_update(of=["self"]).get(pk=scenario_id)
    require(principal, "propose", scenario.portfolio_id)
    require_version(scenario, version)
    keep_others_out(scenario.portfolio_id)
    _refuse_twice(scenario)
    held_against = check(scenario)
    if not held_against.may_be_proposed or held_against.weighed is None:
        raise Conflict("This cannot be proposed as it stands.", held_against.obstacles)
    person = person_behind(principal)
    proposal = publish(
        scenario.portfolio,
        held_against.snapshot,
        with_bound(scenario.portfolio, held_against.weighed),
        timezone.now(),
        drawn_up_by=person,
        contributors=[scenario.author] if scenario.author_id != person.pk else [],
    )
    scenario.proposal = proposal
    scenario.save(update_fields=["proposal"])
    return proposal


def _refuse_twice(scenario: Scenario) -> None:
    if scenario.proposal is not None and scenario.proposal.is_open:
        number = scenario.proposal.number
        raise Conflict("It has been proposed already.", [f"Proposal {number} is open."])


def with_bound(portfolio: Portfolio, weighed: dict[str, Any]) -> dict[str, Any]:
    """The weighed moves with how far they are from the best that the engine knows of today."""
    latest = LatestRun.objects.filter(portfolio=portfolio, problem="").first()
    worth = weighed["objective"]["proposed"]
    bound = max(worth, latest.objective_best if latest else worth)
    size = max(abs(bound), abs(worth))
    gap = (bound - worth) / size if size else 0.0
    return {**weighed, "objective": {**weighed["objective"], "bound": bound, "gap": gap}}


def since(scenario: Scenario, today: Snapshot) -> list[Change]:
    """What has changed in the world since a scenario was made."""
    return moved_on(scenario.snapshot, in_order(today))
