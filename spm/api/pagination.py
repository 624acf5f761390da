"""Lists are read newest first, page by page; a page stays what it was while rows are added."""

import base64
import binascii
from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from spm.errors import Invalid

PAGE_SIZE = 50
LARGEST_PAGE = 500
LARGEST_ID = 2**63 - 1


class NewestFirstPagination(BasePagination):
    """Pages by key, not by number: each begins below the last row of the one before it."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page that the request asks for."""
        size = _page_size(request)
        below = request.query_params.get("cursor")
        rows = queryset.order_by("-pk")
        if below is not None:
            rows = rows.filter(pk__lt=_read_cursor(below))
        found = list(rows[: size + 1])
        self.next = _next_address(request, found[size - 1].pk) if len(found) > size else None
        return found[:size]

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
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins; taken from `next` of the page before.",
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,28}$"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "How many rows.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LARGEST_PAGE,
                    "default": PAGE_SIZE,
                },
            },
        ]


def _page_size(request: Request) -> int:
    text = request.query_params.get("page_size", str(PAGE_SIZE))
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= LARGEST_PAGE:
        return int(text)
    raise Invalid({"page_size": f"Give a whole number from 1 to {LARGEST_PAGE}."})


def _next_address(request: Request, last_id: int) -> str:
    cursor = base64.urlsafe_b64encode(str(last_id).encode()).decode().rstrip("=")
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor)


def _read_cursor(cursor: str) -> int:
    try:
        digits = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        digits = b""
    if not digits.isdigit() or len(digits) > 19 or int(digits) > LARGEST_ID:
        raise Invalid({"cursor": "This is no cursor. Take it from 'next' of the page before."})
    return int(digits)
