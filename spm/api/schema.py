"""The OpenAPI document: what every path can answer, said once."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from spm.api import problem_kinds as kinds
from spm.api.serializers import Problem, StrictSerializer, Terms

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


class ProblemSchema(AutoSchema):
    """Adds the problems that every path can answer to those that a path names itself."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """The operation with all its answers."""
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        expected = list(ALWAYS)
        if "requestBody" in operation:
            expected += WITH_A_BODY
        if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
            expected += WITH_A_NAME
        named = [kinds.KIND_OF_STATUS[status] for status in getattr(self.view, "problems", ())]
        if self.method != "GET":
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
