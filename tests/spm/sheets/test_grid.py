import pytest

from spm.sheets.apart import read_apart
from spm.sheets.grid import Grid, day_first_of, decimal_sign_of, read_grid
from spm.sheets.problems import Unusable
from tests.spm.sheets.workbooks import workbook

ROWS = "Projekt;Bewertung;Wert\nBrücke;Gelb;1.234,50 €\nTunnel;Rot;12,00 €\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_found_out(encoding: str, separator: str) -> None:
    text = ROWS.replace(";", "\0").replace(",", ".").replace("\0", separator)
    grid = read_grid(text.encode(encoding))
    assert grid.columns == ["Projekt", "Bewertung", "Wert"]
    assert [cells[0] for _, cells in grid.rows] == ["Brücke", "Tunnel"]
    assert grid.separator == separator


def test_what_stands_above_the_header_is_passed_over() -> None:
    grid = read_grid(b"Report of 2026,,\n,,\nBet,Says,When\nBridge,for,2026-03-01\nPier,for,x\n")
    assert grid.columns == ["Bet", "Says", "When"]
    assert grid.header == (3, 3)
    assert [line for line, _ in grid.rows] == [4, 5]


def test_merged_header_rows_become_one_name_for_each_column() -> None:
    grid = read_grid(
        b"Bet,Delivery,,Money,\n,Rating,Day,Budget,Spent\nBridge,Red,1,2,3\nB,G,4,5,6\n"
    )
    assert grid.columns == ["Bet", "Delivery Rating", "Delivery Day", "Money Budget", "Money Spent"]
    assert grid.header == (1, 2)
    assert len(grid.rows) == 2


def test_equal_names_are_numbered_and_missing_ones_given() -> None:
    grid = read_grid(b"Bet,Note,Note,,Day\nBridge,a,b,c,d\nPier,a,b,c,d\n")
    assert grid.columns == ["Bet", "Note", "Note (2)", "Column 4", "Day"]


def test_a_row_with_cells_too_many_is_told_and_kept_as_it_is() -> None:
    grid = read_grid(b"Bet,Note\nBridge,a,b\nPier,c\nQuay,d\n")
    assert [str(problem)[:7] for problem in grid.problems] == ["line 2:"]
    assert grid.misshapen == [(2, ["Bridge", "a", "b"])]
    assert [cells for _, cells in grid.rows] == [["Pier", "c"], ["Quay", "d"]]


def test_what_an_export_put_before_a_formula_is_taken_off_again() -> None:
    grid = read_grid(b"Bet,Note\nBridge,'=1+1\nPier,'quoted'\n")
    assert [cells[1] for _, cells in grid.rows] == ["=1+1", "'quoted'"]


def test_a_workbook_gives_its_values_and_never_a_formula() -> None:
    grid = read_grid(workbook([["Bet", "Trials", "Sum"], ["Bridge", 12, "=1+1"], ["Pier", 1.5, 3]]))
    assert (grid.kind, grid.sheet) == ("xlsx", "Report")
    assert [cells for _, cells in grid.rows] == [["Bridge", "12", "42"], ["Pier", "1.5", "3"]]


def test_a_grid_survives_being_written_down() -> None:
    grid = read_grid(b"Bet,Note\nBridge,a,b\nPier,c\n")
    assert Grid.from_json(grid.as_json()) == grid


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"%PDF-1.7 whatever", "is a PDF"),
        (b"Bet,No\0te\nBridge,a\n", "NUL bytes"),
        (b"Bet,Note\n", "no rows"),
        (b",".join([b"a%d" % n for n in range(1_000_000)]) + b"\n" + b"1\n", "1,000,000 columns"),
        (b"x" * 10_000_001, "larger than 10 MB"),
        (b"PK\x03\x04 but no package", "damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 but no workbook", "cannot be opened"),
        (workbook([["Bet", "Note"]] * 2, {"xl/media/bomb.bin": b"\0" * 60_000_000}), "unpacks to"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_used_gets_one_clear_line(content: bytes, said: str) -> None:
    with pytest.raises(Unusable, match=said) as refusal:
        read_grid(content)
    assert "\n" not in str(refusal.value)


def test_a_file_is_taken_apart_in_a_process_of_its_own() -> None:
    assert read_apart(ROWS.encode()).columns == ["Projekt", "Bewertung", "Wert"]
    with pytest.raises(Unusable, match="is a PDF"):
        read_apart(b"%PDF")


def test_a_sheet_that_swells_beyond_all_memory_is_refused_and_not_ours_to_bear() -> None:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c>'
        "</row></sheetData></worksheet>"
    )
    swollen = workbook([["a"]], {"xl/worksheets/sheet1.xml": sheet.encode()})
    with pytest.raises(Unusable):
        read_apart(swollen)


def test_the_decimal_sign_is_what_most_figures_can_only_mean() -> None:
    assert decimal_sign_of(["1.234,50 €", "12,00", "1.234"]) == ","
    assert decimal_sign_of(["1,234.50", "£12.00", "1,234"]) == "."


def test_days_that_can_only_be_one_say_how_the_others_are_read() -> None:
    assert day_first_of(["03/04/2026", "31/12/2025"])
    assert not day_first_of(["03/04/2026", "12/31/2025"])
