"""What is left of an answer, and in which form: the fields that were asked for, rows as lines."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from spm.errors import Invalid

LINES = "application/x-ndjson"
MOST_NAMES = 100


def wants_lines(request: Request) -> bool:
    """Whether a list is asked for as lines of JSON."""
    return LINES in request.headers.get("Accept", "")


def names_wanted(request: Request, known: Container[str] | None = None) -> list[str] | None:
    """The fields that ``fields`` names, such as ``id,title``; None for all.

    Args:
        request: which asks for them.
        known: those that there are; None where that is not known here.

    Raises:
        Invalid: there is no such field.
    """
    named = request.query_params.get("fields")
    if named is None:
        return None
    names = named.split(",")
    if len(names) > MOST_NAMES:
        raise Invalid({"fields": f"Name at most {MOST_NAMES} fields."})
    odd = [name for name in names if not name or (known is not None and name not in known)]
    if odd:
        raise Invalid(
            {"fields": f"There is no field '{odd[0][:80]}' here. Separate names by commas."}
        )
    return names


def sparse(request: Request, response: Any) -> None:
    """Leave out of an answer what was not asked for, in a row or in each row of a page.

    Raises:
        Invalid: as ``names_wanted``.
    """
    good = isinstance(response, Response) and response.status_code == 200
    if not good or request.method != "GET" or "fields" not in request.query_params:
        return
    data = response.data
    if isinstance(data, Mapping) and "results" in data and "next" in data:
        rows = data["results"]
        names = names_wanted(request, rows[0] if rows else None) or []
        response.data = {**data, "results": [_only(row, names) for row in rows]}
    elif isinstance(data, Mapping):
        response.data = _only(data, names_wanted(request, data) or [])


def as_lines(
    pages: Iterable[Iterable[Mapping[str, Any]]], names: list[str] | None
) -> StreamingHttpResponse:
    """Rows as lines of JSON, sent as they are read."""
    return StreamingHttpResponse(_lines(pages, names), content_type=LINES)


def _lines(pages: Iterable[Iterable[Mapping[str, Any]]], names: list[str] | None) -> Iterator[str]:
    for page in pages:
        rows = (row if names is None else _only(row, names) for row in page)
        yield "".join(
            json.dumps(row, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":")) + "\n"
            for row in rows
        )


def going_headers(since: date | None, until: date | None) -> dict[str, str]:
    """What is said of a path that is to go: since when (RFC 9745) and until when (RFC 8594)."""
    headers = {}
    if since is not None:
        headers["Deprecation"] = f"@{int(_midnight(since).timestamp())}"
        headers["Link"] = '</api/v1/docs#deprecation>; rel="deprecation"; type="text/html"'
    if until is not None:
        headers["Sunset"] = format_datetime(_midnight(until), usegmt=True)
    return headers


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _only(row: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if name in row}
