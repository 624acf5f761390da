"""Snapshots as scenarios start from them, and changes of them at random."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from allocation.assumptions import KINDS, Change, in_order

amounts = st.integers(0, 10**8).map(lambda cents: cents / 100)
shares = st.integers(0, 1000).map(lambda part: part / 1000)
values = st.lists(amounts, min_size=3, max_size=3).map(
    lambda three: dict(zip(("p10", "p50", "p90"), sorted(three), strict=True))
)


def bet(bet_id: str, **fields: Any) -> dict[str, Any]:
    """A bet as the engine takes it."""
    return {
        "id": bet_id,
        "working": 40_000.0,
        "entangled": 0.0,
        "belief": 0.6,
        "value": {"p10": 1_000_000.0, "p50": 2_000_000.0, "p90": 4_000_000.0},
        "full_funding": 50_000.0,
        "response": [[0.4, 0.6], [0.8, 0.9], [1.2, 1.0]],
        "minimum": 0.0,
        "maximum": None,
        "reclaimable_share": 0.8,
        "notice_months": 2.0,
        "exit_cost": 0.0,
        "ramp_cost": 0.0,
        "withdrawable": 1.0,
        "may_grow": True,
        "teams": {"1": 0.5},
        "needs": [],
        "attributes": {"horizon": "H2"},
        **fields,
    }


def snapshot(**fields: Any) -> dict[str, Any]:
    """Three bets, two teams, one guardrail."""
    return in_order(
        {
            "horizon_months": 24,
            "envelope": 200_000.0,
            "reserve_floor": 10_000.0,
            "switching_cost": 0.0,
            "teams": [{"id": "1", "capacity": 80_000.0}, {"id": "2", "capacity": 50_000.0}],
            "fungibility": [{"from": "1", "to": "2", "efficiency": 0.5}],
            "bets": [bet("1"), bet("2", belief=0.1), bet("10", maximum=60_000.0, minimum=5_000.0)],
            "guardrails": [
                {"id": "4", "kind": "share", "scope": {"horizon": ["H2"]}, "min": None, "max": 0.9}
            ],
            **fields,
        }
    )


def _rails() -> st.SearchStrategy[Any]:
    row = {"kind": "share", "scope": {"horizon": ["H2"]}, "min": None}
    return st.none() | shares.map(lambda most: {**row, "max": most})


AFTER: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
    "envelope": lambda: amounts.map(lambda amount: amount + 1_000_000),
    "reserve_floor": lambda: st.integers(0, 100_000).map(float),
    "horizon": lambda: st.integers(1, 60),
    "belief": lambda: shares,
    "value": lambda: values,
    "minimum": lambda: st.integers(0, 4_000).map(float),
    "maximum": lambda: st.none() | st.integers(70_000, 10**6).map(float),
    "may_grow": st.booleans,
    "notice": lambda: st.integers(0, 24).map(float),
    "freed_share": lambda: shares,
    "withdrawable": lambda: shares,
    "stop": st.booleans,
    "capacity": lambda: amounts,
    "lending": lambda: shares,
    "guardrail": _rails,
}


def targets(kind: str) -> list[str]:
    """What the snapshot has of a kind, and what could be added."""
    found = list(KINDS[kind].targets(snapshot()))
    return [*found, {"lending": "2>1", "guardrail": "new-1"}.get(kind, found[0])]


@st.composite
def said(draw: Any) -> tuple[str, str, Any]:
    """A kind, a target and what it becomes."""
    kind = draw(st.sampled_from(sorted(AFTER)))
    return kind, draw(st.sampled_from(targets(kind))), draw(AFTER[kind]())


def change_of(kind: str, target: str, after: Any) -> Change:
    """The change, from what the snapshot has."""
    return Change(kind, target, KINDS[kind].value(snapshot(), target), after)
