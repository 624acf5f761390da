"""Every error of the API is a problem document (RFC 9457); this is where exceptions become one."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from spm.accounts.permissions import NotAllowed
from spm.api import problem_kinds as kinds
from spm.errors import Conflict, Invalid, Reused
from spm.request_ids import request_id_of

API_PATHS = "/api/"
SEE_ERRORS = "The fields under 'errors' say what is wrong."


class ConditionRequired(Exception):
    """A change was asked for without saying of which version."""


class TooLarge(exceptions.APIException):
    """The body is longer than what is read here."""

    status_code = 413


def problem_response(exception: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception; None for what nobody foresaw, which Django logs as a fault."""
    request = context["request"]
    found = _problem_of(exception, _names_a_version(request, context["view"]))
    if found is None:
        return None
    kind, detail, extra = found
    document = kinds.problem_document(kind, detail, request_id_of(request), **extra)
    response = Response(document, status=kind.status, content_type=kinds.CONTENT_TYPE)
    for name, value in _headers(exception).items():
        response[name] = value
    return response


def _names_a_version(request: Any, view: Any) -> bool:
    """Whether the client said of which version, to an operation that reads it."""
    return "If-Match" in request.headers and kinds.CHANGED.status in getattr(view, "problems", ())


def _problem_of(
    exception: Exception, names_a_version: bool
) -> tuple[kinds.Kind, str, dict[str, Any]] | None:
    if isinstance(exception, Invalid):
        detail = exception.fields.get("", SEE_ERRORS)
        return kinds.INVALID, detail, {"fields": exception.fields}
    if isinstance(exception, Reused):
        return kinds.KEY_REUSED, exception.message, {"changed": exception.changed}
    if isinstance(exception, Conflict):
        # A client that named the version it knows learns that its condition failed.
        kind = kinds.CHANGED if names_a_version else kinds.CONFLICT
        return kind, exception.message, {"changed": exception.changed}
    if isinstance(exception, NotAllowed):
        return kinds.NOT_ALLOWED, str(exception), {}
    if isinstance(exception, PermissionDenied):
        return kinds.NOT_ALLOWED, "You may not do this.", {}
    if isinstance(exception, Http404 | ObjectDoesNotExist):
        return kinds.NOT_FOUND, "There is nothing under this address that you may see.", {}
    if isinstance(exception, ConditionRequired):
        return kinds.CONDITION_REQUIRED, str(exception), {}
    if isinstance(exception, exceptions.ValidationError):
        return kinds.INVALID, SEE_ERRORS, {"fields": flat(exception.detail)}
    if isinstance(exception, exceptions.APIException):
        kind = kinds.KIND_OF_STATUS.get(exception.status_code, kinds.FAULT)
        return kind, str(exception.detail), {}
    return None


def problem_of_line(exception: Invalid | Conflict | NotAllowed) -> dict[str, Any]:
    """What is wrong with one of many: a problem document in short."""
    kind = kinds.INVALID
    if isinstance(exception, NotAllowed):
        kind = kinds.NOT_ALLOWED
    elif isinstance(exception, Conflict):
        kind = kinds.KEY_REUSED if isinstance(exception, Reused) else kinds.CONFLICT
    fields = exception.fields if isinstance(exception, Invalid) else {"": str(exception)}
    errors = [{"field": name, "problem": text} for name, text in fields.items()]
    return {"type": kind.address, "errors": errors}


def flat(detail: Any, path: str = "") -> dict[str, str]:
    """A serializer's nested errors as one sentence or more for each path, such as ``teams[0]``."""
    if isinstance(detail, Mapping):
        found: dict[str, str] = {}
        for name, inner in detail.items():
            if isinstance(name, int):
                found |= flat(inner, f"{path}[{name}]")
            elif name == "non_field_errors":
                found |= flat(inner, path)
            else:
                found |= flat(inner, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(detail, list) and any(isinstance(item, Mapping) for item in detail):
        found = {}
        for index, inner in enumerate(detail):
            found |= flat(inner, f"{path}[{index}]")
        return found
    sentences = detail if isinstance(detail, list) else [detail]
    return {path: " ".join(str(sentence) for sentence in sentences)} if sentences else {}


def _headers(exception: Exception) -> dict[str, str]:
    headers = {}
    if challenge := getattr(exception, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(exception, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, round(wait + 0.5)))
    return headers


def _outside_views(request: HttpRequest, kind: kinds.Kind, detail: str) -> HttpResponse:
    document = kinds.problem_document(kind, detail, request_id_of(request))
    return JsonResponse(document, status=kind.status, content_type=kinds.CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 400 (a host or a body that it refuses)."""
    if request.path.startswith(API_PATHS):
        return _outside_views(request, kinds.INVALID, "The request is malformed.")
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 403."""
    if request.path.startswith(API_PATHS):
        return _outside_views(request, kinds.NOT_ALLOWED, "You may not do this.")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's own 404, for an address that does not exist."""
    if request.path.startswith(API_PATHS):
        detail = "There is no such address. /api/v1/schema lists those that exist."
        return _outside_views(request, kinds.NOT_FOUND, detail)
    return defaults.page_not_found(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw; the request's name leads to the log line with the cause."""
    if request.path.startswith(API_PATHS):
        detail = "Something went wrong here. Nothing was changed. Name the request_id to us."
        return _outside_views(request, kinds.FAULT, detail)
    return defaults.server_error(request)
