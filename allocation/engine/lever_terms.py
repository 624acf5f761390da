"""What pulling a structural lever takes: its size, its cost, and how long it is until it works.

A snapshot may say otherwise for its portfolio, for each kind of lever and for each of its figures:

    "levers": {"hire": {"size": 0.2, "cost_months": 6, "lead_time_months": 5},
               "relax": {"cost": 20000}}

The usual figures are rough ones, made to be replaced: a hire costs three months of what it absorbs
(agency, desk, learning), a supplier gives up notice for half a month of the funding, a lock for a
month, and taking apart what is entangled costs two months of the funding and half a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST_SIZE = 10.0


@dataclass(frozen=True)
class Terms:
    """What one kind of lever takes. Its cost is `cost` + `cost_months` × the rate it is about."""

    size: float
    """How far it is pulled; what of, says the kind."""
    cost: float
    """Once, currency."""
    cost_months: float
    """Once, in months of the rate that the lever is about."""
    lead_time_months: float
    """Months from the decision until it works."""
    most: float = 1.0
    """The most that `size` can be."""

    def cost_of(self, rate: float) -> float:
        """Currency, once, for a lever that is about `rate` (currency per month)."""
        return self.cost + self.cost_months * rate


KINDS: dict[str, Terms] = {
    # Size: the share of the team's capacity that is one unit; the rate is that unit.
    "hire": Terms(0.1, 0.0, 3.0, 4.0, most=LARGEST_SIZE),
    # Size: the efficiency that is reached; the rate is a unit of hiring in the team that learns.
    "cross_train": Terms(0.8, 0.0, 2.0, 3.0),
    # Size: the share by which the limit moves; a decision, it costs nothing by itself.
    "relax": Terms(0.1, 0.0, 0.0, 1.0, most=LARGEST_SIZE),
    # Size: the share of the lock that is lifted; the rate is the bet's funding that is locked.
    "unlock": Terms(1.0, 0.0, 1.0, 3.0),
    # Size: the share of the notice that is dropped; the rate is the bet's working funding.
    "shorten_notice": Terms(1.0, 0.0, 0.5, 2.0),
    # Size: the share of what sticks that comes loose; the rate is the bet's working funding.
    "decouple": Terms(1.0, 0.0, 2.0, 6.0),
    # Size: the share of the horizon by which it becomes longer, or shorter.
    "horizon": Terms(0.25, 0.0, 0.0, 0.0, most=0.9),
}


@dataclass(frozen=True)
class LeverTerms:
    """The terms of every kind: the usual ones, but for those that the portfolio gives."""

    given: Mapping[str, Terms] = field(default_factory=dict)

    def of(self, kind: str) -> Terms:
        """The terms of one kind."""
        return self.given.get(kind, KINDS[kind])
