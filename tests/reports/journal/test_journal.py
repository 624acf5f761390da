"""The figures of the journal, each worked out by hand, and once more from the raw transfers."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

import pytest

from allocation.models import Mandate, Transfer
from evidence.models import ThesisBreak
from reports.journal.asked import Asked
from reports.journal.journal import Journal
from spm.accounts.models import ApiKey, Role
from tests.factories import make_member
from tests.reports.journal.history import NOW, Office, noon

pytestmark = pytest.mark.django_db


def journal(office: Office, **asked: Any) -> Journal:
    return Journal(office.portfolio, Asked(**{"period": "all", **asked}), NOW)


# --- from evidence to money -----------------------------------------------------------------------


def test_a_break_waits_for_money_to_leave_and_a_revival_for_money_to_come() -> None:
    office = Office(sick=400, well=100)
    office.turned("sick", "break", noon(2, 1))
    # Money into a broken bet does not follow from the break.
    office.approve(noon(2, 5), {"sick": (400, 500)}, [("reserve", "sick", 100)])
    # 1 February to 21 February: 20 days.
    office.approve(noon(2, 21), {"sick": (500, 200)}, [("sick", "reserve", 300)])
    office.turned("sick", "revival", noon(3, 1))
    # 1 March to 11 March: 10 days.
    office.approve(noon(3, 11), {"sick": (200, 300)}, [("reserve", "sick", 100)])
    office.turned("well", "break", noon(6, 1))  # nothing has followed yet
    shown = journal(office)
    assert sorted(shown.waited) == [10.0, 20.0]
    assert (shown.median_days, shown.still_waiting) == (15.0, 1)


def test_a_thesis_that_turns_again_before_money_moved_had_none_following() -> None:
    office = Office(sick=400)
    office.turned("sick", "break", noon(2, 1))
    office.turned("sick", "revival", noon(2, 10))
    office.approve(noon(2, 20), {"sick": (400, 100)}, [("sick", "reserve", 300)])
    shown = journal(office)
    assert (shown.waited, shown.still_waiting) == ([], 1)  # the revival waits for money to come
    assert [wait.turned_again for wait in shown.waits] == [False, True]


def test_a_wait_belongs_to_the_period_in_which_money_followed() -> None:
    office = Office(sick=400)
    office.turned("sick", "break", noon(2, 1))
    office.approve(noon(6, 20), {"sick": (400, 100)}, [("sick", "reserve", 300)])
    assert journal(office, period="30").waited == [139.0]
    assert len(journal(office, period="30").decisions) == 1
    office.turned("sick", "revival", noon(6, 25))
    later = Journal(office.portfolio, Asked(period="30"), NOW + timedelta(days=60))
    assert (later.waited, later.still_waiting, later.decisions) == ([], 1, [])


# --- who decided ----------------------------------------------------------------------------------


def test_roles_and_mandates_share_the_decisions_and_the_money() -> None:
    office = Office(one=900, two=100)
    holder = make_member(office.portfolio, name="Ada Lovelace")
    mandate = Mandate.objects.create(
        portfolio=office.portfolio,
        user=holder,
        granted_by=office.finance,
        most_per_move=500,
        most_per_30_days=1000,
        expires_at=noon(12, 1),
    )
    # 300 and 100 of 400 are three quarters and a quarter of the money; one decision of two each.
    office.approve(noon(2, 1), {"one": (900, 600)}, [("one", "two", 300)])
    office.approve(
        noon(3, 1),
        {"one": (600, 500)},
        [("one", "reserve", 100)],
        decided_by=holder,
        mandate=mandate,
        authority="Mandate",
    )
    office.decided(office.proposal(noon(4, 1)), "expired", noon(4, 1), decided_by=None,
                   authority="The portfolio's time for deciding")  # fmt: skip
    shown = journal(office)
    found = [(share.name, share.count, share.moved, share.of_money) for share in shown.shares]
    assert found == [
        ("Role: finance", 1, Decimal(300), 0.75),
        (f"Mandate {mandate.pk} of Ada Lovelace", 1, Decimal(100), 0.25),
        ("The portfolio's time for deciding", 1, Decimal(0), 0.0),
    ]
    assert (shown.by_mandate, shown.money_by_mandate) == (pytest.approx(1 / 3), 0.25)


def test_what_came_by_keys_is_counted_for_the_role_whosever_keys_they_were() -> None:
    office = Office(one=900)
    for name in ("Ada", "Grace"):
        owner = make_member(office.portfolio, Role.FINANCE, name=name)
        key, _ = ApiKey.issue(owner, office.portfolio.pk, "sync", ["read", "decide"])
        at, text = noon(3, 1), f"Role: finance of {name}, by the key 'sync'"
        office.decided(office.proposal(at), "approved", at, api_key=key, authority=text)
    (share,) = journal(office).shares
    assert (share.name, share.count) == ("Role: finance, by a key", 2)


# --- refused --------------------------------------------------------------------------------------


def test_a_refusal_counts_what_was_spent_since_on_what_it_would_have_left() -> None:
    office = Office(sick=1000)
    proposal = office.proposal(noon(3, 1))
    office.change(proposal, "sick", 1000, 400, freed=450, entangled=150, notice_months=2.0)
    office.decided(proposal, "refused", noon(3, 1), reason="Not now.")
    # On 1 May it is proposed and approved after all, down to 700.
    office.approve(noon(5, 1), {"sick": (1000, 700)}, [("sick", "reserve", 300)])
    (row,) = journal(office).refused
    # Above 400 the bet held 600 from 1 March to 1 May (61 days), then 300 until 1 July (61 days):
    # (600 · 61 + 300 · 61) ÷ 30.4375 = 54,900 ÷ 30.4375 = 1,803.70.
    assert row.spent == Decimal("1803.70")
    # 450 a month would have been free from 1 May on: 450 · 61 ÷ 30.4375 = 901.85.
    assert row.would_have_freed == Decimal("901.85")
    assert row.again is not None and row.approved_in is not None
    assert (row.again.number, row.approved_in.number) == (2, 2)
    assert (row.difference, row.change.belief, row.change.bet.belief) == (Decimal(-600), 0.1, 0.5)


def test_a_refused_increase_costs_nothing_and_the_other_direction_is_not_the_same_again() -> None:
    office = Office(well=100)
    proposal = office.proposal(noon(3, 1))
    office.change(proposal, "well", 100, 400)
    office.decided(proposal, "refused", noon(3, 1), reason="Not now.")
    office.approve(noon(4, 1), {"well": (100, 50)}, [("well", "reserve", 50)])
    (row,) = journal(office).refused
    assert (row.spent, row.again, row.would_have_freed) == (None, None, Decimal(0))
    assert journal(office, period="30").refused == []


# --- reversed -------------------------------------------------------------------------------------


def test_what_half_came_back_within_ninety_days_was_reversed() -> None:
    office = Office(one=1000)
    office.approve(noon(1, 10), {"one": (1000, 600)}, [("one", "reserve", 400)])
    # 150 of 400 is less than half; with 50 more it is half, 50 days after the decision.
    office.approve(noon(2, 10), {"one": (600, 750)}, [("reserve", "one", 150)])
    office.approve(noon(3, 1), {"one": (750, 800)}, [("reserve", "one", 50)])
    (row,) = journal(office).moved_back
    assert (row.moved, row.back, row.days) == (Decimal(-400), Decimal(200), 50.0)
    shown = journal(office)
    assert (shown.reversed_decisions, shown.booked_decisions, shown.young_decisions) == (1, 3, 0)


def test_what_went_on_its_way_in_between_does_not_count_as_back() -> None:
    office = Office(one=1000)
    office.approve(noon(1, 10), {"one": (1000, 600)}, [("one", "reserve", 400)])
    office.approve(noon(1, 20), {"one": (600, 500)}, [("one", "reserve", 100)])
    # 250 came back of 400, but another 100 had left: 150 net, less than the half of 400; of those
    # 100, however, more than half came back.
    office.approve(noon(2, 1), {"one": (500, 750)}, [("reserve", "one", 250)])
    assert [row.moved for row in journal(office).moved_back] == [Decimal(-100)]


def test_what_came_back_on_the_ninety_first_day_was_not_reversed() -> None:
    office = Office(one=1000)
    office.approve(noon(1, 10), {"one": (1000, 600)}, [("one", "reserve", 400)])
    office.approve(noon(4, 11), {"one": (600, 1000)}, [("reserve", "one", 400)])
    assert journal(office).moved_back == []  # 10 January and 90 days is 10 April


# --- once more, from the raw transfers ------------------------------------------------------------


def test_the_figures_are_those_that_the_raw_transfers_give() -> None:
    office = Office(a=1000, b=800, c=600)
    office.turned("a", "break", noon(1, 20))
    office.turned("b", "break", noon(2, 3))
    office.approve(noon(2, 1), {"a": (1000, 500)}, [("a", "c", 300), ("a", "reserve", 200)])
    office.approve(noon(2, 20), {"b": (800, 600)}, [("b", "reserve", 200)])
    office.turned("a", "revival", noon(3, 1))
    office.approve(noon(3, 15), {"a": (500, 900)}, [("reserve", "a", 400)])
    office.approve(noon(5, 1), {"b": (600, 700)}, [("reserve", "b", 100)])
    shown, raw = journal(office), recomputed(office)
    assert raw["moved"] == {1: 500, 2: 200, 3: 400, 4: 100}
    assert raw["waits"] == [12, 14, 17] and raw["reversed"] == {(1, "a"), (2, "b")}
    numbers = {decision.pk: decision.proposal.number for decision in shown.decisions}
    assert {numbers[pk]: amount for pk, amount in shown.moved.items()} == raw["moved"]
    assert sorted(shown.waited) == raw["waits"]
    assert shown.median_days == median(raw["waits"])
    assert {
        (row.decision.proposal.number, shown.reversed_bets[row.bet_id].title)
        for row in shown.moved_back
    } == raw["reversed"]


def recomputed(office: Office) -> dict[str, Any]:
    """The figures from the rows of the ledger alone, in a way of their own: day by day."""
    moved: dict[int, Decimal] = defaultdict(Decimal)
    levels: dict[tuple[date, int, str], Decimal] = defaultdict(Decimal)
    for row in Transfer.objects.filter(portfolio=office.portfolio, kind="move"):
        assert row.decision is not None
        number = row.decision.proposal.number
        moved[number] += row.amount
        for account, sign in ((row.from_account, -1), (row.to_account, 1)):
            if account.bet is not None:
                levels[row.booked_at.date(), number, account.bet.title] += sign * row.amount
    decided = [(*key, change) for key, change in sorted(levels.items())]
    waited = []
    for turn in ThesisBreak.objects.filter(portfolio=office.portfolio):
        sign, known = (-1 if turn.kind == "break" else 1), turn.known_at.date()
        days = [
            (day - known).days
            for day, _, title, change in decided
            if title == turn.bet.title and change * sign > 0 and day >= known
        ]
        waited += days[:1]
    undone = set()
    for day, number, title, change in decided:
        later = [
            other for when, _, name, other in decided
            if name == title and 0 < (when - day).days <= 90
        ]  # fmt: skip
        if any(-sum(later[: n + 1]) / change >= Decimal("0.5") for n in range(len(later))):
            undone.add((number, title))
    return {"moved": dict(moved), "waits": sorted(waited), "reversed": undone}
