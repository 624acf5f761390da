"""Bodies: JSON for one thing, newline-delimited JSON for many; answers are always JSON."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from spm.api import strict_json
from spm.api.problems import TooLarge
from spm.errors import Invalid

MOST_LINES = 50_000


class StrictJSONParser(BaseParser):
    """One JSON object of at most 1 MB; ``spm.api.strict_json`` says what is refused."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Read the body."""
        value = strict_json.decode(_read(stream, settings.BODY_LIMIT_BYTES))
        if not isinstance(value, dict):
            raise Invalid({"": "The body must be a JSON object: {...}."})
        return value


class LinesParser(BaseParser):
    """Lines, each meant to be a JSON object; the view reads each, so that one bad line is one."""

    media_type = "application/x-ndjson"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The lines as they came; at most 50,000 in at most 10 MB."""
        lines = _read(stream, settings.IMPORT_BODY_LIMIT_BYTES).split(b"\n")
        if len(lines) > MOST_LINES + 1 or (len(lines) > MOST_LINES and lines[-1].strip()):
            raise TooLarge(f"The body has more than {MOST_LINES:,} lines. Send them in parts.")
        return lines


class FileParser(BaseParser):
    """A file as it is; what it may be is judged by whoever takes it in."""

    media_type = "application/octet-stream"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The bytes; at most 10 MB."""
        return _read(stream, settings.IMPORT_BODY_LIMIT_BYTES)


class OneForm(BaseContentNegotiation):
    """The API answers in one form, whatever ``Accept`` says, so there is nothing to negotiate."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The parser for the body's media type; parameters such as a charset do not matter."""
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """The only one."""
        return renderers[0], renderers[0].media_type


def _read(stream: IO[bytes], limit_bytes: int) -> bytes:
    raw = stream.read(limit_bytes + 1)
    if len(raw) > limit_bytes:
        raise TooLarge(f"The body is larger than {limit_bytes:,} bytes. Send less.")
    return raw
