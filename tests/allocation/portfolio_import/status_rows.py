"""Small data in the shape of a project office's yearly reports, and a mapping for it."""

import tomllib
from typing import Any

from allocation.portfolio_import.mapping import ImportMapping
from allocation.portfolio_import.mapping_file import mapping_from
from allocation.portfolio_import.rows import StatusRow, read_rows

HEADER = "year,id,project,department,category,rating,start,end,forecast,budget,cost,benefits"

MAPPING = """
[portfolio]
name = "Ministry of Tests"
slug = "ministry"
currency = "GBP"
reserve_share = 0.1
[file]
undisclosed = ["Not disclosed", "Exempt under"]
[period]
column = "year"
funded_from = { month = 4, day = 1 }
observed_on = { month = 9, day = 30 }
[bet]
name = "project"
key = "id"
source = "GMPP"
[stream]
column = "department"
aliases = { DECC = "BEIS" }
moved = [["BEIS", "DFE"]]
[theme]
column = "category"
otherwise = "Other work"
by_stream = { MOD = "Defence" }
[funding]
columns = ["forecast", "budget"]
unit = 1_000_000
[dates]
starts = "start"
ends = "end"
[worth]
p10 = 1
p50 = 2
p90 = 4
benefits = "benefits"
whole_life_cost = "cost"
[[judgement]]
column = "rating"
source = "Reviewers"
reliability = 0.9
[judgement.values]
"Green" = { direction = "for", strength = "strong" }
"Amber" = {}
"Red" = { direction = "against", strength = "strong" }
[thesis]
statement = "{bet} pays"
prior = 0.45
half_life_days = 540
stop_below = 0.22
revive_above = 0.5
"""


def settings() -> dict[str, Any]:
    """The mapping's document, to be changed."""
    return tomllib.loads(MAPPING)


def mapping(**tables: dict[str, Any]) -> ImportMapping:
    """The mapping, with settings of some tables changed: ``mapping(bet={"similarity": 0.9})``."""
    document = settings()
    for name, changes in tables.items():
        document.setdefault(name, {}).update(changes)
    return mapping_from(document)


def line(
    project: str,
    year: int | str = 2020,
    *,
    id: str = "",
    department: str = "MOD",
    category: str = "",
    rating: str = "Amber",
    start: str = "",
    end: str = "",
    forecast: str = "12",
    budget: str = "",
    cost: str = "",
    benefits: str = "",
) -> str:
    """One line of the file; forecast 12 is a million a month."""
    cells = [year, id, project, department, category, rating, start, end, forecast, budget]
    return ",".join(f'"{cell}"' for cell in [*cells, cost, benefits])


def file_of(*lines: str) -> bytes:
    """A whole file, in UTF-8."""
    return "\n".join([HEADER, *lines, ""]).encode()


def rows_of(*lines: str, terms: ImportMapping | None = None) -> list[StatusRow]:
    """The usable rows of a file of these lines."""
    return read_rows(file_of(*lines), terms or mapping()).rows
