"""Every page asks for a sign-in, and knows which portfolio it is about."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from spm.accounts.models import Membership

Handler = Callable[[HttpRequest], HttpResponse]

OPEN_PATHS = ("/accounts/", "/static/", "/healthz", "/api/", "/hooks/")
SESSION_KEY = "portfolio_id"


class SignInRequiredMiddleware:
    """Send strangers to the sign-in page; what programs ask for answers for itself."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through, or send it to the sign-in page."""
        if request.user.is_authenticated or request.path.startswith(OPEN_PATHS):
            return self.get_response(request)
        if request.headers.get("HX-Request"):
            # A fragment must not become the sign-in page: htmx reloads the whole page instead.
            return HttpResponse(status=401, headers={"HX-Refresh": "true"})
        return redirect_to_login(request.get_full_path())


class PortfolioMiddleware:
    """Set ``request.portfolio``: the one last chosen, else the first that the person may see.

    ``request.memberships`` are the person's roles with their portfolios, read once for all that
    asks in the course of the request.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Find the portfolio, if the request is of a page."""
        is_page = request.user.is_authenticated and not request.path.startswith(OPEN_PATHS)
        request.memberships = memberships_of(request) if is_page else []  # type: ignore[attr-defined]
        request.portfolio = last_chosen(request)  # type: ignore[attr-defined]
        return self.get_response(request)


def memberships_of(request: HttpRequest) -> list[Membership]:
    """The person's roles, by portfolio; one query."""
    rows = Membership.objects.filter(user_id=request.user.pk or 0, user__is_active=True)
    return list(rows.select_related("portfolio").order_by("portfolio_id"))


def last_chosen(request: HttpRequest) -> Any:
    """The portfolio that the page is about, or None for somebody without any."""
    portfolios = [membership.portfolio for membership in _memberships(request)]
    chosen = request.session.get(SESSION_KEY) if portfolios else None
    first = portfolios[0] if portfolios else None
    return next((each for each in portfolios if each.pk == chosen), first)


def turn_to(request: HttpRequest, portfolio_id: int) -> None:
    """Make the portfolio of an object that was opened by its address the current one."""
    current = getattr(request, "portfolio", None)
    if current is not None and current.pk == portfolio_id:
        return
    request.session[SESSION_KEY] = portfolio_id
    request.portfolio = last_chosen(request)  # type: ignore[attr-defined]


def _memberships(request: HttpRequest) -> list[Membership]:
    return getattr(request, "memberships", [])
