"""A fragment that a page has already is not sent again."""

import pytest
from django.db import transaction
from django.test import Client

from bets.models import Bet
from tests.factories import make_bet, make_member, make_portfolio

pytestmark = pytest.mark.django_db

FRAGMENTS = ("/bets/{}/card", "/bets/{}/facts", "/kanban/columns/funnel")


@pytest.mark.parametrize("address", FRAGMENTS)
def test_a_page_that_names_the_version_it_has_gets_nothing_until_there_is_another(
    address: str,
) -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    client = Client()
    client.force_login(make_member(portfolio))
    address, page = address.format(bet.pk), {"HX-Request": "true"}
    version = client.get(address, headers=page).headers["ETag"]
    again = client.get(address, headers={**page, "If-None-Match": version})
    assert (again.status_code, again.content) == (304, b"")
    with transaction.atomic():
        Bet.objects.filter(pk=bet.pk).update(belief=0.4, title="Other", working=500)
    other = client.get(address, headers={**page, "If-None-Match": version})
    assert other.status_code == 200
    assert other.headers["ETag"] != version


def test_a_compressed_fragment_is_recognised_too() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    client = Client()
    client.force_login(make_member(portfolio))
    headers = {"HX-Request": "true", "Accept-Encoding": "gzip"}
    first = client.get(f"/bets/{bet.pk}/card", headers=headers)
    assert first.headers["Content-Encoding"] == "gzip"
    headers["If-None-Match"] = first.headers["ETag"]
    assert client.get(f"/bets/{bet.pk}/card", headers=headers).status_code == 304


def test_a_page_has_no_version_and_is_never_kept() -> None:
    portfolio = make_portfolio()
    client = Client()
    client.force_login(make_member(portfolio))
    answer = client.get("/kanban")
    assert "ETag" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
