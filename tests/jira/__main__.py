"""Run the small Jira by hand: ``python -m tests.jira --kind server --issues 200 --port 8090``."""

import argparse
import contextlib
import threading
from datetime import UTC, datetime, timedelta

from tests.jira.data import RESULT, STATUSES, TYPES, Comment, many
from tests.jira.server import ACCOUNT, TOKEN, Jira

RESULTS = ({"value": "Validated"}, {"value": "Refuted"}, None)


def main() -> None:
    """Serve until Ctrl-C; every few seconds an issue changes where ``--lively`` is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("cloud", "server"), default="cloud")
    parser.add_argument("--issues", type=int, default=200)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--lively", action="store_true")
    given = parser.parse_args()
    issues = many(given.issues)
    for number, issue in enumerate(issues[:: max(len(issues) // 40, 1)]):
        issue.type, issue.custom[RESULT] = TYPES[number % 3], RESULTS[number % 3]
        issue.comments = [
            Comment(number + 1, "#evidence for moderate: seven of ten came back", issue.updated)
        ]
    with Jira(given.kind, issues, given.port) as jira:
        print(f"Jira: {jira.url} account {ACCOUNT} token {TOKEN}", flush=True)
        forever = threading.Event()
        with contextlib.suppress(KeyboardInterrupt):
            turn = 0
            while not forever.wait(5):
                if given.lively:
                    issue, turn = issues[turn % len(issues)], turn + 1
                    issue.status = list(STATUSES)[turn % 3]
                    issue.updated = datetime.now(UTC) + timedelta(milliseconds=turn)


main()
