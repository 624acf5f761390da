"""What one piece of evidence does to a hypothesis and to the whole thesis."""

from dataclasses import dataclass
from datetime import datetime

from evidence import belief
from evidence.history import BetHistory
from evidence.standing import Standing, standing_of


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Beliefs at one moment without and with an event.

    ``decibans`` is its weight after scaling; of a retraction, what it adds or takes by what it
    takes back.
    """

    hypothesis_before: float
    hypothesis_after: float
    thesis_before: float
    thesis_after: float
    decibans: float
    status_before: str
    status_after: str

    @property
    def breaks(self) -> bool:
        """Whether it breaks the thesis."""
        return self.status_after == "broken" != self.status_before

    @property
    def revives(self) -> bool:
        """Whether it revives a broken thesis."""
        return self.status_before == "broken" != self.status_after


def effect_of(
    without: BetHistory,
    history: BetHistory,
    hypothesis_id: int,
    item: belief.Item | None,
    moment: datetime,
) -> Effect:
    """The effect of an item that stands in ``history`` and not in ``without``, at one moment."""
    before, after = standing_of(without, moment), standing_of(history, moment)
    return Effect(
        hypothesis_before=before.hypotheses[hypothesis_id].belief,
        hypothesis_after=after.hypotheses[hypothesis_id].belief,
        thesis_before=before.belief or 0.0,
        thesis_after=after.belief or 0.0,
        decibans=_weight(before, after, history, hypothesis_id, item),
        status_before=before.status,
        status_after=after.status,
    )


def _weight(
    before: Standing,
    after: Standing,
    history: BetHistory,
    hypothesis_id: int,
    item: belief.Item | None,
) -> float:
    if item is None:
        return 0.0
    if isinstance(item, belief.Retraction):
        first, second = before.hypotheses[hypothesis_id], after.hypotheses[hypothesis_id]
        return (
            second.judgement_decibans
            + second.measurement_decibans
            - first.judgement_decibans
            - first.measurement_decibans
        )
    weighed = belief.hypothesis_belief(history.hypotheses[hypothesis_id], after.as_of)
    return next(each.decibans for each in weighed.items if each.id == item.id)
