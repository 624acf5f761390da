"""What of a proposal was not booked where a part of it was approved, bet by bet, and why not."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from allocation.models import Decision, ProposalChange
from allocation.propose import refuses_rest
from allocation.solution_rows import changes_in

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class LeftOut:
    """One bet of which less was booked than was proposed; changes of its working money a month.

    ``why`` says whether it was left out, or to those who may decide it, was given another amount,
    or got less because of that.
    """

    bet_id: int
    title: str
    proposed: Decimal
    booked: Decimal
    why: str

    @property
    def not_booked(self) -> Decimal:
        """What was proposed and not booked, with its sign."""
        return self.proposed - self.booked


def left_out_of(decisions: Iterable[Decision]) -> dict[int, list[LeftOut]]:
    """By decision, the bets of which less was booked than proposed, the most first; one query.

    Nothing for a decision about the whole.
    """
    parts = {each.proposal_id: each for each in decisions if each.part is not None}
    found: dict[int, list[LeftOut]] = {decision.pk: [] for decision in parts.values()}
    if not parts:
        return found
    booked = {
        proposal_id: {
            change.bet_id: change.working_after - change.working_before
            for change in changes_in(decision.part or {})
        }
        for proposal_id, decision in parts.items()
    }
    rows = ProposalChange.objects.filter(proposal__in=parts).values_list(
        "proposal_id", "bet_id", "bet__title", "working_before", "working_after"
    )
    for proposal_id, bet_id, title, before, after in rows:
        proposed, taken = after - before, booked[proposal_id].get(bet_id, NOTHING)
        if proposed != taken:
            decision = parts[proposal_id]
            row = LeftOut(bet_id, title, proposed, taken, _why(decision, bet_id))
            found[decision.pk].append(row)
    for of_decision in found.values():
        of_decision.sort(key=lambda row: (-abs(row.not_booked), row.bet_id))
    return found


def _why(decision: Decision, bet_id: int) -> str:
    asked = decision.part or {}
    if bet_id in asked["left_out"]:
        return "left out" if refuses_rest(decision) else "left to others"
    return "another amount was set" if str(bet_id) in asked["amounts"] else "followed from the rest"
