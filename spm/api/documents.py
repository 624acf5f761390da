"""The API explained on a page, made from the OpenAPI document; for people who are signed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from drf_spectacular.generators import SchemaGenerator

from spm.api.problem_kinds import KIND_OF_STATUS, KINDS

WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false"}
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """One parameter, or one field of a body."""

    name: str
    where: str
    form: str
    required: bool
    text: str


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    name: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Field]
    body: list[Field]
    answer: list[Field]
    statuses: list[tuple[str, str]]


class OneDocument(SchemaGenerator):
    """Writes the OpenAPI document once for each process: it is the same for everybody."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        """The document; made anew only where it depends on who asks."""
        return document() if public else super().get_schema(request, public)


@lru_cache(maxsize=1)
def document() -> Any:
    """The OpenAPI document of all paths."""
    return SchemaGenerator().get_schema(request=None, public=True)


@login_required
def documents(request: HttpRequest) -> HttpResponse:
    """Every path, field and problem of the API."""
    return render(request, "api/documents.html", {"explained": explained()})


@lru_cache(maxsize=1)
def explained() -> str:
    """What the page says of the API, written once for each process as the document is."""
    return render_to_string("api/_documents.html", {"operations": operations(), "kinds": KINDS})


@lru_cache(maxsize=1)
def operations() -> list[Operation]:
    """The operations of the OpenAPI document, by path."""
    schema = document()
    return [
        _operation(schema, path, method, item[method])
        for path, item in sorted(schema["paths"].items())
        for method in METHODS
        if method in item
    ]


def _operation(schema: Any, path: str, method: str, said: Any) -> Operation:
    good = [code for code in said["responses"] if code.startswith("2")]
    return Operation(
        name=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said.get("summary", ""),
        text=said.get("description", ""),
        parameters=[
            Field(
                one["name"],
                one["in"],
                _form(schema, one["schema"]),
                one.get("required", False),
                one.get("description", ""),
            )
            for one in said.get("parameters", [])
        ],
        body=list(_fields(schema, said.get("requestBody", {}))),
        answer=list(_fields(schema, said["responses"][good[0]])) if good else [],
        statuses=[
            (code, KIND_OF_STATUS[int(code)].name if int(code) in KIND_OF_STATUS else "")
            for code in said["responses"]
        ],
    )


def _fields(schema: Any, holder: Any) -> Iterator[Field]:
    """The fields of the object that a body or an answer holds; of one row, for a list."""
    contents = list(holder.get("content", {}).values())
    if not contents:
        return
    form = _resolved(schema, contents[0]["schema"])
    if "results" in form.get("properties", {}):
        form = _resolved(schema, form["properties"]["results"]["items"])
    required = form.get("required", [])
    for name, said in form.get("properties", {}).items():
        yield Field(name, "", _form(schema, said), name in required, said.get("description", ""))


def _resolved(schema: Any, said: Any) -> Any:
    if "$ref" not in said:
        return said
    return schema["components"]["schemas"][said["$ref"].rpartition("/")[2]]


def _form(schema: Any, said: Any) -> str:
    """A form in a few words: ``text or null``, ``list of {team, share}``."""
    if "$ref" in said:
        return "{" + ", ".join(_resolved(schema, said).get("properties", {})) + "}"
    if "enum" in said:
        return " | ".join("nothing" if word in ("", None) else str(word) for word in said["enum"])
    if said.get("type") == "array":
        return f"list of {_form(schema, said['items'])}"
    names = {**WORDS, "string": "time"} if said.get("format") == "date-time" else WORDS
    if said.get("pattern", "").startswith("^(0|[1-9]"):
        names = {**WORDS, "string": "money"}
    kinds = said.get("type", "any")
    return " or ".join(names.get(kind, kind) for kind in _list(kinds))


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
