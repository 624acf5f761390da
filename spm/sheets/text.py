"""From the bytes of a text file to its records: its encoding, its separator, its lines."""

import csv
import io
import re
from collections.abc import Iterable

from spm.sheets.problems import Unusable

MOST_CELL = 131_072
SEPARATORS = (",", ";", "\t", "|")
# What Windows-1252 leaves undefined is kept as a mark, not refused: it stands in prose.
UNDEFINED_IN_CP1252 = "replace"


def decoded(content: bytes, encoding: str = "") -> tuple[str, str]:
    """The text and the encoding it was in: UTF-8, UTF-16 with its mark, else Windows-1252."""
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unusable("The file is not text: it holds NUL bytes. Save it as CSV.")
    guesses = [encoding] if encoding else ["utf-8", "cp1252"]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        guesses = ["utf-16"]
    place = 1
    for guess in guesses:
        errors = UNDEFINED_IN_CP1252 if guess == "cp1252" else "strict"
        try:
            return content.decode("utf-8-sig" if guess == "utf-8" else guess, errors), guess
        except UnicodeDecodeError as error:
            place = content.count(b"\n", 0, error.start) + 1
    raise Unusable(f"The file is not {guesses[-1]}: line {place} cannot be read as such.")


def records(text: str, separator: str) -> Iterable[tuple[int, list[str]]]:
    """Each record with the line on which it begins; quoted cells may run over several lines."""
    csv.field_size_limit(MOST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    begins = 1
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Unusable(f"line {begins}: the file cannot be taken apart, {error}.") from error


def joined_cells(text: str) -> str:
    """The text with breaks within cells taken out: a return without a line feed is no line of its
    own to any editor.
    """
    return re.sub(r"\r(?!\n)", " ", text) if "\n" in text else text
