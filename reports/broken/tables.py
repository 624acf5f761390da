"""The tables behind the report, for CSV and under the pictures."""

from collections.abc import Iterable
from typing import Any

from reports.broken.report import AfterBreakReport, BrokenBet
from reports.figures.table import Cell, Column, Table
from spm import formats

BETS_HEAD = [
    "bet", "broken since", "holds a month", "spent after break", "actual spend after break",
    "months with actual spend", "broken months",
]  # fmt: skip


def bets_table(report: AfterBreakReport) -> Iterable[list[Any]]:
    """Each bet that the filters leave, the head first; for CSV."""
    yield BETS_HEAD
    for row in report.rows:
        broken_on = row.broken_on.isoformat() if row.broken_on else ""
        actual = report.actual[row.bet_id]
        really = [actual.spent, actual.months_known, actual.months] if actual else [""] * 3
        yield [report.titles[row.bet_id], broken_on, row.rate, row.spent, *really]


def events_table(broken: BrokenBet, currency: str) -> Table:
    """What happened to one bet, the latest first, with what was spent since."""
    columns = [Column("Day"), Column("What"), Column("Which"), Column("By"), Column("Why")]
    columns.append(Column("Spent after break since", numeric=True))
    rows = [
        [
            Cell(event.day.isoformat()),
            Cell(event.word),
            Cell(event.text, event.href),
            Cell(event.who),
            Cell(event.why),
            Cell(formats.money(spent, currency), numeric=True, value=spent),
        ]
        for event, spent in broken.timed
    ]
    return Table(f"{broken.bet.title}: what happened", columns, rows)
