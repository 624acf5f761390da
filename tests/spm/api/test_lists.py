"""Lists: sorted, in pages and as lines, with the fields that were asked for."""

import json
from datetime import date
from typing import Any

import pytest

from bets.api import Bets
from bets.models import Bet
from tests.api_client import ApiClient, assert_problem, client_for
from tests.factories import make_bet, make_portfolio

pytestmark = pytest.mark.django_db


def pages(client: ApiClient, path: str) -> list[Any]:
    """All rows, page by page."""
    rows: list[Any] = []
    while path:
        page = client.get(path.partition("/api/v1")[2] or path).json()
        rows += page["results"]
        path = page["next"] or ""
    return rows


def test_a_list_is_sorted_in_either_direction_with_empty_values_last() -> None:
    portfolio = make_portfolio()
    beliefs = [0.5, None, 0.1, 0.5, None, 0.9, 0.1]
    for belief in beliefs:
        Bet.objects.filter(pk=make_bet(portfolio).pk).update(belief=belief)
    client = client_for(portfolio)
    for sign, falls in (("-", True), ("", False)):
        rows = pages(client, f"/bets?sort={sign}belief&page_size=2")
        said = [row["belief"] for row in rows]
        known = sorted((each for each in beliefs if each is not None), reverse=falls)
        assert said == [*known, None, None]
        assert len({row["id"] for row in rows}) == len(beliefs)
    for column in Bets.sorts:
        assert len(pages(client, f"/bets?sort=-{column}&page_size=3")) == len(beliefs)
    assert_problem(client.get("/bets?sort=colour"), 400, "invalid")
    assert_problem(client.get("/themes?sort=name"), 400, "invalid")
    cursor = client.get("/bets?sort=belief&page_size=2").json()["next"].partition("cursor=")[2]
    for wrong in (
        f"/bets?{cursor}",
        f"/bets?cursor={cursor.partition('&')[0]}",
        "/bets?cursor=W10",
    ):
        assert client.get(wrong).status_code == 400, wrong


def test_only_the_fields_that_were_asked_for_are_answered() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    client = client_for(portfolio)
    only = {"id": bet.pk, "title": bet.title}
    assert client.get("/bets?fields=id,title").json()["results"] == [only]
    assert client.get(f"/bets/{bet.pk}?fields=id,title").json() == only
    for wrong in ("colour", "", "id,,title", "id, title"):
        for path in ("/bets", f"/bets/{bet.pk}"):
            assert_problem(client.get(f"{path}?fields={wrong}"), 400, "invalid")


def test_all_rows_come_as_lines_where_lines_are_asked_for() -> None:
    portfolio = make_portfolio()
    made = {make_bet(portfolio).pk for _ in range(3)}
    client = client_for(portfolio)
    answer = client.get("/bets?fields=id,working", Accept="application/x-ndjson")
    assert answer["Content-Type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert [set(row) for row in rows] == [{"id", "working"}] * 3
    assert {row["id"] for row in rows} == made and rows[0]["working"] == "0.00"
    assert_problem(client.get("/bets?fields=colour", Accept="application/x-ndjson"), 400, "invalid")


def test_a_path_that_is_to_go_says_since_when_and_until_when(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_for(make_portfolio())
    assert "Deprecation" not in client.get("/bets")
    monkeypatch.setattr(Bets, "deprecated_since", date(2026, 3, 1))
    monkeypatch.setattr(Bets, "sunset_on", date(2027, 3, 1))
    answer = client.get("/bets")
    assert answer["Deprecation"] == "@1772323200"
    assert answer["Sunset"] == "Mon, 01 Mar 2027 00:00:00 GMT"
    assert 'rel="deprecation"' in answer["Link"]
