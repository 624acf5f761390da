"""From rows to the engine's input: one portfolio at one moment (engine.md, section 2)."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from allocation import engine
from allocation.models import Account, Guardrail
from bets.models import Bet, BetTeam, Dependency, Fungibility, Portfolio, Stage, Team
from bets.models.bet import EXITS, FUNDABLE, ThesisStatus
from evidence.models import HypothesisBelief

# A bet that nobody has stated a thesis for is planned as a coin's toss, and may not grow.
BELIEF_WITHOUT_THESIS = 0.5

Snapshot = dict[str, Any]


def snapshot_of(portfolio: Portfolio) -> Snapshot:
    """The portfolio as the engine takes it; ids are strings, amounts are floats.

    Positions are the booked ones: what has been decided is not proposed again while its notice
    runs.
    """
    accounts = list(Account.objects.filter(portfolio=portfolio))
    positions: dict[int, dict[str, Account]] = defaultdict(dict)
    envelope, on_its_way = Decimal(0), Decimal(0)
    for account in accounts:
        if account.bet_id is not None:
            positions[account.bet_id][account.kind] = account
        elif account.kind == Account.Kind.ENVELOPE:
            envelope = -account.booked
        else:
            on_its_way = account.booked - account.available
    return {
        "horizon_months": portfolio.horizon_months,
        "envelope": float(envelope),
        # What notice still keeps from the reserve cannot be given out of it.
        "reserve_floor": float(max(portfolio.reserve_floor, on_its_way)),
        "switching_cost": float(portfolio.switching_cost),
        "teams": [
            {"id": str(team.pk), "capacity": float(team.capacity)}
            for team in Team.objects.filter(portfolio=portfolio).order_by("id")
        ],
        "fungibility": [
            {
                "from": str(pair.from_team_id),
                "to": str(pair.to_team_id),
                "efficiency": pair.efficiency,
            }
            for pair in Fungibility.objects.filter(from_team__portfolio=portfolio).order_by("id")
        ],
        "bets": _bets(portfolio, positions),
        "guardrails": [
            guardrail_of(guardrail)
            for guardrail in Guardrail.objects.filter(portfolio=portfolio, active=True)
        ],
        "levers": portfolio.lever_terms,
    }


def _bets(portfolio: Portfolio, positions: dict[int, dict[str, Account]]) -> list[dict[str, Any]]:
    shares: dict[int, dict[str, float]] = defaultdict(dict)
    for link in BetTeam.objects.filter(bet__portfolio=portfolio):
        shares[link.bet_id][str(link.team_id)] = link.share
    needs: dict[int, list[str]] = defaultdict(list)
    for need in Dependency.objects.filter(bet__portfolio=portfolio).order_by("needs_id"):
        needs[need.bet_id].append(str(need.needs_id))
    hypotheses = _hypotheses(portfolio)
    needed = {need for needs_of_bet in needs.values() for need in needs_of_bet}
    rows = []
    for bet in Bet.objects.filter(portfolio=portfolio).order_by("id"):
        held = positions.get(bet.pk, {})
        # A bet on its way in, or long out, holds nothing and can be given nothing; it is told of
        # only where another needs it, which then cannot be funded either.
        if _funded(held) or may_grow(bet) or str(bet.pk) in needed:
            row = _bet(bet, held, shares.get(bet.pk, {}), needs.get(bet.pk, []))
            rows.append({**row, "hypotheses": hypotheses.get(bet.pk, [])})
    return rows


def _hypotheses(portfolio: Portfolio) -> dict[int, list[dict[str, Any]]]:
    """What each bet's thesis stands on, by bet; the product of the beliefs is the bet's."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    beliefs = HypothesisBelief.objects.filter(hypothesis__bet__portfolio=portfolio)
    for hypothesis_id, bet_id, belief in beliefs.order_by("hypothesis_id").values_list(
        "hypothesis_id", "hypothesis__bet_id", "belief"
    ):
        found[bet_id].append({"id": str(hypothesis_id), "belief": belief})
    return found


def _funded(held: dict[str, Account]) -> bool:
    return any(account.booked > 0 for account in held.values())


def _bet(
    bet: Bet, held: dict[str, Account], shares: dict[str, float], needs: list[str]
) -> dict[str, Any]:
    working, entangled = held.get(Account.Kind.WORKING), held.get(Account.Kind.ENTANGLED)
    booked = working.booked if working else Decimal(0)
    free = working.available if working else Decimal(0)
    value = _value(bet)
    return {
        "id": str(bet.pk),
        "working": float(booked),
        "entangled": float(entangled.booked) if entangled else 0.0,
        "belief": BELIEF_WITHOUT_THESIS if bet.belief is None else bet.belief,
        "value": value,
        "full_funding": float(_full_funding(bet, booked)),
        "response": bet.response,
        "minimum": float(bet.minimum),
        "maximum": None if bet.funding_limit is None else float(bet.funding_limit),
        "reclaimable_share": bet.reclaimable_share,
        "notice_months": bet.notice_months,
        "exit_cost": bet.exit_cost,
        "ramp_cost": bet.ramp_cost,
        "withdrawable": _withdrawable(bet, booked, free),
        "may_grow": may_grow(bet),
        "teams": shares,
        "needs": needs,
        "attributes": {
            name: str(attribute)
            for name, attribute in bet.attributes().items()
            if attribute is not None
        },
    }


def may_grow(bet: Bet) -> bool:
    """Whether money may be added: a fundable stage, a thesis that is stated and not broken."""
    return (
        bet.stage in FUNDABLE
        and bet.thesis_status != ThesisStatus.BROKEN
        and bet.belief is not None
        and bet.value_p50 is not None
        and not (bet.stage == Stage.TESTING and bet.test_budget is None)
    )


def _value(bet: Bet) -> dict[str, float]:
    if bet.stage in EXITS or bet.value_p50 is None:
        return {"p10": 0.0, "p50": 0.0, "p90": 0.0}
    p50 = float(bet.value_p50)
    return {
        "p10": float(bet.value_p10) if bet.value_p10 is not None else p50,
        "p50": p50,
        "p90": float(bet.value_p90) if bet.value_p90 is not None else p50,
    }


def _full_funding(bet: Bet, booked: Decimal) -> Decimal:
    return bet.full_funding or bet.maximum or bet.test_budget or booked


def _withdrawable(bet: Bet, booked: Decimal, free: Decimal) -> float:
    """The share that may be withdrawn now.

    Nothing from a bet whose value nobody has stated: that it is worth nothing would be a guess.
    Not what is only scheduled to arrive.
    """
    if bet.value_p50 is None and bet.stage not in EXITS:
        return 0.0
    if booked <= 0:
        return bet.withdrawable
    return min(bet.withdrawable, float(free / booked))


def guardrail_of(guardrail: Guardrail) -> dict[str, Any]:
    """A guardrail as the engine takes it."""
    return {
        "id": str(guardrail.pk),
        "kind": guardrail.kind,
        "scope": {
            name: [str(value) for value in values] for name, values in guardrail.scope.items()
        },
        "min": None if guardrail.minimum is None else float(guardrail.minimum),
        "max": None if guardrail.maximum is None else float(guardrail.maximum),
    }


def expected_value(snapshot: engine.Snapshot) -> float:
    """What today's funding is worth over the horizon, Σ p·V·g(c/F), before its cost; currency."""
    return sum(
        bet.belief * bet.value_if_true * bet.response.at(bet.working / bet.full_funding)
        for bet in snapshot.bets
        if bet.full_funding > 0
    )
