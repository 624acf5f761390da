"""Tables as CSV files: no cell is ever a formula."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

from reports.figures.table import Table
from spm.cells import as_cells


def as_csv(table: Table, name: str) -> HttpResponse:
    """The table behind a picture, as a file of this name."""
    return rows_as_csv(table.as_rows(), name)


def rows_as_csv(rows: Iterable[Sequence[Any]], name: str) -> HttpResponse:
    """Rows, the head first, as a file of this name."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    csv.writer(response).writerows(as_cells(row) for row in rows)
    return response
