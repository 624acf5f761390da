"""Reads hypotheses, evidence and bets from JSON values, strictly.

The keys are those of engine.md section 1. Required are the ids, `as_of`, `prior`, `observed_at`,
`kind` and what the kind needs; everything else may be missing or null: `source` is then the one
source of all items without one, `reliability` 1, `half_life_days` no decay, `metric` none,
`stop_below` 0.20, and `revive_above` 0.35 or `stop_below`, whichever is more. Keys that belong to
another kind of evidence may be there as null. Times are ISO 8601: without an offset they are UTC,
and a date alone is the midnight that begins it. Ids are unique among hypotheses, among bets, among
the items of one hypothesis and among its kill criteria.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar, cast

from evidence.belief.facts import (
    REVIVE_ABOVE,
    STOP_BELOW,
    STRENGTH_DECIBANS,
    Bet,
    Comparison,
    Direction,
    Hypothesis,
    Id,
    Item,
    Judgement,
    KillCriterion,
    MeanMeasurement,
    Metric,
    ProportionMeasurement,
    Ratio,
    Retraction,
    Strength,
)
from evidence.belief.kill import HOLDS
from evidence.belief.record import MISSING, Record, shown
from evidence.belief.retraction import find_cycle

DOCUMENT_KEYS = frozenset({"as_of", "hypotheses", "bets"})
HYPOTHESIS_KEYS = frozenset(
    {"id", "prior", "half_life_days", "metric", "kill_criteria", "evidence"}
)
METRIC_KEYS = frozenset({"kind", "threshold", "direction"})
KILL_CRITERION_KEYS = frozenset({"id", "metric", "comparison", "value", "min_sample", "deadline"})
BET_KEYS = frozenset({"id", "hypotheses", "stop_below", "revive_above"})
COMMON_ITEM_KEYS = frozenset({"id", "observed_at", "source", "reliability", "kind"})
PROPORTION_KEYS = frozenset({"successes", "trials"})
MEAN_KEYS = frozenset({"mean", "sd", "n"})
KEYS_OF_KIND: Mapping[str, frozenset[str]] = {
    "judgement": frozenset({"direction", "strength"}),
    "ratio": frozenset({"likelihood_ratio"}),
    "measurement": PROPORTION_KEYS | MEAN_KEYS,
    "retraction": frozenset({"retracts"}),
}
ITEM_KEYS = COMMON_ITEM_KEYS.union(*KEYS_OF_KIND.values())

SMALLEST_SCALE = 1e-100
"""Least standard deviation and least threshold of a proportion: see `Record.bounded`."""


@dataclass(frozen=True, slots=True)
class Document:
    """All that one run of the engine is given."""

    as_of: datetime
    hypotheses: Mapping[Id, Hypothesis]
    bets: tuple[Bet, ...]


class _Identified(Protocol):
    @property
    def id(self) -> Id: ...


Identified = TypeVar("Identified", bound=_Identified)


def parse_document(raw: object) -> Document:
    """Return what a whole JSON document says.

    Raises BeliefInputError that names the hypothesis, bet or item and the field.
    """
    record = Record(raw, "document")
    record.allow_only(DOCUMENT_KEYS)
    as_of = record.moment("as_of")
    hypotheses = _unique(
        (each, _hypothesis(each)) for each in record.records("hypotheses", "hypothesis", MISSING)
    )
    bets = _unique((each, _bet(each, hypotheses)) for each in record.records("bets", "bet"))
    return Document(as_of, hypotheses, tuple(bets.values()))


def parse_hypothesis(raw: object) -> Hypothesis:
    """Return what one hypothesis of a document says; raises as parse_document does."""
    return _hypothesis(Record(raw, "hypothesis", 0))


def parse_item(raw: object, metric: Metric | None) -> Item:
    """Return what one piece of evidence says, on a hypothesis with this metric; raises as above.

    Whether a retraction names a known item is for the hypothesis as a whole to say.
    """
    return _item(Record(raw, "item", 0), metric)


def _unique(found: Iterable[tuple[Record, Identified]]) -> dict[Id, Identified]:
    """Return what was read by its id; refuse an id that stands twice."""
    by_id: dict[Id, Identified] = {}
    for record, each in found:
        if each.id in by_id:
            raise record.error("id", "stands twice; give every one an id of its own")
        by_id[each.id] = each
    return by_id


def _hypothesis(record: Record) -> Hypothesis:
    record.allow_only(HYPOTHESIS_KEYS)
    metric = _metric(record.record("metric", "metric"))
    criteria = record.records("kill_criteria", "kill criterion")
    items = record.records("evidence", "item")
    return Hypothesis(
        id=record.identifier("id"),
        prior=record.open_probability("prior"),
        half_life_days=_half_life_days(record),
        metric=metric,
        kill_criteria=tuple(_unique((each, _kill_criterion(each)) for each in criteria).values()),
        evidence=_evidence(items, metric),
    )


def _half_life_days(record: Record) -> float | None:
    if record.value("half_life_days", None) is None:
        return None
    days = record.number("half_life_days")
    if days <= 0.0:
        raise record.error("half_life_days", f"is {days!r}; give days above 0, or null: no decay")
    return days


def _metric(record: Record | None) -> Metric | None:
    if record is None:
        return None
    record.allow_only(METRIC_KEYS)
    kind = record.choice("kind", ("proportion", "mean"))
    threshold = record.bounded("threshold")
    if kind == "proportion" and not SMALLEST_SCALE <= threshold < 1.0:
        raise record.error(
            "threshold", f"is {threshold!r}; give a share above 0 (from 1e-100 on) and below 1"
        )
    return Metric(
        kind=cast(Literal["proportion", "mean"], kind),
        threshold=threshold,
        direction=cast(Literal[">=", "<="], record.choice("direction", (">=", "<="))),
    )


def _kill_criterion(record: Record) -> KillCriterion:
    record.allow_only(KILL_CRITERION_KEYS)
    has_minimum = record.value("min_sample", None) is not None
    has_deadline = record.value("deadline", None) is not None
    return KillCriterion(
        id=record.identifier("id"),
        metric=cast(Literal["value", "trials"], record.choice("metric", ("value", "trials"))),
        comparison=cast(Comparison, record.choice("comparison", tuple(HOLDS))),
        value=record.bounded("value"),
        min_sample=record.count("min_sample") if has_minimum else None,
        deadline=record.moment("deadline") if has_deadline else None,
    )


def _evidence(records: list[Record], metric: Metric | None) -> tuple[Item, ...]:
    """Return the items of one hypothesis; refuse retractions that lead nowhere or in a circle."""
    items = _unique((record, _item(record, metric)) for record in records)
    retractions = [item for item in items.values() if isinstance(item, Retraction)]
    by_id = dict(zip(items, records, strict=True))
    for item in retractions:
        if item.retracts not in items:
            raise by_id[item.id].error(
                "retracts", "names no item of this hypothesis; give the id of one"
            )
    in_circle = find_cycle(retractions)
    if in_circle is not None:
        raise by_id[in_circle.id].error(
            "retracts", "leads back to the item itself; retract in one direction only"
        )
    return tuple(items.values())


def _item(record: Record, metric: Metric | None) -> Item:
    record.allow_only(ITEM_KEYS)
    kind = record.choice("kind", tuple(KEYS_OF_KIND))
    record.refuse_given(
        ITEM_KEYS - COMMON_ITEM_KEYS - KEYS_OF_KIND[kind],
        f'does not belong to evidence of kind "{kind}"; leave it out',
    )
    common: dict[str, Any] = {
        "id": record.identifier("id"),
        "observed_at": record.moment("observed_at"),
        "source": record.optional_identifier("source"),
        "reliability": _reliability(record),
    }
    if kind == "judgement":
        return _judgement(record, common)
    if kind == "ratio":
        return Ratio(**common, likelihood_ratio=_likelihood_ratio(record))
    if kind == "retraction":
        return Retraction(**common, retracts=record.identifier("retracts"))
    return _measurement(record, metric, common)


def _reliability(record: Record) -> float:
    reliability = record.number("reliability", 1.0)
    if not 0.0 < reliability <= 1.0:
        raise record.error("reliability", f"is {reliability!r}; give a number above 0, at most 1")
    return reliability


def _judgement(record: Record, common: dict[str, Any]) -> Judgement:
    direction = record.choice("direction", ("for", "against"))
    strength = record.choice("strength", tuple(STRENGTH_DECIBANS))
    return Judgement(
        **common, direction=cast(Direction, direction), strength=cast(Strength, strength)
    )


def _likelihood_ratio(record: Record) -> float:
    ratio = record.number("likelihood_ratio")
    if ratio <= 0.0:
        raise record.error("likelihood_ratio", f"is {ratio!r}; give a number above 0")
    return ratio


def _measurement(record: Record, metric: Metric | None, common: dict[str, Any]) -> Item:
    if metric is None:
        raise record.error(
            "kind", 'is "measurement", but the hypothesis has no metric; give it one'
        )
    if metric.kind == "mean":
        record.refuse_given(PROPORTION_KEYS, "does not belong to a mean; give mean, sd and n")
        return _mean_measurement(record, common)
    record.refuse_given(MEAN_KEYS, "does not belong to a proportion; give successes and trials")
    trials = record.count("trials")
    successes = record.count("successes")
    if successes > trials:
        raise record.error("successes", f"is {successes}; give at most the trials, {trials}")
    return ProportionMeasurement(**common, successes=successes, trials=trials)


def _mean_measurement(record: Record, common: dict[str, Any]) -> MeanMeasurement:
    sd = record.bounded("sd")
    if sd < SMALLEST_SCALE:
        # A mean without spread would be infinitely precise and outweigh all other measurements.
        raise record.error("sd", f"is {sd!r}; give a standard deviation above 0 (from 1e-100 on)")
    return MeanMeasurement(
        **common, mean=record.bounded("mean"), sd=sd, n=record.count("n", least=1)
    )


def _bet(record: Record, hypotheses: Mapping[Id, Hypothesis]) -> Bet:
    record.allow_only(BET_KEYS)
    stop_below = record.probability("stop_below", STOP_BELOW)
    revive_above = record.probability("revive_above", max(REVIVE_ABOVE, stop_below))
    if revive_above < stop_below:
        raise record.error(
            "revive_above", f"is {revive_above!r}; give at least stop_below, {stop_below!r}"
        )
    return Bet(
        id=record.identifier("id"),
        hypotheses=_hypothesis_ids(record, hypotheses),
        stop_below=stop_below,
        revive_above=revive_above,
    )


def _hypothesis_ids(record: Record, hypotheses: Mapping[Id, Hypothesis]) -> tuple[Id, ...]:
    """Return the ids of a bet's hypotheses: at least one, each known, none twice."""
    identifiers = record.identifiers("hypotheses")
    if not identifiers:
        raise record.error("hypotheses", "is empty; give the id of at least one hypothesis")
    seen: set[Id] = set()
    for identifier in identifiers:
        if identifier not in hypotheses:
            wanted = "which is no hypothesis here; give the id of one"
            raise record.error("hypotheses", f"names {shown(identifier)}, {wanted}")
        if identifier in seen:
            raise record.error("hypotheses", f"names {shown(identifier)} twice; give it once")
        seen.add(identifier)
    return identifiers
