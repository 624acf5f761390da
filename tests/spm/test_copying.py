"""Many new rows at once by COPY."""

import pytest
from django.db import IntegrityError, transaction

from bets.models import Theme
from spm.copying import copy_in
from tests.factories import make_portfolio

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
