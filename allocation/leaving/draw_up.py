"""A person proposes to stop or to pivot a bet; another has to decide it."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from allocation.leaving.consequences import consequences_of
from allocation.leaving.plan import Plan, read_plan, visible_bet
from allocation.leaving.weighing import Weighed, weigh_plan
from allocation.models import Proposal
from allocation.propose import End, booked_working, close, publish
from allocation.recompute import keep_others_out
from allocation.scenarios.proposing import with_bound
from bets.models import Bet
from spm import live
from spm.accounts.models import User
from spm.accounts.permissions import NotAllowed, Principal, person_behind, require
from spm.errors import Conflict, Invalid

LONGEST_REASON = 2_000


def why_not(principal: Principal, bet: Bet) -> str:
    """Why this principal may not propose to end a bet, or an empty text if they may."""
    try:
        require(principal, "propose", bet.portfolio_id)
    except NotAllowed as error:
        return str(error)
    return ""


@transaction.atomic
def propose_stop(
    principal: Principal, bet_id: int, reason: str, *, with_ids: Iterable[int] = (), seen: str = ""
) -> Proposal:
    """Draw up a proposal to stop a bet.

    Args:
        principal: who proposes it.
        bet_id: which bet.
        reason: why; it is kept with the proposal.
        with_ids: bets that need it and are stopped in the same proposal.
        seen: the digest of the figures that were looked at; empty for whatever they are now.

    Raises:
        Bet.DoesNotExist: there is none that the principal may see.
        NotAllowed: the role does not suffice.
        Invalid: there is no reason, or ``stop_with`` names a bet that does not need it.
        Conflict: something stands in the way, or the figures are no longer those; ``changed`` says
            what.
    """
    bet = _may_propose(principal, bet_id, reason)
    return _draw_up(principal, read_plan(bet, with_ids=with_ids), reason.strip(), seen)


@transaction.atomic
def propose_pivot(
    principal: Principal,
    bet_id: int,
    reason: str,
    *,
    successor_id: int,
    amount: Decimal | None = None,
    with_ids: Iterable[int] = (),
    seen: str = "",
) -> Proposal:
    """Draw up a proposal to pivot a bet into a successor.

    Args:
        principal, bet_id, reason, with_ids, seen: as for ``propose_stop``.
        successor_id: the bet in which it goes on.
        amount: what of the freed money goes over to it, currency per month; None for as much as it
            may take. The rest goes to the reserve.

    Raises:
        Bet.DoesNotExist, NotAllowed, Conflict: as for ``propose_stop``.
        Invalid: also where ``successor`` does not come from the bet, or ``amount`` is below zero.
    """
    bet = _may_propose(principal, bet_id, reason)
    plan = read_plan(bet, with_ids=with_ids, successor_id=successor_id, amount=amount)
    return _draw_up(principal, plan, reason.strip(), seen)


def _may_propose(principal: Principal, bet_id: int, reason: str) -> Bet:
    bet = visible_bet(principal, bet_id)
    require(principal, "propose", bet.portfolio_id)
    if not reason.strip():
        raise Invalid({"reason": "Say why; who decides reads it, and it is kept."})
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise Invalid({"reason": f"Write at most {LONGEST_REASON} characters of text."})
    keep_others_out(bet.portfolio_id)
    return bet


def _draw_up(principal: Principal, plan: Plan, reason: str, seen: str) -> Proposal:
    now, person = timezone.now(), person_behind(principal)
    replaced = _to_be_replaced(plan.bet, person)
    weighed = weigh_plan(plan, deciding=replaced)
    _refuse_if_in_the_way(weighed, seen)
    if replaced is not None:
        close(replaced, Proposal.Status.SUPERSEDED, "It was drawn up again.", now)
    portfolio = plan.bet.portfolio
    proposal = publish(
        portfolio,
        weighed.snapshot,
        with_bound(portfolio, weighed.solution),
        now,
        replaces=replaced,
        drawn_up_by=person,
        end=_end(weighed, reason),
    )
    concerned = [*plan.ending, *([plan.successor] if plan.successor else [])]
    live.say(portfolio.pk, *(f"bet:{bet.pk}" for bet in concerned))
    return proposal


def _end(weighed: Weighed, reason: str) -> End:
    plan, table = weighed.plan, consequences_of(weighed)
    return End(plan.purpose, plan.bet, plan.successor, reason, table, plan.exits)


def _refuse_if_in_the_way(weighed: Weighed, seen: str) -> None:
    if weighed.obstacles:
        raise Conflict(
            "This cannot be proposed as it stands.", [each.text for each in weighed.obstacles]
        )
    if seen and seen != weighed.digest:
        raise Conflict(
            "The figures have changed since you looked; here they are as they are now.",
            ["What would be booked is no longer what you saw."],
        )


def _to_be_replaced(bet: Bet, person: User) -> Proposal | None:
    """The open proposal to end the bet, if it is the person's own or fits the books no more."""
    rows = Proposal.objects.filter(about=bet, status="open").select_for_update(of=["self"])
    standing = rows.first()
    if standing is None or standing.drawn_up_by_id == person.pk or not fits_the_books(standing):
        return standing
    return None


def fits_the_books(proposal: Proposal) -> bool:
    """Whether the bets of a proposal still hold what it was drawn up on."""
    changes = list(proposal.changes.all())
    booked = booked_working([change.bet_id for change in changes])
    return all(booked.get(c.bet_id, Decimal(0)) == c.working_before for c in changes)
