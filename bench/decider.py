"""Somebody who has money moved to and fro without a pause, and says what was acknowledged.

    python -m bench.decider

A thousand a month goes from one funded bet of the demo to another, and back: each time it is drawn
up as a proposal by the lead, and approved by the CFO. It says "deciding" before each approval, and
afterwards the id of the decision whose commit has returned.
"""

from typing import Any

import django

AMOUNT = 1_000.0
DECIDING = "deciding"


def main() -> None:
    """Decide until killed."""
    django.setup()
    from allocation.decide import approve
    from allocation.models import RecomputeRequest
    from allocation.still_so import Shown
    from spm.accounts.models import User

    cfo = User.objects.get(email="cfo@demo.example")
    while True:
        proposal = draw_up()
        RecomputeRequest.objects.all().delete()  # what is owed would have to be computed first
        shown = Shown(proposal.version, proposal.content_sha256)
        print(DECIDING, flush=True)
        print(approve(cfo, proposal.pk, shown).pk, flush=True)


def draw_up() -> Any:
    """A proposal of the lead's that takes from the bet that holds more of two."""
    from django.utils import timezone

    from allocation.engine import parse_snapshot, weigh
    from allocation.propose import publish
    from allocation.snapshot import snapshot_of
    from bets.models import Bet, Portfolio
    from spm.accounts.models import User

    portfolio = Portfolio.objects.get()
    held = Bet.objects.filter(working__gte=5 * AMOUNT).order_by("pk")[:2]
    snapshot = snapshot_of(portfolio)
    booked = {bet["id"]: bet["working"] for bet in snapshot["bets"]}
    giver, taker = sorted((str(bet.pk) for bet in held), key=lambda each: -booked[each])
    wanted = {giver: booked[giver] - AMOUNT, taker: booked[taker] + AMOUNT}
    solution = weigh(parse_snapshot(snapshot), wanted).as_dict()
    lead = User.objects.get(email="lead@demo.example")
    return publish(portfolio, snapshot, solution, timezone.now(), drawn_up_by=lead)


if __name__ == "__main__":
    main()
