"""The proposal that stands: published, brought up to date, superseded or withdrawn.

The quiet rule (engine.md): a new proposal is published only if its gain is worth it and some
change differs noticeably from the open one's. A refusal stands in the same way until something
differs from what was refused.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max

from allocation import signals
from allocation.models import Account, Decision, Move, Proposal, ProposalChange
from allocation.solution_rows import cents, changes_in, moves_in
from bets.models import Bet, Portfolio
from evidence.models import Evidence
from spm import live
from spm.accounts.models import User

MOST_EVIDENCE = 500
LEAST_LEFT = 0.005  # currency per month
LEAST_MENDED = 0.01  # currency per month, or a hundredth of a bet over a count

Solution = dict[str, Any]


@dataclass(frozen=True)
class End:
    """The bets that a proposal ends: ``about`` one, and those in ``exits`` with where they go.

    ``reason`` is the person's; ``consequences`` are what was on the table (``allocation.leaving``).
    """

    purpose: str
    about: Bet
    successor: Bet | None
    reason: str
    consequences: dict[str, Any]
    exits: Mapping[int, str]

    def as_fields(self) -> dict[str, Any]:
        """What of it stands on the proposal itself."""
        return {
            "purpose": self.purpose,
            "about": self.about,
            "successor": self.successor,
            "reason": self.reason,
            "consequences": self.consequences,
        }


def settle(
    portfolio: Portfolio,
    snapshot: dict[str, Any],
    solution: Solution,
    now: datetime,
    expected_value: float,
) -> tuple[Proposal | None, str]:
    """Bring the portfolio's proposal in line with what the engine has found.

    Args:
        portfolio: whose proposal.
        snapshot: the engine's input.
        solution: the engine's output.
        now: the moment of the run.
        expected_value: what today's funding is worth over the horizon, before its cost.

    Returns:
        The engine's open proposal afterwards, if any, and what was done, in a sentence.
    """
    standing = _standing(portfolio)
    if not worth_it(portfolio, solution, expected_value):
        if standing is None:
            return None, "Nothing better was found that is worth a change."
        close(standing, Proposal.Status.WITHDRAWN, "Its gain has gone.", now)
        return None, f"Proposal {standing.number} was withdrawn: its gain has gone."
    if standing is not None and _still_stands(standing, solution, portfolio.quiet_change_share):
        _bring_up_to_date(standing, now)
        return standing, f"Proposal {standing.number} still stands."
    refused = _refused_alike(portfolio, solution)
    if refused is not None:
        outcome = f"What is best differs little from {_what_was_refused(refused)}."
        if standing is not None:
            close(standing, Proposal.Status.WITHDRAWN, outcome, now)
        return None, outcome
    if standing is not None:
        close(standing, Proposal.Status.SUPERSEDED, "A better one was found.", now)
    proposal = publish(portfolio, snapshot, solution, now, replaces=standing)
    return proposal, f"Proposal {proposal.number} was published."


def withdraw(portfolio: Portfolio, now: datetime) -> None:
    """Withdraw the open proposal, if any: whether its moves are still right cannot be said."""
    standing = _standing(portfolio)
    if standing is not None:
        close(standing, Proposal.Status.WITHDRAWN, "It can no longer be worked out.", now)


def _standing(portfolio: Portfolio) -> Proposal | None:
    """The engine's open proposal, locked."""
    rows = Proposal.objects.filter(portfolio=portfolio, status="open", drawn_up_by__isnull=True)
    return rows.select_for_update().first()


def worth_it(portfolio: Portfolio, solution: Solution, expected_value: float) -> bool:
    """Whether the gain reaches the portfolio's share of today's expected value.

    A limit that is broken today comes before any gain, so mending one is worth it by itself.
    """
    if not solution["changes"]:
        return False
    if solution["breach"]["before"] - solution["breach"]["after"] >= LEAST_MENDED:
        return True
    gain = solution["do_nothing"]["gain"]
    return bool(gain > 0 and gain >= portfolio.quiet_gain_share * abs(expected_value))


def _still_stands(standing: Proposal, solution: Solution, share: float) -> bool:
    changes = list(standing.changes.all())
    booked = booked_working([change.bet_id for change in changes])
    if any(booked.get(change.bet_id, Decimal(0)) != change.working_before for change in changes):
        return False
    return alike(_changes_of(changes), _changes_in(solution), share)


def alike(before: Mapping[int, float], after: Mapping[int, float], share: float) -> bool:
    """Whether no bet's change of rate differs by more than a share of the larger of the two."""
    for bet_id in before.keys() | after.keys():
        old, new = before.get(bet_id, 0.0), after.get(bet_id, 0.0)
        if abs(new - old) > share * max(abs(old), abs(new)):
            return False
    return True


def _changes_of(changes: Iterable[ProposalChange]) -> dict[int, float]:
    return {
        change.bet_id: float(change.working_after - change.working_before) for change in changes
    }


def _changes_in(solution: Solution) -> dict[int, float]:
    return {int(change["bet"]): change["to"] - change["from"] for change in solution["changes"]}


def _refused_alike(portfolio: Portfolio, solution: Solution) -> Proposal | None:
    """The engine's last decided proposal, if what was refused of it says much the same."""
    last = (
        Decision.objects.filter(portfolio=portfolio, proposal__drawn_up_by__isnull=True)
        .select_related("proposal")
        .order_by("-id")
        .first()
    )
    if last is None or last.kind not in (Decision.Kind.REFUSED, Decision.Kind.PARTLY_APPROVED):
        return None
    if not refuses_rest(last):
        return None
    said = _not_taken(last)
    return (
        last.proposal if alike(said, _changes_in(solution), portfolio.quiet_change_share) else None
    )


def refuses_rest(decision: Decision) -> bool:
    """Whether what a decision about a part leaves out counts as refused.

    It does unless the decider could not have refused it: then it is proposed again, for those who
    may decide it. Decisions that do not say so were made by people who may.
    """
    return (decision.part or {}).get("refuses_rest", True) is True


def _what_was_refused(proposal: Proposal) -> str:
    if proposal.status == Proposal.Status.PARTLY_APPROVED:
        return f"what was left out of proposal {proposal.number}"
    return f"proposal {proposal.number}, refused"


def _not_taken(decision: Decision) -> dict[int, float]:
    """What a decision has left undone of its proposal: all, or what the part falls short of."""
    said = _changes_of(decision.proposal.changes.all())
    done = _changes_in(decision.part) if decision.part else {}
    left = {bet_id: rate - done.get(bet_id, 0.0) for bet_id, rate in said.items()}
    return {bet_id: rate for bet_id, rate in left.items() if abs(rate) >= LEAST_LEFT}


def booked_working(bet_ids: Iterable[int]) -> dict[int, Decimal]:
    """The booked working money of bets, by bet id."""
    accounts = Account.objects.filter(bet_id__in=list(bet_ids), kind=Account.Kind.WORKING)
    return {account.bet_id: account.booked for account in accounts if account.bet_id is not None}


def publish(
    portfolio: Portfolio,
    snapshot: dict[str, Any],
    solution: Solution,
    now: datetime,
    replaces: Proposal | None = None,
    drawn_up_by: User | None = None,
    contributors: Iterable[User] = (),
    end: End | None = None,
) -> Proposal:
    """Write a solution down as the portfolio's next proposal, open for decision.

    Args:
        portfolio: whose proposal.
        snapshot: the engine's input.
        solution: the engine's output.
        now: the moment.
        replaces: the proposal whose place it takes.
        drawn_up_by: the person whose proposal it is; the engine's if None.
        contributors: who else has worked it out, and may not decide it either.
        end: the bets that it ends, if it does.
    """
    number = Proposal.objects.filter(portfolio=portfolio).aggregate(last=Max("number"))["last"] or 0
    changes, objective = solution["changes"], solution["objective"]
    proposal = Proposal.objects.create(
        portfolio=portfolio,
        number=number + 1,
        replaces=replaces,
        drawn_up_by=drawn_up_by,
        content_sha256=content_digest(solution),
        created_at=now,
        checked_at=now,
        horizon_months=portfolio.horizon_months,
        objective_current=objective["current"],
        objective_proposed=objective["proposed"],
        objective_bound=objective["bound"],
        gap=objective["gap"],
        gain=solution["do_nothing"]["gain"],
        gain_per_month_of_waiting=solution["do_nothing"]["gain_per_month_of_waiting"],
        out_of_bets=sum(
            cents(change["from"] - change["to"])
            for change in changes
            if change["to"] < change["from"]
        ),
        freed=sum(cents(change["freed"]) for change in changes),
        entangled=sum(cents(change["entangled"]) for change in changes),
        exit_costs=sum(cents(change["exit_cost"]) for change in changes),
        snapshot=snapshot,
        solution=solution,
        **(end.as_fields() if end else {}),
    )
    proposal.contributors.set(contributors)
    _write_changes(proposal, snapshot, solution, end.exits if end else {})
    _gather_evidence(proposal)
    signals.published.send(Proposal, proposal=proposal)
    live.say(portfolio.pk, "proposals", f"proposal:{proposal.pk}", "allocation")
    return proposal


def content_digest(solution: Solution) -> str:
    """SHA-256 over what would be booked: the changes and the moves."""
    content = {"changes": solution["changes"], "moves": solution["moves"]}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _write_changes(
    proposal: Proposal, snapshot: dict[str, Any], solution: Solution, exits: Mapping[int, str]
) -> None:
    beliefs = {int(bet["id"]): bet["belief"] for bet in snapshot["bets"]}
    changes, moves = changes_in(solution), moves_in(solution)
    for change in changes:
        change.proposal, change.belief = proposal, beliefs[change.bet_id]
        change.leaves_to = exits.get(change.bet_id, "")
    for move in moves:
        move.proposal = proposal
    ProposalChange.objects.bulk_create(changes)
    Move.objects.bulk_create(moves)


def _evidence_since_last_decision(proposal: Proposal) -> list[Evidence]:
    """What has been learned of the bets that change since money was last decided about."""
    bet_ids = proposal.changes.values_list("bet_id", flat=True)
    rows = Evidence.objects.filter(bet_id__in=list(bet_ids))
    last = (
        Decision.objects.filter(portfolio_id=proposal.portfolio_id)
        .exclude(kind=Decision.Kind.EXPIRED)
        .order_by("-id")
        .first()
    )
    if last is not None:
        rows = rows.filter(recorded_at__gt=last.decided_at)
    return list(rows.order_by("-recorded_at", "-id")[:MOST_EVIDENCE])


def _gather_evidence(proposal: Proposal) -> bool:
    """Bring the proposal's list of evidence up to date; returns whether it changed."""
    rows = _evidence_since_last_decision(proposal)
    known = set(proposal.evidence.values_list("id", flat=True))
    if known == {row.pk for row in rows}:
        return False
    proposal.evidence.set(rows)
    proposal.newest_evidence = rows[0] if rows else None
    proposal.save(update_fields=["newest_evidence"])
    return True


def _bring_up_to_date(proposal: Proposal, now: datetime) -> None:
    """The moves stand; the reasons for them have grown. A reader is told that they have."""
    proposal.checked_at = now
    if _gather_evidence(proposal):
        proposal.version += 1
        live.say(proposal.portfolio_id, f"proposal:{proposal.pk}", "proposals")
    proposal.save(update_fields=["checked_at", "version"])


def close(proposal: Proposal, status: str, because: str, now: datetime) -> None:
    """End an open proposal."""
    proposal.status, proposal.closed_at, proposal.closed_because = status, now, because
    proposal.version += 1
    proposal.save(update_fields=["status", "closed_at", "closed_because", "version"])
    signals.closed.send(Proposal, proposal=proposal)
    live.say(proposal.portfolio_id, f"proposal:{proposal.pk}", "proposals", "allocation")


def names_of(bet_ids: Iterable[int]) -> dict[int, str]:
    """Titles by bet id, for sentences about what changed."""
    return dict(Bet.objects.filter(pk__in=list(bet_ids)).values_list("id", "title"))
