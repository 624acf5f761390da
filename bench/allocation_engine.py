"""What the engines must reach (engine.md, section 3), each figure a ratio measured in one run.

`make bench`, or `python -m bench.allocation_engine [--quick] [--to results.json]`. Times are CPU
time of this process, the best of a few repetitions, since the machine may be busy with others.

Compared with
- HiGHS alone: our matrix handed to HiGHS with its usual options, nothing built or explained;
- scipy: the same matrix, through scipy.optimize.milp;
- cvxpy: the same formulas stated in a modelling layer, constraint by constraint, and solved by
  HiGHS (its own time apart, so that what the layer costs is visible).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from allocation.engine import WhatIf, parse_snapshot, solve
from allocation.engine.problem import Problem, build
from allocation.engine.program import Assembled
from allocation.engine.search import find_best
from allocation.engine.snapshot import Snapshot
from allocation.engine.solver import Scale
from bench.many_beliefs import many_beliefs
from bench.random_portfolio import portfolio
from bench.timing import REPEATS, timed

SIZES = {"quick": (100, 300), "full": (500, 2000, 10_000)}
MILP_UP_TO = 2000
MILP_GAP = 1e-3
RESULTS = Path("bench/results.json")


def highs_alone(program: Assembled, whole: bool) -> highspy.Highs:
    """The matrix in HiGHS as it comes, in the engine's units, and solved."""
    scale = Scale.of(program)
    columns = np.where(program.money_columns, scale.money, 1.0)
    rows = np.where(program.money_rows, scale.money, 1.0)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.gain), len(program.row_lower)
    model.col_cost_ = -program.gain * columns / scale.gain
    model.col_lower_, model.col_upper_ = program.lower / columns, program.upper / columns
    model.row_lower_, model.row_upper_ = program.row_lower / rows, program.row_upper / rows
    matrix = program.matrix
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    per_entry = np.repeat(rows, np.diff(matrix.indptr))
    model.a_matrix_.value_ = matrix.data * columns[matrix.indices] / per_entry
    if whole:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[int(flag)] for flag in program.whole]
    highs = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("mip_rel_gap", MILP_GAP)):
        highs.setOptionValue(option, value)
    highs.passModel(model)
    highs.run()
    return highs


def through_scipy(program: Assembled) -> Any:
    """The same matrix through scipy.optimize.milp."""
    scale = Scale.of(program)
    columns = np.where(program.money_columns, scale.money, 1.0)
    rows = np.where(program.money_rows, scale.money, 1.0)
    matrix = program.matrix.copy()
    per_entry = np.repeat(rows, np.diff(matrix.indptr))
    matrix.data = matrix.data * columns[matrix.indices] / per_entry
    return milp(
        -program.gain * columns / scale.gain,
        integrality=program.whole.astype(int),
        bounds=Bounds(program.lower / columns, program.upper / columns),
        constraints=LinearConstraint(matrix, program.row_lower / rows, program.row_upper / rows),
        options={"mip_rel_gap": MILP_GAP},
    )


def through_cvxpy(problem: Problem) -> tuple[float, float]:
    """CPU seconds of the modelling layer, and the objective: each limit is stated by itself."""
    import cvxpy

    program, scale = problem.program, Scale.of(problem.program)
    columns = np.where(program.money_columns, scale.money, 1.0)
    whole = np.flatnonzero(program.whole)
    began = time.process_time()
    weights = cvxpy.Variable(len(program.gain), bounds=[program.lower / columns, None])
    flags = cvxpy.Variable(len(whole), boolean=True)
    finite = np.flatnonzero(np.isfinite(program.upper))
    said = [weights[whole] == flags, weights[finite] <= (program.upper / columns)[finite]]
    bets = problem.book.size
    said.append(_times(program.matrix[:bets], columns) @ weights == np.ones(bets))
    for row in range(bets, len(program.row_lower)):
        size = scale.money if program.money_rows[row] else 1.0
        left = _times(program.matrix[row], columns / size) @ weights
        if np.isfinite(program.row_upper[row]):
            said.append(left <= program.row_upper[row] / size)
        if np.isfinite(program.row_lower[row]):
            said.append(left >= program.row_lower[row] / size)
    gain = program.gain * columns / scale.gain
    model = cvxpy.Problem(cvxpy.Maximize(gain @ weights), said)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.solve(solver=cvxpy.HIGHS, highs_options={"mip_rel_gap": MILP_GAP, "threads": 1})
    return time.process_time() - began, program.offset + float(model.value) * scale.gain


def _times(matrix: Any, factors: np.ndarray) -> Any:
    """A sparse matrix with its columns scaled."""
    return matrix.multiply(factors[None, :]).tocsr()


def of_size(bets: int) -> dict[str, Any]:
    """All figures of one size."""
    document = portfolio(bets, seed=1)
    parsing, snapshot = timed(lambda: parse_snapshot(document))
    building, problem = timed(lambda: build(snapshot))
    solving, best = timed(lambda: find_best(problem), 2 if bets > MILP_UP_TO else REPEATS)
    lp, _ = timed(lambda: highs_alone(problem.program, whole=False), 2)
    figures: dict[str, Any] = {
        "bets": bets,
        "rows": len(problem.program.row_lower),
        "columns": len(problem.program.gain),
        "seconds": {"parse": parsing, "build": building, "solve": solving, "lp_alone": lp},
        "gap_to_lp_bound": (best.bound - best.objective) / abs(best.bound),
        "build_and_solve_to_lp_alone": (building + solving) / lp,
        "gain": best.objective - problem.program.offset,
    }
    if bets <= MILP_UP_TO:
        figures |= _against_milp(problem, building + solving)
    figures["resolve"] = one_belief(snapshot, building + solving)
    return figures


def _against_milp(problem: Problem, ours: float) -> dict[str, Any]:
    """Our time against the MILP's by HiGHS alone, scipy and cvxpy."""
    alone, _ = timed(lambda: highs_alone(problem.program, whole=True), 2)
    scipy, _ = timed(lambda: through_scipy(problem.program), 1)
    try:
        layer: float | None = through_cvxpy(problem)[0]
    except ImportError:
        layer = None
    return {
        "milp_seconds": {"highs_alone": alone, "scipy": scipy, "cvxpy": layer},
        "build_and_solve_to_highs_alone": ours / alone,
        "scipy_to_build_and_solve": scipy / ours,
        "cvxpy_to_build_and_solve": None if layer is None else layer / ours,
    }


def one_belief(snapshot: Snapshot, cold: float) -> dict[str, float]:
    """A belief changed and solved again, everything decided anew, against from nothing."""
    what_if = WhatIf(snapshot)
    dice, found = random.Random(7), []
    for _ in range(5):
        place = dice.randrange(len(snapshot.bets))
        bets = list(snapshot.bets)
        bets[place] = replace(bets[place], belief=min(bets[place].belief + 0.1, 1.0))
        changed = replace(snapshot, bets=tuple(bets))
        found.append(timed(lambda asked=changed: what_if.solve(asked), 1)[0])  # type: ignore[misc]
    middle = sorted(found)[len(found) // 2]
    return {"seconds": middle, "to_cold": middle / cold}


def whole_answer(bets: int) -> dict[str, float]:
    """Everything from a document to an explained answer, by part."""
    document = portfolio(bets, seed=1)
    seconds, solution = timed(lambda: solve(parse_snapshot(document)), 1)
    return {"cpu_seconds": seconds, "changes": len(solution.changes)}


def growth(figures: list[dict[str, Any]]) -> float:
    """The exponent by which the LP's time grows with the bets, from the smallest to the largest."""
    first, last = figures[0], figures[-1]
    times = last["seconds"]["lp_alone"] / first["seconds"]["lp_alone"]
    return math.log(times) / math.log(last["bets"] / first["bets"])


def table(results: dict[str, Any]) -> list[tuple[str, float | None, str]]:
    """What is measured, the figure, and what it must be."""
    rows: list[tuple[str, float | None, str]] = []
    for each in results["sizes"]:
        bets = each["bets"]
        if "build_and_solve_to_highs_alone" in each:
            ratio = each["build_and_solve_to_highs_alone"]
            rows.append((f"{bets} bets: build + solve ÷ HiGHS alone, MILP", ratio, "≤ 1.3"))
            for layer in ("scipy", "cvxpy"):
                slower = each[f"{layer}_to_build_and_solve"]
                rows.append((f"{bets} bets: {layer} ÷ build + solve", slower, "shown"))
        else:
            ratio = each["build_and_solve_to_lp_alone"]
            rows.append((f"{bets} bets: build + solve ÷ the LP alone", ratio, "≤ 2"))
        rows.append(
            (f"{bets} bets: gap to the LP bound, %", 100 * each["gap_to_lp_bound"], "≤ 0.1")
        )
        rows.append(
            (f"{bets} bets: one belief ÷ cold", each["resolve"]["to_cold"], "≤ 0.1 at 10,000")
        )
    rows.append(("LP time, exponent of growth", results["growth"], "< 1.5"))
    beliefs = results["beliefs"]
    what = f"{beliefs['bets']:,} bets, {beliefs['items']:,} items: beliefs ÷ numpy"
    rows.append((what, beliefs["to_numpy"], "≤ 3"))
    rows.append(("    ÷ numpy, one figure counted of each table", beliefs["to_least"], "shown"))
    return rows


def main() -> None:
    """Measure, print, and write the results down."""
    parser = argparse.ArgumentParser(description="Measure the engines against their promises.")
    parser.add_argument("--quick", action="store_true", help="small sizes, in seconds")
    parser.add_argument(
        "--to", type=Path, help=f"where the results go; {RESULTS} if all is measured"
    )
    asked = parser.parse_args()
    sizes = SIZES["quick" if asked.quick else "full"]
    figures = [of_size(bets) for bets in sizes]
    results = {
        "quick": asked.quick,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "python": platform.python_version(),
        },
        "sizes": figures,
        "whole_answer": {str(bets): whole_answer(bets) for bets in sizes},
        "growth": growth(figures),
        "beliefs": many_beliefs(1000 if asked.quick else 10_000),
    }
    for what, figure, promise in table(results):
        shown = "not installed" if figure is None else f"{figure:.3f}"
        print(f"{what:58s} {shown:>14s}   {promise}", flush=True)
    # The file beside this one is kept: a quick look does not take the place of a measurement.
    if place := asked.to or (None if asked.quick else RESULTS):
        place.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
