"""Each request has a name, by which what was answered and what was logged are brought together."""

from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

from spm.api.problem_kinds import new_request_id

HEADER = "X-Request-Id"


def request_id_of(request: Any) -> str:
    """The name of the request; given now if no middleware has given it."""
    request = getattr(request, "_request", request)
    if not hasattr(request, "request_id"):
        request.request_id = new_request_id()
    return str(request.request_id)


class RequestIdMiddleware:
    """Name the request, in its log lines and in the answer. A name sent by a client is not used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on under its name."""
        name = request_id_of(request)
        with structlog.contextvars.bound_contextvars(request_id=name):
            response = self.get_response(request)
        response[HEADER] = name
        return response
