"""The browser that the pages' tests use."""

from typing import Any


def test_chromium_opens_a_page_of_the_live_site(page: Any) -> None:
    answer = page.goto("/healthz")
    assert answer.status == 200
    assert page.text_content("body") == "ok"
