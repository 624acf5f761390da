"""Which teams hold more than they can absorb: projected onto the teams, for the board to read."""

from collections.abc import Mapping
from decimal import Decimal

import numpy as np

from allocation.engine import Snapshot
from allocation.engine.lending import Lending
from bets.models import Team
from spm import live

CENT = Decimal("0.01")


def overloads(snapshot: Snapshot) -> dict[int, Decimal]:
    """What each team holds over its capacity today, currency per month, by team id.

    The load is Σ θ_jt·(c_j + u_j); the overload is what is left of it when the teams lend each
    other what they can (engine.md, section 2: the least over all lending).
    """
    place = {team.id: row for row, team in enumerate(snapshot.teams)}
    load = np.zeros(len(place))
    for bet in snapshot.bets:
        for team, share in bet.teams.items():
            load[place[team]] += share * (bet.working + bet.entangled)
    over = Lending.least(snapshot, load).overload
    return {
        int(team.id): Decimal(repr(float(over[row]))).quantize(CENT)
        for row, team in enumerate(snapshot.teams)
    }


def project(portfolio_id: int, over: Mapping[int, Decimal]) -> None:
    """Write what is over to the teams of which it has changed, and say so to open pages."""
    teams = Team.objects.filter(portfolio_id=portfolio_id).order_by("id")
    changed = [
        team_id
        for team_id, was in teams.values_list("id", "overload")
        if over.get(team_id, was) != was
    ]
    for team_id in changed:
        Team.objects.filter(pk=team_id).update(overload=over[team_id])
    if changed:
        live.say(portfolio_id, "teams", *(f"team:{team_id}" for team_id in changed))
