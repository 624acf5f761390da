"""Many clients post the same events again and again over HTTP; each event must be there once.

    python -m bench.idempotent_posts [--clients 16] [--events 500] [--deliveries 4]

Starts the whole product in a home of its own. Each client has a key of its own and posts every
event as often as asked, in an order of its own, by name (`external_id`) and under an
`Idempotency-Key`; it waits where it is told to. Then each event is asked for, and the books are
verified.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from bench.product import PROJECT, environment, running

SOURCE = "idempotent posts"


def main() -> int:
    """Post, count, and say what came of it; 0 if each event is there once and all ties out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--deliveries", type=int, default=4)
    parser.add_argument("--make-keys", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.make_keys:
        make_keys(wanted.clients)
        return 0
    with tempfile.TemporaryDirectory() as home, running(Path(home)) as product:
        keys = ["-m", "bench.idempotent_posts", "--make-keys", "--clients", str(wanted.clients)]
        made = json.loads(_in_home(Path(home), keys))
        office = f"http://127.0.0.1:{product.port}/api/v1"
        began = time.monotonic()
        with ThreadPoolExecutor(wanted.clients) as pool:
            shares = pool.map(
                lambda at: deliver(office, made, at, wanted.events, wanted.deliveries),
                range(wanted.clients),
            )
            answers = sum(shares, Counter[str]())
        seconds = time.monotonic() - began
        there = Counter(names_there(office, made["keys"][0]))
        verified = _in_home(Path(home), ["manage.py", "verify"]).strip().splitlines()[-1]
    posts = wanted.clients * wanted.events * wanted.deliveries
    once = there == Counter(f"event-{n}" for n in range(wanted.events))
    print(f"{wanted.clients} clients × {wanted.events} events × {wanted.deliveries} deliveries")
    print(f"{posts:,} posts in {seconds:,.0f} s, {posts / seconds:,.0f}/s: {dict(answers)}")
    print(f"{len(there)} events, {'each once' if once else f'NOT each once: {there}'}")
    print(f"verify: {verified}; load {os.getloadavg()[0]:.1f}")
    as_said = answers["new"] == wanted.events and answers.total() == posts
    return 0 if once and as_said and not answers.keys() - {"new", "known", "replayed"} else 1


def deliver(
    office: str, made: dict[str, Any], client: int, events: int, deliveries: int
) -> Counter[str]:
    """What one client hears: how many answers said new, known, or were those of before."""
    heard: Counter[str] = Counter()
    order = list(range(events)) * deliveries
    random.Random(client).shuffle(order)
    headers = {"Authorization": f"Bearer {made['keys'][client]}"}
    with httpx.Client(base_url=office, headers=headers, timeout=60) as http:
        for number in order:
            heard[_post(http, made["hypotheses"], number)] += 1
    return heard


def _post(http: httpx.Client, hypotheses: list[int], number: int) -> str:
    body = {
        "hypothesis": hypotheses[number % len(hypotheses)],
        "kind": "judgement",
        "direction": "for" if number % 2 else "against",
        "strength": "weak",
        "source": SOURCE,
        "external_id": f"event-{number}",
    }
    while True:
        answer = http.post("/evidence", json=body, headers={"Idempotency-Key": f"event-{number}"})
        if answer.status_code == 429:
            time.sleep(float(answer.headers["Retry-After"]))
        elif answer.is_error:
            return f"{answer.status_code}: {answer.json()['detail']}"
        elif answer.headers.get("Idempotent-Replayed"):
            return "replayed"
        else:
            return "new" if answer.json()["created"] else "known"


def names_there(office: str, key: str) -> list[str]:
    """The names of all events that are stored, by reading every page."""
    names, page = [], f"{office}/evidence?source={SOURCE}&page_size=500"
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
        while page:
            found = http.get(page).raise_for_status().json()
            names += [row["external_id"] for row in found["results"]]
            page = found["next"]
    return names


def make_keys(count: int) -> None:
    """Make a key for each client, inside the home; print them with the hypotheses of the demo."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")
    import django

    django.setup()
    from bets.models import Hypothesis
    from spm.accounts.models import ApiKey, Membership

    lead = Membership.objects.filter(role="lead").earliest("pk")
    keys = [
        ApiKey.issue(lead.user, lead.portfolio_id, f"Client {at}", ["read", "evidence"])[1]
        for at in range(count)
    ]
    ours = Hypothesis.objects.filter(bet__portfolio_id=lead.portfolio_id).order_by("pk")
    print(json.dumps({"keys": keys, "hypotheses": list(ours.values_list("pk", flat=True))}))


def _in_home(home: Path, command: list[str]) -> str:
    """What a command says that runs beside the product."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
