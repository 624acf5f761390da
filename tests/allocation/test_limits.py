"""The one door for limits: what is refused with its field, what is journalled, what is owed."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from allocation import ledger, limits
from allocation.models import Guardrail, LimitChange, RecomputeRequest
from allocation.recompute import recompute
from bets.edit import OFFICE
from bets.models import Portfolio
from spm.accounts.models import ApiKey, Role, Scope, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.allocation.test_recompute import two_bets
from tests.at_once import at_once
from tests.factories import make_member, make_portfolio, make_scaling_bet, make_theme

H3: dict[str, Any] = {
    "name": "Exploratory",
    "kind": "share",
    "maximum": "0.2",
    "scope": {"horizon": ["H3"]},
    "reason": "They are many and small.",
}


@pytest.fixture
def office(db: None) -> tuple[Portfolio, User]:
    portfolio = make_portfolio()
    return portfolio, make_member(portfolio, Role.FINANCE, name="Camille")


Office = tuple[Portfolio, User]


def owed(portfolio: Portfolio) -> list[str]:
    return list(
        RecomputeRequest.objects.filter(portfolio=portfolio).values_list("reason", flat=True)
    )


def test_a_guardrail_is_made_with_who_and_why_and_owes_a_recomputation(office: Office) -> None:
    portfolio, finance = office
    made = limits.create_guardrail(finance, portfolio, H3)
    assert (made.name, made.maximum, made.scope) == (
        "Exploratory",
        Decimal("0.2"),
        {"horizon": ["H3"]},
    )
    entry = LimitChange.objects.get()
    assert (entry.guardrail, entry.changed_by, entry.reason) == (made, finance, H3["reason"])
    assert entry.before == {}
    assert (entry.after["maximum"], entry.after["active"]) == ("0.2000", True)
    assert owed(portfolio) == ["Guardrails were set."]


def test_a_change_is_kept_from_what_to_what(office: Office) -> None:
    portfolio, finance = office
    made = limits.create_guardrail(finance, portfolio, H3)
    changed = limits.change_guardrail(
        finance, made.pk, {"maximum": 0.25, "reason": "More room."}, version=1
    )
    assert (changed.maximum, changed.version) == (Decimal("0.25"), 2)
    entry = LimitChange.objects.first()
    assert entry is not None
    assert (entry.before["maximum"], entry.after["maximum"]) == ("0.2000", "0.2500")
    assert owed(portfolio)[-1] == "Guardrail ‘Exploratory’ was changed."


def test_a_guardrail_is_taken_out_of_force_and_put_back_never_removed(office: Office) -> None:
    portfolio, finance = office
    made = limits.create_guardrail(finance, portfolio, H3)
    for active in (False, True):
        limits.change_guardrail(finance, made.pk, {"active": active, "reason": "Trial."})
        assert Guardrail.objects.get(pk=made.pk).active is active
    assert LimitChange.objects.count() == 3


def test_what_changes_nothing_is_neither_journalled_nor_owed(office: Office) -> None:
    portfolio, finance = office
    made = limits.create_guardrail(finance, portfolio, H3)
    RecomputeRequest.objects.all().delete()
    same = limits.change_guardrail(finance, made.pk, {"maximum": "0.2000", "reason": "Again."})
    assert (same.version, LimitChange.objects.count(), owed(portfolio)) == (1, 1, [])


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"kind": "turnover", "minimum": "0.1", "scope": {}}, "minimum", "no minimum"),
        ({"maximum": "1.2"}, "maximum", "between 0 and 100 %"),
        ({"scope": {"colour": ["green"]}}, "scope", "no attribute 'colour'"),
        ({"scope": {"horizon": ["H9"]}}, "scope", "no horizon 'H9'"),
        ({"scope": {"theme": [999_999]}}, "scope", "no theme '999999'"),
        ({"scope": {"horizon": []}}, "scope", "at least one horizon"),
        ({"scope": "H3"}, "scope", "Give an object"),
        ({"kind": "reserve", "minimum": "1", "maximum": None}, "scope", "whole envelope"),
        ({"kind": "count", "maximum": "2.5"}, "maximum", "whole number of bets"),
        ({"kind": "colour"}, "kind", "Choose one of these"),
        ({"maximum": None}, "maximum", "limits nothing"),
        ({"minimum": "0.3"}, "minimum", "above its most"),
        ({"maximum": "NaN"}, "maximum", "below a million million"),
        ({"maximum": True}, "maximum", "Give a number"),
        ({"name": " "}, "name", "Write something"),
        ({"name": "x" * 121}, "name", "at most 120"),
        ({"reason": ""}, "reason", "Write something"),
        ({"colour": 1}, "colour", "no such field"),
    ],
)
def test_what_the_engine_could_not_take_is_refused_with_its_field(
    office: Office, given: dict[str, Any], field: str, says: str
) -> None:
    portfolio, finance = office
    with pytest.raises(Invalid) as refusal:
        limits.create_guardrail(finance, portfolio, {**H3, **given})
    assert says in refusal.value.fields[field]
    assert not Guardrail.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "turnover", "minimum": Decimal("0.1")},
        {"kind": "share", "maximum": Decimal("1.2")},
        {"kind": "share", "minimum": Decimal(2)},
        {"kind": "count", "maximum": Decimal("2.5")},
        {"kind": "reserve", "minimum": 1, "scope": {"horizon": ["H3"]}},
    ],
)
def test_the_database_refuses_what_the_engine_could_not_take(
    office: Office, fields: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Guardrail.objects.create(portfolio=office[0], name="Odd", **fields)


def test_a_name_is_used_once_whatever_its_letters(office: Office) -> None:
    portfolio, finance = office
    limits.create_guardrail(finance, portfolio, H3)
    with pytest.raises(Invalid) as refusal:
        limits.create_guardrail(finance, portfolio, {**H3, "name": "EXPLORATORY"})
    assert "already" in refusal.value.fields["name"]


def test_who_changes_what_somebody_else_has_changed_is_told_by_whom(office: Office) -> None:
    portfolio, finance = office
    made = limits.create_guardrail(finance, portfolio, H3)
    limits.change_guardrail(finance, made.pk, {"maximum": "0.3", "reason": "More."}, version=1)
    with pytest.raises(Conflict, match="Camille has changed this guardrail"):
        limits.change_guardrail(finance, made.pk, {"maximum": "0.1", "reason": "Less."}, version=1)


@pytest.mark.parametrize("role", sorted(set(Role.values) - {Role.FINANCE}))
def test_only_finance_sets_limits(office: Office, role: str) -> None:
    portfolio, finance = office
    made = limits.create_guardrail(finance, portfolio, H3)
    other = make_member(portfolio, role)
    why = "I want to."
    for act in (
        lambda: limits.create_guardrail(other, portfolio, {**H3, "name": "Another"}),
        lambda: limits.change_guardrail(other, made.pk, {"maximum": "0.3", "reason": why}),
        lambda: limits.upsert_guardrail(other, portfolio, "Exploratory", {"reason": why}),
        lambda: limits.change_envelope(other, portfolio.pk, Decimal(1000), why),
        lambda: limits.change_reserve_floor(other, portfolio.pk, Decimal(1), why),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_guardrail_of_another_portfolio_is_not_there(office: Office) -> None:
    portfolio, finance = office
    made = limits.create_guardrail(finance, portfolio, H3)
    stranger = make_member(make_portfolio(), Role.FINANCE)
    with pytest.raises(Guardrail.DoesNotExist):
        limits.change_guardrail(stranger, made.pk, {"maximum": "0.3", "reason": "Mine."})


def test_a_key_needs_the_scope_for_it_and_is_named_in_the_journal(office: Office) -> None:
    portfolio, finance = office
    reader, _ = ApiKey.issue(finance, portfolio.pk, "reader", [Scope.READ])
    setter, _ = ApiKey.issue(finance, portfolio.pk, "setter", [Scope.READ, Scope.LIMITS])
    with pytest.raises(NotAllowed, match="scope 'limits'"):
        limits.create_guardrail(reader, portfolio, H3)
    limits.create_guardrail(setter, portfolio, H3)
    entry = LimitChange.objects.get()
    assert (entry.changed_by, entry.api_key) == (None, setter)


def test_an_upsert_makes_changes_or_finds_it_as_it_is(office: Office) -> None:
    portfolio, finance = office
    given = {name: value for name, value in H3.items() if name != "name"}
    outcomes = [
        limits.upsert_guardrail(finance, portfolio, name, {**given, "maximum": maximum})
        for name, maximum in (("Exploratory", "0.2"), ("exploratory", 0.2), ("Exploratory", 0.3))
    ]
    assert [(each.created, each.changed) for each in outcomes] == [
        (True, True),
        (False, False),
        (False, True),
    ]
    assert LimitChange.objects.count() == 2


def test_the_same_upsert_from_eight_at_once_is_one_guardrail(committed_db: None) -> None:
    portfolio = make_portfolio()
    given = {name: value for name, value in H3.items() if name != "name"}
    outcomes = at_once(
        [lambda: limits.upsert_guardrail(OFFICE, portfolio, "Exploratory", given)] * 8
    )
    assert sorted(outcome.created for outcome in outcomes) == [False] * 7 + [True]
    assert Guardrail.objects.count() == LimitChange.objects.count() == 1


def test_the_envelope_grows_into_the_reserve_and_says_who_and_why(office: Office) -> None:
    portfolio, finance = office
    ledger.set_envelope(portfolio.pk, Decimal(100_000))
    changed = limits.change_envelope(finance, portfolio.pk, "120000", "The board agreed.")
    assert (changed.envelope, changed.reserve) == (120_000, 120_000)
    entry = LimitChange.objects.get()
    assert (entry.subject, entry.before, entry.after) == (
        "envelope",
        {"amount": "100000.00"},
        {"amount": "120000.00"},
    )
    assert portfolio.transfers.all()[0].booked_by == finance
    assert owed(portfolio) == ["Envelope: changed to 120000.00 a month."]


def test_an_envelope_cannot_shrink_below_what_is_held(office: Office) -> None:
    portfolio, finance = office
    bet = make_scaling_bet(portfolio)
    ledger.set_envelope(portfolio.pk, Decimal(100))
    ledger.open_positions(portfolio.pk, {bet.pk: (Decimal(90), Decimal(0))})
    with pytest.raises(Invalid) as refusal:
        limits.change_envelope(finance, portfolio.pk, "50", "Less.")
    assert "Bets hold €90.00 per month" in refusal.value.fields["envelope"]
    assert not LimitChange.objects.exists()


@pytest.mark.parametrize(
    ("amount", "reason", "field"),
    [
        ("-1", "Less.", "envelope"),
        ("0", "Less.", "envelope"),
        ("x", "Less.", "envelope"),
        ("5", " ", "reason"),
        ("100", "The same.", "envelope"),
    ],
)
def test_an_envelope_that_cannot_be_is_refused(
    office: Office, amount: str, reason: str, field: str
) -> None:
    portfolio, finance = office
    ledger.set_envelope(portfolio.pk, Decimal(100))
    with pytest.raises(Invalid) as refusal:
        limits.change_envelope(finance, portfolio.pk, amount, reason)
    assert field in refusal.value.fields


def test_the_reserve_floor_is_a_limit_like_the_others(office: Office) -> None:
    portfolio, finance = office
    changed = limits.change_reserve_floor(finance, portfolio.pk, "500", "A cushion.")
    assert changed.reserve_floor == 500
    assert LimitChange.objects.get().after == {"amount": "500.00"}
    assert owed(portfolio) == ["Reserve floor: changed to 500.00 a month."]


def test_the_journal_of_limits_only_grows(office: Office) -> None:
    portfolio, finance = office
    limits.create_guardrail(finance, portfolio, H3)
    with pytest.raises(Exception, match=r"permission denied|Cannot update"), transaction.atomic():
        LimitChange.objects.update(reason="Something else")


def test_a_changed_limit_is_in_the_next_computation(office: Office) -> None:
    portfolio, _, _ = two_bets()
    made = limits.create_guardrail(
        OFFICE,
        portfolio,
        {"name": "Moved at once", "kind": "turnover", "maximum": "0", "reason": "Stand still."},
    )
    held = recompute(portfolio.pk)
    assert held is not None
    assert held.out_of_bets == 0
    limits.change_guardrail(OFFICE, made.pk, {"active": False, "reason": "Go on."})
    freed = recompute(portfolio.pk)
    assert freed is not None
    assert freed.out_of_bets > 0


def test_a_theme_may_be_named_by_its_number(office: Office) -> None:
    portfolio, finance = office
    theme = make_theme(portfolio)
    scope = {"theme": [theme.pk]}
    made = limits.create_guardrail(finance, portfolio, {**H3, "scope": scope})
    assert made.scope == {"theme": [str(theme.pk)]}
