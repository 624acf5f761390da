"""Lists are read a page at a time, newest first or sorted; a page stays what it was while rows are
added.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from spm.errors import Invalid

PAGE_SIZE = 50
LARGEST_PAGE = 500
LARGEST_ID = 2**63 - 1
LONGEST_CURSOR = 600
NO_CURSOR = "This is no cursor. Take it from 'next' of the page before."


class NewestFirstPagination(BasePagination):
    """Pages by key, not by number: each begins below the last row of the one before it.

    A view's ``sorts`` names what its list can be sorted by, and the column of each.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page that the request asks for."""
        size = _page_size(request)
        order = Order.asked_for(request, getattr(view, "sorts", {}))
        rows = order.below(order.ordered(queryset), request.query_params.get("cursor"))
        found = list(rows[: size + 1])
        self.next = None
        if len(found) > size:
            here = request.build_absolute_uri()
            self.next = replace_query_param(here, "cursor", order.cursor_at(found[size - 1]))
        return found[:size]

    def every_row(self, queryset: Any, request: Request, view: Any = None) -> Iterator[list[Any]]:
        """All rows from where the request begins, some at a time: as flat in memory as a page."""
        order = Order.asked_for(request, getattr(view, "sorts", {}))
        rows, cursor = order.ordered(queryset), request.query_params.get("cursor")
        while found := list(order.below(rows, cursor)[:LARGEST_PAGE]):
            yield found
            cursor = order.cursor_at(found[-1])

    def get_paginated_response(self, data: Any) -> Response:
        """The page, and the address of the next one."""
        return Response({"next": self.next, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The form of a page."""
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "Address of the next page; null on the last.",
                },
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The parameters of every list."""
        described = [
            _parameter(
                "cursor",
                "Where the page begins; taken from `next` of the page before.",
                {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{1,{LONGEST_CURSOR}}}$"},
            ),
            _parameter(
                "page_size",
                "How many rows.",
                {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE},
            ),
        ]
        if sorts := getattr(view, "sorts", {}):
            words = [f"{sign}{name}" for name in sorts for sign in ("", "-")]
            text = "By what the list is sorted; with - the largest first. Newest first if not said."
            described.append(_parameter("sort", text, {"type": "string", "enum": words}))
        return described


class Order:
    """By which column a list is sorted, and where in it a page begins; empty values come last."""

    def __init__(self, column: str = "", falls: bool = True) -> None:
        self.column, self.falls = column, falls

    @classmethod
    def asked_for(cls, request: Request, sorts: Mapping[str, str]) -> "Order":
        """What ``sort`` names, such as ``-belief``; newest first without it.

        Raises:
            Invalid: the list cannot be sorted so.
        """
        named = request.query_params.get("sort")
        if named is None:
            return cls()
        if named.removeprefix("-") not in sorts:
            known = ", ".join(sorts) or "nothing: it comes newest first"
            raise Invalid({"sort": f"This list can be sorted by {known}."})
        return cls(sorts[named.removeprefix("-")], named.startswith("-"))

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows in this order; where two are alike the newer comes first."""
        if not self.column:
            return rows.order_by("-pk")
        column = F(self.column)
        by = column.desc(nulls_last=True) if self.falls else column.asc(nulls_last=True)
        return rows.order_by(by, "-pk")

    def cursor_at(self, row: Any) -> str:
        """What stands for the place behind a row."""
        value = getattr(row, self.column) if self.column else None
        shown = value if value is None or isinstance(value, int | float) else str(value)
        said = json.dumps([row.pk, *([shown] if self.column else [])], separators=(",", ":"))
        return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")

    def below(self, rows: QuerySet[Any], cursor: str | None) -> QuerySet[Any]:
        """The rows behind the place that a cursor stands for; all without one."""
        if cursor is None:
            return rows
        pk, *values = self._read(cursor, rows)
        if not self.column:
            return rows.filter(pk__lt=pk)
        (value,) = values
        if value is None:
            return rows.filter(**{f"{self.column}__isnull": True}, pk__lt=pk)
        way = "lt" if self.falls else "gt"
        return rows.filter(
            Q(**{f"{self.column}__{way}": value})
            | Q(**{self.column: value}, pk__lt=pk)
            | Q(**{f"{self.column}__isnull": True})
        )

    def _read(self, cursor: str, rows: QuerySet[Any]) -> list[Any]:
        try:
            said = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            pk, *values = said
            if type(pk) is not int or not 0 <= pk <= LARGEST_ID:
                raise ValueError
            if len(values) != bool(self.column) or not all(map(_is_plain, values)):
                raise ValueError
            column = rows.model._meta.get_field(self.column) if self.column else None
            return [pk, *(_typed(column, each) for each in values)]
        except (binascii.Error, ValueError, TypeError, RecursionError, ValidationError):
            raise Invalid({"cursor": NO_CURSOR}) from None


def _typed(column: Any, value: Any) -> Any:
    if isinstance(value, str) and ("\0" in value or not value.isprintable()):
        raise ValueError
    return None if value is None else column.to_python(value)


def _is_plain(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str | None):
        return False
    return value == value and abs(value) < 1e18 if isinstance(value, int | float) else True


def _parameter(name: str, text: str, form: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": text, "schema": form}


def _page_size(request: Request) -> int:
    text = request.query_params.get("page_size", str(PAGE_SIZE))
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= LARGEST_PAGE:
        return int(text)
    raise Invalid({"page_size": f"Give a whole number from 1 to {LARGEST_PAGE}."})
