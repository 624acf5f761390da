"""`manage.py api_key`."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bets.models import Portfolio
from spm.accounts.models import ApiKey, KeyChange, User
from tests.api_client import ApiClient, assert_problem
from tests.factories import make_member, make_portfolio, make_user

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    """What the command prints."""
    said = StringIO()
    call_command("api_key", *words, stdout=said, stderr=StringIO())
    return said.getvalue().strip()


def create(owner: User, portfolio: Portfolio, *more: str) -> str:
    """Make a key with the command."""
    return run("create", "--owner", owner.email, "--portfolio", portfolio.slug, *more)


def test_what_is_printed_is_a_key_that_opens_the_api() -> None:
    portfolio = make_portfolio()
    clear = create(make_member(portfolio), portfolio, "--scopes", "read", "bets", "--days", "30")
    client = ApiClient(clear)
    assert client.get("/bets").status_code == 200
    assert client.post("/bets", {"title": "A"}).status_code == 201
    assert clear.split("_", 2)[2] not in str(ApiKey.objects.values_list())


def test_a_key_is_listed_without_its_secret_and_ends_when_revoked() -> None:
    portfolio = make_portfolio()
    clear = create(make_member(portfolio), portfolio)
    _, identifier, secret = clear.split("_", 2)
    assert identifier in run("list")
    assert secret not in run("list")
    assert "in force" in run("list")
    run("revoke", identifier)
    assert "was revoked" in run("list")
    assert_problem(ApiClient(clear).get("/bets"), 401, "unauthenticated")


def test_a_key_is_rotated_and_the_journal_says_that_it_was_done_on_the_server() -> None:
    portfolio = make_portfolio()
    before = create(make_member(portfolio), portfolio)
    after = run("rotate", before.split("_")[1], "--overlap-hours", "1")
    assert [ApiClient(clear).get("/bets").status_code for clear in (before, after)] == [200, 200]
    assert list(KeyChange.objects.values_list("kind", "by")) == [("rotated", None), ("made", None)]


def test_what_cannot_be_made_is_said_in_one_line() -> None:
    portfolio = make_portfolio()
    member = make_member(portfolio)
    wrong: list[Any] = [
        (["--owner", "nobody@example.org", "--portfolio", portfolio.slug], "no active person"),
        (["--owner", member.email, "--portfolio", "nowhere"], "no portfolio nowhere"),
        (["--owner", make_user().email, "--portfolio", portfolio.slug], "have no role"),
        (
            ["--owner", member.email, "--portfolio", portfolio.slug, "--days", "366"],
            "days: .* 1 to 365",
        ),
    ]
    for words, says in wrong:
        with pytest.raises(CommandError, match=says):
            run("create", *words)
    with pytest.raises(CommandError, match="no key"):
        run("revoke", "0123")
    assert not ApiKey.objects.exists()
