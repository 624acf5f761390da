"""What limits look at: something that is measured of each bet, and limited in sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocation.engine.book import Floats, Funding


@dataclass(frozen=True)
class Measure:
    """One thing that is measured of a bet's funding; the name is that of a part of `Funding`."""

    name: str
    on_added: float
    """What one unit of rate added makes of it."""
    on_freed: float
    """What of one unit withdrawn the freed part makes of it."""
    on_entangled: float
    """What of one unit withdrawn the part that becomes entangled makes of it."""

    def of(self, funding: Funding) -> Floats:
        """What it is, for each entry."""
        return np.asarray(getattr(funding, self.name))

    def per_unit(self, reclaimable: Floats) -> tuple[Floats, Floats]:
        """What one unit of rate added, and one withdrawn, makes of it, for each bet."""
        withdrawn = self.on_freed * reclaimable + self.on_entangled * (1.0 - reclaimable)
        return np.full(len(reclaimable), self.on_added), withdrawn


HELD = Measure("held", on_added=1.0, on_freed=-1.0, on_entangled=0.0)
"""x + u + (1−ρ)·w, currency per month."""
WORKING = Measure("working", on_added=1.0, on_freed=-1.0, on_entangled=-1.0)
"""x, currency per month."""
KEPT = Measure("kept", on_added=0.0, on_freed=-1.0, on_entangled=-1.0)
"""min(x, c) = c − w, currency per month."""
WITHDRAWN = Measure("withdrawn", on_added=0.0, on_freed=1.0, on_entangled=1.0)
"""w, currency per month."""
FUNDED = Measure("funded", on_added=0.0, on_freed=0.0, on_entangled=0.0)
"""f, 1 where x > 0 and otherwise 0: no unit of rate makes anything of it."""
GROWN = Measure("grown", on_added=0.0, on_freed=0.0, on_entangled=0.0)
"""1 where x > c and otherwise 0."""
