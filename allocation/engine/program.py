"""A linear program with yes-or-no columns, written in blocks of rows, in the units of the formulas.

Terms, constraints and guardrails each add their own columns and rows; `assemble` turns the whole
into arrays. Every column carries its value in today's allocation, so that what today's
allocation breaks is known without solving anything.

A row is either structural (it says what a column means and always holds today) or a limit. A
limit that today's allocation breaks gets a breach column: it may be broken by at most as much as
it is today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from allocation.engine.book import CENT, Booleans, Floats, Integers
from allocation.engine.measure import Measure

Triplets = tuple[Integers, Integers, ArrayLike]
"""Rows, columns and coefficients, beside each other."""

MONEY = True
"""The unit of a column or row counted in currency per month."""
COUNT = False
"""The unit of a column or row counted in bets, or in yes and no."""

HALF_A_CENT = CENT / 2
ROUNDING = HALF_A_CENT * 1.01
"""Money moves in cents, so a limit missed by half a cent is rounding and not a breach.

The hundredth is for the sums themselves: of thousands of millions a float keeps 1e-6 of a unit.
"""


@dataclass(frozen=True)
class Limit:
    """One limit: its row, and the column of its breach where today's allocation breaks it."""

    name: str
    row: int
    breach: int | None = None
    breach_today: float = 0.0


@dataclass(frozen=True)
class Assembled:
    """The program as arrays: maximise offset + gain·x for lower ≤ x ≤ upper, row limits on A·x."""

    gain: Floats
    offset: float
    lower: Floats
    upper: Floats
    whole: Booleans
    money_columns: Booleans
    today: Floats
    matrix: csr_matrix
    row_lower: Floats
    row_upper: Floats
    money_rows: Booleans
    breaches: Integers
    limits: dict[str, Limit]
    measured: tuple[tuple[Measure, Integers, csr_matrix], ...] = ()
    """Measure, rows, and by what weight each row looks at it, shape (rows, bets)."""

    def objective(self, point: Floats) -> float:
        """The objective at a point, currency over the horizon."""
        # Not by @: its threads cost more than the sum, and their number may change its last bit.
        return float(self.offset + (self.gain * point).sum())

    def total_breach(self, point: Floats) -> float:
        """Sum of all breaches at a point, currency per month, a bet over a count as 1."""
        return float(point[self.breaches].sum())


@dataclass
class _Rows:
    """Rows under construction: triplets, and one lower, upper and unit for each row."""

    count: int = 0
    row: list[Integers] = field(default_factory=list)
    column: list[Integers] = field(default_factory=list)
    coefficient: list[Floats] = field(default_factory=list)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    money: list[Booleans] = field(default_factory=list)


class Program:
    """Collects columns, gains and rows; see the module's text."""

    def __init__(self) -> None:
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []
        self._today: list[Floats] = []
        self._whole: list[Booleans] = []
        self._money: list[Booleans] = []
        self._gains: list[tuple[Integers, Floats]] = []
        self._rows = _Rows()
        self._limits: list[tuple[str, int]] = []
        self._measured: list[tuple[Measure, Integers, csr_matrix]] = []
        self._breaches: list[Integers] = []
        self._offset = 0.0
        self._width = 0

    def columns(
        self,
        count: int,
        *,
        upper: ArrayLike,
        lower: ArrayLike = 0.0,
        today: ArrayLike = 0.0,
        unit: bool = MONEY,
        whole: ArrayLike = False,
    ) -> Integers:
        """`count` new columns; returns where they stand. `today`: their values if nothing moves."""
        for target, values in (
            (self._lower, lower),
            (self._upper, upper),
            (self._today, today),
        ):
            target.append(np.broadcast_to(np.asarray(values, dtype=np.float64), (count,)))
        self._whole.append(np.broadcast_to(np.asarray(whole, dtype=np.bool_), (count,)))
        self._money.append(np.full(count, unit))
        places = np.arange(self._width, self._width + count, dtype=np.int64)
        self._width += count
        return places

    def gains(self, columns: Integers, per_unit: ArrayLike) -> None:
        """Add `per_unit` (currency over the horizon per unit of the column) to the objective."""
        values = np.broadcast_to(np.asarray(per_unit, dtype=np.float64), columns.shape)
        self._gains.append((columns, values))

    def gains_always(self, amount: float) -> None:
        """Add a constant to the objective, currency over the horizon."""
        self._offset += amount

    def rows(
        self,
        *terms: Triplets,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        unit: bool = MONEY,
    ) -> Integers:
        """Structural rows: lower ≤ Σ coefficient·column over all terms ≤ upper.

        There are as many as `lower` or `upper` has entries; terms count rows from 0.
        """
        bounds = np.broadcast_arrays(np.atleast_1d(lower), np.atleast_1d(upper))
        count = len(bounds[0])
        for rows, columns, coefficients in terms:
            self._enter(self._rows.count + rows, columns, coefficients)
        self._rows.lower.append(bounds[0].astype(np.float64))
        self._rows.upper.append(bounds[1].astype(np.float64))
        self._rows.money.append(np.full(count, unit))
        self._rows.count += count
        return np.arange(self._rows.count - count, self._rows.count, dtype=np.int64)

    def limits(
        self,
        names: Sequence[str],
        *terms: Triplets,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
        unit: bool = MONEY,
    ) -> Integers:
        """Limits: rows that today's allocation may already break. Names are unique."""
        rows = self.rows(
            *terms,
            lower=np.broadcast_to(lower, (len(names),)),
            upper=np.broadcast_to(upper, (len(names),)),
            unit=unit,
        )
        self._limits.extend(zip(names, rows.tolist(), strict=True))
        return rows

    def measured(self, measure: Measure, rows: Integers, weights: csr_matrix) -> None:
        """Remember by what weights (rows, bets) limits look at a measure of each bet."""
        self._measured.append((measure, rows, weights))

    def breach_columns(self, count: int, *, upper: ArrayLike, today: ArrayLike) -> Integers:
        """`count` new columns that count towards the total breach, currency per month."""
        columns = self.columns(count, upper=upper, today=today)
        self._breaches.append(columns)
        return columns

    def _enter(self, rows: Integers, columns: Integers, coefficients: ArrayLike) -> None:
        self._rows.row.append(rows)
        self._rows.column.append(columns)
        values = np.asarray(coefficients, dtype=np.float64)
        self._rows.coefficient.append(np.broadcast_to(values, columns.shape))

    def assemble(self) -> Assembled:
        """The program as arrays, broken limits softened."""
        lower, upper = _joined(self._rows.lower), _joined(self._rows.upper)
        money = _joined(self._rows.money).astype(np.bool_)
        limits = self._soften(lower, upper, money)
        gain = np.zeros(self._width)
        for columns, per_unit in self._gains:
            np.add.at(gain, columns, per_unit)
        return Assembled(
            gain=gain,
            offset=self._offset,
            lower=_joined(self._lower),
            upper=_joined(self._upper),
            whole=_joined(self._whole).astype(np.bool_),
            money_columns=_joined(self._money).astype(np.bool_),
            today=_joined(self._today),
            matrix=self._matrix(),
            row_lower=lower,
            row_upper=upper,
            money_rows=money,
            breaches=_joined(self._breaches).astype(np.int64),
            limits=limits,
            measured=tuple(self._measured),
        )

    def _matrix(self) -> csr_matrix:
        """All triplets as a matrix; entries for the same row and column add up."""
        shape = (self._rows.count, self._width)
        places = (_joined(self._rows.row), _joined(self._rows.column))
        matrix = csr_matrix((_joined(self._rows.coefficient), places), shape=shape)
        matrix.eliminate_zeros()
        return matrix

    def _soften(self, lower: Floats, upper: Floats, money: Booleans) -> dict[str, Limit]:
        """Give every limit that today breaks a breach column, at most today's breach.

        What is broken by a rounding only is not a breach: the limit then stands where today is.
        """
        activity = self._matrix() @ _joined(self._today)
        rows = np.array([row for _, row in self._limits], dtype=np.int64)
        over, under = activity[rows] - upper[rows], lower[rows] - activity[rows]
        broken = np.maximum(over, under) > ROUNDING
        kept = rows[~broken]
        upper[kept] += np.maximum(over[~broken], 0.0)
        lower[kept] -= np.maximum(under[~broken], 0.0)
        limits = {name: Limit(name, row) for name, row in self._limits}
        for place in np.flatnonzero(broken):
            name, row = self._limits[place]
            limits[name] = self._softened(
                name, row, float(over[place]), float(under[place]), bool(money[row])
            )
        return limits

    def _softened(self, name: str, row: int, over: float, under: float, unit: bool) -> Limit:
        """The limit with its breach: activity − breach ≤ upper, or activity + breach ≥ lower."""
        today = max(over, under)
        column = self.columns(1, upper=today, today=today, unit=unit)
        self._breaches.append(column)
        self._enter(np.array([row]), column, -1.0 if over > under else 1.0)
        return Limit(name, row, int(column[0]), today)


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """The parts one after the other; nothing at all if there are none."""
    return np.concatenate(parts) if parts else np.zeros(0)
