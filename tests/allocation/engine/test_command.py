"""`python -m allocation.engine`: JSON in, JSON out."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.allocation.engine.portfolios import bet, earning, portfolio


def run(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a text on its standard input."""
    return subprocess.run(
        [sys.executable, "-m", "allocation.engine", *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def without_seconds(text: str) -> dict[str, Any]:
    """The output without what a clock said."""
    output = json.loads(text)
    assert set(output.pop("seconds")) == {"build", "solve", "explain"}
    return output


def test_a_snapshot_is_answered_with_every_key_of_the_contract() -> None:
    done = run(json.dumps(portfolio(earning("lost", 3.0, working=40.0), earning("won", 30.0))))

    assert done.returncode == 0
    output = without_seconds(done.stdout)
    assert output["status"] == "optimal"
    assert output["levers"] == []
    assert output["positions"]["won"] == {"working": 100.0, "entangled": 0.0}
    assert output["changes"][0]["from"] == 40.0
    assert output["moves"][0] == {
        "from": "lost",
        "to": "won",
        "amount": 40.0,
        "available_in_months": 0.0,
    }
    for key in ("objective", "reserve", "guardrails", "teams", "do_nothing"):
        assert key in output


def test_flags_add_what_costs_more_solves_and_nothing_else() -> None:
    document = json.dumps(
        portfolio(
            earning("lost", 12.0, working=40.0),
            bet("won", belief=0.5, value_if_true=4000.0, teams={"t": 1.0}),
            teams=[{"id": "t", "capacity": 10.0}],
        )
    )
    flags = ("levers", "frontier", "robustness", "information")
    plain = without_seconds(run(document).stdout)
    flagged = without_seconds(run(document, *(f"--{flag}" for flag in flags)).stdout)

    added = {flag: flagged.pop(flag) for flag in flags}
    assert plain.pop("levers") == []
    assert flagged == plain
    assert added["levers"][0]["kind"] == "cross_train" or added["levers"][0]["kind"] == "hire"
    assert added["frontier"][0]["cap"] == 0.0
    assert added["robustness"]["futures"] == 10_000
    assert added["information"][0]["exact"]


def test_bad_input_ends_with_2_and_one_line() -> None:
    done = run(json.dumps(portfolio(bet("b", belief=2))))

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == 'bet "b", belief: is 2; give a number from 0 to 1\n'


def test_an_unknown_flag_ends_with_2_and_one_line() -> None:
    done = run("", "--lever")

    assert done.returncode == 2
    assert "--lever" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_engine_runs_without_django() -> None:
    code = "import sys, allocation.engine; sys.exit(any('django' in name for name in sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
