"""Actual spend from a file as it really is: one row a month, or one column a month.

The columns are recognised by their names, and can be said otherwise. Rows of the same bet and month
are added up, as cost reports list them line by line. Good rows are taken; each other one is named
with its line and what is wrong.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation.actuals import DEFAULT_SOURCE, LONGEST_SOURCE, Said, record_many, spent_in
from allocation.models import ActualsFile
from bets.models import Bet, ExternalKey, Portfolio
from spm import reading
from spm.accounts.permissions import Principal, person_behind, require
from spm.errors import Conflict, Invalid
from spm.fields import MONEY_LIMIT
from spm.sheets import cells as sheet_cells
from spm.sheets.apart import read_apart
from spm.sheets.grid import Grid, day_first_of, decimal_sign_of
from spm.sheets.problems import Problem, Unusable, quoted

BET, MONTH, AMOUNT = "bet", "month", "amount"
NAMES = {
    BET: ("bet", "key", "project", "initiative", "epic", "title", "wbs", "cost object", "name"),
    MONTH: ("month", "period", "posting date", "date", "booked"),
    AMOUNT: ("amount", "actual", "actuals", "actual cost", "cost", "costs", "spend", "spent"),
}
#: With this many columns named after months, each holds the amounts of its month.
FEWEST_MONTHS = 2
_YEAR_AND_MONTH = re.compile(r"((?:19|20)\d\d)[-/. ]?(0[1-9]|1[0-2])")
_MONTH_AND_YEAR = re.compile(r"0?(0[1-9]|1[0-2])[-/. ]((?:19|20)\d\d)")
CENT = Decimal("0.01")

Names = dict[str, str]


@dataclass
class Plan:
    """What would come of a file: amounts by bet and month, from how many cells, and what would not.

    ``wrong`` is what stands in the way of reading it at all, by the name of the column's meaning.
    """

    amounts: dict[tuple[int, date], Decimal] = field(default_factory=dict)
    cells: int = 0
    problems: list[Problem] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """All amounts together."""
        return sum(self.amounts.values(), Decimal("0.00"))

    @property
    def bets(self) -> int:
        """How many bets they are of."""
        return len({bet_id for bet_id, _ in self.amounts})

    @property
    def months(self) -> list[date]:
        """The first and the last month."""
        months = sorted({month for _, month in self.amounts})
        return [months[0], months[-1]] if months else []


def hand_in(
    principal: Principal, portfolio: Portfolio, name: str, content: bytes, source: str = ""
) -> ActualsFile:
    """Take a file apart and keep it, to be looked over; nothing is recorded yet.

    Raises:
        NotAllowed: they may not record what was spent.
        Invalid: it is no table.
    """
    require(principal, "record_actuals", portfolio.pk)
    said = reading.text(LONGEST_SOURCE)(source, "source") or DEFAULT_SOURCE
    try:
        grid = read_apart(content)
    except Unusable as error:
        raise Invalid({"file": str(error)}) from error
    return ActualsFile.objects.create(
        portfolio=portfolio,
        name=name[:200] or "file",
        source=said,
        handed_in_by=person_behind(principal),
        handed_in_at=timezone.now(),
        grid=grid.as_json(),
        columns=recognised(grid),
    )


def recognised(grid: Grid) -> Names:
    """Which column says what, as far as their names tell."""
    found: Names = {}
    for meaning, names in NAMES.items():
        column = _first_named(grid.columns, names, found.values())
        if column:
            found[meaning] = column
    if MONTH not in found and len(months_in(grid)) >= FEWEST_MONTHS:
        found.pop(AMOUNT, None)
    return found


def _first_named(columns: list[str], names: tuple[str, ...], taken: Any) -> str:
    free = [column for column in columns if column not in taken]
    for name in names:
        for column in free:
            if column.casefold() == name:
                return column
    for name in names:
        for column in free:
            if re.search(rf"\b{re.escape(name)}\b", column.casefold()):
                return column
    return ""


def months_in(grid: Grid) -> dict[str, date]:
    """The columns that are named after a month."""
    found = {}
    for column in grid.columns:
        try:
            found[column] = month_of(column)
        except sheet_cells.Unreadable:
            continue
    return found


def month_of(text: str, *, day_first: bool = True) -> date:
    """The first day of the month that a cell names, or in which its day lies.

    Raises:
        Unreadable: it is neither a month nor a day.
    """
    words = " ".join(text.split())
    for form, year, month in ((_YEAR_AND_MONTH, 1, 2), (_MONTH_AND_YEAR, 2, 1)):
        matched = form.fullmatch(words)
        if matched is not None:
            return date(int(matched[year]), int(matched[month]), 1)
    try:
        return sheet_cells.day(words, day_first=day_first).replace(day=1)
    except sheet_cells.Unreadable as error:
        raise sheet_cells.Unreadable(
            f"{quoted(text)} is not a month, such as 2026-03, 03/2026, Mar 2026 or a day in it"
        ) from error


def choose(principal: Principal, file: ActualsFile, given: Mapping[str, str]) -> None:
    """Say which column holds what; an empty name means none.

    Raises:
        NotAllowed, Invalid, Conflict: they may not; there is no such column; it has been taken.
    """
    require(principal, "record_actuals", file.portfolio_id)
    known = grid_of(file).columns
    columns = {name: given.get(name, "") for name in NAMES}
    wrong = {
        name: f"There is no column {quoted(column)}."
        for name, column in columns.items()
        if column and column not in known
    }
    if wrong:
        raise Invalid(wrong)
    chosen = {name: column for name, column in columns.items() if column}
    if not ActualsFile.objects.filter(pk=file.pk, taken_at=None).update(columns=chosen):
        raise Conflict("This file has been taken already.")
    file.columns = chosen


def grid_of(file: ActualsFile) -> Grid:
    """The file, taken apart."""
    return Grid.from_json(file.grid)


def plan_for(file: ActualsFile, today: date | None = None) -> Plan:
    """What would come of the file with its columns as they are; three queries."""
    grid, plan = grid_of(file), Plan()
    plan.problems = list(grid.problems)
    plan.wrong = _wrong_with(file.columns, grid)
    if plan.wrong:
        return plan
    day, bets = today or timezone.localdate(), _bets_by_name(file.portfolio)
    totals: dict[tuple[int, date], Decimal] = defaultdict(Decimal)
    for cell in _cells(grid, file.columns):
        column = file.columns[BET]
        try:
            bet_id = _bet_named(cell.bet, bets)
            column = cell.month_column
            month = spent_in(month_of(cell.month, day_first=cell.day_first), column, day)
            column = cell.amount_column
            amount = sheet_cells.amount(cell.amount, cell.decimal_sign)
            totals[bet_id, month] += amount
            plan.cells += 1
        except (sheet_cells.Unreadable, Invalid) as error:
            reason = "; ".join(error.fields.values()) if isinstance(error, Invalid) else str(error)
            plan.problems.append(Problem(cell.line, column, reason, whole_row=True))
    plan.amounts = _in_cents(totals, plan)
    plan.problems.sort()
    return plan


def _in_cents(
    totals: Mapping[tuple[int, date], Decimal], plan: Plan
) -> dict[tuple[int, date], Decimal]:
    """The sums to the cent: spreadsheets keep fractions that nobody spent."""
    amounts = {}
    for key, total in totals.items():
        if abs(total) < MONEY_LIMIT:
            amounts[key] = total.quantize(CENT, rounding=ROUND_HALF_EVEN)
        else:
            plan.problems.append(Problem(0, "", f"{total} in {key[1]:%Y-%m} is no amount", True))
    return amounts


def _wrong_with(columns: Names, grid: Grid) -> dict[str, str]:
    wrong = {}
    if BET not in columns:
        wrong[BET] = "Say which column names the bet, by its title or the key of another system."
    if (MONTH in columns) != (AMOUNT in columns):
        missing = AMOUNT if MONTH in columns else MONTH
        wrong[missing] = f"Say which column holds the {missing}."
    elif MONTH not in columns and len(months_in(grid)) < FEWEST_MONTHS:
        wrong[MONTH] = (
            "Say which columns hold month and amount; none is named after a month either."
        )
    return wrong


@dataclass(frozen=True)
class _Cell:
    """One amount as it stands in the file, with what it is of."""

    line: int
    bet: str
    month: str
    amount: str
    month_column: str
    amount_column: str
    decimal_sign: str
    day_first: bool


def _cells(grid: Grid, columns: Names) -> Iterator[_Cell]:
    """Each amount of the file; of one column a month those that are not empty."""
    place = {column: number for number, column in enumerate(grid.columns)}
    is_wide = MONTH not in columns
    if is_wide:
        pairs, day_first = [(column, column) for column in months_in(grid)], True
    else:
        pairs = [(columns[MONTH], columns[AMOUNT])]
        day_first = day_first_of(grid.column(columns[MONTH]))
    signs = {amount: decimal_sign_of(grid.column(amount)) for _, amount in pairs}
    for line, row in grid.rows:
        for month, amount in pairs:
            said = row[place[amount]]
            if is_wide and not said.strip():
                continue
            when = month if is_wide else row[place[month]]
            bet = row[place[columns[BET]]]
            yield _Cell(line, bet, when, said, month, amount, signs[amount], day_first)


def _bets_by_name(portfolio: Portfolio) -> dict[str, set[int]]:
    """The bets by title and by the keys that other systems have for them."""
    names: dict[str, set[int]] = defaultdict(set)
    for pk, title in Bet.objects.filter(portfolio=portfolio).values_list("pk", "title"):
        names[_folded(title)].add(pk)
    keys = ExternalKey.objects.filter(portfolio=portfolio)
    for pk, source, key in keys.values_list("bet_id", "source", "key"):
        names[_folded(key)].add(pk)
        names[_folded(f"{source}:{key}")].add(pk)
    return names


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _bet_named(text: str, bets: Mapping[str, set[int]]) -> int:
    found = bets.get(_folded(text), set())
    if len(found) == 1:
        return next(iter(found))
    if not text.strip():
        raise sheet_cells.Unreadable("it names no bet")
    if found:
        raise sheet_cells.Unreadable(f"{quoted(text)} names {len(found)} bets: give the key of one")
    raise sheet_cells.Unreadable(f"{quoted(text)} is neither the title nor a key of a bet here")


@transaction.atomic
def take(principal: Principal, file: ActualsFile) -> ActualsFile:
    """Record what the file says of its good rows, and keep which rows were not taken.

    Raises:
        NotAllowed: they may not record what was spent.
        Invalid: its columns are not said yet.
        Conflict: it has been taken already.
    """
    require(principal, "record_actuals", file.portfolio_id)
    locked = ActualsFile.objects.select_for_update().select_related(None).get(pk=file.pk)
    if locked.taken_at is not None:
        raise Conflict("This file has been taken already.")
    locked.portfolio = file.portfolio
    plan = plan_for(locked)
    if plan.wrong:
        raise Invalid(plan.wrong)
    rows = [
        (bet_id, Said(month, amount, locked.source))
        for (bet_id, month), amount in sorted(plan.amounts.items())
    ]
    outcomes = record_many(principal, locked.portfolio, rows)
    locked.taken_at = timezone.now()
    locked.taken = sum(outcome.created for outcome in outcomes)
    locked.repeated = len(outcomes) - locked.taken
    locked.refused = [
        {"line": each.line, "column": each.column, "reason": each.reason} for each in plan.problems
    ]
    locked.save()
    return locked
