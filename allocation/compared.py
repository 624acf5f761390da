"""What a proposal says otherwise than the one before it."""

from dataclasses import dataclass, field
from decimal import Decimal

from allocation.models import Proposal, ProposalChange

MOST_ROWS = 12
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Difference:
    """One bet in two proposals: what each would change a month; None if it leaves the bet alone."""

    bet_id: int
    title: str
    before: Decimal | None
    now: Decimal | None

    @property
    def size(self) -> Decimal:
        """By how much they differ."""
        return abs((self.now or NOTHING) - (self.before or NOTHING))


@dataclass(frozen=True)
class Compared:
    """A proposal held against the one before it, the largest differences first."""

    previous: Proposal
    gain_before: float
    gain: float
    rows: list[Difference] = field(default_factory=list)

    @property
    def shown(self) -> list[Difference]:
        """Those that a small table holds."""
        return self.rows[:MOST_ROWS]

    @property
    def more(self) -> int:
        """How many it does not hold."""
        return max(len(self.rows) - MOST_ROWS, 0)


def compared(proposal: Proposal) -> Compared | None:
    """A proposal beside the one before it; None if there is none. A fixed number of queries."""
    previous = the_one_before(proposal)
    if previous is None:
        return None
    return Compared(previous, previous.gain, proposal.gain, differences(previous, proposal))


def the_one_before(proposal: Proposal) -> Proposal | None:
    """The proposal that this one replaced, or else the one decided last before it; one query.

    None if it is the first, or ends a bet, which is no other version of anything.
    """
    if proposal.ends_a_bet:
        return None
    earlier = Proposal.objects.filter(
        portfolio_id=proposal.portfolio_id, number__lt=proposal.number, purpose=proposal.purpose
    ).only("number", "status", "closed_at", "gain")
    if proposal.replaces_id is not None:
        return earlier.filter(pk=proposal.replaces_id).first()
    return earlier.filter(decision__isnull=False).order_by("-number").first()


def differences(before: Proposal, after: Proposal) -> list[Difference]:
    """The bets for which two proposals say otherwise, the largest differences first."""
    old, new = _planned(before), _planned(after)
    rows = [
        Difference(bet_id, (new.get(bet_id) or old[bet_id])[0], _rate(old, bet_id), rate)
        for bet_id in old.keys() | new.keys()
        if (rate := _rate(new, bet_id)) != _rate(old, bet_id)
    ]
    return sorted(rows, key=lambda row: (-row.size, row.bet_id))


Planned = dict[int, tuple[str, Decimal]]


def _rate(planned: Planned, bet_id: int) -> Decimal | None:
    return planned[bet_id][1] if bet_id in planned else None


def _planned(proposal: Proposal) -> Planned:
    """The title and the change of working money, by bet."""
    rows = ProposalChange.objects.filter(proposal=proposal).values_list(
        "bet_id", "bet__title", "working_before", "working_after"
    )
    return {bet_id: (title, after - before) for bet_id, title, before, after in rows}
