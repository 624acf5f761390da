"""What cannot be used, said so that the file's owner finds it: line, column, reason."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that could not be taken from the file.

    ``line`` is the line of the file on which the row begins, 1 the first. ``whole_row`` tells a
    row that was left out from one that was taken without this cell.
    """

    line: int
    column: str
    reason: str
    whole_row: bool = False

    def __str__(self) -> str:
        what = "left out" if self.whole_row else "taken without this"
        place = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        return f"{place}: {self.reason} ({what})"


class Unusable(Exception):
    """The file as a whole, or the mapping, cannot be used; the text says what would be right."""


def quoted(text: str, longest: int = 60) -> str:
    """A cell's text for a sentence: on one line, shortened, in quotes."""
    line = " ".join(text.split())
    return f"'{line[: longest - 1]}…'" if len(line) > longest else f"'{line}'"
