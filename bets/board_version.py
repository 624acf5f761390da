"""A version of the whole board and its saved views, in one query: another whenever they are.

Each row counts with the transaction that wrote it last, so that it does not matter who writes
what, nor from where. What is shown and not covered here may be a minute old, as may 'how long
ago': ``MINUTE`` is part of the version.
"""

import time

from django.db import connection

MINUTE = 60
KEEP_BOARD_SECONDS = 2 * MINUTE

_OF_PORTFOLIO = "portfolio_id = %(portfolio)s"
_OF_ITS_BETS = f"bet_id IN (SELECT id FROM bets_bet WHERE {_OF_PORTFOLIO})"

# The rows that a board is made of, by table, those of one portfolio.
_ROWS = {
    "bets_portfolio": "id = %(portfolio)s",
    "bets_bet": _OF_PORTFOLIO,
    "bets_theme": _OF_PORTFOLIO,
    "bets_valuestream": _OF_PORTFOLIO,
    "bets_team": _OF_PORTFOLIO,
    "bets_wiplimit": _OF_PORTFOLIO,
    "bets_boardview": _OF_PORTFOLIO,
    "bets_defaultview": _OF_PORTFOLIO,
    "bets_betteam": _OF_ITS_BETS,
    "bets_dependency": _OF_ITS_BETS,
    "accounts_user": f"id IN (SELECT owner_id FROM bets_bet WHERE {_OF_PORTFOLIO})",
    "accounts_membership_teams": "membership_id IN (SELECT id FROM accounts_membership "
    f"WHERE {_OF_PORTFOLIO})",
}
_SQL = "SELECT concat_ws(' ', {})".format(
    ", ".join(
        f"(SELECT concat(count(*), ':', sum(hashtextextended(xmin::text, id)))"
        f" FROM {table} WHERE {which})"
        for table, which in _ROWS.items()
    )
)


def board_version(portfolio_id: int) -> str:
    """What tells one state of a portfolio's board from any other, whoever looks at it."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"portfolio": portfolio_id})
        (version,) = cursor.fetchone()
    return f"{int(time.time() // MINUTE)} {version}"
