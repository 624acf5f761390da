"""Withdrawals: what was predicted to be freed when they were decided, and what the books show.

The prediction stands in the decided change: which part is freed, after how many months. Against it
stand the transfers: moves out of the bet from the day on which they take effect, what became
entangled, what was unwound later, and corrections that gave money back to the bet. A bet's
entangled money is unwound in the order in which it became entangled, its opening balance first;
a correction takes from the withdrawal that was decided last before it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils import timezone

from allocation.after_break import DAYS_IN_A_MONTH
from allocation.booked import NOTHING, Booked
from allocation.models import Account, ProposalChange, Transfer
from allocation.solution_rows import changes_in
from bets.models import Portfolio


@dataclass
class Freed:
    """One part of a withdrawal that left the bet; currency per month, from a day on."""

    amount: Decimal
    on: date


@dataclass
class Withdrawal:
    """One decided withdrawal; rates in currency per month, times in months.

    ``change`` is what was proposed and ``predicted`` what was decided of it, which says less where
    a part was approved. ``parts`` are what left the bet or will leave it, ``entangled`` what did
    not and has not been unwound since.
    """

    change: ProposalChange
    predicted: ProposalChange
    decided_on: date
    parts: list[Freed] = field(default_factory=list)
    entangled: Decimal = NOTHING
    given_back: Decimal = NOTHING
    unwound: Decimal = NOTHING
    until: date = date.max

    @property
    def withdrawn(self) -> Decimal:
        """What was taken out of the bet's working money."""
        return sum((part.amount for part in self.parts), self.entangled + self.given_back)

    @property
    def freed(self) -> Decimal:
        """What has really left the bet by now."""
        return sum((part.amount for part in self.parts if part.on <= self.until), NOTHING)

    @property
    def on_its_way(self) -> Decimal:
        """What leaves the bet once its notice is over."""
        return sum((part.amount for part in self.parts if part.on > self.until), NOTHING)

    @property
    def is_settled(self) -> bool:
        """Whether everything that was going to leave after notice has left."""
        return not self.on_its_way

    @property
    def predicted_share(self) -> float:
        """Which part of it was predicted to be freed, 0 to 1."""
        together = self.predicted.freed + self.predicted.entangled
        return float(self.predicted.freed / together) if together else 0.0

    @property
    def actual_share(self) -> float:
        """Which part of it has been freed by now, 0 to 1."""
        return float(self.freed / self.withdrawn) if self.withdrawn else 0.0

    @property
    def predicted_months(self) -> float:
        """After how many months it was predicted to be free."""
        return self.predicted.notice_months

    @property
    def actual_months(self) -> float | None:
        """After how many months what is free became free, on average over the money; or None."""
        if not self.freed:
            return None
        free = [part for part in self.parts if part.on <= self.until]
        weighed = sum((part.amount * (part.on - self.decided_on).days for part in free), NOTHING)
        return float(weighed / self.freed / DAYS_IN_A_MONTH)


def withdrawals(
    portfolio: Portfolio, booked: Iterable[Booked], until: date | None = None
) -> list[Withdrawal]:
    """Every withdrawal that was decided and booked, the oldest first; one query.

    Args:
        portfolio: whose.
        booked: its books, from ``booked_in``.
        until: the day up to which transfers have taken effect; today by default.
    """
    day = until or timezone.localdate()
    changes = (
        ProposalChange.objects.filter(
            proposal__portfolio=portfolio, proposal__decision__isnull=False, approved=True
        )
        .select_related("bet", "proposal__decision__decided_by")
        .defer("proposal__snapshot", "proposal__solution")
        .order_by("proposal__decision__decided_at", "id")
    )
    found = {
        (change.proposal.decision.pk, change.bet_id): _withdrawal(change, day)
        for change in changes
        if change.working_after < change.working_before
    }
    _follow_the_books(found, booked, day)
    return [each for each in found.values() if each.withdrawn]


def _withdrawal(change: ProposalChange, until: date) -> Withdrawal:
    decision = change.proposal.decision
    decided = changes_in(decision.part) if decision.part is not None else []
    predicted = next((each for each in decided if each.bet_id == change.bet_id), change)
    decided_on = timezone.localdate(decision.decided_at)
    return Withdrawal(change, predicted, decided_on, until=until)


def _follow_the_books(
    found: dict[tuple[int, int], Withdrawal], booked: Iterable[Booked], until: date
) -> None:
    """Give each withdrawal its transfers."""
    stuck: dict[int, list[_Stuck]] = defaultdict(list)
    latest: dict[int, list[Withdrawal]] = defaultdict(list)
    for row in booked:
        mine = None
        if row.decision_id is not None and row.from_bet is not None:
            mine = found.get((row.decision_id, row.from_bet))
        if mine is not None and row.from_kind == Account.Kind.WORKING:
            _take_out(mine, row)
            latest[row.from_bet or 0].append(mine)
        if row.to_bet is not None and row.to_kind == Account.Kind.ENTANGLED:
            stuck[row.to_bet].append(_Stuck(row.amount, mine))
        if (
            row.from_bet is not None
            and row.from_kind == Account.Kind.ENTANGLED
            and (row.effective_on <= until)
        ):
            _unwind(stuck[row.from_bet], row)
        if _gives_back(row):
            _give_back(latest[row.to_bet or 0], row)


@dataclass
class _Stuck:
    """Entangled money of a bet, and the withdrawal that it is left of."""

    amount: Decimal
    withdrawal: Withdrawal | None


def _take_out(withdrawal: Withdrawal, row: Booked) -> None:
    if row.to_kind == Account.Kind.ENTANGLED:
        withdrawal.entangled += row.amount
    else:
        withdrawal.parts.append(Freed(row.amount, row.effective_on))


def _unwind(stuck: Sequence[_Stuck], row: Booked) -> None:
    """Take what was freed from the oldest entangled money on."""
    left = row.amount
    for each in stuck:
        share = min(left, each.amount)
        if share and each.withdrawal is not None:
            each.withdrawal.entangled -= share
            each.withdrawal.unwound += share
            each.withdrawal.parts.append(Freed(share, row.effective_on))
        each.amount -= share
        left -= share


def _gives_back(row: Booked) -> bool:
    is_correction = row.kind == Transfer.Kind.CORRECTION
    return is_correction and row.to_bet is not None and row.from_bet != row.to_bet


def _give_back(latest: Sequence[Withdrawal], row: Booked) -> None:
    """What a correction returned has not been freed, of the last withdrawal first."""
    left = row.amount
    for withdrawal in reversed(latest):
        for part in reversed(withdrawal.parts):
            share = min(left, part.amount)
            part.amount -= share
            withdrawal.given_back += share
            left -= share
