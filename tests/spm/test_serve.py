"""One web process on an inherited socket, with live streams open."""

import http.client
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from bets.models import Portfolio
from spm import live
from spm.accounts.models import User
from tests.factories import make_member, make_portfolio, make_user
from tests.running import Site, running_site


@contextmanager
def stream(site: Site, portfolio: Portfolio, user: User) -> Iterator[http.client.HTTPResponse]:
    """The live stream of a portfolio, as the browser of a person who is signed in opens it."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=10)
    connection.request("GET", f"/live?portfolio={portfolio.pk}", headers={"Cookie": cookie})
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def lines_until(answer: http.client.HTTPResponse, expected: str) -> list[str]:
    """What a stream says, up to a line."""
    lines: list[str] = []
    while expected not in lines:
        lines.append(answer.readline().decode().strip())
    return lines


def test_an_open_page_hears_what_has_changed_and_nothing_of_another_portfolio(
    committed_db: None, tmp_path: Path
) -> None:
    ours, theirs = make_portfolio(), make_portfolio()
    with running_site(tmp_path) as site, stream(site, ours, make_member(ours)) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines_until(answer, 'data: ["all"]')  # said once its process has begun to listen
        live.say(theirs.pk, "bet:1")
        live.say(ours.pk, "bet:2")
        assert 'data: ["bet:1"]' not in lines_until(answer, 'data: ["bet:2"]')


def test_a_stranger_to_the_portfolio_gets_no_stream(live_site: Site) -> None:
    with stream(live_site, make_portfolio(), make_user()) as answer:
        assert answer.status == 404


def test_it_stops_in_time_although_a_stream_is_open(committed_db: None, tmp_path: Path) -> None:
    portfolio = make_portfolio()
    with running_site(tmp_path) as site, stream(site, portfolio, make_member(portfolio)) as answer:
        lines_until(answer, "event: hello")
        began = time.monotonic()
        site.process.send_signal(signal.SIGTERM)
        site.process.wait(10)
        assert time.monotonic() - began < 5.0
