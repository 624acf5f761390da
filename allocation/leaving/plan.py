"""What is meant: which bet ends, which end with it, and where its money goes."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from allocation.models import Proposal
from bets.models import Bet, Dependency, Portfolio, Stage
from spm.accounts.permissions import Principal
from spm.errors import Invalid

Purpose = Proposal.Purpose
NOTHING = Decimal("0.00")
BET_PARTS = ("portfolio", "theme", "stream", "owner")


@dataclass(frozen=True)
class Plan:
    """A bet that is to be stopped or pivoted.

    ``with_it`` are bets that need it, directly or through others, and are stopped in the same
    proposal. ``amount`` is what goes over to the successor of a pivot, currency per month; None
    for as much as is freed and it may take.
    """

    bet: Bet
    with_it: tuple[Bet, ...] = ()
    successor: Bet | None = None
    amount: Decimal | None = None

    @property
    def purpose(self) -> str:
        """Whether it is a stop or a pivot."""
        return Purpose.STOP if self.successor is None else Purpose.PIVOT

    @property
    def ending(self) -> tuple[Bet, ...]:
        """All bets that it ends, the one that it is about first."""
        return (self.bet, *self.with_it)

    @property
    def exits(self) -> dict[int, str]:
        """The column to which each card goes, by the id of its bet."""
        first: str = Stage.STOPPED if self.successor is None else Stage.PIVOTED
        found: dict[int, str] = dict.fromkeys((bet.pk for bet in self.with_it), Stage.STOPPED)
        return {self.bet.pk: first, **found}


def visible_bet(principal: Principal, bet_id: int) -> Bet:
    """A bet with what its page of consequences shows; raises Bet.DoesNotExist if it is not seen."""
    found: Bet = Bet.objects.visible_to(principal).select_related(*BET_PARTS).get(pk=bet_id)
    return found


def read_plan(
    bet: Bet,
    *,
    with_ids: Iterable[int] = (),
    successor_id: int | None = None,
    amount: Decimal | None = None,
) -> Plan:
    """The plan that somebody asks for.

    Raises:
        Invalid: ``stop_with`` names a bet that does not need this one, ``successor`` one that does
            not come from it, or ``amount`` is below zero.
    """
    plan = Plan(bet, _with_it(bet, set(with_ids)))
    if successor_id is None:
        return plan
    if amount is not None and amount < 0:
        raise Invalid({"amount": "Say how much a month goes over: nothing, or more."})
    successors = Bet.objects.select_related(*BET_PARTS)
    successor = successors.filter(pk=successor_id, predecessor=bet).first()
    if successor is None:
        raise Invalid(
            {"successor": f"Choose a bet that names ‘{bet.title}’ as its predecessor, or make one."}
        )
    return replace(plan, successor=successor, amount=amount)


def plan_of(proposal: Proposal) -> Plan:
    """The plan behind a proposal that ends a bet."""
    changes = list(proposal.changes.select_related("bet", *(f"bet__{part}" for part in BET_PARTS)))
    about = next(change.bet for change in changes if change.bet_id == proposal.about_id)
    with_it = [c.bet for c in changes if c.leaves_to and c.bet_id != about.pk]
    if proposal.successor_id is None:
        return Plan(about, tuple(with_it))
    taken = [change for change in changes if change.bet_id == proposal.successor_id]
    amount = taken[0].working_after - taken[0].working_before if taken else NOTHING
    successor = Bet.objects.select_related(*BET_PARTS).get(pk=proposal.successor_id)
    return Plan(about, tuple(with_it), successor, amount)


def _with_it(bet: Bet, wanted: set[int]) -> tuple[Bet, ...]:
    if not wanted:
        return ()
    strangers = wanted - set(needing(bet.portfolio, [bet.pk]))
    if strangers:
        listed = ", ".join(str(pk) for pk in sorted(strangers))
        text = f"Only bets that need ‘{bet.title}’ can be stopped with it; not these: {listed}."
        raise Invalid({"stop_with": text})
    return tuple(Bet.objects.filter(pk__in=wanted).select_related(*BET_PARTS).order_by("id"))


def needing(portfolio: Portfolio, bet_ids: Iterable[int]) -> dict[int, set[int]]:
    """The bets that need these, directly or through others, with what each needs directly.

    What is looked for itself is not among them; one query.
    """
    needs: dict[int, set[int]] = {}
    for bet_id, needed in Dependency.objects.filter(bet__portfolio=portfolio).values_list(
        "bet_id", "needs_id"
    ):
        needs.setdefault(bet_id, set()).add(needed)
    wanted, found = set(bet_ids), set(bet_ids)
    while True:
        more = {bet_id for bet_id, needed in needs.items() if needed & found} - found
        if not more:
            return {bet_id: needs[bet_id] for bet_id in sorted(found - wanted)}
        found |= more
