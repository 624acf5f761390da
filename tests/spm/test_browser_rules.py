"""What browsers are told, and what another site may not do."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_a_page_says_that_it_is_not_to_be_framed_cached_or_mixed(client: Client) -> None:
    headers = client.get("/healthz").headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_another_site_cannot_send_a_form(client: Client) -> None:
    answer = client.post("/accounts/login/", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.django_db
def test_a_stranger_is_sent_to_the_sign_in_page_and_a_fragment_reloads_the_page(
    client: Client,
) -> None:
    assert client.get("/ledger").headers["Location"] == "/accounts/login/?next=/ledger"
    fragment = client.get("/ledger", headers={"hx-request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Refresh"]) == (401, "true")


@pytest.mark.django_db
def test_a_page_travels_compressed(client: Client) -> None:
    answer = client.get("/accounts/login/", headers={"accept-encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
