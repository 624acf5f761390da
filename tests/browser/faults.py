"""What must not happen on any page: script errors, console errors, breaches of the policy."""

from typing import Any
from urllib.parse import urlsplit


def note_faults(page: Any, faults: list[str]) -> None:
    """Write down each fault of a page from now on, with the address it happened at.

    An answer of 401, 403, 404, 409 or 422 is an answer; that the browser calls it an error on
    its console is no fault of the page. Nor is a request that was given up as the page was left.
    """
    page.on("pageerror", lambda error: faults.append(f"{page.url}: script error: {error}"))
    page.on("console", lambda message: _note_console(page, faults, message))


def _note_console(page: Any, faults: list[str], message: Any) -> None:
    answered = message.text.startswith("Failed to load resource") and "status of 4" in message.text
    given_up = message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
    if message.type == "error" and not answered and not given_up:
        faults.append(f"{page.url}: {message.text}")


def note_requests_elsewhere(page: Any, origin: str, faults: list[str]) -> None:
    """Write down each request that does not go to the page's own origin."""

    def look(request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and not request.url.startswith(origin):
            faults.append(f"{page.url}: asked {request.url}")

    page.on("request", look)
