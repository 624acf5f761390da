"""What is on the table before a bet is ended, in a form that can be shown, kept and sent.

It is worked out when the proposal is drawn up and kept with it: who decides sees what who
proposed saw, and so does who reads it years later. Money is text in currency per month, as in the
API; the exit cost and the gain are currency.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from allocation.booking import after_months
from allocation.leaving.plan import BET_PARTS, NOTHING, needing
from allocation.leaving.weighing import Weighed, nothing_to_end
from allocation.models import Proposal, ProposalChange
from allocation.stopping import cents, if_all_stopped_today
from bets.models import Bet, BetTeam

Table = dict[str, Any]


def consequences_of(weighed: Weighed) -> Table:
    """What ending the bets frees and leaves, when, whom it hits, and what it is worth."""
    plan, solution = weighed.plan, weighed.solution
    ending = [_ending(weighed, bet) for bet in plan.ending]
    _add_teams(ending, plan.ending)
    return {
        "purpose": plan.purpose,
        "horizon_months": plan.bet.portfolio.horizon_months,
        "bets": ending,
        "totals": {
            name: _text(sum((Decimal(row[name]) for row in ending), NOTHING))
            for name in ("withdrawn", "freed", "entangled", "locked", "exit_cost")
        },
        "dependents": _dependents(weighed),
        "successor": _successor(weighed),
        "gain": solution["do_nothing"]["gain"] if solution else None,
        "gain_per_month_of_waiting": (
            solution["do_nothing"]["gain_per_month_of_waiting"] if solution else None
        ),
    }


def _ending(weighed: Weighed, bet: Bet) -> dict[str, Any]:
    outcome = weighed.outcomes[bet.pk]
    return {
        "id": bet.pk,
        "title": bet.title,
        "theme": str(bet.theme or ""),
        "stream": str(bet.stream or ""),
        "stage": bet.stage,
        "leaves_to": weighed.plan.exits[bet.pk],
        "belief": bet.belief,
        "thesis_status": bet.thesis_status,
        "working": _text(outcome.working),
        "withdrawn": _text(outcome.withdrawn),
        "freed": _text(outcome.freed),
        "entangled": _text(outcome.entangled),
        "locked": _text(outcome.locked),
        "already_entangled": _text(outcome.already_entangled),
        "reclaimable_share": bet.reclaimable_share,
        "withdrawable": bet.withdrawable,
        "notice_months": bet.notice_months,
        "available_on": outcome.available_on.isoformat(),
        "exit_cost": _text(outcome.exit_cost),
        "owner": str(bet.owner or ""),
        "value_is_known": bet.value_p50 is not None,
    }


def _add_teams(rows: list[dict[str, Any]], bets: tuple[Bet, ...]) -> None:
    """The teams of each bet, with what of their funding is released and who is in them."""
    links: dict[int, list[BetTeam]] = defaultdict(list)
    teams = BetTeam.objects.filter(bet__in=bets).select_related("team").order_by("id")
    for link in teams.prefetch_related("team__members__user"):
        links[link.bet_id].append(link)
    for row in rows:
        row["teams"] = [
            {
                "id": link.team_id,
                "name": link.team.name,
                "share": link.share,
                "released": _text(cents(Decimal(row["freed"]) * Decimal(repr(link.share)))),
                "members": sorted(str(member.user) for member in link.team.members.all()),
            }
            for link in links[row["id"]]
        ]


def _dependents(weighed: Weighed) -> list[dict[str, Any]]:
    """The bets that need what ends, directly or through others, those that are hit first."""
    plan = weighed.plan
    needs = needing(plan.bet.portfolio, [bet.pk for bet in plan.ending])
    # What ends with it is still said to depend on it.
    needs |= {
        bet_id: needed
        for bet_id, needed in needing(plan.bet.portfolio, [plan.bet.pk]).items()
        if bet_id in plan.exits
    }
    hit = {bet_id for bet_id, _ in weighed.broken_needs}
    found = list(Bet.objects.filter(pk__in=needs).select_related(*BET_PARTS).order_by("id"))
    kept = _why_they_stay(found, plan.bet)
    titles = {bet.pk: bet.title for bet in (*plan.ending, *found)}
    rows = [
        {
            "id": bet.pk,
            "title": bet.title,
            "theme": str(bet.theme or ""),
            "stage": bet.stage,
            "working": _text(bet.working),
            "entangled": _text(bet.entangled),
            "needs": [titles[pk] for pk in sorted(needs[bet.pk]) if pk in titles],
            "left_without": bet.pk in hit,
            "ends_with_it": bet.pk in plan.exits,
            "why_it_stays": kept.get(bet.pk, ""),
        }
        for bet in found
    ]
    return sorted(rows, key=lambda row: (not row["left_without"], -Decimal(row["working"])))


def _why_they_stay(bets: Sequence[Bet], along_with: Bet) -> dict[int, str]:
    """Why some bets cannot be stopped along with another, by their ids; two queries."""
    outcomes = if_all_stopped_today(bets)
    others = ProposalChange.objects.filter(bet__in=bets, proposal__status="open")
    proposed = others.exclude(leaves_to="").exclude(proposal__about=along_with)
    reasons = {
        bet_id: f"Proposal {number} to end it is open already."
        for bet_id, number in proposed.values_list("bet_id", "proposal__number")
    }
    for bet in bets:
        obstacle = nothing_to_end(bet, outcomes[bet.pk])
        if obstacle is not None:
            reasons[bet.pk] = obstacle.text
    return reasons


def _successor(weighed: Weighed) -> dict[str, Any] | None:
    successor = weighed.plan.successor
    if successor is None:
        return None
    held = next(
        (row["working"] for row in weighed.snapshot["bets"] if row["id"] == str(successor.pk)), 0.0
    )
    before = cents(Decimal(repr(held)))
    freed = weighed.outcomes[weighed.plan.bet.pk].freed
    return {
        "id": successor.pk,
        "title": successor.title,
        "stage": successor.stage,
        "belief": successor.belief,
        "amount": _text(weighed.to_successor),
        "most": _text(weighed.most),
        "working_before": _text(before),
        "working_after": _text(before + weighed.to_successor),
        "to_reserve": _text(max(NOTHING, freed - weighed.to_successor)),
    }


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


MONEY = frozenset(
    {
        "already_entangled",
        "amount",
        "entangled",
        "exit_cost",
        "freed",
        "locked",
        "most",
        "released",
        "to_reserve",
        "withdrawn",
        "working",
        "working_after",
        "working_before",
    }
)


def for_the_page(table: Table, decided_on: date) -> Table:
    """The same with amounts as numbers, and the dates that follow from the day of a decision."""
    shown = _as_numbers(table)
    for row in shown["bets"]:
        row["available_on"] = after_months(decided_on, row["notice_months"])
    return shown


def _as_numbers(said: Any) -> Any:
    if isinstance(said, list):
        return [_as_numbers(each) for each in said]
    if not isinstance(said, dict):
        return said
    return {
        name: Decimal(value) if name in MONEY else _as_numbers(value)
        for name, value in said.items()
    }


def kept_with(proposal: Proposal) -> Table | None:
    """What was on the table for a proposal, as its page shows it; None where it ends nothing."""
    if proposal.consequences is None:
        return None
    moment = proposal.closed_at or timezone.now()
    return for_the_page(proposal.consequences, timezone.localdate(moment))
