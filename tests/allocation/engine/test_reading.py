"""Nothing is solved on guesses: what a snapshot may leave out, and what is refused in one line."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from allocation.engine import DEFAULT_RESPONSE, SnapshotError, parse_snapshot, read_snapshot
from tests.allocation.engine.portfolios import bet, portfolio, snapshot


def refusal(document: object) -> str:
    """The one line that a document is refused with."""
    with pytest.raises(SnapshotError) as caught:
        parse_snapshot(document)
    line = str(caught.value)
    assert "\n" not in line
    return line


def bet_refusal(**fields: Any) -> str:
    """The line for a portfolio with one good bet and one with these fields."""
    return refusal(portfolio(bet("good"), bet("bad", **fields)))


def rail_refusal(**fields: Any) -> str:
    """The line for a portfolio with a guardrail of these fields."""
    return refusal(portfolio(bet("b"), guardrails=[{"id": "cap", **fields}]))


def test_everything_but_position_belief_and_value_may_be_left_out() -> None:
    [parsed] = snapshot(bet("b")).bets

    assert parsed.entangled == parsed.minimum == parsed.notice_months == 0.0
    assert parsed.exit_cost == parsed.ramp_cost == 0.0
    assert parsed.maximum is None
    assert parsed.reclaimable == parsed.withdrawable == 1.0
    assert parsed.may_grow is True
    assert parsed.response == DEFAULT_RESPONSE
    assert not parsed.teams
    assert not parsed.needs
    assert not parsed.attributes


def test_a_null_counts_as_left_out() -> None:
    [parsed] = snapshot(bet("b", maximum=None, response=None, minimum=None, teams=None)).bets

    assert parsed.response == DEFAULT_RESPONSE
    assert parsed.minimum == 0.0


def test_decimal_amounts_are_taken() -> None:
    assert snapshot(bet("b", working=Decimal("12.34"))).bets[0].working == 12.34


def test_a_value_is_swansons_mean_of_its_percentiles() -> None:
    document = bet("b", value={"p10": 10, "p50": 20, "p90": 60})
    del document["value_if_true"]

    assert snapshot(document).bets[0].value_if_true == pytest.approx(29.0)


def test_ids_of_digits_are_in_the_order_of_their_numbers() -> None:
    ordered = snapshot(bet("10"), bet("b"), bet("2"), bet("a")).in_id_order()

    assert [b.id for b in ordered.bets] == ["2", "10", "a", "b"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"belief": 1.2}, "belief"),
        ({"belief": -0.1}, "belief"),
        ({"belief": float("nan")}, "belief"),
        ({"belief": "0.5"}, "belief"),
        ({"belief": True}, "belief"),
        ({"belief": None}, "belief"),
        ({"working": -1}, "working"),
        ({"working": float("inf")}, "working"),
        ({"working": 10**400}, "working"),
        ({"working": 1e16}, "working"),
        ({"entangled": -1}, "entangled"),
        ({"full_funding": -1}, "full_funding"),
        ({"value_if_true": -1}, "value_if_true"),
        ({"value_if_true": None}, "value"),
        ({"value": {"p10": 1, "p50": 2, "p90": 3}}, "value"),
        ({"value_if_true": None, "value": {"p10": 3, "p50": 2, "p90": 4}}, "value"),
        ({"value_if_true": None, "value": {"p10": -9, "p50": 0, "p90": 1}}, "value"),
        ({"value_if_true": None, "value": {"p10": 1, "p50": 2}}, "value, p90"),
        ({"value_if_true": None, "value": {"p10": 1, "p50": 2, "p90": 3, "p99": 4}}, "value, p99"),
        ({"response": [[0.5, 0.2], [1, 1]]}, "response"),
        ({"response": [0.5, 1]}, "response"),
        ({"response": "flat"}, "response"),
        ({"response": []}, "response"),
        ({"minimum": -1}, "minimum"),
        ({"maximum": -1}, "maximum"),
        ({"reclaimable": 1.5}, "reclaimable"),
        ({"reclaimable": 1, "reclaimable_share": 1}, "reclaimable_share"),
        ({"notice_months": -1}, "notice_months"),
        ({"exit_cost": -1}, "exit_cost"),
        ({"ramp_cost": -1}, "ramp_cost"),
        ({"withdrawable": 2}, "withdrawable"),
        ({"may_grow": 1}, "may_grow"),
        ({"teams": {"nobody": 1.0}}, "teams"),
        ({"teams": ["t"]}, "teams"),
        ({"needs": ["nobody"]}, "needs"),
        ({"needs": "good"}, "needs"),
        ({"needs": ["good", "good"]}, "needs"),
        ({"needs": ["bad"]}, "needs"),
        ({"attributes": {"theme": 1.5}}, "attributes, theme"),
        ({"hypotheses": {}}, "hypotheses"),
        ({"belif": 0.5}, "belif"),
    ],
)
def test_a_bad_field_is_refused_with_the_bet_and_the_field(
    fields: dict[str, Any], named: str
) -> None:
    assert bet_refusal(**fields).startswith(f'bet "bad", {named}: ')


@pytest.mark.parametrize(
    ("hypotheses", "place"),
    [
        ([{"id": "h", "belief": 2}], 'hypothesis "h", belief'),
        ([{"belief": 0.5}], "hypothesis number 1, id"),
        ([{"id": "h", "belief": 1}, {"id": "h", "belief": 0.5}], 'hypothesis "h", id'),
        ([{"id": "h", "belief": 0.5, "prior": 0.5}], 'hypothesis "h", prior'),
    ],
)
def test_a_bad_hypothesis_is_refused_with_its_bet(hypotheses: list[Any], place: str) -> None:
    assert bet_refusal(hypotheses=hypotheses).startswith(f'bet "bad", {place}: ')


def test_hypotheses_and_lever_terms_are_taken() -> None:
    parsed = snapshot(
        bet("b", hypotheses=[{"id": 1, "belief": 0.5}, {"id": 2, "belief": 1}]),
        levers={"hire": {"cost": 5}},
    )

    assert [hypothesis.id for hypothesis in parsed.bets[0].hypotheses] == ["1", "2"]
    hire = parsed.levers.of("hire")
    assert (hire.cost, hire.cost_months, hire.size) == (5.0, 3.0, 0.1)
    assert parsed.levers.of("relax").size == 0.1


def test_team_shares_that_are_more_than_the_whole_bet_are_refused() -> None:
    line = refusal(
        portfolio(
            bet("b", teams={"s": 0.7, "t": 0.4}),
            teams=[{"id": "s", "capacity": 1}, {"id": "t", "capacity": 1}],
        )
    )

    assert line.startswith('bet "b", teams: ')
    assert "1.1" in line


def test_bets_that_need_each_other_are_refused_with_the_circle() -> None:
    line = refusal(portfolio(bet("a", needs=["b"]), bet("b", needs=["c"]), bet("c", needs=["a"])))

    assert "a → b → c → a" in line


def test_a_long_chain_of_needs_is_no_circle() -> None:
    chain = [bet(f"b{place}", needs=[f"b{place + 1}"]) for place in range(3000)]

    assert len(snapshot(*chain, bet("b3000")).bets) == 3001


def test_an_id_that_stands_twice_is_refused() -> None:
    assert refusal(portfolio(bet("b"), bet("b"))).startswith('bet "b", id: ')


@pytest.mark.parametrize("field", ["id", "working", "belief", "full_funding"])
def test_a_missing_field_is_named(field: str) -> None:
    document = bet("b")
    del document[field]

    line = refusal(portfolio(document))

    assert f", {field}: is missing" in line


@pytest.mark.parametrize("field", ["horizon_months", "envelope", "bets"])
def test_a_missing_field_of_the_portfolio_is_named(field: str) -> None:
    document = portfolio(bet("b"))
    del document[field]

    assert refusal(document) == f"snapshot, {field}: is missing"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"horizon_months": 0}, "horizon_months"),
        ({"envelope": -1}, "envelope"),
        ({"reserve_floor": -1}, "reserve_floor"),
        ({"switching_cost": -1}, "switching_cost"),
        ({"currency": "EUR"}, "currency"),
        ({"teams": {}}, "teams"),
        ({"levers": []}, "levers"),
        ({"levers": {"fire": {}}}, "levers, fire"),
        ({"levers": {"hire": {"size": 11}}}, "levers, hire, size"),
        ({"levers": {"cross_train": {"size": 1.1}}}, "levers, cross_train, size"),
        ({"levers": {"relax": {"costs": 1}}}, "levers, relax, costs"),
    ],
)
def test_a_bad_field_of_the_portfolio_is_named(fields: dict[str, Any], named: str) -> None:
    assert refusal(portfolio(bet("b"), **fields)).startswith(f"snapshot, {named}: ")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "magic"}, "kind"),
        ({}, "kind"),
        ({"kind": "share", "max": 20}, "max"),
        ({"kind": "share", "min": 0.6, "max": 0.5}, "min"),
        ({"kind": "amount", "min": -1}, "min"),
        ({"kind": "count", "max": 1.5}, "max"),
        ({"kind": "turnover", "min": 0.1}, "min"),
        ({"kind": "bet_share", "min": 0.1}, "min"),
        ({"kind": "reserve", "min": 1, "scope": {"theme": ["x"]}}, "scope"),
        ({"kind": "share", "max": 0.5, "scope": {"theme": "x"}}, "scope, theme"),
        ({"kind": "share", "max": 0.5, "limit": 1}, "limit"),
    ],
)
def test_a_bad_guardrail_is_refused_with_its_id_and_field(
    fields: dict[str, Any], named: str
) -> None:
    assert rail_refusal(**fields).startswith(f'guardrail "cap", {named}: ')


@pytest.mark.parametrize(
    ("pairs", "named"),
    [
        ([{"from": "s", "to": "x", "efficiency": 0.5}], "to"),
        ([{"from": "x", "to": "s", "efficiency": 0.5}], "from"),
        ([{"from": "s", "to": "t", "efficiency": 1.5}], "efficiency"),
        ([{"from": "s", "to": "t", "efficiency": 1}] * 2, "from"),
    ],
)
def test_lending_between_teams_that_are_not_there_is_refused(
    pairs: list[dict[str, Any]], named: str
) -> None:
    teams = [{"id": "s", "capacity": 1}, {"id": "t", "capacity": 1}]

    line = refusal(portfolio(bet("b"), teams=teams, fungibility=pairs))

    assert line.startswith("fungibility")
    assert f", {named}: " in line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "NaN",
        "\x00",
        '{"a": 1, "a": 2}',
        "[" * 100_000,
        '{"bets": ' + "9" * 5000 + "}",
        b"\xff\xfe",
    ],
)
def test_what_is_no_snapshot_at_all_is_refused_in_one_line(text: str | bytes) -> None:
    with pytest.raises(SnapshotError) as caught:
        read_snapshot(text)

    assert len(str(caught.value).splitlines()) == 1


def test_a_nan_in_the_text_is_refused_with_the_bet_and_the_field() -> None:
    text = json.dumps(portfolio(bet("b", exit_cost=float("nan"))))

    with pytest.raises(SnapshotError, match='bet "b", exit_cost: is nan'):
        read_snapshot(text)


def test_a_key_that_stands_twice_is_refused_with_its_bet() -> None:
    text = json.dumps(portfolio(bet("b"))).replace('"belief": 0.5', '"belief": 0.5, "belief": 0.6')

    with pytest.raises(SnapshotError, match='id "b", "belief": stands twice'):
        read_snapshot(text)


def test_an_id_with_line_breaks_is_quoted_on_one_line() -> None:
    assert "\n" not in refusal(portfolio(bet("a\nb", belief=2)))
