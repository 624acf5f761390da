"""Limits on work in progress: who sets them, what is journalled, who went over them and why."""

from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from bets.board import move
from bets.models import Portfolio, WipLimit, WipLimitChange
from bets.wip import overrides_in, set_limits
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.at_once import at_once
from tests.bets.test_board import bet_ready_for_more, portfolio_and_lead
from tests.bets.test_kanban import HTMX, board_of, html_of
from tests.factories import make_bet, make_member, make_portfolio, make_stream

db = pytest.mark.django_db


def limits_of(portfolio: Portfolio) -> dict[tuple[str, int | None], int]:
    rows = WipLimit.objects.filter(portfolio=portfolio)
    return {(row.stage, row.stream_id): row.limit for row in rows}


@db
def test_a_lead_sets_limits_and_each_change_is_journalled() -> None:
    portfolio, lead = portfolio_and_lead()
    stream = make_stream(portfolio)
    set_limits(lead, portfolio, "testing", {None: 5, stream.pk: 2})
    set_limits(lead, portfolio, "testing", {None: 4, stream.pk: None})
    assert limits_of(portfolio) == {("testing", None): 4}
    journal = WipLimitChange.objects.order_by("id").values_list(
        "stream_id", "from_limit", "to_limit", "changed_by"
    )
    assert set(journal) == {
        (None, None, 5, lead.pk),
        (stream.pk, None, 2, lead.pk),
        (None, 5, 4, lead.pk),
        (stream.pk, 2, None, lead.pk),
    }


@db
def test_a_limit_that_stays_is_not_journalled() -> None:
    portfolio, lead = portfolio_and_lead()
    set_limits(lead, portfolio, "testing", {None: 5})
    assert set_limits(lead, portfolio, "testing", {None: 5}) == []
    assert WipLimitChange.objects.count() == 1


@db
@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.LEAD])
def test_nobody_but_a_lead_sets_limits(role: str) -> None:
    portfolio = make_portfolio()
    with pytest.raises(NotAllowed):
        set_limits(make_member(portfolio, role), portfolio, "testing", {None: 5})


@db
@pytest.mark.parametrize("limit", [-1, 1000])
def test_a_limit_that_cannot_be_is_refused(limit: int) -> None:
    portfolio, lead = portfolio_and_lead()
    with pytest.raises(Invalid) as refusal:
        set_limits(lead, portfolio, "testing", {None: limit})
    assert set(refusal.value.fields) == {"limit"}


@db
def test_a_stream_of_another_portfolio_cannot_be_limited() -> None:
    portfolio, lead = portfolio_and_lead()
    foreign = make_stream(make_portfolio())
    with pytest.raises(Invalid, match="no such value stream"):
        set_limits(lead, portfolio, "testing", {foreign.pk: 5})


@db
def test_who_sets_a_limit_that_another_has_changed_meanwhile_is_told() -> None:
    portfolio, lead = portfolio_and_lead()
    set_limits(lead, portfolio, "testing", {None: 5})
    with pytest.raises(Conflict) as conflict:
        set_limits(lead, portfolio, "testing", {None: 3}, seen={None: 9})
    assert conflict.value.changed == ["limit"]
    assert set_limits(lead, portfolio, "testing", {None: 5}, seen={None: 9}) == []


@db
def test_a_limit_that_is_set_holds_for_the_next_move() -> None:
    portfolio, lead = portfolio_and_lead()
    first, second = bet_ready_for_more(portfolio), bet_ready_for_more(portfolio)
    set_limits(lead, portfolio, "framing", {None: 1})
    move(lead, first.pk, "framing")
    move(lead, second.pk, "framing", override_reason="The regulator asks")
    (override,) = overrides_in(portfolio.pk, ["framing"])
    assert (override.title, override.who) == (second.title, lead.name)
    assert override.reason == "The regulator asks"
    move(lead, second.pk, "funnel")
    assert overrides_in(portfolio.pk, ["framing"]) == []


@db
def test_the_head_of_a_column_says_who_went_over_its_limit_and_why() -> None:
    cache.clear()
    portfolio, lead = portfolio_and_lead()
    set_limits(lead, portfolio, "framing", {None: 0})
    move(lead, bet_ready_for_more(portfolio).pk, "framing", override_reason="The regulator asks")
    html = html_of(board_of(portfolio), "/kanban")
    assert f"Over its limit: {lead.name}, <q>The regulator asks</q>" in html
    set_limits(lead, portfolio, "framing", {None: 1})
    assert "Over its limit" not in html_of(board_of(portfolio), "/kanban")


@db
def test_a_limit_lowered_below_what_stands_there_is_said() -> None:
    cache.clear()
    portfolio, lead = portfolio_and_lead()
    make_bet(portfolio, stage="testing")
    set_limits(lead, portfolio, "testing", {None: 0})
    assert "since it was lowered" in html_of(board_of(portfolio), "/kanban")


@db
def test_the_runtime_role_cannot_rewrite_the_journal_of_limits() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('bets_wiplimitchange', 'UPDATE'),"
            " has_table_privilege('bets_wiplimitchange', 'DELETE')"
        )
        assert cursor.fetchone() == (False, False)


def post(client: Any, portfolio: Portfolio, **fields: Any) -> Any:
    data = {"portfolio": portfolio.pk, **fields}
    return client.post("/kanban/limits/testing", data, headers=HTMX)


@db
def test_limits_are_set_in_the_dialog_of_a_column() -> None:
    portfolio, lead = portfolio_and_lead()
    stream = make_stream(portfolio, name="Payments")
    set_limits(lead, portfolio, "testing", {None: 5})
    client = board_of(portfolio)
    html = html_of(client, f"/kanban/limits/testing?portfolio={portfolio.pk}")
    assert "Payments" in html and f"by {lead}" in html
    answer = post(client, portfolio, **{"limit": "4", "initial-limit": "5"})
    assert answer.status_code == 200
    assert limits_of(portfolio) == {("testing", None): 4}
    assert stream.pk


@db
@pytest.mark.parametrize("typed", ["-1", "x", "1.5", "99999"])
def test_what_is_no_limit_is_answered_beside_the_field_and_stays_typed(typed: str) -> None:
    portfolio = make_portfolio()
    answer = post(board_of(portfolio), portfolio, limit=typed)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "A limit is a whole number from 0 to 999." in html
    assert f'value="{typed}"' in html


@db
def test_a_limit_changed_meanwhile_is_answered_beside_the_field() -> None:
    portfolio, lead = portfolio_and_lead()
    set_limits(lead, portfolio, "testing", {None: 7})
    answer = post(board_of(portfolio), portfolio, **{"limit": "4", "initial-limit": "5"})
    assert answer.status_code == 422
    assert "Somebody else has changed this limit" in answer.content.decode()


def test_two_who_set_limits_at_once_leave_one_unbroken_journal(committed_db: None) -> None:
    portfolio, lead = portfolio_and_lead()
    at_once([partial(set_limits, lead, portfolio, "testing", {None: n}) for n in range(1, 7)])
    rows = WipLimitChange.objects.order_by("id").values_list("from_limit", "to_limit")
    steps = list(rows)
    assert [before for before, _ in steps] == [None, *(after for _, after in steps[:-1])]
    assert limits_of(portfolio) == {("testing", None): steps[-1][1]}
