"""Who is let in at /mcp, from where, and that nothing that is sent there is a fault of ours."""

import json
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.test import Client

from spm.accounts.models import ApiKey, User
from tests.api_client import ALL_SCOPES
from tests.factories import make_bet, make_member, make_portfolio
from tests.running import Site

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
TYPES = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def post(site: Site, clear: str, body: Any = LIST, **headers: str) -> httpx.Response:
    """The answer to a request; ``body`` is sent as JSON unless it is bytes already."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"Authorization": f"Bearer {clear}", **TYPES, **headers}
    return httpx.post(f"{site.url}/mcp", content=raw, headers=named, timeout=60)


@pytest.fixture
def person(committed_db: None) -> User:
    """A lead of a portfolio with one bet."""
    portfolio = make_portfolio()
    make_bet(portfolio, title="Refunds")
    return make_member(portfolio)


@pytest.fixture
def clear(person: User) -> str:
    """A key of theirs."""
    return key_of(person, ALL_SCOPES)


def key_of(person: User, scopes: list[str]) -> str:
    return ApiKey.issue(person, person.memberships.get().portfolio_id, "Agent", scopes)[1]


def test_only_a_key_that_is_in_force_lets_in_and_a_session_does_not(
    live_site: Site, person: User, clear: str
) -> None:
    assert post(live_site, clear).status_code == 200
    for header in ("Bearer spm_x_y", "", f"Basic {clear}"):
        refused = httpx.post(f"{live_site.url}/mcp", json=LIST, headers={"Authorization": header})
        assert refused.status_code == 401, header
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="spm"'
        assert refused.json()["type"] == "/api/v1/docs#unauthenticated"
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookies = {settings.SESSION_COOKIE_NAME: client.session.session_key or ""}
    signed_in = httpx.post(f"{live_site.url}/mcp", json=LIST, headers=TYPES, cookies=cookies)
    assert signed_in.status_code == 401

    writer = post(live_site, key_of(person, ["evidence"]))
    assert (writer.status_code, writer.json()["title"]) == (403, "You may not do this")
    ApiKey.objects.update(owner=make_member(make_portfolio()))
    call = {"name": "list_bets", "arguments": {}}
    lost = post(live_site, clear, {**LIST, "method": "tools/call", "params": call})
    assert "Refunds" not in lost.text


def test_pages_of_other_sites_and_hosts_that_are_not_ours_are_turned_away(
    live_site: Site, clear: str
) -> None:
    assert post(live_site, clear, Origin=live_site.url).status_code == 200
    foreign = post(live_site, clear, Origin="https://evil.example")
    assert foreign.status_code == 403
    assert "Access-Control-Allow-Origin" not in foreign.headers
    # A name of theirs that leads to this machine: host and origin agree, and are not ours.
    rebound = post(live_site, clear, Host="evil.example", Origin="http://evil.example")
    assert rebound.status_code == 400
    reading = httpx.get(f"{live_site.url}/mcp", headers={"Authorization": f"Bearer {clear}"})
    assert (reading.status_code, reading.headers["Allow"]) == (405, "POST")
    asked = httpx.options(f"{live_site.url}/mcp", headers={"Origin": live_site.url})
    assert asked.status_code == 405


def called(tool: str, arguments: Any) -> dict[str, Any]:
    return {**LIST, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


HOSTILE: list[Any] = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[" * 20_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    json.dumps(called("list_bets", {"search": "\ud800"})).encode(),
    json.dumps(called("read_thesis", {"bet": float("nan")})).encode(),
    [],
    [LIST, LIST],
    None,
    7,
    {**LIST, "method": "no/such"},
    {**LIST, "id": {"a": 1}},
    called("no_such_tool", {}),
    called("list_bets", []),
    called("list_bets", {"fields": "id"}),
    called("list_bets", {"search": "\x00", "stage": "no"}),
    called("list_bets", {"cursor": [1], "page_size": True, "search": {"a": 1}}),
    called("list_bets", {"x" * 5_000: "y" * 50_000}),
    *(called("read_thesis", {"bet": value}) for value in (0, -1, 1.5, 10**30, "1", True, None)),
    called("read_thesis", {"bet": "../../schema"}),
    called("read_thesis", {"bet": 1, "more": 1}),
    called("log_evidence", {"hypothesis": 1, "kind": "judgement"}),
    called("log_evidence", {"hypothesis": 1, "external_id": "\x00", "mean": 1e308, "note": 5}),
    called("log_evidence", {"external_id": ["a"], "hypothesis": {}}),
    called("work_out_part", {"proposal": 10**18, "amounts": {"a": 1}}),
    called("approve_proposal", {"proposal": 1, "idempotency_key": "\u2603\r\nX: y"}),
    called("approve_proposal", {"proposal": 1, "idempotency_key": 5}),
    called("refuse_proposal", {"proposal": 1, "version": {}, "reason": []}),
]


def test_whatever_is_sent_is_answered_and_shows_no_trace(live_site: Site, clear: str) -> None:
    for body in HOSTILE:
        answer = post(live_site, clear, body)
        assert answer.status_code < 500, body
        assert "Traceback" not in answer.text and "site-packages" not in answer.text, body
        if isinstance(body, dict) and body["method"] == "tools/call" and answer.status_code == 200:
            said = answer.json()
            assert "error" in said or said["result"]["isError"], (body, said)
            assert "fault is ours" not in answer.text, (body, said)
    large = post(live_site, clear, b" " * 1_000_001)
    assert large.status_code == 413
    assert post(live_site, clear).status_code == 200
