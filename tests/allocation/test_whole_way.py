"""From rows to the engine, to a proposal, to the books and to the proof: to the cent, every time.

Portfolios at random, with everything that makes rounding hard: shares that are no round numbers,
notice, entanglement, limits, bets without a thesis, and bets on their way out that hold money.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from allocation import ledger
from allocation.decide import approve
from allocation.models import Account, Guardrail, LatestRun, Proposal, RecomputeRequest
from allocation.recompute import recompute
from allocation.still_so import Shown
from allocation.verify import verify
from bets.models import Bet, Portfolio
from spm.accounts.models import Role
from tests.factories import make_member, make_portfolio, make_scaling_bet, make_team

OPENED = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOTHING = Decimal(0)


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_what_is_booked_is_what_was_worked_out(seed: int) -> None:
    random = Random(seed)
    portfolio = portfolio_of(random)
    finance, at = make_member(portfolio, Role.FINANCE), OPENED
    for _ in range(4):
        at += timedelta(days=random.choice([1, 20, 70]))
        ledger.mature(portfolio.pk, at.date())
        before = booked(portfolio)
        proposal = recompute(portfolio.pk, at)
        RecomputeRequest.objects.all().delete()
        assert LatestRun.objects.get(portfolio=portfolio).problem == ""
        if proposal is not None:
            moves_add_up(proposal)
            shown = Shown(proposal.version, proposal.content_sha256)
            approve(finance, proposal.pk, shown, at=at)
            books_follow(proposal, before, booked(portfolio))
        assert [found for found in verify(portfolio) if found.row != "evidence"] == []
        learn(portfolio, random)


def moves_add_up(proposal: Proposal) -> None:
    """What leaves a bet and what becomes entangled is what its working money changes by."""
    for change in proposal.changes.all():
        out = sum((move.amount for move in proposal.moves.filter(from_bet=change.bet)), NOTHING)
        into = sum((move.amount for move in proposal.moves.filter(to_bet=change.bet)), NOTHING)
        assert out == change.freed
        assert change.working_before - change.working_after == out + change.entangled - into


def books_follow(proposal: Proposal, before: dict, after: dict) -> None:
    """The accounts stand where the engine's solution says, and nobody else has moved."""
    for change in proposal.changes.all():
        stuck = before.get((change.bet_id, "entangled"), NOTHING) + change.entangled
        assert after.pop((change.bet_id, "working")) == change.working_after
        assert after.pop((change.bet_id, "entangled"), NOTHING) == stuck
    assert after.pop((None, "reserve")) == cents(proposal.solution["reserve"])
    assert after.items() <= before.items()


def booked(portfolio: Portfolio) -> dict[tuple[int | None, str], Decimal]:
    """What every account holds once all that is booked is effective."""
    accounts = Account.objects.filter(portfolio=portfolio)
    return {(account.bet_id, account.kind): account.booked for account in accounts}


def cents(amount: float) -> Decimal:
    """An amount as it is booked."""
    return Decimal(repr(round(amount, 2))).quantize(Decimal("0.01"))


def learn(portfolio: Portfolio, random: Random) -> None:
    """Beliefs move, some theses break, and money turns out to be less reclaimable."""
    for bet in Bet.objects.filter(portfolio=portfolio, belief__isnull=False):
        if random.random() < 0.5:
            bet.belief = random.random()
            bet.thesis_status = random.choice(["intact", "broken"])
            bet.reclaimable_share = random.random()
            bet.save()


def portfolio_of(random: Random) -> Portfolio:
    """A portfolio with its books opened."""
    portfolio = make_portfolio(
        reserve_floor=random.choice([NOTHING, Decimal("500.37")]),
        switching_cost=random.choice([0, 5000]),
    )
    teams = [make_team(portfolio, capacity=cents(random.uniform(5e4, 3e5))) for _ in range(3)]
    positions = {}
    for _ in range(random.randint(3, 12)):
        shares = {random.choice(teams): random.choice([1.0, 0.5])}
        bet = make_scaling_bet(portfolio, teams=shares, **terms(random))
        held = random.choice([0.0, random.uniform(1, 60_000)])
        positions[bet.pk] = (cents(held), cents(random.choice([0.0, held / 3])))
    held_by_bets = float(sum(sum(position) for position in positions.values()))
    ledger.set_envelope(
        portfolio.pk, cents(held_by_bets * random.uniform(1, 1.6) + 100), on=OPENED.date()
    )
    ledger.open_positions(portfolio.pk, positions, on=OPENED.date())
    if random.random() < 0.5:
        limit(portfolio, "turnover", "0.1337")
        limit(portfolio, "count", "4")
        limit(portfolio, "share", "0.3", scope={"horizon": ["H2"], "unheard of": ["x"]})
    return portfolio


def limit(portfolio: Portfolio, kind: str, maximum: str, **fields: object) -> None:
    """A guardrail with an upper limit."""
    Guardrail.objects.create(
        portfolio=portfolio, name=kind, kind=kind, maximum=Decimal(maximum), **fields
    )


def terms(random: Random) -> dict[str, object]:
    """What a bet is worth, how it can be funded, and how it can be left."""
    median, full = random.uniform(1e5, 8e6), random.uniform(5e3, 9e4)
    return {
        "stage": random.choice(["scaling", "scaling", "scaling", "sustaining", "stopped"]),
        "belief": random.choice([None, random.random(), random.random(), random.random()]),
        "value_p10": cents(median * random.uniform(0.2, 1)),
        "value_p50": cents(median),
        "value_p90": cents(median * random.uniform(1, 3)),
        "full_funding": random.choice([NOTHING, cents(full), cents(full)]),
        "maximum": random.choice([None, cents(full * 1.2)]),
        "minimum": random.choice([NOTHING, cents(full * random.uniform(0.05, 0.5))]),
        "reclaimable_share": random.choice([1.0, 0.0, 0.333, random.random()]),
        "notice_months": random.choice([0.0, 1.0, 2.5]),
        "exit_cost": random.choice([0.0, random.uniform(0, 3)]),
        "ramp_cost": random.choice([0.0, random.random()]),
        "withdrawable": random.choice([1.0, 0.3333, random.random()]),
    }
