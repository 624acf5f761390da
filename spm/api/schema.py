"""The OpenAPI document: what every path can answer, said once."""

import json
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from spm.api import problem_kinds as kinds
from spm.api.serializers import Problem, StrictSerializer, Terms
from spm.api.sparse import LINES

ALWAYS = (kinds.INVALID, kinds.UNAUTHENTICATED, kinds.NOT_ALLOWED, kinds.THROTTLED)
WITH_A_BODY = (kinds.TOO_LARGE, kinds.MEDIA_TYPE)
WITH_A_KEY = (kinds.KEY_REUSED,)
WITH_A_NAME = (kinds.NOT_FOUND,)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    OpenApiParameter.HEADER,
    description="The same request under the same key has one effect, for 24 hours.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "examples": ['"3"', "*"]},
    OpenApiParameter.HEADER,
    description="The ETag of the version that you have read, or *.",
)

ETAG = OpenApiParameter(
    "ETag",
    {"type": "string"},
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="The version, for If-Match.",
)


FIELDS = {
    "name": "fields",
    "in": "query",
    "required": False,
    "description": "Which fields to answer with, separated by commas; all if it is left out.",
    "schema": {"type": "string", "pattern": "^[a-z0-9_]+(,[a-z0-9_]+)*$"},
}


def _describe_sparse(operation: dict[str, Any], is_list: bool) -> None:
    """Fields can be left out of what a GET answers, and lists come as lines too."""
    said = operation["responses"].get("200", {}).get("content", {})
    if "application/json" not in said:
        return
    operation["parameters"] = [*operation.get("parameters", []), dict(FIELDS)]
    if is_list:
        text = "Each line is one row, as in `results`; all rows, without pages."
        said[LINES] = {"schema": {"type": "string", "description": text}}


def fields_can_be_left_out(result: Any, **kwargs: Any) -> Any:
    """Postprocessing hook: require nothing of what ``fields`` can leave out of an answer."""
    components = result["components"]["schemas"]
    sent = json.dumps([each.get("requestBody") for each in _operations(result)])
    for operation in _operations(result, "get"):
        said = operation["responses"].get("200", {}).get("content", {})
        form = said.get("application/json", {}).get("schema", {})
        for name in _rows_of(components, form):
            if f'"#/components/schemas/{name}"' not in sent:
                components[name].pop("required", None)
    return result


def anything_may_be_null(result: Any, **kwargs: Any) -> Any:
    """Postprocessing hook: "anything, or null" is anything; as one of two, null would be both."""
    for component in result["components"]["schemas"].values():
        for said in component.get("properties", {}).values():
            if {} in said.get("oneOf", ()):
                del said["oneOf"]
    return result


def _operations(result: Any, *methods: str) -> list[Any]:
    return [
        operation
        for item in result["paths"].values()
        for method, operation in item.items()
        if not methods or method in methods
    ]


def _rows_of(components: Any, form: Any) -> list[str]:
    """The component of one row: of the answer itself, or of the rows of a page."""
    name = form.get("$ref", "").rpartition("/")[2]
    properties = components[name].get("properties", {}) if name else form.get("properties", {})
    if "results" in properties and "next" in properties:
        inner = properties["results"].get("items", {})
        return [each for each in [inner.get("$ref", "").rpartition("/")[2]] if each]
    return [name] if name else []


class ProblemSchema(AutoSchema):
    """Adds the problems that every path can answer to those that a path names itself."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """The operation with all its answers."""
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        if self.method == "GET":
            _describe_sparse(operation, hasattr(self.view, "sorts"))
        expected = list(ALWAYS)
        if "requestBody" in operation:
            expected += WITH_A_BODY
        parameters = operation.get("parameters", [])
        if any(each["in"] == "path" for each in parameters):
            expected += WITH_A_NAME
        if any(each["name"] == IDEMPOTENCY_KEY.name for each in parameters):
            expected += WITH_A_KEY
        named = [kinds.KIND_OF_STATUS[status] for status in getattr(self.view, "problems", ())]
        if self.method == "GET":
            named = [kinds.KIND_OF_STATUS[each] for each in getattr(self.view, "when_read", ())]
        expected += named
        for kind in expected:
            operation["responses"].setdefault(str(kind.status), self._problem(kind))
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def _postprocess_serializer_schema(
        self, schema: dict[str, Any], serializer: Any, direction: Any
    ) -> dict[str, Any]:
        """Say that unknown fields are refused, where they are."""
        described = super()._postprocess_serializer_schema(schema, serializer, direction)
        if isinstance(serializer, StrictSerializer | Terms):
            described["additionalProperties"] = False
        return dict(described)

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """``BetShown`` is called ``Bet``: how it is shown is all that a client knows of it."""
        return str(super().get_serializer_name(serializer, direction)).removesuffix("Shown")

    def _problem(self, kind: kinds.Kind) -> dict[str, Any]:
        component = self.resolve_serializer(Problem, "response")
        return {
            "description": kind.title,
            "content": {kinds.CONTENT_TYPE: {"schema": component.ref}},
        }
