"""What every path of the API does before and after its own rule."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar, TypeVar

from django.db.models import QuerySet
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from spm.accounts.models import ApiKey, Scope
from spm.accounts.permissions import NotAllowed, Principal
from spm.accounts.signing import FIELD, Signature, sign
from spm.api.idempotency import Answer
from spm.api.pagination import NewestFirstPagination
from spm.api.problems import ConditionRequired
from spm.api.sparse import as_lines, going_headers, names_wanted, sparse, wants_lines
from spm.api.throttling import Rate
from spm.errors import Conflict, Invalid

SEND_THE_TAG = "Send the ETag of what you read as If-Match: nobody's change is to be overwritten."
COST_OF_LINES = 100
SerializerType = TypeVar("SerializerType", bound=BaseSerializer[Any])


class ApiView(APIView):
    """A path. Its methods parse, call one rule, and render.

    ``problems`` are the statuses that its changes answer with besides those of every path, and
    ``when_read`` those of its reading (``spm.api.schema``).
    ``deprecated_since`` and ``sunset_on`` are set where a path is to go: every answer says so.
    """

    rate: Rate | None = None
    deprecated_since: date | None = None
    sunset_on: date | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what no path takes."""
        super().initial(request, *args, **kwargs)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType(
                request.headers["Content-Encoding"], "Send the body uncompressed."
            )
        if isinstance(request.user, ApiKey) and Scope.READ not in request.user.scopes:
            raise NotAllowed("Every answer shows something, so every key needs the scope 'read'.")

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        """Leave out the fields that were not asked for; say what is left of the rate, and what is
        to go.
        """
        try:
            sparse(request, response)
        except Invalid as refusal:
            response = self.handle_exception(refusal)
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.rate.headers if self.rate else {}).items():
            answer[name] = value
        for name, value in going_headers(self.deprecated_since, self.sunset_on).items():
            answer[name] = value
        return answer

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
    """A path that lists, newest first or sorted, a page at a time or all of it as lines."""

    pagination_class = NewestFirstPagination
    #: What the list can be sorted by, and the column of each.
    sorts: ClassVar[dict[str, str]] = {}

    @property
    def throttle_cost(self) -> int:
        """All rows at once count as many pages."""
        return COST_OF_LINES if self.request.method == "GET" and wants_lines(self.request) else 1

    def page(self, rows: QuerySet[Any], serializer_class: type[SerializerType]) -> Any:
        """The page of the rows that was asked for; all of them, where lines were."""
        paginator = self.pagination_class()
        if wants_lines(self.request):
            form = serializer_class()
            wanted = names_wanted(self.request, form.fields)  # type: ignore[attr-defined]
            every = paginator.every_row(rows, self.request, self)
            return as_lines((serializer_class(found, many=True).data for found in every), wanted)
        found = paginator.paginate_queryset(rows, self.request, self)
        return paginator.get_paginated_response(serializer_class(found, many=True).data)


def signed(view: ApiView, said: Mapping[str, Any]) -> Signature:
    """Check what a signed-in person signs with; a key is its own signature."""
    return sign(view.principal, said.get(FIELD, ""), view.request._request)


def respond(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    """An answer as a response that says whether it is a repetition."""
    response = Response(answer.body, status=answer.status, headers=headers)
    if answer.replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def tag_of(shown: Mapping[str, Any]) -> str:
    """The entity tag of a row without a version: the digest of how it is shown."""
    said = json.dumps(shown, cls=JSONEncoder, sort_keys=True)
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'


def tagged(shown: Mapping[str, Any]) -> Response:
    """A row as it is shown, with its entity tag."""
    return answer_tagged(Answer(200, dict(shown)))


def answer_tagged(answer: Answer) -> Response:
    """An answer that is such a row."""
    return respond(answer, {"ETag": tag_of(answer.body)})


def require_as_read(request: Request, shown: Mapping[str, Any], *, needed: bool = True) -> None:
    """See to it that a row, locked by now, is still the one that the request names.

    Raises:
        ConditionRequired: there is no ``If-Match`` though it is needed.
        Conflict: it is another by now.
        Invalid: it names several.
    """
    if (named := _tag_meant(request, needed)) is not None and named != tag_of(shown):
        raise Conflict("It has changed since you read it.", ["Read it again, with its new ETag."])


def version_meant(request: Request, required: bool) -> int | None:
    """The version that ``If-Match`` names, or None for any (``*``, or no header).

    Raises:
        ConditionRequired: there is no such header though it is required.
        Conflict: it names what can be no version of ours, so it cannot match.
        Invalid: it names several.
    """
    if (named := _tag_meant(request, required)) is None:
        return None
    digits = named.strip('"')
    if named != f'"{digits}"' or not digits.isascii() or not digits.isdigit():
        raise Conflict("This is no ETag of ours; read it again.")
    return min(int(digits[:10]), 2**31 - 1)


def _tag_meant(request: Request, needed: bool) -> str | None:
    """The entity tag that ``If-Match`` names, or None for any."""
    condition = request.headers.get("If-Match")
    if condition is None and needed:
        raise ConditionRequired(SEND_THE_TAG)
    if condition is None or condition.strip() == "*":
        return None
    if "," in condition:
        raise Invalid({"If-Match": "Name one version."})
    return condition.strip()


def id_in(given: dict[str, Any], name: str) -> int:
    """Take the id of another row out of a body.

    Raises:
        Invalid: it is not there, or no whole number.
    """
    value = given.pop(name, None)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid({name: "Give the id, a whole number."})
    return value
