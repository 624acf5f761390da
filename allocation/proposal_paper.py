"""What a proposal says on paper, and to programs that read words: the page's facts as texts."""

from typing import Any

from django.utils import timezone

from allocation import reading
from allocation.models import Decision, Move, Proposal
from allocation.paper import set_in_type
from allocation.part_effect import RowEffect, approved_rows
from allocation.reading import ChangeRow, LimitRow, Reason
from allocation.wording import sentence, title_of
from spm import formats

RESERVE = "Reserve"


def paper_of(proposal: Proposal) -> bytes:
    """A proposal as a PDF; a fixed number of queries."""
    return set_in_type("proposal", facts_of(proposal))


def facts_of(proposal: Proposal) -> dict[str, Any]:
    """What the paper says, as JSON of texts."""
    portfolio, now = proposal.portfolio, timezone.localtime()
    rows = reading.change_rows(proposal)
    moves = proposal.moves.select_related("from_bet", "to_bet")
    approved = approved_rows(proposal)
    limits, teams = reading.limits_and_teams(proposal)
    return {
        "portfolio": portfolio.name,
        "title": title_of(proposal),
        "sentence": sentence(proposal),
        "about": _about(proposal),
        "footer": f"{portfolio.name}, {title_of(proposal)}, printed {_day(now)}",
        "figures": _figures(proposal),
        "decision": _decision(proposal),
        "changes": [
            _change(row, portfolio.currency, approved.get(row.change.bet_id)) for row in rows
        ],
        "moves": [_move(move, portfolio.currency) for move in moves],
        "limits": [_limit(limit) for limit in limits],
        "teams": [_team(team, portfolio.currency) for team in teams],
    }


def _day(moment: Any) -> str:
    return f"{moment:%-d %B %Y, %H:%M}"


def _about(proposal: Proposal) -> str:
    made = _day(timezone.localtime(proposal.created_at))
    by = f" by {proposal.drawn_up_by}" if proposal.drawn_up_by else ""
    standing = proposal.get_status_display().lower()
    return f"Worked out {made}{by}, version {proposal.version}, {standing}."


def _figures(proposal: Proposal) -> list[tuple[str, str]]:
    currency = proposal.portfolio.currency
    return [
        ("Out of bets", formats.rate(proposal.out_of_bets, currency)),
        ("Really freed", formats.rate(proposal.freed, currency)),
        ("Stays entangled", formats.rate(proposal.entangled, currency)),
        ("Exit costs, once", formats.money(proposal.exit_costs, currency)),
        ("Waiting costs a month", formats.money(proposal.gain_per_month_of_waiting, currency)),
    ]


def _decision(proposal: Proposal) -> dict[str, str] | None:
    decision: Decision | None = getattr(proposal, "decision", None)
    if decision is None:
        return None
    by = f" by {decision.decided_by}" if decision.decided_by else ""
    text = (
        f"{decision.get_kind_display()} {_day(timezone.localtime(decision.decided_at))}{by}. "
        f"{decision.authority}."
    )
    return {"text": text, "reason": decision.reason}


def _change(row: ChangeRow, currency: str, approved: RowEffect | None) -> dict[str, Any]:
    change = row.change
    costs = []
    if row.is_reduced:
        costs.append(f"frees {formats.rate(change.freed, currency)}")
    if change.entangled:
        costs.append(f"{formats.rate(change.entangled, currency)} stays entangled")
    if row.is_reduced and change.notice_months:
        costs.append(f"notice {change.notice_months:g} months")
    if change.exit_cost:
        costs.append(f"exit {formats.money(change.exit_cost, currency)}")
    if change.gain_alone is not None:
        alone = formats.money(change.gain_alone, currency, explicit_sign=True)
        costs.append(f"gain alone {alone}")
    before, after = (
        formats.rate(rate, currency) for rate in (change.working_before, change.working_after)
    )
    stream = f" · {change.bet.stream}" if change.bet.stream else ""
    mark = _mark(change.approved, approved, currency)
    belief = f"belief {formats.percent(change.belief)}"
    return {
        "bet": change.bet_id,
        "title": change.bet.title,
        "about": f"{change.bet.get_liquidity_display()}{stream} · {belief}",
        "moves": f"{before} \N{RIGHTWARDS ARROW} {after}{mark}",
        "costs": ", ".join(costs),
        "reasons": [_reason(reason) for reason in row.reasons],
    }


def _mark(approved: bool | None, less: RowEffect | None, currency: str) -> str:
    """Whether a change was approved, and with which amount if not the one proposed."""
    if approved is None:
        return ""
    if not approved:
        return ", not approved"
    return f", approved to {formats.rate(less.ends_at, currency)}" if less else ", approved"


def _reason(reason: Reason) -> tuple[str, str]:
    event = reason.event
    source = f", {event.source}" if event.source else ""
    note = f": {event.note}" if event.note else ""
    said = f"{event.summary}{source}, {timezone.localdate(event.observed_at):%-d %b %Y}{note}"
    return said, formats.decibans(reason.decibans)


def _move(move: Move, currency: str) -> list[str]:
    months = move.available_in_months
    return [
        str(move.from_bet or RESERVE),
        str(move.to_bet or RESERVE),
        formats.rate(move.amount, currency),
        f"{months:g}" if months else "at once",
    ]


def _limit(limit: LimitRow) -> list[str]:
    """Name, before, after, the limit itself, and what more of it would be worth."""
    return [limit.name, limit.before, limit.after, limit.range, limit.price]


def _team(team: LimitRow, currency: str) -> list[str]:
    """The same of a team: what it is given to do, and what it can absorb."""
    load_before, load_after, capacity = (
        formats.rate(team.figures[name], currency)
        for name in ("load_before", "load_after", "capacity")
    )
    price = team.figures["shadow_price"]
    worth = f"{formats.money(price * 1000, currency, explicit_sign=True)} for 1k a month"
    return [team.name, load_before, load_after, f"at most {capacity}", worth if price else ""]
