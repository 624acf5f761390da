"""Every page asks for a sign-in, and knows which portfolio it is about."""

from collections.abc import Callable

from django.apps import apps
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from spm.accounts.permissions import visible_portfolio_ids

Handler = Callable[[HttpRequest], HttpResponse]

OPEN_PATHS = ("/accounts/", "/static/", "/healthz", "/api/")
SESSION_KEY = "portfolio_id"


class SignInRequiredMiddleware:
    """Send strangers to the sign-in page; the API answers for itself."""

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
    """Set ``request.portfolio``: the one last chosen, else the first that the person may see."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Find the portfolio, if the request is of a page."""
        request.portfolio = None  # type: ignore[attr-defined]
        if request.user.is_authenticated and not request.path.startswith(OPEN_PATHS):
            request.portfolio = self.portfolio_of(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def portfolio_of(self, request: HttpRequest) -> object | None:
        """The portfolio that the page is about, or None for somebody without any."""
        visible = visible_portfolio_ids(request.user)
        if not visible:
            return None
        chosen = request.session.get(SESSION_KEY)
        portfolio_id = chosen if chosen in visible else visible[0]
        portfolios = apps.get_model("bets", "Portfolio")._default_manager
        return portfolios.filter(pk=portfolio_id).first()


def turn_to(request: HttpRequest, portfolio_id: int) -> None:
    """Make the portfolio of an object that was opened by its address the current one."""
    current = getattr(request, "portfolio", None)
    if current is not None and current.pk == portfolio_id:
        return
    request.session[SESSION_KEY] = portfolio_id
    portfolios = apps.get_model("bets", "Portfolio")._default_manager
    request.portfolio = portfolios.get(pk=portfolio_id)  # type: ignore[attr-defined]
