"""Whatever is booked, in whatever order: the books balance at every date, and nobody is below 0."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from allocation import ledger
from allocation.decide import approve, refuse
from allocation.leaving.draw_up import propose_stop
from allocation.models import Account, Decision, Proposal, RecomputeRequest, Transfer
from allocation.part import checked, worked_out
from allocation.recompute import recompute
from allocation.unwinding import stuck_of, unwind
from allocation.verify import verify
from bets.models import Portfolio
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.allocation.test_decide import as_shown, wrong_in_the_books
from tests.factories import make_bet, make_member, make_portfolio, make_scaling_bet

OPENED = date(2026, 1, 1)
PLACES = st.sampled_from(["reserve", "working 0", "working 1", "entangled 0", "entangled 1"])
AMOUNTS = st.integers(1, 60_000).map(lambda cents: Decimal(cents) / 100)

OPERATIONS = st.one_of(
    st.tuples(st.just("move"), PLACES, PLACES, AMOUNTS, st.integers(0, 90)),
    st.tuples(st.just("envelope"), AMOUNTS),
    st.tuples(st.just("days pass"), st.integers(1, 60)),
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(operations=st.lists(OPERATIONS, min_size=4, max_size=12))
def test_the_books_balance_after_any_history(operations: list[tuple]) -> None:
    with transaction.atomic():
        portfolio = make_portfolio()
        bets = [make_bet(portfolio), make_bet(portfolio)]
        ledger.set_envelope(portfolio.pk, Decimal(1000), on=OPENED)
        today = OPENED
        for operation in operations:
            if operation[0] == "days pass":
                today += timedelta(days=operation[1])
                ledger.mature(portfolio.pk, today)
            else:
                book(portfolio, [bet.pk for bet in bets], operation, today)
        assert verify(portfolio) == []
        last = today + timedelta(days=100)
        for day in (OPENED, today, last):
            balances = ledger.balances(portfolio.pk, day)
            assert sum(balances.values()) == 0
            for account in Account.objects.exclude(kind="envelope").filter(portfolio=portfolio):
                assert balances[account.pk] >= 0
        transaction.set_rollback(True)


def book(portfolio: Portfolio, bet_ids: list[int], operation: tuple, today: date) -> None:
    """Do what the operation says, or be told why not."""
    try:
        if operation[0] == "envelope":
            ledger.set_envelope(portfolio.pk, operation[1], on=today)
        elif operation[1] != operation[2]:
            _, giver, taker, amount, days = operation
            entry = ledger.Entry(
                Transfer.Kind.MOVE,
                place(giver, bet_ids),
                place(taker, bet_ids),
                amount,
                today + timedelta(days=days),
            )
            ledger.book(portfolio.pk, [entry], on=today)
    except (Conflict, Invalid):
        return


def place(text: str, bet_ids: list[int]) -> ledger.Place:
    """The account that an operation names."""
    kind, _, index = text.partition(" ")
    return ledger.Place(kind, bet_ids[int(index)] if index else 0)


# --- what an office does --------------------------------------------------------------------------

DEEDS = st.one_of(
    st.tuples(st.just("decide"), st.sampled_from(["whole", "part", "refuse"])),
    st.tuples(st.just("stop"), st.integers(0, 2)),
    st.tuples(st.just("unwind"), st.integers(0, 2), st.sampled_from(["0.30", "1.00", "1.10"])),
    st.tuples(st.just("envelope"), st.integers(40_000, 160_000)),
    st.tuples(st.just("days pass"), st.integers(1, 90)),
)


class Office:
    """Three bets of which one is broken, with who proposes and who decides, and the day it is."""

    def __init__(self) -> None:
        self.today = timezone.localdate()
        self.portfolio = make_portfolio()
        stuck = {"reclaimable_share": 0.6, "notice_months": 2.0, "exit_cost": 1.5}
        terms: list[dict[str, Any]] = [
            {"belief": 0.05, "thesis_status": "broken", **stuck},
            {"belief": 0.9},
            {"belief": 0.6, **stuck},
        ]
        self.bets = [make_scaling_bet(self.portfolio, **each) for each in terms]
        self.lead = make_member(self.portfolio, Role.LEAD)
        self.finance = make_member(self.portfolio, Role.FINANCE)
        ledger.set_envelope(self.portfolio.pk, Decimal(90_000))
        held = {bet.pk: (Decimal(25_000), Decimal(2_000)) for bet in self.bets}
        ledger.open_positions(self.portfolio.pk, held)

    def do(self, deed: tuple) -> None:
        """One deed, or the refusal of it."""
        name, *said = deed
        try:
            getattr(self, name.replace(" ", "_"))(*said)
        except (Conflict, Invalid, NotAllowed):
            return

    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)
        ledger.mature(self.portfolio.pk, self.today)

    def envelope(self, amount: int) -> None:
        ledger.set_envelope(self.portfolio.pk, Decimal(amount), on=self.today)

    def unwind(self, which: int, share: str) -> None:
        bet = self.bets[which]
        stuck = stuck_of(bet, self.today)
        seen = stuck.amount if stuck else None
        amount = (seen or Decimal(1)) * Decimal(share)
        given = {"amount": f"{amount:.2f}", "reason": "It ended.", "effective_on": self.today}
        unwind(self.finance, bet.pk, given, seen=seen, today=self.today)
        with pytest.raises((Conflict, Invalid)):  # the same form arrives again
            unwind(self.finance, bet.pk, given, seen=seen, today=self.today)

    def stop(self, which: int) -> None:
        self.approved(propose_stop(self.lead, self.bets[which].pk, "It came to nothing."))

    def decide(self, how: str) -> None:
        proposal = recompute(self.portfolio.pk)
        if proposal is None:
            return
        if how == "refuse":
            refuse(self.finance, proposal.pk, as_shown(proposal), "Not now.")
        else:
            first = proposal.changes.order_by("id").values_list("bet_id", flat=True)[0]
            self.approved(proposal, [first] if how == "part" else [])

    def approved(self, proposal: Proposal, left_out: Sequence[int] = ()) -> None:
        """Approve it, or all of it but these; once, however often."""
        RecomputeRequest.objects.filter(portfolio=self.portfolio).delete()
        part, shown = checked(proposal, list(left_out), {}), as_shown(proposal)
        if left_out:
            shown = replace(shown, part_sha256=worked_out(proposal, part).sha256)
        at = timezone.make_aware(datetime.combine(self.today, time(12)))
        approve(self.finance, proposal.pk, shown, part, at=at)
        booked = Transfer.objects.count()
        with pytest.raises(Conflict):
            approve(self.finance, proposal.pk, shown, part, at=at)
        assert Transfer.objects.count() == booked

    def assert_balanced(self) -> None:
        """At each date on which anything happens all accounts are nothing, and none below it."""
        rows = Transfer.objects.filter(portfolio=self.portfolio).order_by()
        envelope = Account.objects.get(portfolio=self.portfolio, kind="envelope").pk
        for day in {self.today, *rows.values_list("effective_on", flat=True)}:
            balances = ledger.balances(self.portfolio.pk, day)
            assert sum(balances.values()) == 0
            assert min(held for pk, held in balances.items() if pk != envelope) >= 0


@pytest.mark.django_db
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@example(deeds=[("decide", "part"), ("days pass", 70), ("unwind", 0, "1.00"), ("decide", "whole")])
@example(deeds=[("stop", 0), ("unwind", 0, "0.30"), ("envelope", 100_000), ("decide", "whole")])
@given(deeds=st.lists(DEEDS, min_size=2, max_size=5))
def test_the_books_balance_whatever_an_office_decides_stops_and_unwinds(deeds: list[tuple]) -> None:
    with transaction.atomic():
        office = Office()
        for deed in deeds:
            office.do(deed)
            office.assert_balanced()
        assert wrong_in_the_books(office.portfolio) == []
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_what_the_office_above_does_is_really_done() -> None:
    office = Office()
    for deed in [("decide", "part"), ("days pass", 70), ("unwind", 0, "1.00"), ("stop", 1)]:
        office.do(deed)
        office.assert_balanced()
    kinds = list(Decision.objects.order_by("id").values_list("kind", "proposal__purpose"))
    assert kinds == [("partial", "reallocation"), ("approved", "stop")]
    booked = set(Transfer.objects.values_list("kind", flat=True))
    assert booked == {"envelope", "opening", "move", "unwind"}
