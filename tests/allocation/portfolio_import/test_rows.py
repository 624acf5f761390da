from datetime import date
from decimal import Decimal

from allocation.portfolio_import.rows import read_rows
from tests.allocation.portfolio_import.status_rows import file_of, line, mapping, rows_of


def test_a_row_is_read_as_the_mapping_says() -> None:
    (row,) = rows_of(
        line("Bridge", 2019, id=" B 1 ", department="DECC", rating="RED", start="01.04.14")
    )
    assert (row.period, row.name, row.key, row.stream) == (2019, "Bridge", "B1", "BEIS")
    assert row.rate == Decimal("1000000.00")
    assert row.starts == date(2014, 4, 1)
    assert row.judged[0].verbatim == "RED"
    assert row.judged[0].weighed.direction == "against"


def test_the_first_column_that_holds_an_amount_is_the_funding() -> None:
    reading = read_rows(file_of(line("Bridge", forecast="TBD", budget="£24.00")), mapping())
    assert reading.rows[0].rate == Decimal("2000000.00")
    assert [str(problem) for problem in reading.problems] == [
        "line 2, forecast: 'TBD' is not an amount (taken without this)"
    ]


def test_every_line_is_either_taken_or_told() -> None:
    reading = read_rows(
        file_of(
            line("Bridge"),
            line("", 2020),
            line("Tunnel", "soon"),
            line("Canal", department=""),
            line("Bridge"),
            "just,three,cells",
            line("Harbour", forecast="Exempt under Section 43", rating="Exempt under Section 26"),
        ),
        mapping(),
    )
    assert [row.name for row in reading.rows] == ["Bridge", "Harbour"]
    assert [problem.line for problem in reading.problems if problem.whole_row] == [3, 4, 5, 6, 7]
    assert reading.lines == len(reading.rows) + reading.left_out == 7


def test_funding_below_zero_is_told_and_not_taken() -> None:
    reading = read_rows(file_of(line("Gallery", forecast="-2.7")), mapping())
    assert reading.rows[0].rate is None
    assert "below zero" in str(reading.problems[0])


def test_an_amount_beyond_what_books_hold_is_told() -> None:
    reading = read_rows(file_of(line("Gallery", forecast="9999999999999")), mapping())
    assert reading.rows[0].rate is None
    assert "more than can be held" in str(reading.problems[0])


def test_a_judgement_that_the_mapping_does_not_know_is_told_and_weighs_nothing() -> None:
    reading = read_rows(file_of(line("Bridge", rating="Purple")), mapping())
    assert reading.rows[0].judged[0].weighed.direction == ""
    assert "'Purple' is not a known value; known: 'green', 'amber', 'red'" in str(
        reading.problems[0]
    )


def test_an_undisclosed_judgement_is_kept_word_for_word_and_weighs_nothing() -> None:
    reading = read_rows(file_of(line("Bridge", rating="Exempt under Section 26")), mapping())
    assert reading.rows[0].judged[0].verbatim == "Exempt under Section 26"
    assert reading.problems == []


def test_the_same_key_twice_in_a_year_is_taken_once() -> None:
    reading = read_rows(file_of(line("Bridge", id="B1"), line("New bridge", id="b1")), mapping())
    assert [row.name for row in reading.rows] == ["Bridge"]
    assert "already stands on line 2 for 2020" in str(reading.problems[0])


def test_two_works_of_one_name_in_two_streams_are_two() -> None:
    assert len(rows_of(line("Estate", department="MOD"), line("Estate", department="HO"))) == 2


def test_control_characters_in_a_name_cost_no_row() -> None:
    assert [row.name for row in rows_of(line("Bri\x07dge\x1b"))] == ["Bri dge"]
