"""Fragments have a version, so that a page which has one already is not sent it again."""

import hashlib
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

Handler = Callable[[HttpRequest], HttpResponse]

# Masked anew in each answer, and still good in a page that keeps the one it has.
_TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value=)"[^"]*"')


class FragmentVersionMiddleware:
    """Give each fragment an ETag, and answer 304 to whoever names it in If-None-Match.

    The page itself remembers the version of each of its parts (``live.js``): what is behind the
    sign-in stays in no cache.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Mark the answer with its version; leave it away where it is known."""
        response = self.get_response(request)
        if request.method != "GET" or "HX-Request" not in request.headers:
            return response
        if response.status_code != 200 or response.streaming:
            return response
        if response.has_header("ETag") or response.has_header("Content-Encoding"):
            return response
        shown = _TOKEN.sub(rb"\1", response.content)
        version = f'"{hashlib.blake2b(shown, digest_size=12).hexdigest()}"'
        response.headers["ETag"] = version
        return get_conditional_response(request, etag=version, response=response) or response
