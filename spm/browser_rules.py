"""What browsers are told beyond Django's own headers, and a second net under the CSRF token."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]

UNSAFE_METHODS = {"POST", "PUT", "PATCH", "DELETE"}
OWN_SITES = {"same-origin", "none"}


class BrowserRulesMiddleware:
    """Keep pages behind the sign-in out of caches and frames, and foreign sites from acting."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse what another site sends; mark what is answered."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if request.method in UNSAFE_METHODS and site not in OWN_SITES:
            return HttpResponse("Sent from another site.", status=403, content_type="text/plain")
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response
