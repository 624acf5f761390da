"""Actual spend while a thesis was broken, by the days of its months."""

from datetime import date
from decimal import Decimal

from reports.broken.spending import Actual, actual_after_break

SPELL = (date(2026, 3, 11), date(2026, 5, 1))


def test_a_month_that_lies_partly_in_a_spell_counts_by_its_days() -> None:
    # Of March's 31 days, 21 lie in it (the 11th to the 31st): 21 ÷ 31 of 3,100; April wholly.
    by_month = {date(2026, 3, 1): Decimal(3100), date(2026, 4, 1): Decimal(500)}
    assert actual_after_break(by_month, [SPELL]) == Actual(Decimal("2600.00"), 2, 2)


def test_two_spells_in_a_month_add_up_and_count_it_once() -> None:
    spells = [(date(2026, 4, 1), date(2026, 4, 4)), (date(2026, 4, 28), date(2026, 5, 1))]
    by_month = {date(2026, 4, 1): Decimal(300)}
    assert actual_after_break(by_month, spells) == Actual(Decimal("60.00"), 1, 1)


def test_a_month_without_a_record_says_nothing() -> None:
    assert actual_after_break({}, [SPELL]) is None
    assert actual_after_break({date(2026, 2, 1): Decimal(5)}, [SPELL]) is None
    known = actual_after_break({date(2026, 4, 1): Decimal(-5)}, [SPELL])
    assert known == Actual(Decimal("-5.00"), 1, 2)
