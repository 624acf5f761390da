"""The part of a proposal that lies wholly inside a mandate, and booking it at once.

Bets outside the mandate are left out, and what remains is decided anew within what was proposed.
Where a move is still more than the mandate allows, or all moves together are, the bet that takes
the largest is left out too, until what remains lies inside or nothing does.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from allocation import decide, mandates
from allocation.mandates import Use
from allocation.models import Proposal
from allocation.part import Part, WorkedOut, worked_out
from allocation.still_so import Shown
from allocation.to_book import Booking
from bets.models import Portfolio
from spm.accounts.permissions import NotAllowed, Principal
from spm.errors import Conflict, Invalid

logger = logging.getLogger(__name__)

MOST_TRIES = 8
#: How long after its publication a proposal is tried again where a worker was lost.
FRESH = timedelta(minutes=10)


def part_inside(use: Use, proposal: Proposal) -> Booking | None:
    """The part of a proposal that a mandate covers; None where nothing of it can be booked so.

    Solves a small problem a few times at most; the whole, if all of it lies inside.
    """
    whole = Booking(proposal)
    if not mandates.why_not_covered(use, whole.changes, whole.moves):
        return whole
    bet_ids = {change.bet_id for change in whole.changes}
    left_out = {
        change.bet_id for change in whole.changes if mandates.outside(use.mandate, change.bet)
    }
    if proposal.ends_a_bet or use.state:
        return None
    for _ in range(MOST_TRIES):
        if left_out >= bet_ids:
            return None
        found = worked_out(proposal, Part(frozenset(left_out)))
        if found.obstacles:
            return None
        booking = Booking(proposal, found)
        if not mandates.why_not_covered(use, booking.changes, booking.moves):
            return booking
        largest = max(booking.moves, key=lambda move: (move.amount, move.to_bet_id or 0))
        left_out.add(largest.to_bet_id or largest.from_bet_id or 0)
    return None


def inside_one_of(
    principal: Principal, proposal: Proposal, at: datetime | None = None
) -> tuple[Use, Booking] | None:
    """The first mandate of somebody's that something of a proposal lies in, and what does.

    ``at`` is the moment, where a history is made up; now by default.
    """
    for use in mandates.held_by(principal, proposal.portfolio, at or timezone.now()):
        booking = part_inside(use, proposal)
        if booking is not None:
            return use, booking
    return None


def part_for(principal: Principal, proposal: Proposal) -> WorkedOut | None:
    """The part inside the first mandate of somebody's that has one; None for none, or the whole."""
    found = inside_one_of(principal, proposal)
    return None if found is None else found[1].part


def book_at_once(portfolio_id: int) -> int:
    """Book what of the engine's open proposal lies inside mandates that say so; how many decisions.

    The first mandate that covers something closes the proposal; what is left of it is worked out
    anew, and comes here again.
    """
    portfolio, now = Portfolio.objects.get(pk=portfolio_id), timezone.now()
    eager = [each for each in mandates.in_force(portfolio, now) if each.books_at_once]
    if not eager:
        return 0
    proposal = (
        Proposal.objects.select_related("portfolio")
        .filter(portfolio=portfolio, status=Proposal.Status.OPEN, drawn_up_by=None)
        .first()
    )
    if proposal is None:
        return 0
    return int(any(_book(use, proposal) for use in mandates.uses(eager, now)))


def _book(use: Use, proposal: Proposal) -> bool:
    """Book the part inside one mandate, if there is one and the world has not moved on."""
    booking = part_inside(use, proposal)
    if booking is None:
        return False
    shown = Shown(proposal.version, proposal.content_sha256, part_sha256=booking.part_sha256)
    part = booking.part.part if booking.part else None
    try:
        with transaction.atomic():
            decide.book_at_once(use.mandate, proposal.pk, shown, part)
    except (Conflict, Invalid, NotAllowed) as reason:
        logger.info("%s is not booked at once under %s: %s", proposal, use.mandate, reason)
        return False
    return True


def fresh() -> list[int]:
    """The portfolios with a fresh open proposal and a mandate that books at once."""
    rows = Proposal.objects.filter(
        status=Proposal.Status.OPEN,
        drawn_up_by=None,
        created_at__gt=timezone.now() - FRESH,
        portfolio__mandates__books_at_once=True,
        portfolio__mandates__revoked_at=None,
    )
    return list(rows.order_by("portfolio_id").values_list("portfolio_id", flat=True).distinct())
