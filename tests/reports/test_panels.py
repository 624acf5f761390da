"""Pages and panels for somebody who has no role in any portfolio, or has just lost it."""

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import make_bet, make_portfolio, make_user

PAGES = [
    "/",
    "/kanban",
    "/evidence",
    "/evidence/next",
    "/proposals",
    "/scenarios",
    "/scenarios/compare",
    "/ledger",
    "/ledger/actuals",
    "/ledger/actuals/files",
    "/flow",
    "/guardrails",
]
PANELS = [
    "/allocation/numbers",
    "/allocation/sankey",
    "/allocation/learned",
    "/proposals/list",
    "/ledger/rows",
    "/ledger/actuals/rows",
    "/ledger/actuals.csv",
    "/ledger.csv",
    "/ledger.xlsx",
    "/kanban/teams",
    "/guardrails/list",
    "/guardrails/new",
    "/guardrails/set/envelope",
    "/flow/blocked.csv",
    "/scenarios/list",
    "/evidence/next/rows",
    "/evidence/next.csv",
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*PAGES, *PANELS])
def test_who_has_no_portfolio_is_shown_nothing_of_any_and_no_fault(path: str) -> None:
    make_bet(make_portfolio(name="Secret office"), title="Secret bet")
    browser = Client()
    browser.force_login(make_user(), backend=settings.AUTHENTICATION_BACKENDS[0])
    answer = browser.get(path)
    assert answer.status_code in ([200] if path in PAGES else [200, 404])
    assert b"Secret" not in answer.content
