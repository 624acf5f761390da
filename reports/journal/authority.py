"""Under whose authority was decided: each role and each mandate, by number and by money."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from allocation.booked import NOTHING
from allocation.models import Decision


@dataclass
class Share:
    """What one role or mandate decided; ``moved`` is currency per month, shares 0 to 1."""

    name: str
    by_mandate: bool
    decisions: list[Decision] = field(default_factory=list)
    moved: Decimal = NOTHING
    of_decisions: float = 0.0
    of_money: float = 0.0

    @property
    def count(self) -> int:
        """How many decisions."""
        return len(self.decisions)


def authority_of(decision: Decision) -> str:
    """The role or the mandate that a decision was taken under, without the name of a key."""
    if decision.mandate is not None:
        holder = decision.mandate.user or decision.mandate.api_key
        return f"Mandate {decision.mandate.pk} of {holder}"
    if decision.api_key is not None:
        return f"{decision.authority.partition(' of ')[0]}, by a key"
    return decision.authority


def shares_of(decisions: Iterable[Decision], moved: Mapping[int, Decimal]) -> list[Share]:
    """Each role and mandate with its part of the decisions and of the money moved, most first."""
    shares: dict[str, Share] = {}
    for decision in decisions:
        name = authority_of(decision)
        share = shares.setdefault(name, Share(name, decision.mandate_id is not None))
        share.decisions.append(decision)
        share.moved += moved.get(decision.pk, NOTHING)
    count = sum(share.count for share in shares.values())
    money = sum((share.moved for share in shares.values()), NOTHING)
    for share in shares.values():
        share.of_decisions = share.count / count
        share.of_money = float(share.moved / money) if money else 0.0
    return sorted(shares.values(), key=lambda share: (-share.count, -share.moved, share.name))
