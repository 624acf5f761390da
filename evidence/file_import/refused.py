"""The rows that could not be taken, as a file of their own: to correct and send again."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping

from spm.cells import as_cells
from spm.sheets.grid import Grid

PROBLEM, LINE = "problem", "line in the file"
COLUMNS_OF_ITS_OWN = (PROBLEM, LINE)


def refused_rows(grid: Grid, problems: Iterable[Mapping[str, object]], separator: str = ",") -> str:
    """A CSV file of the rows that ``problems`` name, with what is wrong in a column.

    The columns are those of the file, so that what is corrected is recognised when it comes again.
    """
    reasons: dict[int, list[str]] = defaultdict(list)
    for problem in problems:
        column, reason = str(problem["column"]), str(problem["reason"])
        reasons[int(str(problem["line"]))].append(f"{column}: {reason}" if column else reason)
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator or ",")
    own = [column for column in grid.columns if column not in COLUMNS_OF_ITS_OWN]
    places = [grid.columns.index(column) for column in own]
    writer.writerow(as_cells([*own, PROBLEM, LINE]))
    for line, cells in grid.rows:
        if line in reasons:
            row = [cells[place] for place in places]
            writer.writerow(as_cells([*row, "; ".join(reasons[line]), line]))
    for line, cells in grid.misshapen:
        # Its cells stand where they stood, so what is wrong goes before what is too much.
        row = [*cells[: len(own)], "; ".join(reasons[line]), str(line), *cells[len(own) :]]
        writer.writerow(as_cells(row))
    return file.getvalue()
