"""Many rows at once: new ones by COPY, changes in one UPDATE."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bets.models import Bet, Theme
from spm.copying import copy_in, write_over
from tests.factories import make_bet, make_portfolio

pytestmark = pytest.mark.django_db


def test_rows_are_written_with_their_defaults_and_are_given_their_ids() -> None:
    portfolio = make_portfolio()
    rows = [Theme(portfolio=portfolio, name=f'Theme\t{n}\\N "ä"') for n in range(3)]
    copy_in(rows)
    found = list(Theme.objects.filter(portfolio=portfolio).order_by("id"))
    assert [row.pk for row in found] == [row.pk for row in rows]
    assert [row.name for row in found] == [row.name for row in rows]
    assert found[0].target_max_share == 1.0
    rows[0].name = "Another"
    rows[0].save()
    assert Theme.objects.filter(portfolio=portfolio).count() == 3


def test_one_row_that_cannot_be_leaves_nothing_behind() -> None:
    portfolio = make_portfolio()
    with pytest.raises(IntegrityError, match="theme_name_once"), transaction.atomic():
        copy_in([Theme(portfolio=portfolio, name=name) for name in ("One", "Two", "one")])
    assert not Theme.objects.filter(portfolio=portfolio).exists()


def test_no_rows_are_no_statement(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        copy_in([])


def test_rows_are_written_over_in_one_statement_each_with_its_own_figures(
    django_assert_num_queries: object,
) -> None:
    bets = [make_bet(make_portfolio()) for _ in range(3)]
    untouched = make_bet(bets[0].portfolio)
    for number, bet in enumerate(bets):
        bet.belief = 0.1 * number if number else None
        bet.broken_at, bet.thesis_status = timezone.now() if number else None, "broken"
        bet.title = "Not among the columns"
    with django_assert_num_queries(1):  # type: ignore[operator]
        write_over(bets, ["belief", "broken_at", "thesis_status"])
        write_over([], ["belief"])
    found = list(Bet.objects.order_by("id"))
    assert [row.belief for row in found] == [None, 0.1, 0.2, untouched.belief]
    assert [row.broken_at for row in found[:3]] == [bet.broken_at for bet in bets]
    assert [row.thesis_status for row in found[2:]] == ["broken", untouched.thesis_status]
    assert "Not among the columns" not in {row.title for row in found}
