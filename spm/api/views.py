"""What every path of the API does before and after its own rule."""

from typing import Any, TypeVar

from django.db.models import QuerySet
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from spm.accounts.models import ApiKey, Scope
from spm.accounts.permissions import NotAllowed, Principal
from spm.api.idempotency import Answer
from spm.api.pagination import NewestFirstPagination
from spm.api.problems import ConditionRequired
from spm.errors import Conflict, Invalid

SerializerType = TypeVar("SerializerType", bound=BaseSerializer[Any])


class ApiView(APIView):
    """A path. Its methods parse, call one rule, and render."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what no path takes."""
        super().initial(request, *args, **kwargs)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType(
                request.headers["Content-Encoding"], "Send the body uncompressed."
            )
        if isinstance(request.user, ApiKey) and Scope.READ not in request.user.scopes:
            raise NotAllowed("Every answer shows something, so every key needs the scope 'read'.")

    @property
    def principal(self) -> Principal:
        """Who is asking."""
        return self.request.user  # type: ignore[return-value]

    @property
    def body(self) -> dict[str, Any]:
        """What was sent, as a copy; ``StrictJSONParser`` has seen to it that it is an object."""
        return dict(self.request.data)

    def read_body(self, serializer_class: type[SerializerType], **kwargs: Any) -> dict[str, Any]:
        """The body's values; Invalid or ValidationError name what is wrong with which."""
        serializer = serializer_class(data=self.request.data, **kwargs)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class ListView(ApiView):
    """A path that lists, newest first, a page at a time."""

    pagination_class = NewestFirstPagination

    def page(self, rows: QuerySet[Any], serializer_class: type[SerializerType]) -> Response:
        """The page of the rows that was asked for."""
        paginator = self.pagination_class()
        found = paginator.paginate_queryset(rows, self.request, self)
        return paginator.get_paginated_response(serializer_class(found, many=True).data)


def respond(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    """An answer as a response that says whether it is a repetition."""
    response = Response(answer.body, status=answer.status, headers=headers)
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def version_meant(request: Request, required: bool) -> int | None:
    """The version that ``If-Match`` names, or None for any (``*``, or no header).

    Raises:
        ConditionRequired: there is no such header though it is required.
        Conflict: it names what can be no version of ours, so it cannot match.
        Invalid: it names several.
    """
    condition = request.headers.get("If-Match")
    if condition is None and required:
        raise ConditionRequired(
            "Send the ETag of what you read as If-Match, so that nobody's change is overwritten."
        )
    if condition is None or condition.strip() == "*":
        return None
    if "," in condition:
        raise Invalid({"If-Match": "Name one version."})
    digits = condition.strip().strip('"')
    if condition.strip() != f'"{digits}"' or not digits.isascii() or not digits.isdigit():
        raise Conflict("This is no ETag of ours; read it again.")
    return min(int(digits[:10]), 2**31 - 1)


def id_in(given: dict[str, Any], name: str) -> int:
    """Take the id of another row out of a body.

    Raises:
        Invalid: it is not there, or no whole number.
    """
    value = given.pop(name, None)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid({name: "Give the id, a whole number."})
    return value
