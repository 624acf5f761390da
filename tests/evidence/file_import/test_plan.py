from datetime import date

import pytest

from evidence.file_import.fields import recognised
from evidence.file_import.mapping import (
    CREATE,
    Mapping,
    read_mapping,
    suggested,
    words_of,
)
from evidence.file_import.plan import KnownBet, Plan, plan_of
from spm.sheets.grid import Grid, read_grid

BRIDGE = KnownBet(1, "Bridge", {"it carries": 11})
TUNNEL = KnownBet(2, "Tunnel", {"it is dry": 21, "it is used": 22})


def grid(text: str) -> Grid:
    return read_grid(text.encode())


def planned(text: str, mapping: Mapping | None = None, **changes: object) -> Plan:
    file = grid(text)
    chosen = mapping or suggested(file)
    chosen = Mapping(**{**vars(chosen), **changes})
    return plan_of(file, chosen, [BRIDGE, TUNNEL], {"BR-1": 1})


def test_usual_headers_are_recognised_and_each_column_once() -> None:
    file = grid("Project name,Colour rating,Rating comment,Year\na,b,c,2018\nd,e,f,2018\n")
    assert recognised(file) == {
        "bet": "Project name",
        "says": "Colour rating",
        "note": "Rating comment",
        "observed_on": "Year",
    }


def test_a_judgement_in_columns_becomes_an_event() -> None:
    plan = planned(
        "bet,direction,strength,observed on,note\nBridge,For,strong,14/04/2026,ok\nx,,,,\n"
    )
    (row,) = plan.planned
    assert (row.line, row.hypothesis) == (2, 11)
    assert {**row.event, "external_id": ""} == {
        "kind": "judgement",
        "direction": "for",
        "strength": "strong",
        "observed_on": date(2026, 4, 14),
        "note": "ok",
        "external_id": "",
    }


def test_a_word_says_what_a_person_gave_it_to_say() -> None:
    text = "bet,rag\nBridge,Amber/Red\nBridge,Green\nBridge,Exempt\nBridge,Blue\n"
    words = {"amber/red": "against strong", "green": "for weak", "exempt": "nothing"}
    plan = planned(text, words=words)
    said = [(p.event["direction"], p.event["strength"]) for p in plan.planned]
    assert said == [("against", "strong"), ("for", "weak")]
    assert plan.silent == [4]
    assert [(p.line, p.column, p.reason) for p in plan.problems] == [
        (5, "rag", "the word 'Blue' has been given no meaning")
    ]


def test_a_status_from_outside_is_given_no_meaning_by_itself() -> None:
    assert suggested(grid("bet,rag\nBridge,Red\nTunnel,Green\n")).words == {}


def test_words_are_counted_whatever_their_capitals() -> None:
    file = grid("bet,rag\nBridge,Amber/Red\nTunnel,amber/red \nTunnel,Green\n")
    assert words_of(file, suggested(file)) == {"amber/red": 2, "green": 1}


@pytest.mark.parametrize("cell", ["12 of 100", "12/100", "12 von 100"])
def test_a_reading_in_one_cell_is_successes_and_trials(cell: str) -> None:
    (row,) = planned(f"bet,reading\nBridge,{cell}\n").planned
    assert (row.event["successes"], row.event["trials"]) == (12, 100)


def test_figures_are_read_with_the_files_own_decimal_sign() -> None:
    text = "bet;mean;sd;n\nBridge;1.234,5;2,5;1.000\nTunnel;3,25;1,5;20\n"
    plan = planned(text)
    assert plan.planned[0].event["mean"] == 1234.5
    assert plan.planned[0].event["sample_size"] == 1000


def test_free_text_where_a_number_should_be_is_told_with_line_and_column() -> None:
    plan = planned("bet,successes,trials\nBridge,many,100\nBridge,12,100\n")
    (problem,) = plan.problems
    assert (problem.line, problem.column) == (2, "successes")
    assert "'many' is not an amount" in problem.reason
    assert len(plan.planned) == 1


def test_a_bet_is_found_by_its_title_or_its_key_whatever_the_capitals() -> None:
    plan = planned("bet,direction\nBRIDGE,for\nbr-1,for\n")
    assert [row.hypothesis for row in plan.planned] == [11, 11]


def test_a_bet_that_is_not_there_is_refused_or_made() -> None:
    text = "bet,direction\nPier,for\n"
    (problem,) = planned(text).problems
    assert "no bet called 'Pier'" in problem.reason
    plan = planned(text, missing=CREATE, constants={"hypothesis": "It delivers"})
    assert plan.new_bets == {"Pier": "It delivers"}


def test_which_of_several_hypotheses_is_meant_must_be_said() -> None:
    text = "bet,direction,hypothesis\nTunnel,for,\nTunnel,for,It is used\nTunnel,for,It is red\n"
    plan = planned(text)
    assert [row.hypothesis for row in plan.planned] == [22]
    assert ["has 2 hypotheses" in p.reason for p in plan.problems] == [True, False]
    assert "no hypothesis 'It is red'" in plan.problems[1].reason


def test_equal_rows_are_one_event_and_different_ones_are_not() -> None:
    plan = planned("bet,direction,note\nBridge,for,a\nbridge,for,a\nBridge,for,b\n")
    first, second, third = (row.event["external_id"] for row in plan.planned)
    assert first == second != third


def test_every_row_is_planned_silent_or_told() -> None:
    text = "bet,rag\nBridge,Red\nBridge,Exempt\n,Red\nPier,Red\nBridge,Odd,more\n"
    plan = planned(text, words={"red": "against weak", "exempt": "nothing"})
    lines = [row.line for row in plan.planned] + plan.silent + sorted(plan.refused_lines)
    assert sorted(lines) == [2, 3, 4, 5, 6]


def test_a_form_that_names_a_field_twice_is_told_beside_the_column() -> None:
    file = grid("a,b,c\nBridge,for,x\nPier,for,y\n")
    given = {"column.0": "bet", "column.1": "direction", "column.2": "bet"}
    mapping, wrong = read_mapping(given, file)
    assert mapping.columns == {"bet": "a", "direction": "b"}
    assert list(wrong) == ["column.2"]


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"column.1": "direction"}, "columns", "names the bet"),
        ({"column.0": "bet"}, "columns", "speaks for or against"),
        (
            {"column.0": "bet", "column.1": "direction", "missing": "create"},
            "constant.hypothesis",
            "write its statement",
        ),
    ],
)
def test_what_a_mapping_lacks_is_said(given: dict[str, str], field: str, said: str) -> None:
    _, wrong = read_mapping(given, grid("a,b\nBridge,for\nPier,for\n"))
    assert said in wrong[field]


def test_a_column_that_means_nothing_without_another_is_left_out() -> None:
    file = grid("project_name,colour_rating,out of\na,b,c\nd,e,f\n")
    assert recognised(file) == {"bet": "project_name", "says": "colour_rating"}
