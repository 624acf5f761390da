"""From rows to what the belief engine takes: all that has been learnt about some bets.

The only place that knows both sides. Three queries, however many bets.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Func, QuerySet

from bets.models import Bet, Hypothesis, KillCriterion
from evidence import belief
from evidence.belief.many import EPOCH
from evidence.belief.retraction import live_retractions
from evidence.models import SAID, Evidence, HypothesisBelief

_COLUMNS = (
    "id",
    "hypothesis_id",
    "source_id",
    *SAID,
    "retracts_id",
    "reliability",
    "observed_at",
)
# What of a hypothesis says how much its evidence weighs.
_WEIGHED = ("bet", "prior", "half_life_days", "metric", "threshold", "direction")


@dataclass(frozen=True)
class BetHistory:
    """All that has been learnt about one bet.

    ``bet`` is None while nobody has stated a hypothesis. ``criteria`` are the kill criteria in
    words, ``known`` the beliefs as they were last written down.
    """

    bet: belief.Bet | None
    hypotheses: Mapping[belief.Id, belief.Hypothesis]
    criteria: Mapping[belief.Id, str] = field(default_factory=dict)
    known: Mapping[belief.Id, HypothesisBelief] = field(default_factory=dict)

    def with_item(self, hypothesis_id: int, item: belief.Item | None) -> "BetHistory":
        """The same with one more item on one of its hypotheses."""
        if item is None:
            return self
        hypothesis = self.hypotheses[hypothesis_id]
        longer = replace(hypothesis, evidence=(*hypothesis.evidence, item))
        return replace(self, hypotheses={**self.hypotheses, hypothesis_id: longer})

    def observed(self) -> Iterable[datetime]:
        """When each item was observed."""
        for hypothesis in self.hypotheses.values():
            for item in hypothesis.evidence:
                yield item.observed_at


def histories_of(
    bets: Iterable[Bet], before: int | None = None, *, to_weigh: bool = False
) -> dict[int, BetHistory]:
    """The history of each of the bets, by the bet's id.

    Args:
        bets: whose.
        before: the id of the first evidence that has no part in it; none by default.
        to_weigh: leave out what weighs nothing, the kill criteria and the beliefs that were
            written down, for whoever asks for the weights of items alone.
    """
    bets = list(bets)
    ids = [bet.pk for bet in bets]
    stated = Hypothesis.objects.filter(bet_id__in=ids).order_by("id")
    hypotheses = list(stated.only(*_WEIGHED) if to_weigh else stated.select_related("belief_now"))
    criteria = {} if to_weigh else _criteria(ids)
    metrics = {hypothesis.pk: hypothesis.metric for hypothesis in hypotheses}
    events = Evidence.objects.filter(bet_id__in=ids)
    if before is not None:
        events = events.filter(pk__lt=before)
    items = _items(events, metrics)
    of_bet: dict[int, list[Hypothesis]] = defaultdict(list)
    for hypothesis in hypotheses:
        of_bet[hypothesis.bet_id].append(hypothesis)
    histories = {bet.pk: _history(bet, of_bet[bet.pk], criteria, items) for bet in bets}
    if to_weigh:
        return histories
    return {pk: replace(each, known=_known(of_bet[pk])) for pk, each in histories.items()}


def _known(hypotheses: Iterable[Hypothesis]) -> Mapping[belief.Id, HypothesisBelief]:
    return {each.pk: each.belief_now for each in hypotheses if hasattr(each, "belief_now")}


def _criteria(bet_ids: list[int]) -> Mapping[int, list[KillCriterion]]:
    criteria: dict[int, list[KillCriterion]] = defaultdict(list)
    for criterion in KillCriterion.objects.filter(hypothesis__bet_id__in=bet_ids).order_by("id"):
        criteria[criterion.hypothesis_id].append(criterion)
    return criteria


def taken_back_on(bets: Iterable[int]) -> dict[int, set[int]]:
    """Which evidence on these bets, by id, is taken back, by the hypothesis' id; one query."""
    said = _items(Evidence.objects.filter(bet_id__in=list(bets), kind="retraction"), {})
    return {
        identifier: {
            int(each.retracts)
            for each in live_retractions(
                item for item in items if isinstance(item, belief.Retraction)
            )
        }
        for identifier, items in said.items()
    }


def _items(
    events: "QuerySet[Evidence]", metrics: Mapping[int, str]
) -> Mapping[int, list[belief.Item]]:
    """What rows of evidence say, in the order in which they came, by the hypothesis' id."""
    items: dict[int, list[belief.Item]] = defaultdict(list)
    columns = (*_COLUMNS[:-1], _Microseconds("observed_at"))
    for values in events.order_by("id").values_list(*columns):
        row = dict(zip(_COLUMNS, values, strict=True))
        row["observed_at"] = EPOCH + timedelta(microseconds=row["observed_at"])
        hypothesis_id = row["hypothesis_id"]
        item = item_of(row, metrics.get(hypothesis_id, ""))
        if item is not None:
            items[hypothesis_id].append(item)
    return items


class _Microseconds(Func):
    """A moment in microseconds since 1970, which the driver reads in a tenth of the time."""

    template = "(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint"
    output_field = BigIntegerField()


def item_of(row: Mapping[str, Any], metric: str) -> belief.Item | None:
    """One row of evidence as the engine takes it.

    Args:
        row: the columns of ``Evidence`` by name.
        metric: what the hypothesis measures today.

    Returns:
        None for a measurement of something that the hypothesis does not measure (any more): it
        stays on record and says nothing about today's threshold.
    """
    common: dict[str, Any] = {
        "id": row["id"],
        "observed_at": row["observed_at"],
        "source": row["source_id"],
        "reliability": row["reliability"],
    }
    if row["kind"] == "judgement":
        return belief.Judgement(**common, direction=row["direction"], strength=row["strength"])
    if row["kind"] == "ratio":
        return belief.Ratio(**common, likelihood_ratio=row["likelihood_ratio"])
    if row["kind"] == "retraction":
        return belief.Retraction(**common, retracts=row["retracts_id"])
    if metric == "proportion" and row["trials"] is not None:
        return belief.ProportionMeasurement(
            **common, successes=row["successes"], trials=row["trials"]
        )
    if metric == "mean" and row["mean"] is not None:
        return belief.MeanMeasurement(
            **common, mean=row["mean"], sd=row["standard_deviation"], n=row["sample_size"]
        )
    return None


def _history(
    bet: Bet,
    hypotheses: list[Hypothesis],
    criteria: Mapping[int, list[KillCriterion]],
    items: Mapping[int, list[belief.Item]],
) -> BetHistory:
    facts: dict[belief.Id, belief.Hypothesis] = {
        each.pk: _hypothesis(each, criteria.get(each.pk, []), items) for each in hypotheses
    }
    thesis = belief.Bet(
        id=bet.pk,
        hypotheses=tuple(facts),
        stop_below=bet.stop_below,
        revive_above=bet.revive_above,
    )
    words: dict[belief.Id, str] = {
        criterion.pk: str(criterion)
        for each in hypotheses
        for criterion in criteria.get(each.pk, [])
    }
    return BetHistory(thesis if facts else None, facts, words)


def _hypothesis(
    row: Hypothesis, criteria: list[KillCriterion], items: Mapping[int, list[belief.Item]]
) -> belief.Hypothesis:
    metric = None
    if row.metric:
        metric = belief.Metric(
            kind=row.metric,  # type: ignore[arg-type]
            threshold=row.threshold,  # type: ignore[arg-type]
            direction=row.direction,  # type: ignore[arg-type]
        )
    return belief.Hypothesis(
        id=row.pk,
        prior=row.prior,
        half_life_days=row.half_life_days,
        metric=metric,
        kill_criteria=tuple(_criterion(each) for each in criteria),
        evidence=tuple(items.get(row.pk, ())),
    )


def _criterion(row: KillCriterion) -> belief.KillCriterion:
    return belief.KillCriterion(
        id=row.pk,
        metric=row.metric,  # type: ignore[arg-type]
        comparison=row.comparison,  # type: ignore[arg-type]
        value=row.value,
        min_sample=row.min_sample,
        deadline=row.deadline,
    )
