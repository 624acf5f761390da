"""Strict reading of a TOML table: every key is known, every value has its type and range."""

import difflib
from collections.abc import Mapping
from datetime import date
from typing import Any

from spm.sheets.problems import Unusable


class TomlTable:
    """One table of a TOML file. Each key is taken once; what is left at the end is unknown."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self.values = values
        self.path = path
        self.taken: set[str] = set()

    def name(self, key: str) -> str:
        """The key with the table that it stands in, as the file's author would look for it."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, what: str) -> Unusable:
        """An error about one key."""
        return Unusable(f"{self.name(key)}: {what}")

    def _take(self, key: str) -> Any:
        self.taken.add(key)
        return self.values.get(key)

    def text(self, key: str, default: str | None = None, longest: int = 1000) -> str:
        """A text that is not empty; required without a default."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not (value.strip() or default == ""):
            raise self.wrong(key, f'a text is needed, such as {key} = "…".')
        if len(value) > longest:
            raise self.wrong(key, f"at most {longest} characters are possible, not {len(value)}.")
        return value.strip()

    def number(
        self, key: str, default: float | None = None, *, least: float = 0.0, most: float = 1e12
    ) -> float:
        """A number from ``least`` to ``most``; required without a default."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            raise self.wrong(key, f"a number from {least:g} to {most:g} is needed.")
        return float(value)

    def whole(self, key: str, default: int | None = None, *, least: int, most: int) -> int:
        """A whole number from ``least`` to ``most``."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.wrong(key, f"a whole number from {least} to {most} is needed.")
        return value

    def one_of(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of a few words."""
        value = self._take(key)
        if value is None and default is not None:
            return default
        if value not in choices:
            raise self.wrong(key, f"one of {', '.join(map(repr, choices))} is needed.")
        return str(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false is needed.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text is a list of one; none if it is missing."""
        value = self._take(key)
        if value is None:
            return ()
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise self.wrong(key, 'a list of texts is needed, such as ["…", "…"].')
        return tuple(item.strip() for item in values)

    def groups(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of lists of texts."""
        value = self._take(key)
        if value is None:
            return ()
        shaped = isinstance(value, list) and all(
            isinstance(group, list) and all(isinstance(item, str) for item in group)
            for group in value
        )
        if not shaped:
            raise self.wrong(key, 'a list of lists of texts is needed: [["…", "…"], ["…", "…"]].')
        return tuple(tuple(item.strip() for item in group) for group in value)

    def points(
        self, key: str, default: tuple[tuple[float, float], ...]
    ) -> tuple[tuple[float, float], ...]:
        """A list of pairs of numbers."""
        value = self._take(key)
        if value is None:
            return default
        shaped = isinstance(value, list) and all(
            isinstance(pair, list)
            and len(pair) == 2
            and all(isinstance(x, int | float) and not isinstance(x, bool) for x in pair)
            for pair in value
        )
        if not shaped or not value:
            raise self.wrong(key, "a list of pairs of numbers is needed: [[0.5, 0.6], [1, 1]].")
        return tuple((float(pair[0]), float(pair[1])) for pair in value)

    def words(self, key: str) -> dict[str, str]:
        """A table of texts by text; empty if it is missing."""
        table = self.table(key)
        return {name: table.text(name) for name in table.values}

    def dates(self, key: str) -> dict[str, date]:
        """A table of dates by text; empty if it is missing."""
        table = self.table(key)
        for name, value in table.values.items():
            if type(value) is not date:
                raise table.wrong(name, "a date is needed, such as 2021-03-31 (without quotes).")
        return dict(table.values)

    def table(self, key: str) -> "TomlTable":
        """A table below this one; empty if it is missing."""
        value = self._take(key)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.wrong(key, f"a table is needed: [{self.name(key)}].")
        return TomlTable(value, self.name(key))

    def tables(self, key: str) -> list["TomlTable"]:
        """A list of tables, ``[[key]]``; empty if it is missing."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.wrong(key, f"tables are needed: [[{self.name(key)}]].")
        return [
            TomlTable(item, f"{self.name(key)}[{number}]") for number, item in enumerate(value, 1)
        ]

    def finish(self) -> None:
        """Raise Unusable if the table has a key that nothing asked for."""
        for key in self.values:
            if key not in self.taken:
                near = difflib.get_close_matches(key, self.taken, n=1)
                known = f"did you mean {near[0]!r}?" if near else f"known: {self._known()}."
                raise self.wrong(key, f"there is no such setting; {known}")

    def _known(self) -> str:
        return ", ".join(sorted(self.taken))
