"""Open pages follow the portfolio, from the moment on in which they were rendered."""

from collections.abc import Callable
from typing import Any

from bets.edit import OFFICE, change_bet
from spm.accounts.models import Role
from tests.at_once import at_once
from tests.factories import make_bet, make_member, make_portfolio


def test_what_changes_while_a_page_is_still_loading_is_shown(
    page: Any, sign_in: Callable[[Any], Any]
) -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, title="Before")
    sign_in(make_member(portfolio, Role.LEAD))
    page.goto("/kanban")  # the server process listens from its first stream on
    page.get_by_text("Live", exact=True).wait_for()

    def change_first(route: Any) -> None:
        at_once([lambda: change_bet(OFFICE, bet.pk, {"title": "After"})])
        route.continue_()

    page.route("**/live?*", change_first)
    page.goto("/kanban")
    page.get_by_text("After").first.wait_for()
