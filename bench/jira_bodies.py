"""Real webhook bodies, posted to the running product in random orders: the end is always the same.

    python -m bench.jira_bodies DIRECTORY [--rounds 5]

Each body of the directory is posted one to four times; so are copies with mark-up in the title, and
copies that are cut off. Each round has a portfolio of its own and another order; half of the
posts are signed, the others have the secret in their address. No answer may be 5xx, and every
round must end with the same bets, signals, facts, comments and counts.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import http.client
import json
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bench.jira_sync import open_django
from bench.product import Product, running

MARK_UP = "<script>alert(1)</script>{{ 7*7 }}<img src=x onerror=alert(2)> “%s”"
WAIT_SECONDS = 120.0


def bodies_of(directory: Path, chance: random.Random) -> list[bytes]:
    """The bodies as they are, with mark-up in the title, and cut off."""
    whole = [path.read_bytes() for path in sorted(directory.glob("*.json"))]
    marked = []
    for raw in whole:
        body = json.loads(raw)
        if "summary" in body.get("issue", {}).get("fields", {}):
            body["issue"]["fields"]["summary"] = MARK_UP % body["issue"]["fields"]["summary"]
            marked.append(json.dumps(body).encode())
    cut = [raw[: chance.randrange(1, len(raw) - 1)] for raw in whole]
    strange = [b"", b"null", b"{}", b'{"webhookEvent": "sprint_started"}', b"\xff" * 40]
    return [*whole, *marked, *cut, *strange]


def connect(number: int) -> Any:
    """A portfolio with a connection that nothing is read of; webhooks alone."""
    from django.utils import timezone

    from evidence.models import JiraConnection
    from spm.accounts.models import Role
    from spm.sealed import seal
    from tests.factories import make_member, make_portfolio

    portfolio = make_portfolio(name=f"Round {number}", slug=f"round-{number}")
    types = ["Story", "Task", "Bug", "Epic", "Improvement"]
    return JiraConnection.objects.create(
        portfolio=portfolio,
        site="https://jira.example.org",
        kind="server",
        sealed_token=seal("none"),
        sealed_secret=seal(f"secret-{number}"),
        mapping={"types": types, "fields": {"description": "description"}, "marker": "#evidence"},
        state="stopped",  # webhooks are taken, and nobody is asked
        created_by=make_member(portfolio, Role.ADMIN),
        created_at=timezone.now(),
    )


def post(product: Product, connection: Any, secret: str, raw: bytes, signed: bool) -> int:
    """Send one as Jira would; the status of the answer."""
    line = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)
    headers = {"Content-Type": "application/json"}
    path = f"/hooks/jira/{connection.pk}"
    if signed:
        digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        headers["X-Hub-Signature"] = f"sha256={digest}"
    else:
        path += f"/{secret}"
    try:
        line.request("POST", path, raw, headers)
        return line.getresponse().status
    finally:
        line.close()


def end_state(connection: Any) -> Any:
    """What counts in the end, without ids of our own."""
    issues = connection.issues.select_related("bet").order_by("issue_id")
    return {
        "issues": [
            (i.issue_id, i.key, i.facts, i.deleted, i.bet and i.bet.title, i.problem)
            for i in issues
        ],
        "signals": [
            (i.key, i.bet.delivery_signal, str(i.bet.delivery_signal_at), i.bet.description)
            for i in issues
            if i.bet
        ],
        "comments": sorted(
            connection.comments.values_list("comment_id", "issue_id", "text", "author", "deleted")
        ),
        "bodies": sorted(connection.bodies.values_list("digest", "outcome", "event", "problem")),
    }


def one_round(
    product: Product, number: int, bodies: list[bytes], seconds: list[float]
) -> tuple[Any, Counter[int]]:
    """Post them all in an order of this round's own; the end state and the answers.

    ``seconds`` is added to: how long each answer took.
    """
    from evidence.models import JiraBody

    chance = random.Random(number)
    connection = connect(number)
    sent = [raw for raw in bodies for _ in range(chance.randint(1, 4))]
    chance.shuffle(sent)
    answers: Counter[int] = Counter()
    for raw in sent:
        signed = chance.random() < 0.5
        began = time.monotonic()
        answers[post(product, connection, f"secret-{number}", raw, signed)] += 1
        seconds.append(time.monotonic() - began)
    deadline = time.monotonic() + WAIT_SECONDS
    waiting = JiraBody.objects.filter(connection=connection, outcome="waiting")
    while waiting.exists():
        assert time.monotonic() < deadline, "the worker did not take them in time"
        time.sleep(0.1)
    time.sleep(0.5)  # the last one may be on its way
    assert sum(connection.bodies.values_list("times", flat=True)) == len(sent)
    return end_state(connection), answers


def main() -> None:
    """Post, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    bodies = bodies_of(given.directory, random.Random(0))
    with (
        tempfile.TemporaryDirectory(prefix="jira-bodies-") as home,
        running(Path(home), "--no-demo") as product,
    ):
        open_django(product)
        ends, answers = [], Counter[int]()
        seconds: list[float] = []
        for number in range(1, given.rounds + 1):
            end, answered = one_round(product, number, bodies, seconds)
            ends.append(end)
            answers += answered
        outcomes = Counter(outcome for _, outcome, _, _ in ends[0]["bodies"])
        same = [name for name in ends[0] if all(end[name] == ends[0][name] for end in ends)]
        print(f"{len(bodies)} different bodies, {answers.total()} posts, answers {dict(answers)}")
        seconds.sort()
        middle, late = seconds[len(seconds) // 2], seconds[len(seconds) * 95 // 100]
        print(f"answered after {1000 * middle:.0f} ms (p50), {1000 * late:.0f} ms (p95)")
        print(f"what became of them: {dict(outcomes)}")
        print(f"{len(ends[0]['issues'])} issues, {len(ends[0]['signals'])} bets")
        print(f"the same at the end of all {len(ends)} rounds: {', '.join(same)}")
        assert set(answers) == {202} and len(same) == len(ends[0])


if __name__ == "__main__":
    main()
