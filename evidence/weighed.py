"""The evidence on one bet, weighed: what each item does to the belief, and the belief without it.

What the bet's page shows; worked out for now, so that staleness is today's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.utils import timezone

from bets.models import Bet, Hypothesis
from evidence import belief
from evidence.attachments import FOR_PAGES
from evidence.belief.retraction import live_retractions
from evidence.history import BetHistory, histories_of
from evidence.models import Evidence, Resolution
from evidence.standing import moment_for

#: How many items of a hypothesis a page shows; the stream has all of them.
MOST_ITEMS = 12


@dataclass(frozen=True)
class WeighedItem:
    """One item: ``decibans`` and ``belief_without`` are None where it does not count.

    ``retractions`` are the rows that take it back, or took it back, newest first;
    ``is_retracted`` says whether one of them holds.
    """

    evidence: Evidence
    decibans: float | None
    belief_without: float | None
    is_retracted: bool
    retractions: list[Evidence] = field(default_factory=list)

    @property
    def speaks(self) -> str:
        """'for', 'against', or nothing for what does not count."""
        if not self.decibans:
            return ""
        return "for" if self.decibans > 0 else "against"


@dataclass(frozen=True)
class WeighedHypothesis:
    """One hypothesis with its belief now and its evidence, newest first."""

    hypothesis: Hypothesis
    belief: float
    judgement_decibans: float
    measurement_decibans: float
    freshness: float
    newest: datetime | None
    kill_criteria_met: list[str]
    items: list[WeighedItem]
    count: int
    resolution: Resolution | None = None


def weighed(bet: Bet, as_of: datetime | None = None) -> list[WeighedHypothesis]:
    """All hypotheses of a bet, weighed; a fixed number of queries."""
    history = histories_of([bet])[bet.pk]
    moment = moment_for(history, as_of or timezone.now())
    rows: dict[int, list[Evidence]] = defaultdict(list)
    events = Evidence.objects.filter(bet=bet).select_related("source", "recorded_by", "api_key")
    for row in events.prefetch_related(FOR_PAGES).order_by("-observed_at", "-id"):
        rows[row.hypothesis_id].append(row)
    resolutions = Resolution.objects.in_force().filter(hypothesis__bet=bet)
    ends = {row.hypothesis_id: row for row in resolutions}
    return [
        replace(
            _weighed(hypothesis, history, rows[hypothesis.pk], moment),
            resolution=ends.get(hypothesis.pk),
        )
        for hypothesis in bet.hypotheses.order_by("id")
    ]


def newest(bet: Bet, most: int) -> tuple[list[WeighedItem], int]:
    """The items of all hypotheses that were observed last, and how many there are in all."""
    hypotheses = weighed(bet)
    items = [item for each in hypotheses for item in each.items]
    items.sort(key=lambda item: (item.evidence.observed_at, item.evidence.pk), reverse=True)
    return items[:most], sum(each.count for each in hypotheses)


def decibans_of(bets: Iterable[Bet], as_of: datetime | None = None) -> dict[int, float]:
    """What each counted event on some bets weighs now, by its id; a fixed number of queries."""
    moment = as_of or timezone.now()
    weights: dict[int, float] = {}
    for history in histories_of(bets, to_weigh=True).values():
        for hypothesis in history.hypotheses.values():
            found = belief.hypothesis_belief(hypothesis, moment_for(history, moment))
            weights |= {int(item.id): item.decibans for item in found.items if item.counts}
    return weights


def _weighed(
    hypothesis: Hypothesis, history: BetHistory, rows: list[Evidence], moment: datetime
) -> WeighedHypothesis:
    facts = history.hypotheses[hypothesis.pk]
    now = belief.hypothesis_belief(facts, moment)
    weights = {each.id: each for each in now.items}
    retractions: dict[int, list[Evidence]] = defaultdict(list)
    for row in rows:
        if row.retracts_id is not None:
            retractions[row.retracts_id].append(row)
    live = {
        each.retracts
        for each in live_retractions(
            item for item in facts.evidence if isinstance(item, belief.Retraction)
        )
    }
    said = [row for row in rows if row.retracts_id is None]
    return WeighedHypothesis(
        hypothesis=hypothesis,
        belief=now.belief,
        judgement_decibans=now.judgement_decibans,
        measurement_decibans=now.measurement_decibans,
        freshness=now.freshness,
        newest=now.newest,
        kill_criteria_met=[history.criteria[each] for each in now.kill],
        items=[_item(row, weights, retractions, live) for row in said[:MOST_ITEMS]],
        count=len(said),
    )


def _item(
    row: Evidence,
    weights: Mapping[belief.Id, belief.ItemWeight],
    retractions: Mapping[int, list[Evidence]],
    live: set[belief.Id],
) -> WeighedItem:
    weight = weights.get(row.pk)
    counts = weight is not None and weight.counts
    return WeighedItem(
        evidence=row,
        decibans=weight.decibans if weight is not None and counts else None,
        belief_without=weight.belief_without if weight is not None and counts else None,
        is_retracted=row.pk in live,
        retractions=retractions.get(row.pk, []),
    )


def decibans_then(
    seen: Mapping[int, tuple[datetime, Collection[Evidence]]],
) -> dict[int, dict[int, float]]:
    """What events weighed at moments of the past, by the key of the moment and the event's id.

    Args:
        seen: under any key, a moment and the events that were known then; those that did not
            count at that moment are left out of the answer.
    """
    bets = {event.bet_id for _, events in seen.values() for event in events}
    histories = histories_of(Bet.objects.filter(pk__in=bets), to_weigh=True)
    return {key: _decibans_at(histories, *known) for key, known in seen.items()}


def _decibans_at(
    histories: Mapping[int, BetHistory], moment: datetime, events: Collection[Evidence]
) -> dict[int, float]:
    known = {event.pk for event in events}
    weights = {}
    for bet_id, hypothesis_id in {(event.bet_id, event.hypothesis_id) for event in events}:
        history = histories[bet_id]
        found = belief.hypothesis_belief(
            history.hypotheses[hypothesis_id], moment_for(history, moment)
        )
        for item in found.items:
            if item.counts and item.id in known:
                weights[int(item.id)] = item.decibans
    return weights
