"""HiGHS behind a program: units scaled on the way in, and back on the way out.

One thread, a fixed seed and limits counted in nodes instead of seconds: the same program gives the
same point, to the last bit, however busy the machine is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import highspy
import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_matrix

from allocation.engine.book import Floats, Integers
from allocation.engine.program import Assembled

FEASIBILITY = 1e-9
"""HiGHS's tolerance in scaled units for LPs: a millionth of a millionth of the envelope."""
SEARCH_FEASIBILITY = 1e-7
"""The same where columns are whole: presolve and cuts need the room. An LP comes after."""
TYPICAL_SIZE = 1024.0
"""The envelope is scaled to about this, so that a bet of a large portfolio is still about one."""
DUAL, PRIMAL = 1, 4
"""HiGHS's names for the two ways of the simplex method."""
PRICED = 1e-7
"""A scaled dual above this is a price; below it is the solver's noise."""


class NoSolutionError(Exception):
    """HiGHS ended without a solution; the text is its status."""


@dataclass(frozen=True)
class Point:
    """A solution in the program's own units; what it prices is read once it is asked for."""

    values: Floats
    _row_price: Callable[[], Floats]
    _column_price: Callable[[], Floats]

    @cached_property
    def row_price(self) -> Floats:
        """Objective per unit of each row's limit, never negative: what relaxing it by one gains."""
        return self._row_price()

    @cached_property
    def column_price(self) -> Floats:
        """Objective per unit of each column: what it would gain to have more, if it could."""
        return self._column_price()


@dataclass(frozen=True)
class Scale:
    """Powers of two, so that scaling rounds nothing."""

    money: float
    gain: float

    @classmethod
    def of(cls, program: Assembled) -> Scale:
        """Money so that the largest limit is typical; gains so that the median is about one."""
        limits = np.concatenate([program.row_lower, program.row_upper])[
            np.tile(program.money_rows, 2)
        ]
        finite = np.abs(limits[np.isfinite(limits)])
        largest = max([*finite, *program.today[program.money_columns]], default=0.0)
        gains = np.abs(program.gain)
        gains = gains[gains > 0]
        return cls(
            money=_power_of_two(largest / TYPICAL_SIZE) if largest > 0 else 1.0,
            gain=_power_of_two(float(np.median(gains))) if len(gains) else 1.0,
        )


class Solver:
    """One program in HiGHS; bounds and objective may change between solves, which start warm."""

    def __init__(
        self,
        program: Assembled,
        *,
        whole: bool = False,
        tolerance: float | None = None,
        basic: Integers | None = None,
    ) -> None:
        """`basic`: columns to begin with instead of the rows that say what sums to one."""
        self.program = program
        self.scale = Scale.of(program)
        self.column_scale = np.where(program.money_columns, self.scale.money, 1.0)
        self.row_scale = np.where(program.money_rows, self.scale.money, 1.0)
        self.gain_scale = self.scale.gain
        self.whole = whole
        usual = SEARCH_FEASIBILITY if whole else FEASIBILITY
        self.tolerance = usual if tolerance is None else tolerance
        self.highs = self._loaded()
        self._found: Point | None = None
        """What the last solve found, as long as nothing has changed since."""
        self._every = np.arange(len(program.gain))
        if basic is not None:
            self._begin_with(basic)

    def _loaded(self) -> highspy.Highs:
        """HiGHS with the program in it, scaled, minimising the negative of the gain."""
        program = self.program
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(program.gain), len(program.row_lower)
        self._cost = -program.gain * self.column_scale / self.gain_scale
        self._lower, self._upper = (
            program.lower / self.column_scale,
            program.upper / self.column_scale,
        )
        self._row_lower, self._row_upper = (
            program.row_lower / self.row_scale,
            program.row_upper / self.row_scale,
        )
        model.col_cost_ = self._cost
        model.col_lower_, model.col_upper_ = self._lower, self._upper
        model.row_lower_, model.row_upper_ = self._row_lower, self._row_upper
        model.offset_ = -program.offset / self.gain_scale
        matrix = program.matrix
        row_scale = np.repeat(self.row_scale, np.diff(matrix.indptr))
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = matrix.indptr
        model.a_matrix_.index_ = matrix.indices
        model.a_matrix_.value_ = matrix.data * self.column_scale[matrix.indices] / row_scale
        if self.whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            model.integrality_ = [kinds[int(flag)] for flag in program.whole]
        highs = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in OPTIONS.items():
            highs.setOptionValue(option, value)
        for option in TOLERANCES:
            highs.setOptionValue(option, self.tolerance)
        if not self.whole:
            highs.setOptionValue("presolve", "off")
        highs.passModel(model)
        return highs

    def _begin_with(self, columns: Integers) -> None:
        """Start from the basis of these columns, one for each row that is an equation.

        The equations must come first, the columns in their order. For the best point of each bet
        by itself such a basis is dual feasible: what is left is to make room for it.
        """
        status = highspy.HighsBasisStatus
        basis = highspy.HighsBasis()
        of_columns = np.full(len(self.program.gain), status.kLower, dtype=object)
        of_columns[columns] = status.kBasic
        of_rows = np.full(len(self.program.row_lower), status.kBasic, dtype=object)
        of_rows[: len(columns)] = status.kLower
        basis.col_status, basis.row_status = of_columns.tolist(), of_rows.tolist()
        basis.valid = True
        self.highs.setBasis(basis)

    def set_gain(self, gain: Floats) -> None:
        """Maximise another gain, in the program's units; only what differs is passed on."""
        cost = -gain * self.column_scale / self.gain_scale
        some = np.flatnonzero(cost != self._cost).astype(np.int32)
        if len(some):
            self._found = None
            self.highs.changeColsCost(len(some), some, cost[some])
        self._cost = cost

    def set_bounds(self, columns: Integers, lower: ArrayLike, upper: ArrayLike) -> None:
        """Bound some columns anew, in the program's units."""
        scale = self.column_scale[columns]
        low = np.broadcast_to(np.asarray(lower, dtype=float), columns.shape) / scale
        high = np.broadcast_to(np.asarray(upper, dtype=float), columns.shape) / scale
        self._bound(columns, low, high)

    def _bound(self, columns: Integers, lower: Floats, upper: Floats) -> None:
        """The same in the solver's units; only what differs is passed on."""
        differs = (lower != self._lower[columns]) | (upper != self._upper[columns])
        some = columns[differs].astype(np.int32)
        if not len(some):
            return
        self._found = None
        self._lower[some], self._upper[some] = lower[differs], upper[differs]
        self.highs.changeColsBounds(len(some), some, lower[differs], upper[differs])

    def set_row(self, row: int, lower: float, upper: float) -> None:
        """Bound one row anew, in the program's units."""
        scale = self.row_scale[row]
        self._bound_rows(np.array([row]), np.array([lower]) / scale, np.array([upper]) / scale)

    def _bound_rows(self, rows: Integers, lower: Floats, upper: Floats) -> None:
        differs = (lower != self._row_lower[rows]) | (upper != self._row_upper[rows])
        some = rows[differs].astype(np.int32)
        if not len(some):
            return
        self._found = None
        self._row_lower[some], self._row_upper[some] = lower[differs], upper[differs]
        self.highs.changeRowsBounds(  # type: ignore[attr-defined]
            len(some), some, lower[differs], upper[differs]
        )

    def become(self, program: Assembled) -> None:
        """Take over another program's numbers, columns and rows being the same.

        Only the coefficients that differ are passed on; the basis stays.
        """
        before, self.program = self.program, program
        self.set_gain(program.gain)
        self.highs.changeObjectiveOffset(-program.offset / self.gain_scale)
        self.set_bounds(self._every, program.lower, program.upper)
        self._bound_rows(
            np.arange(len(program.row_lower)),
            program.row_lower / self.row_scale,
            program.row_upper / self.row_scale,
        )
        if program.matrix is before.matrix:
            return
        self._found = None
        for row, column, value in _differences(before.matrix, program.matrix):
            scaled = value * self.column_scale[column] / self.row_scale[row]
            self.highs.changeCoeff(row, column, scaled)

    def basis(self) -> highspy.HighsBasis:
        """Where the last solution stands; for `start_from_basis`."""
        return self.highs.getBasis()

    def start_from_basis(self, basis: highspy.HighsBasis) -> None:
        """Start the next solve from a basis, and forget whatever was solved in between."""
        self._found = None
        self.highs.clearSolver()
        self.highs.setBasis(basis)

    def set_gap(self, relative: float, nodes: int) -> None:
        """How good is good enough for a program with whole columns, and after how many nodes."""
        self._found = None
        self.highs.setOptionValue("mip_rel_gap", relative)
        self.highs.setOptionValue("mip_max_nodes", nodes)

    def start_from(self, values: Floats) -> None:
        """Give HiGHS a point that is known to be feasible."""
        self._found = None
        solution = highspy.HighsSolution()
        solution.col_value = (values / self.column_scale).tolist()
        self.highs.setSolution(solution)

    def run(self) -> Point:
        """Solve, unless nothing has changed since the last time. Raises NoSolutionError."""
        if not len(self.program.gain):
            rows = len(self.program.row_lower)
            return Point(np.zeros(0), lambda: np.zeros(rows), lambda: np.zeros(0))
        if self._found is None:
            self._found = self._solved()
        return self._found

    def _solved(self) -> Point:
        self.highs.run()
        if self._is_doubtful():
            self._run_otherwise()
        status = self.highs.getModelStatus()
        solution = self.highs.getSolution()
        if status not in ENDED_WELL or not solution.value_valid:
            raise NoSolutionError(self.highs.modelStatusToString(status))
        values = np.array(solution.col_value) * self.column_scale
        rows, columns, size = len(self.row_scale), len(values), self.gain_scale
        if not solution.dual_valid:
            return Point(values, lambda: np.zeros(rows), lambda: np.zeros(columns))
        return Point(
            values,
            lambda: np.abs(np.array(solution.row_dual)) * size / self.row_scale,
            lambda: -np.array(solution.col_dual) * size / self.column_scale,
        )

    def _is_doubtful(self) -> bool:
        """Whether HiGHS gave up, or its presolve found no point where one may be a hair away."""
        status = self.highs.getModelStatus()
        if self.whole:
            return not np.isfinite(self.highs.getInfo().mip_dual_bound)
        return status not in ENDED_WELL and status != highspy.HighsModelStatus.kInfeasible

    def _run_otherwise(self) -> None:
        """Solve again from nothing, without presolve where it was used, and with it where not."""
        self.highs.clearSolver()
        self.highs.setOptionValue("presolve", "off" if self.whole else "on")
        self.highs.run()
        self.highs.setOptionValue("presolve", "choose" if self.whole else "off")

    def accused(self) -> Integers:
        """The rows that together cannot be kept, by the last solve's proof; none without one."""
        status, has_ray, ray = self.highs.getDualRay()  # type: ignore[attr-defined]
        if status != highspy.HighsStatus.kOk or not has_ray:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(np.abs(np.array(ray)) > PRICED)

    def primal(self, wanted: bool) -> None:
        """Whether to go from feasible to better, or from better than possible to feasible."""
        self.highs.setOptionValue("simplex_strategy", PRIMAL if wanted else DUAL)

    def minimise(self, columns: Integers, weights: ArrayLike = 1.0) -> Point:
        """Solve for the least Σ weight·column, whatever the program's gain."""
        gain = np.zeros(len(self.program.gain))
        gain[columns] = -np.broadcast_to(np.asarray(weights, dtype=float), columns.shape)
        self.set_gain(gain * self.scale.gain / self.scale.money)
        return self.run()

    def stay_optimal(self) -> None:
        """Allow only optima of the last solve from now on (complementary slackness).

        What has a price is at its limit in every optimum: a column with a reduced cost stays at
        its bound, a row with a dual stays at its side. So the next objective only breaks ties, at
        no loss at all.
        """
        solution = self.highs.getSolution()
        self._hold_columns(np.array(solution.col_dual))
        self._hold_rows(np.array(solution.row_dual))

    def _hold_columns(self, dual: Floats) -> None:
        priced = np.flatnonzero(np.abs(dual) > PRICED)
        held = np.where(dual[priced] > 0, self._lower[priced], self._upper[priced])
        self._bound(priced, held, held)

    def _hold_rows(self, dual: Floats) -> None:
        priced = np.flatnonzero(np.abs(dual) > PRICED)
        held = np.where(dual[priced] > 0, self._row_lower[priced], self._row_upper[priced])
        self._bound_rows(priced, held, held)


OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 0,
    "mip_abs_gap": 1e-9,
}
TOLERANCES = (
    "primal_feasibility_tolerance",
    "dual_feasibility_tolerance",
    "mip_feasibility_tolerance",
)
ENDED_WELL = (
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kSolutionLimit,
)
"""Optimal, or out of nodes with a solution in hand."""


def _power_of_two(size: float) -> float:
    """The power of two nearest to a positive size."""
    return float(2.0 ** np.round(np.log2(size)))


def _differences(before: csr_matrix, after: csr_matrix) -> Iterator[tuple[int, int, float]]:
    """Row, column and new value of each coefficient that differs."""
    if np.array_equal(before.indptr, after.indptr) and np.array_equal(
        before.indices, after.indices
    ):
        places = np.flatnonzero(before.data != after.data)
        rows = np.searchsorted(after.indptr, places, side="right") - 1
        found = (rows, after.indices[places], after.data[places])
    else:
        other = (after - before).tocoo()
        some = other.data != 0
        rows, columns = other.row[some], other.col[some]
        found = (rows, columns, np.asarray(after[rows, columns]).ravel())
    yield from zip(*(part.tolist() for part in found), strict=True)
