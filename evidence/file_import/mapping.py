"""What a person says about a file: which column is what, what its words mean, how it writes."""

from collections.abc import Mapping as Given
from dataclasses import asdict, dataclass, field
from typing import Any

from evidence.file_import.fields import BY_NAME, recognised
from spm.sheets.grid import Grid, day_first_of, decimal_sign_of

DIRECTIONS = ("for", "against")
STRENGTHS = ("weak", "moderate", "strong", "decisive")
NOTHING = "nothing"
MEANINGS = (*(f"{way} {how}" for way in DIRECTIONS for how in STRENGTHS), NOTHING)
#: So many different words can be given a meaning; a column with more is prose.
MOST_WORDS = 40
#: What can be said once for all rows.
CONSTANTS = ("direction", "strength", "observed_on", "source", "reliability", "hypothesis", "note")
REFUSE, CREATE = "refuse", "create"

_SPEAK_FOR = {"for", "pro", "yes", "supports", "supported", "confirms", "confirmed", "positive"}
_SPEAK_AGAINST = {"against", "contra", "no", "refutes", "refuted", "contradicts", "negative"}


@dataclass(frozen=True)
class Mapping:
    """``columns``: the column of each field; ``constants``: what holds for every row;
    ``words``: what each word of the column 'says' means, by the word in small letters;
    ``decimal`` and ``day_first``: how figures and days are written; ``missing``: what becomes of
    bets that the portfolio does not have.
    """

    columns: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    decimal: str = "."
    day_first: bool = True
    missing: str = REFUSE

    def as_json(self) -> dict[str, Any]:
        """The mapping as plain values."""
        return asdict(self)


def suggested(grid: Grid) -> Mapping:
    """What the headers and the cells themselves say; for a person to look over."""
    columns = recognised(grid)
    short = [cell for _, cells in grid.rows for cell in cells if 0 < len(cell) < 24]
    mapping = Mapping(
        columns=columns, decimal=decimal_sign_of(short), day_first=day_first_of(short)
    )
    words = {word: _meaning(word) for word in words_of(grid, mapping)}
    known = {word: meaning for word, meaning in words.items() if meaning}
    return Mapping(**{**vars(mapping), "words": known})


def words_of(grid: Grid, mapping: Mapping) -> dict[str, int]:
    """The words of the column 'says' in small letters, most frequent first, with how often each."""
    column = mapping.columns.get("says")
    if column is None or column not in grid.columns:
        return {}
    counts: dict[str, int] = {}
    for cell in grid.column(column):
        word = plain_word(cell)
        if word:
            counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def plain_word(cell: str) -> str:
    """A word whatever its capitals and spaces."""
    return " ".join(cell.split()).casefold()


def _meaning(word: str) -> str:
    if word in _SPEAK_FOR:
        return "for moderate"
    return "against moderate" if word in _SPEAK_AGAINST else ""


def read_mapping(given: Given[str, Any], grid: Grid) -> tuple[Mapping, dict[str, str]]:
    """A mapping from what a form says, and what is wrong with it, by the form's own names.

    Args:
        given: 'column.<place>' (the name of a field, for the column at that place from 0),
            'constant.<field>', 'word.<word>', 'decimal', 'day_first' and 'missing', all text.
        grid: the file that it is about.
    """
    columns, wrong = _columns(given, grid)
    mapping = Mapping(
        columns=columns,
        constants=_constants(given),
        words=_words(given),
        decimal="," if given.get("decimal") == "," else ".",
        day_first=given.get("day_first") != "no",
        missing=CREATE if given.get("missing") == CREATE else REFUSE,
    )
    return mapping, {**_lacks(mapping, grid), **wrong}


def _columns(given: Given[str, Any], grid: Grid) -> tuple[dict[str, str], dict[str, str]]:
    columns: dict[str, str] = {}
    wrong = {}
    for place, column in enumerate(grid.columns):
        name = given.get(f"column.{place}", "")
        if name not in BY_NAME:
            continue
        if name in columns:
            wrong[f"column.{place}"] = (
                f"‘{BY_NAME[name].label}’ is the column ‘{columns[name]}’ already: choose one."
            )
            continue
        columns[name] = column
    return columns, wrong


def _constants(given: Given[str, Any]) -> dict[str, str]:
    found = {name: str(given.get(f"constant.{name}", "")).strip() for name in CONSTANTS}
    return {name: text for name, text in found.items() if text}


def _words(given: Given[str, Any]) -> dict[str, str]:
    return {
        name.removeprefix("word."): meaning
        for name, meaning in given.items()
        if name.startswith("word.") and meaning in MEANINGS
    }


def _lacks(mapping: Mapping, grid: Grid) -> dict[str, str]:
    """What is missing as a whole, by the part of the form that would mend it."""
    wrong = {}
    if "bet" not in mapping.columns:
        wrong["columns"] = "Say which column names the bet."
    elif not _says_something(mapping):
        wrong["columns"] = (
            "Say which column speaks for or against: a word, a direction, or a measurement."
        )
    elif "says" in mapping.columns and len(words_of(grid, mapping)) > MOST_WORDS:
        wrong["columns"] = (
            f"‘{mapping.columns['says']}’ has more than {MOST_WORDS} different words: it is prose. "
            "Let it be ‘What was seen’, and choose a column with few words for what it says."
        )
    names_one = "hypothesis" in mapping.columns or "hypothesis" in mapping.constants
    if mapping.missing == CREATE and not names_one:
        wrong["constant.hypothesis"] = (
            "New bets need a hypothesis that the evidence speaks of: write its statement."
        )
    return wrong


def _says_something(mapping: Mapping) -> bool:
    given = {*mapping.columns, *mapping.constants}
    is_judgement = "says" in given or "direction" in given
    return is_judgement or bool(given & {"successes", "mean", "likelihood_ratio"})
