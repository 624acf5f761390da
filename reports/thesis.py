"""The thesis of a bet as a whole: what is believed, why, with what money, what it lacks."""

from dataclasses import dataclass
from itertools import pairwise

from django.db.models import prefetch_related_objects

from bets.entry import reasons_against
from bets.models import Bet, Stage
from evidence.weighed import WeighedHypothesis, weighed

ALONG_THE_BOARD = (
    Stage.FUNNEL,
    Stage.FRAMING,
    Stage.READY,
    Stage.TESTING,
    Stage.SCALING,
    Stage.SUSTAINING,
)


@dataclass(frozen=True)
class Thesis:
    """A bet with its weighed hypotheses, the bets that it needs, and what the next stage asks.

    ``next_stage`` is None for a bet in the last stage and for one that has left the board;
    ``lacks`` is a sentence for each thing that stands against it.
    """

    bet: Bet
    hypotheses: list[WeighedHypothesis]
    needs: list[Bet]
    next_stage: Stage | None
    lacks: list[str]


def thesis_of(bet: Bet) -> Thesis:
    """All of it; a fixed number of queries.

    Args:
        bet: with ``needs_links__needs`` at hand.
    """
    onward, hypotheses = next_stage(bet), weighed(bet)
    prefetch_related_objects([each.hypothesis for each in hypotheses], "kill_criteria")
    return Thesis(
        bet=bet,
        hypotheses=hypotheses,
        needs=[link.needs for link in bet.needs_links.all()],
        next_stage=onward,
        lacks=[] if onward is None else [reason.text for reason in reasons_against(bet, onward)],
    )


def next_stage(bet: Bet) -> Stage | None:
    """The next stage along the board; None from the last one, and from an exit."""
    after = dict(pairwise(ALONG_THE_BOARD))
    return after.get(Stage(bet.stage))
