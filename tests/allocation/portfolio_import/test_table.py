import pytest

from allocation.portfolio_import.mapping import FileTerms
from allocation.portfolio_import.table import read_table
from spm.sheets.problems import Unusable

COLUMNS = ["project", "amount"]
AS_IT_IS = FileTerms("", "", ".", True, ())


def cells_of(content: bytes) -> list[dict[str, str]]:
    return [line.cells for line in read_table(content, AS_IT_IS, COLUMNS).lines]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(separator: str) -> None:
    content = f"project{separator}amount\nBridge{separator}3\n".encode()
    assert cells_of(content) == [{"project": "Bridge", "amount": "3"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    content = "project,amount\nCafé – ’Été’,£3\n".encode(encoding)
    assert cells_of(content) == [{"project": "Café – ’Été’", "amount": "£3"}]


def test_a_byte_that_windows_leaves_undefined_costs_no_row() -> None:
    assert len(cells_of(b"project,amount\nA\x81B,3\xa3\n")) == 1


def test_columns_are_found_whatever_their_capitals_and_what_stands_above() -> None:
    content = b"Portfolio of 2018,,\n,,\nPROJECT,Owner, Amount \nBridge,x,3\n"
    assert cells_of(content) == [{"project": "Bridge", "Owner": "x", "amount": "3"}]


def test_a_line_is_named_by_where_its_row_begins() -> None:
    content = b'project,amount\n"two\nlines",3\n\nBridge,4\n'
    table = read_table(content, AS_IT_IS, COLUMNS)
    assert [line.number for line in table.lines] == [2, 5]


def test_a_return_within_a_cell_is_no_line() -> None:
    table = read_table(b'project,amount\r\n"two\rlines",3\r\nBridge,4\r\n', AS_IT_IS, COLUMNS)
    assert [line.number for line in table.lines] == [2, 3]


def test_a_row_with_a_cell_too_many_is_left_out_and_told() -> None:
    table = read_table(b"project,amount\nBridge,1,234\nTunnel,3,\n", AS_IT_IS, COLUMNS)
    assert [line.cells["project"] for line in table.lines] == ["Tunnel"]
    assert "3 cells where the header has 2" in str(table.problems[0])
    assert table.problems[0].line == 2


def test_a_missing_column_is_named_with_what_the_file_has() -> None:
    with pytest.raises(Unusable, match=r"Missing: 'amount'\. Its first line has: 'project'"):
        read_table(b"project\nBridge\n", AS_IT_IS, COLUMNS)


def test_a_column_that_stands_twice_is_not_guessed_at() -> None:
    with pytest.raises(Unusable, match="'amount' more than once"):
        read_table(b"project,amount,amount\nBridge,1,2\n", AS_IT_IS, COLUMNS)


def test_a_spreadsheet_is_told_from_text() -> None:
    with pytest.raises(Unusable, match="Save it as CSV"):
        read_table(b"PK\x03\x04\0\0", AS_IT_IS, COLUMNS)


def test_a_stated_encoding_that_is_not_the_files_is_told_with_the_line() -> None:
    terms = FileTerms("utf-8", "", ".", True, ())
    with pytest.raises(Unusable, match="not utf-8: line 2"):
        read_table("project,amount\nCafé,3\n".encode("cp1252"), terms, COLUMNS)


def test_an_empty_file_is_told() -> None:
    with pytest.raises(Unusable, match="Its first line has: nothing"):
        read_table(b"", AS_IT_IS, COLUMNS)


def test_a_line_that_tells_spreadsheets_the_separator_does_no_harm() -> None:
    assert cells_of(b"sep=;\nproject;amount\nBridge;3\n") == [{"project": "Bridge", "amount": "3"}]
