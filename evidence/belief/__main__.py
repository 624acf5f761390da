"""Command line: `python -m evidence.belief < hypotheses.json` prints the beliefs as JSON.

With `--without-items` it prints the beliefs alone, all worked out at once: for a whole portfolio.
Ends with 0, or with 2 and one line on standard error that says who, which field, what is wrong
and what would be right.
"""

import json
import sys
from typing import Any

from evidence.belief.contract import judge, judge_without_items
from evidence.belief.facts import BeliefInputError
from evidence.belief.record import RepeatedKeys

USAGE = "usage: python -m evidence.belief [--without-items] < hypotheses.json"
ANSWERS = {(): judge, ("--without-items",): judge_without_items}


def read_document(raw: bytes) -> object:
    """Return the JSON value in some bytes; raises BeliefInputError where there is none.

    Objects with a key that stands twice come back as RepeatedKeys, which no reading accepts.
    """
    try:
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_object)
    except UnicodeDecodeError as problem:
        reason = f"is not UTF-8 from byte {problem.start} on; give UTF-8"
    except RecursionError:
        reason = "is nested too deeply; give objects and lists nested as in the contract"
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno} column {problem.colno}"
        reason = f"is not JSON at {where} ({problem.msg}); give one JSON object"
    except ValueError:
        # Python refuses to turn thousands of digits into a number.
        reason = "has a number of too many digits; give numbers below 1e100"
    raise BeliefInputError("document", "input", reason)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else RepeatedKeys(pairs)


def main(arguments: list[str]) -> int:
    """Read standard input, print the beliefs; return the exit code."""
    judging = ANSWERS.get(tuple(arguments))
    if judging is None:
        print(USAGE, file=sys.stdout if arguments in (["-h"], ["--help"]) else sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    try:
        answer = judging(read_document(sys.stdin.buffer.read()))
    except BeliefInputError as problem:
        print(problem, file=sys.stderr)
        return 2
    print(json.dumps(answer, allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
