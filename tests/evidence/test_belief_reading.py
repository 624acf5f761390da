"""Strict reading: what is accepted, and what each refusal says."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from evidence.belief import (
    BeliefInputError,
    Judgement,
    MeanMeasurement,
    Metric,
    parse_document,
    parse_hypothesis,
    parse_item,
)

DOCUMENT: dict[str, Any] = {
    "as_of": "2026-06-01T00:00:00Z",
    "hypotheses": [
        {
            "id": "demand",
            "prior": 0.5,
            "half_life_days": 90,
            "metric": {"kind": "proportion", "threshold": 0.3, "direction": ">="},
            "kill_criteria": [
                {
                    "id": "k",
                    "metric": "value",
                    "comparison": "<",
                    "value": 0.1,
                    "min_sample": 50,
                    "deadline": "2026-12-31T00:00:00+01:00",
                }
            ],
            "evidence": [
                {
                    "id": "said",
                    "observed_at": "2026-05-01T12:00:00+02:00",
                    "source": "client",
                    "reliability": 0.8,
                    "kind": "judgement",
                    "direction": "for",
                    "strength": "strong",
                },
                {
                    "id": "ratio",
                    "observed_at": "2026-05-01T12:00:00Z",
                    "kind": "ratio",
                    "likelihood_ratio": 3,
                },
                {
                    "id": "seen",
                    "observed_at": "2026-05-02T12:00:00Z",
                    "source": None,
                    "kind": "measurement",
                    "successes": 40,
                    "trials": 100,
                },
                {
                    "id": "back",
                    "observed_at": "2026-05-03T12:00:00Z",
                    "kind": "retraction",
                    "retracts": "ratio",
                },
            ],
        }
    ],
    "bets": [{"id": 1, "hypotheses": ["demand"], "stop_below": 0.1, "revive_above": 0.5}],
}
SAID, RATIO, SEEN, BACK = (("hypotheses", 0, "evidence", place) for place in range(4))
HYPOTHESIS, BET = ("hypotheses", 0), ("bets", 0)
METRIC, CRITERION = (*HYPOTHESIS, "metric"), (*HYPOTHESIS, "kill_criteria", 0)
NAN, INFINITY = float("nan"), float("inf")
ABSENT = object()
Place = tuple[str | int, ...]


def changed(place: Place, key: str, value: object) -> dict[str, Any]:
    """Return the document with one field set, or taken out if the value is ABSENT."""
    document = deepcopy(DOCUMENT)
    target: Any = document
    for step in place:
        target = target[step]
    if value is ABSENT:
        del target[key]
    else:
        target[key] = value
    return document


def refusal(document: object) -> BeliefInputError:
    with pytest.raises(BeliefInputError) as caught:
        parse_document(document)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_document_of_every_kind_is_read() -> None:
    facts = parse_document(DOCUMENT)
    hypothesis = facts.hypotheses["demand"]
    assert [type(item).__name__ for item in hypothesis.evidence] == [
        "Judgement",
        "Ratio",
        "ProportionMeasurement",
        "Retraction",
    ]
    assert hypothesis.evidence[0].observed_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert hypothesis.kill_criteria[0].deadline == datetime(2026, 12, 30, 23, tzinfo=UTC)
    assert (facts.bets[0].stop_below, facts.bets[0].revive_above) == (0.1, 0.5)


def test_what_may_be_missing_has_its_default() -> None:
    facts = parse_document(
        {
            "as_of": "2026-06-01T00:00:00Z",
            "hypotheses": [{"id": 1, "prior": 0.5}],
            "bets": [{"id": 1, "hypotheses": [1]}],
        }
    )
    hypothesis = facts.hypotheses[1]
    assert (hypothesis.half_life_days, hypothesis.metric, hypothesis.evidence) == (None, None, ())
    assert (facts.bets[0].stop_below, facts.bets[0].revive_above) == (0.20, 0.35)


def test_a_high_stop_threshold_lifts_the_default_of_the_other() -> None:
    document = changed(BET, "stop_below", 0.6)
    del document["bets"][0]["revive_above"]
    assert parse_document(document).bets[0].revive_above == 0.6


def test_fields_of_another_kind_may_stand_there_as_null() -> None:
    document = changed(SAID, "likelihood_ratio", None)
    assert isinstance(parse_document(document).hypotheses["demand"].evidence[0], Judgement)


def test_the_same_item_id_may_stand_in_two_hypotheses() -> None:
    document = deepcopy(DOCUMENT)
    document["hypotheses"].append(document["hypotheses"][0] | {"id": "price"})
    assert set(parse_document(document).hypotheses) == {"demand", "price"}


def test_one_hypothesis_and_one_item_can_be_read_by_themselves() -> None:
    raw = DOCUMENT["hypotheses"][0]
    assert parse_hypothesis(raw) == parse_document(DOCUMENT).hypotheses["demand"]
    item = {"id": 5, "observed_at": "2026-05-01T00:00:00Z", "kind": "measurement"}
    metric = Metric(kind="mean", threshold=10.0, direction="<=")
    read = parse_item(item | {"mean": 12, "sd": 3.5, "n": 8.0}, metric)
    assert isinstance(read, MeanMeasurement)
    assert (read.mean, read.sd, read.n) == (12.0, 3.5, 8)


@pytest.mark.parametrize(
    "written", ["2026-06-01", "2026-06-01T00:00:00", "2026-06-01T02:00:00+02:00"]
)
def test_a_date_is_its_midnight_and_a_time_without_an_offset_is_utc(written: str) -> None:
    document = parse_document(changed((), "as_of", written))
    assert document.as_of == datetime(2026, 6, 1, tzinfo=UTC)
    assert document.as_of.tzinfo is UTC


REFUSED: list[tuple[Place, str, object, str]] = [
    ((), "as_of", ABSENT, "document: as_of: is missing"),
    ((), "as_of", "2026-06", "give a date and time"),
    ((), "as_of", "yesterday", "give a date and time"),
    ((), "as_of", 1780272000, "give a date and time"),
    ((), "as_of", "9999-12-31T23:59:59-12:00", "give a date and time"),
    ((), "as_of", "0026-06-01T00:00:00Z", "before 1900"),
    ((), "hypotheses", ABSENT, "document: hypotheses: is missing"),
    ((), "hypotheses", {}, "document: hypotheses: is {}; give a list"),
    ((), "hypotheses", [[]], "hypothesis number 1: value: is []; give an object"),
    ((), "bets", "none", "document: bets: is"),
    ((), "hypothesis", [], "document: hypothesis: is not a known field"),
    (HYPOTHESIS, "id", ABSENT, "hypothesis number 1: id: is missing"),
    (HYPOTHESIS, "id", "", "hypothesis number 1: id: is"),
    (HYPOTHESIS, "id", 1.5, "hypothesis number 1: id: is 1.5"),
    (HYPOTHESIS, "id", True, "id: is true"),
    (HYPOTHESIS, "id", "a\x00", "id: has a character"),
    (HYPOTHESIS, "id", "\ud800", "id: has a character"),
    (HYPOTHESIS, "prior", ABSENT, 'hypothesis "demand": prior: is missing'),
    (HYPOTHESIS, "prior", None, 'hypothesis "demand": prior: is null'),
    (HYPOTHESIS, "prior", 0, "prior: is 0.0; give a number above 0 and below 1"),
    (HYPOTHESIS, "prior", 1, "prior: is 1.0"),
    (HYPOTHESIS, "prior", 1.2, "prior: is 1.2"),
    (HYPOTHESIS, "prior", NAN, "prior: is NaN; give a finite number"),
    (HYPOTHESIS, "prior", "0.5", 'prior: is "0.5"; give a number'),
    (HYPOTHESIS, "prior", True, "prior: is true"),
    (HYPOTHESIS, "half_life_days", 0, "half_life_days: is 0.0; give days above 0"),
    (HYPOTHESIS, "half_life_days", -3, "half_life_days: is -3.0"),
    (HYPOTHESIS, "half_life_days", INFINITY, "half_life_days: is Infinity; give a finite"),
    (HYPOTHESIS, "half_live_days", 3, "half_live_days: is not a known field"),
    (HYPOTHESIS, "metric", [], 'hypothesis "demand", metric: value: is []'),
    (HYPOTHESIS, "metric", None, 'item "seen": kind: is "measurement", but the hypothesis has no'),
    (METRIC, "kind", "median", 'hypothesis "demand", metric: kind: is "median"'),
    (METRIC, "kind", "mean", 'item "seen": successes: does not belong to a mean'),
    (METRIC, "direction", ">", 'metric: direction: is ">"; give one of ">=", "<="'),
    (METRIC, "threshold", 0, "metric: threshold: is 0.0"),
    (METRIC, "threshold", 1, "metric: threshold: is 1.0"),
    (METRIC, "threshold", -INFINITY, "metric: threshold: is -Infinity"),
    (METRIC, "unit", "%", "metric: unit: is not a known field"),
    (CRITERION, "metric", "sample", 'kill criterion "k": metric: is "sample"'),
    (CRITERION, "comparison", "=", 'kill criterion "k": comparison: is "="'),
    (CRITERION, "value", NAN, 'kill criterion "k": value: is NaN'),
    (CRITERION, "value", 10**400, "value: is 1000"),
    (CRITERION, "value", 1e101, "give a number between -1e100 and 1e100"),
    (CRITERION, "min_sample", -1, "min_sample: is -1; give a whole number from 0"),
    (CRITERION, "min_sample", 2.5, "min_sample: is 2.5"),
    (CRITERION, "deadline", "end of 2026", "deadline: is"),
    (SAID, "id", "seen", 'hypothesis "demand", item "seen": id: stands twice'),
    (SAID, "observed_at", "12:00", 'item "said": observed_at: is'),
    (SAID, "source", "", 'item "said": source: is ""'),
    (SAID, "source", ["lab"], 'item "said": source: is ["lab"]'),
    (SAID, "reliability", 0, 'item "said": reliability: is 0.0; give a number above 0, at most 1'),
    (SAID, "reliability", 1.01, "reliability: is 1.01"),
    (SAID, "reliability", NAN, "reliability: is NaN"),
    (SAID, "kind", "opinion", 'item "said": kind: is "opinion"; give one of "judgement"'),
    (SAID, "kind", ["judgement"], 'item "said": kind: is ["judgement"]'),
    (SAID, "direction", "up", 'item "said": direction: is "up"; give one of "for", "against"'),
    (SAID, "direction", ABSENT, 'item "said": direction: is missing'),
    (SAID, "strength", "huge", 'item "said": strength: is "huge"'),
    (SAID, "likelihood_ratio", 2, 'likelihood_ratio: does not belong to evidence of kind "judge'),
    (SAID, "weight", 2, 'item "said": weight: is not a known field'),
    (SAID, "line\nbreak", 2, "line\\nbreak: is not a known field"),
    (RATIO, "likelihood_ratio", 0, 'item "ratio": likelihood_ratio: is 0.0; give a number above 0'),
    (RATIO, "likelihood_ratio", -2, "likelihood_ratio: is -2.0"),
    (RATIO, "likelihood_ratio", INFINITY, "likelihood_ratio: is Infinity"),
    (RATIO, "direction", "against", "direction: does not belong to evidence of kind"),
    (SEEN, "successes", 101, 'item "seen": successes: is 101; give at most the trials, 100'),
    (SEEN, "successes", -1, "successes: is -1; give a whole number"),
    (SEEN, "successes", 3.5, "successes: is 3.5; give a whole number"),
    (SEEN, "successes", True, "successes: is true"),
    (SEEN, "trials", NAN, "trials: is NaN"),
    (SEEN, "trials", ABSENT, "trials: is missing"),
    (SEEN, "trials", 10**13, "trials: is 10000000000000; give a whole number from 0 to 10^12"),
    (SEEN, "mean", 5, 'item "seen": mean: does not belong to a proportion'),
    (BACK, "retracts", "nothing", 'item "back": retracts: names no item of this hypothesis'),
    (BACK, "retracts", "back", 'item "back": retracts: leads back to the item itself'),
    (BACK, "retracts", None, 'item "back": retracts: is null'),
    (BET, "id", ABSENT, "bet number 1: id: is missing"),
    (BET, "hypotheses", [], "bet 1: hypotheses: is empty"),
    (BET, "hypotheses", ["supply"], 'bet 1: hypotheses: names "supply", which is no hypothesis'),
    (BET, "hypotheses", ["demand", "demand"], 'bet 1: hypotheses: names "demand" twice'),
    (BET, "hypotheses", [None], "bet 1: hypotheses: is null"),
    (BET, "hypotheses", "demand", 'bet 1: hypotheses: is "demand"; give a list'),
    (BET, "stop_below", -0.1, "bet 1: stop_below: is -0.1; give a number from 0 to 1"),
    (BET, "stop_below", 1.1, "bet 1: stop_below: is 1.1"),
    (BET, "revive_above", 0.05, "bet 1: revive_above: is 0.05; give at least stop_below, 0.1"),
    (BET, "status", "broken", "bet 1: status: is not a known field"),
]


@pytest.mark.parametrize(("place", "key", "value", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_by_name_and_field(
    place: Place, key: str, value: object, message: str
) -> None:
    assert message in str(refusal(changed(place, key, value)))


@pytest.mark.parametrize("what", ["hypotheses", "bets"])
def test_an_id_that_stands_twice_is_refused(what: str) -> None:
    document = deepcopy(DOCUMENT)
    document[what].append(document[what][0])
    assert str(refusal(document)).endswith("id: stands twice; give every one an id of its own")


def test_a_kill_criterion_that_stands_twice_is_refused() -> None:
    document = deepcopy(DOCUMENT)
    document["hypotheses"][0]["kill_criteria"] *= 2
    assert refusal(document).subject == 'hypothesis "demand", kill criterion "k"'


def test_retractions_in_a_circle_are_refused() -> None:
    document = changed(BACK, "retracts", "forth")
    evidence = document["hypotheses"][0]["evidence"]
    evidence.append(evidence[3] | {"id": "forth", "retracts": "back"})
    assert refusal(document).field == "retracts"


@pytest.mark.parametrize("sd", [0, -1, 1e-300, NAN])
def test_a_mean_without_spread_is_refused(sd: float) -> None:
    metric = Metric(kind="mean", threshold=10.0, direction=">=")
    item = {"id": 5, "observed_at": "2026-05-01T00:00:00Z", "kind": "measurement"}
    with pytest.raises(BeliefInputError, match="item 5: sd: is"):
        parse_item(item | {"mean": 12, "sd": sd, "n": 8}, metric)


@pytest.mark.parametrize("document", [[], None, "text", 5, NAN])
def test_a_document_that_is_no_object_is_refused(document: object) -> None:
    assert str(refusal(document)).startswith("document: value: is ")


def test_a_long_value_is_shown_in_part() -> None:
    assert len(str(refusal(changed((), "as_of", "x" * 100_000)))) < 250
