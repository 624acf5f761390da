"""The allocation problem once more, written down as literally as it goes, for scipy's own solver.

Nothing of the engine is used: this reads the snapshot document itself, keeps every variable of
the formulas (x, a, w, what is held, breaches) as a column of its own, does not scale, rounds
nothing and solves twice: the least total breach, then the most value. Slow, plain, for small cases.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

DEFAULT_RESPONSE = [[0.4, 0.6], [0.8, 0.9], [1.2, 1.0]]
Combination = Mapping[str, float]


@dataclass
class Model:
    """Named variables, rows over their names, a gain for each."""

    names: dict[str, int] = field(default_factory=dict)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    rows: list[tuple[dict[str, float], float, float]] = field(default_factory=list)
    gain: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    constant: float = 0.0
    breaches: dict[str, float] = field(default_factory=dict)
    """What one unit of each breach counts in the total."""

    def variable(
        self, name: str, upper: float = np.inf, *, lower: float = 0.0, whole: bool = False
    ) -> str:
        self.names[name] = len(self.names)
        self.lower.append(lower)
        self.upper.append(upper)
        self.whole.append(int(whole))
        return name

    def row(self, terms: Combination, lower: float = -np.inf, upper: float = np.inf) -> None:
        self.rows.append((dict(terms), lower, upper))

    def limit(
        self,
        name: str,
        terms: Combination,
        today: float,
        lower: float = -np.inf,
        upper: float = np.inf,
        counts: float = 1.0,
    ) -> None:
        """A row that may be broken by what today breaks it by, and no more."""
        over, under = max(today - upper, 0.0), max(lower - today, 0.0)
        loose = dict(terms)
        if over > 0.0051:
            loose[self.variable(f"breach {name}", over)] = -1.0
            self.breaches[f"breach {name}"] = counts
        elif under > 0.0051:
            loose[self.variable(f"breach {name}", under)] = 1.0
            self.breaches[f"breach {name}"] = counts
        else:
            lower, upper = min(lower, today), max(upper, today)
        self.row(loose, lower, upper)

    def best(self, gain: Combination) -> dict[str, float]:
        """The point of the greatest gain."""
        cost = np.zeros(len(self.names))
        for name, value in gain.items():
            cost[self.names[name]] = -value
        matrix = np.zeros((len(self.rows), len(self.names)))
        for place, (terms, _, _) in enumerate(self.rows):
            for name, value in terms.items():
                matrix[place, self.names[name]] += value
        limits = LinearConstraint(matrix, [r[1] for r in self.rows], [r[2] for r in self.rows])

        def solved(presolve: bool) -> Any:
            return milp(
                cost,
                integrality=self.whole,
                bounds=Bounds(self.lower, self.upper),
                constraints=[limits],
                options={"mip_rel_gap": 0.0, "presolve": presolve},
            )

        result = solved(presolve=True)
        result = result if result.success else solved(presolve=False)
        assert result.success, result.message
        return {name: result.x[place] for name, place in self.names.items()}


@dataclass
class Reference:
    """The optimum: least total breach, the objective there, and the working funding."""

    breach: float
    objective: float
    working: dict[str, float]


def solve_reference(document: dict[str, Any]) -> Reference:
    """Solve a snapshot document."""
    model = Model()
    unit = max(1.0, document["envelope"] / 1000)
    document = scaled(document, 1 / unit) | {"unit": unit}
    _bets(model, document)
    _envelope(model, document)
    _teams(model, document)
    _needs(model, document)
    _guardrails(model, document, 1 / unit)
    least = 0.0
    if model.breaches:
        point = model.best({name: -counts for name, counts in model.breaches.items()})
        least = sum(counts * point[name] for name, counts in model.breaches.items())
        model.row(model.breaches, upper=least + 1e-6)
    point = model.best(model.gain)
    objective = model.constant + sum(model.gain[name] * point[name] for name in model.gain)
    return Reference(
        least * unit,
        objective * unit,
        {bet["id"]: point[f"x {bet['id']}"] * unit for bet in document["bets"]},
    )


def scaled(document: dict[str, Any], factor: float) -> dict[str, Any]:
    """The same portfolio in another currency: every amount and value times `factor`."""
    money = {"working", "entangled", "value_if_true", "full_funding", "minimum", "maximum"}
    bets = []
    for bet in document["bets"]:
        other = {
            name: value * factor if name in money and value is not None else value
            for name, value in bet.items()
        }
        if "value" in bet:
            other["value"] = {name: value * factor for name, value in bet["value"].items()}
        bets.append(other)
    rails = []
    for rail in document.get("guardrails", []):
        other = dict(rail)
        if rail["kind"] in ("amount", "reserve"):
            for side in ("min", "max"):
                if rail.get(side) is not None:
                    other[side] = rail[side] * factor
        rails.append(other)
    return {
        **document,
        "envelope": document["envelope"] * factor,
        "reserve_floor": document.get("reserve_floor", 0.0) * factor,
        "switching_cost": document.get("switching_cost", 0.0) * factor,
        "teams": [
            {**team, "capacity": team["capacity"] * factor} for team in document.get("teams", [])
        ],
        "bets": bets,
        "guardrails": rails,
    }


def value_if_true(bet: dict[str, Any]) -> float:
    """V."""
    if "value_if_true" in bet:
        return float(bet["value_if_true"])
    value = bet["value"]
    return 0.3 * value["p10"] + 0.4 * value["p50"] + 0.3 * value["p90"]


def held_today(bet: dict[str, Any]) -> float:
    """c + u."""
    return float(bet["working"] + bet.get("entangled", 0.0))


def _bets(model: Model, document: dict[str, Any]) -> None:
    for bet in document["bets"]:
        _amounts(model, document, bet)
        _worth(model, document, bet)


def _amounts(model: Model, document: dict[str, Any], bet: dict[str, Any]) -> None:
    """x = c + a − w, held = x + u + (1−ρ)·w, and the bounds of the bet's own data."""
    name, today = bet["id"], bet["working"]
    most = 2 * max(document["envelope"], sum(held_today(b) for b in document["bets"]))
    if bet.get("maximum") is not None:
        most = min(most, max(bet["maximum"], today))
    if not bet.get("may_grow", True):
        most = today
    most = max(most, today)
    stuck = 1 - bet.get("reclaimable", 1.0)
    x = model.variable(f"x {name}", most)
    a, w = model.variable(f"a {name}"), model.variable(f"w {name}")
    model.variable(f"held {name}")
    model.row({f"x {name}": 1, a: -1, w: 1}, today, today)
    entangled = bet.get("entangled", 0.0)
    model.row({f"held {name}": 1, x: -1, w: -stuck}, entangled, entangled)
    model.row({w: 1}, upper=bet.get("withdrawable", 1.0) * today)
    up = model.variable(f"up {name}", 1, whole=True)
    model.row({a: 1, up: -most}, upper=0)
    model.row({w: 1, up: today}, upper=today)
    changed = model.variable(f"changed {name}", 1, whole=True)
    model.row({a: 1, w: 1, changed: -most}, upper=0)
    funded = model.variable(f"funded {name}", 1, whole=True)
    least = bet.get("minimum", 0.0)
    least = min(least, today) if today > 0 else least
    trace = max(0.01 / document.get("unit", 1.0), 1e-6 * document["envelope"])
    trace = min(trace, today) if today > 0 else trace
    model.row({x: 1, funded: -most}, upper=0)
    model.row({x: 1, funded: -max(least, trace)}, lower=0)


def _worth(model: Model, document: dict[str, Any], bet: dict[str, Any]) -> None:
    """Every term of the objective for one bet."""
    name, horizon = bet["id"], document["horizon_months"]
    reclaimable = bet.get("reclaimable", 1.0)
    model.gain[f"held {name}"] -= horizon
    model.gain[f"w {name}"] -= bet.get("notice_months", 0) * reclaimable
    model.gain[f"w {name}"] -= bet.get("exit_cost", 0)
    model.gain[f"a {name}"] -= bet.get("ramp_cost", 0)
    model.gain[f"changed {name}"] -= document.get("switching_cost", 0.0)
    full, worth = bet["full_funding"], bet["belief"] * value_if_true(bet)
    if full <= 0 or worth <= 0:
        return
    points = [[0.0, 0.0], *bet.get("response", DEFAULT_RESPONSE)]
    pieces = {}
    for place, (left, right) in enumerate(itertools.pairwise(points)):
        piece = model.variable(f"piece {place} {name}", (right[0] - left[0]) * full)
        pieces[piece] = 1.0
        slope = (right[1] - left[1]) / (right[0] - left[0])
        model.gain[piece] += worth * slope / full
    model.row({**pieces, f"x {name}": -1.0}, upper=0.0)


def _held(bets: list[dict[str, Any]]) -> tuple[dict[str, float], float]:
    return {f"held {bet['id']}": 1.0 for bet in bets}, sum(held_today(bet) for bet in bets)


def _envelope(model: Model, document: dict[str, Any]) -> None:
    terms, today = _held(document["bets"])
    room = document["envelope"] - document.get("reserve_floor", 0.0)
    model.limit("envelope", terms, today, upper=room)


def _teams(model: Model, document: dict[str, Any]) -> None:
    """Capacity with lending; where teams are overloaded today, any least split of it may stand."""
    teams, bets = document.get("teams", []), document["bets"]
    if not teams:
        return
    least = least_overload(document, {bet["id"]: held_today(bet) for bet in bets})
    if least > 0.0051:
        _lending(model, document, "today", {bet["id"]: held_today(bet) for bet in bets})
        model.row({f"over {team['id']} today": 1.0 for team in teams}, upper=least)
    _lending(model, document, "new", None)
    for team in teams:
        over = f"over {team['id']} new"
        if least > 0.0051:
            model.row({over: 1.0, f"over {team['id']} today": -1.0}, upper=0.0)
            model.breaches[over] = 1.0
        else:
            model.row({over: 1.0}, upper=0.0)


def _lending(
    model: Model, document: dict[str, Any], when: str, fixed: dict[str, float] | None
) -> None:
    teams = document["teams"]
    pairs = [p for p in document.get("fungibility", []) if p["efficiency"] > 0]
    for pair in pairs:
        model.variable(f"lend {pair['from']} {pair['to']} {when}")
    for team in teams:
        terms = {model.variable(f"over {team['id']} {when}"): -1.0}
        load = 0.0
        for bet in document["bets"]:
            share = bet.get("teams", {}).get(team["id"], 0.0)
            if fixed is None:
                terms[f"held {bet['id']}"] = share
            else:
                load += share * fixed[bet["id"]]
        for pair in pairs:
            if pair["from"] == team["id"]:
                terms[f"lend {pair['from']} {pair['to']} {when}"] = 1.0
            if pair["to"] == team["id"]:
                terms[f"lend {pair['from']} {pair['to']} {when}"] = -pair["efficiency"]
        model.row(terms, upper=team["capacity"] - load)


def least_overload(document: dict[str, Any], held: dict[str, float]) -> float:
    """What all teams together are over capacity, the least over all lending."""
    if not document.get("teams"):
        return 0.0
    model = Model()
    _lending(model, document, "only", held)
    names = [f"over {team['id']} only" for team in document["teams"]]
    point = model.best(dict.fromkeys(names, -1.0))
    return sum(point[name] for name in names)


def _needs(model: Model, document: dict[str, Any]) -> None:
    working = {bet["id"]: bet["working"] for bet in document["bets"]}
    for bet in document["bets"]:
        for needed in bet.get("needs", []):
            most = model.upper[model.names[f"x {bet['id']}"]]
            today = working[bet["id"]] - (most if working[needed] > 0 else 0.0)
            terms = {f"x {bet['id']}": 1.0, f"funded {needed}": -most}
            model.limit(f"{bet['id']} needs {needed}", terms, today, upper=0.0)


def _guardrails(model: Model, document: dict[str, Any], one_bet: float) -> None:
    """All kinds; `one_bet` is what a bet over a count counts in the total breach."""
    envelope = document["envelope"]
    for rail in document.get("guardrails", []):
        covered = [bet for bet in document["bets"] if covers(rail, bet)]
        low, high = rail.get("min"), rail.get("max")
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        terms, today = _held(covered)
        if rail["kind"] == "share":
            model.limit(rail["id"], terms, today, low * envelope, high * envelope)
        elif rail["kind"] == "amount":
            model.limit(rail["id"], terms, today, low, high)
        elif rail["kind"] == "bet_share":
            for bet in covered:
                one, now = _held([bet])
                model.limit(f"{rail['id']} {bet['id']}", one, now, upper=high * envelope)
        elif rail["kind"] == "turnover":
            model.limit(
                rail["id"], {f"w {bet['id']}": 1.0 for bet in covered}, 0.0, upper=high * envelope
            )
        elif rail["kind"] == "count":
            now = sum(bet["working"] > 0 for bet in covered)
            flags = {f"funded {bet['id']}": 1.0 for bet in covered}
            model.limit(rail["id"], flags, now, low, high, counts=one_bet)
        elif rail["kind"] == "reserve":
            everything, now = _held(document["bets"])
            model.limit(rail["id"], everything, now, upper=envelope - low)


def covers(rail: dict[str, Any], bet: dict[str, Any]) -> bool:
    """Whether a guardrail looks at a bet."""
    attributes = bet.get("attributes", {})
    return all(attributes.get(name) in values for name, values in rail.get("scope", {}).items())
