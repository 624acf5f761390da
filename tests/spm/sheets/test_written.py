"""Workbooks that we write: typed cells, no formula, no mark that cannot be shown."""

import io
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spm.sheets import written
from spm.sheets.grid import read_grid
from spm.sheets.written import Sheet, write_workbook
from tests.spm.sheets.workbooks import sheets_of


def content(*rows: tuple[Any, ...], name: str = "Rows") -> bytes:
    file = io.BytesIO()
    write_workbook(file, [Sheet(name, rows)])
    return file.getvalue()


def cells(*rows: tuple[Any, ...]) -> list[list[Any]]:
    return sheets_of(content(*rows))["Rows"]


def test_each_cell_has_the_type_of_what_it_says() -> None:
    moment = datetime(2026, 3, 14, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    said = ("12", Decimal("12.50"), 7, date(2026, 3, 14), moment, None, "end")
    [_, read] = cells(("head",) * 7, said)
    assert read == ["12", 12.5, 7, date(2026, 3, 14), datetime(2026, 3, 14, 7, 30), "", "end"]  # noqa: DTZ001
    assert moment.astimezone(UTC).hour == 7


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "{=1}", "https://example.org", "mailto:a@example.org"]
)
def test_a_text_is_never_a_formula_or_a_link(text: str) -> None:
    assert cells(("head",), (text,))[1] == [text]
    with zipfile.ZipFile(io.BytesIO(content(("head",), (text,)))) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet


@settings(max_examples=40, deadline=None)
@given(text=st.text(min_size=1, max_size=50))
def test_whatever_was_typed_the_workbook_opens_and_says_it(text: str) -> None:
    [_, [cell, _]] = cells(("head", ""), (text, "end"))
    assert cell == written.clean(text)


def test_a_cell_and_the_name_of_a_sheet_are_as_long_as_they_may_be() -> None:
    [(name, rows)] = sheets_of(content(("head",), ("x" * 40_000,), name="a/b" * 20)).items()
    assert len(rows[1][0]) == written.LONGEST_CELL
    assert name == ("a b" * 20)[: written.LONGEST_NAME]


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "MOST_ROWS", 2)
    with pytest.raises(ValueError, match="2 rows at most"):
        content(("head",), (1,), (2,))


def test_what_is_written_can_be_read_back_here() -> None:
    grid = read_grid(content(("bet", "amount"), ("Bet", Decimal("1.50"))))
    assert (grid.columns, grid.rows) == (["bet", "amount"], [(2, ["Bet", "1.5"])])
