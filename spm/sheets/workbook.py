"""Spreadsheets (XLSX, XLS, ODS): the values of one sheet, as text. Formulas are never computed."""

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from spm.sheets.problems import Unusable, quoted

MOST_PARTS = 200
MOST_UNPACKED = 50_000_000
MOST_RATIO = 100
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NO_SPREADSHEET = "The file is packed, but no spreadsheet: save the table as CSV or XLSX."


def is_workbook(content: bytes) -> bool:
    """Whether the content is packed as spreadsheets are, whatever the name of the file."""
    return content.startswith((_ZIP, _OLE, b"PK\x05\x06"))


def rows_of_workbook(content: bytes) -> tuple[str, str, list[tuple[int, list[str]]]]:
    """The kind of workbook, the sheet that was read, and its rows with their numbers from 1.

    It is the first sheet on which there is more than one row.

    Raises:
        Unusable: it is none, it is damaged or locked, or it unpacks to more than is sensible.
    """
    kind = "xls" if content.startswith(_OLE) else _kind_of_package(content)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in workbook.sheet_names:
            values = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            rows = [
                (number, [_as_text(value) for value in row])
                for number, row in enumerate(values, start=1)
            ]
            if sum(any(cells) for _, cells in rows) > 1:
                return kind, name, rows
    except (CalamineError, OSError, ValueError) as error:
        raise Unusable(
            "The spreadsheet cannot be opened: it is damaged or locked with a password."
        ) from error
    raise Unusable("The spreadsheet has no sheet with a header and rows.")


def _kind_of_package(content: bytes) -> str:
    """'xlsx' or 'ods', once its parts are known to be few and small enough."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = package.infolist()
    except zipfile.BadZipFile as error:
        raise Unusable("The spreadsheet is damaged: it cannot be unpacked.") from error
    unpacked = sum(part.file_size for part in parts)
    swollen = [
        part
        for part in parts
        if part.file_size > 1_000_000 and part.file_size > MOST_RATIO * max(part.compress_size, 1)
    ]
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or swollen:
        told = f"; {quoted(swollen[0].filename)} alone swells far too much" if swollen else ""
        raise Unusable(
            f"The spreadsheet unpacks to {len(parts):,} parts and {unpacked / 1e6:,.0f} MB{told}: "
            f"at most {MOST_PARTS} parts and {MOST_UNPACKED // 1_000_000} MB are read."
        )
    names = {part.filename for part in parts}
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "mimetype" in names and "content.xml" in names:
        return "ods"
    raise Unusable(_NO_SPREADSHEET)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        at_midnight = value.time() == time(0)
        return value.date().isoformat() if at_midnight else value.isoformat()
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    return "" if value is None else str(value)
