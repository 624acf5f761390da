"""Kill criteria: when they are judged and when they are met."""

from datetime import datetime

import pytest

from evidence.belief import Item, KillCriterion, Metric
from evidence.belief.facts import Comparison
from evidence.belief.kill import Sample, kill_criteria_met
from tests.evidence.belief_factories import (
    AS_OF,
    MEAN_OF_FIFTY,
    SHARE_OF_A_THIRD,
    criterion,
    days_ago,
    hypothesis_with,
    judgement,
    mean,
    proportion,
)


def is_met(
    kill_criterion: KillCriterion,
    *evidence: Item,
    metric: Metric = SHARE_OF_A_THIRD,
    as_of: datetime = AS_OF,
) -> bool:
    hypothesis = hypothesis_with(*evidence, metric=metric, kill_criteria=(kill_criterion,))
    return kill_criteria_met(hypothesis, evidence, as_of) == (kill_criterion.id,)


def test_the_pooled_value_is_all_successes_over_all_trials() -> None:
    # 5 of 10 and 10 of 90 are 15 of 100, whatever the mean of the two shares is
    evidence = proportion(5, 10), proportion(10, 90)
    assert is_met(criterion("<=", 0.15), *evidence)
    assert not is_met(criterion("<", 0.15), *evidence)


def test_neither_age_nor_reliability_makes_the_sample_smaller() -> None:
    evidence = proportion(5, 10, age=900, reliability=0.1), proportion(10, 90)
    assert is_met(criterion("<=", 0.15, min_sample=100), *evidence)


def test_pooled_means_are_weighted_by_their_samples() -> None:
    # (10·40 + 30·60)/40 = 55
    evidence = mean(40, sd=5, n=10), mean(60, sd=1, n=30)
    assert is_met(criterion(">=", 55), *evidence, metric=MEAN_OF_FIFTY)
    assert not is_met(criterion(">", 55), *evidence, metric=MEAN_OF_FIFTY)


def test_equal_means_pool_to_exactly_that_mean() -> None:
    evidence = [mean(0.1, sd=1, n=n) for n in (3, 7, 11)]
    assert is_met(criterion("<=", 0.1), *evidence, metric=MEAN_OF_FIFTY)
    assert not is_met(criterion("<", 0.1), *evidence, metric=MEAN_OF_FIFTY)


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [("<", 1, 0, 0), ("<=", 1, 1, 0), (">", 0, 0, 1), (">=", 0, 1, 1)],
)
def test_each_comparison_holds_where_it_should(
    comparison: Comparison, below: bool, equal: bool, above: bool
) -> None:
    found = [is_met(criterion(comparison, 0.5), proportion(s, 10)) for s in (4, 5, 6)]
    assert found == [below, equal, above]


def test_a_value_is_not_judged_before_its_minimum_sample() -> None:
    strict = criterion("<", 0.5, min_sample=20)
    assert not is_met(strict, proportion(0, 19))
    assert is_met(strict, proportion(0, 20))


def test_a_value_without_any_measurement_is_not_judged() -> None:
    assert not is_met(criterion("<", 0.5))
    assert not is_met(criterion("<", 0.5, min_sample=0))
    assert not is_met(criterion("<", 0.5), judgement("against"))


def test_a_deadline_that_passes_without_evidence_meets_the_criterion() -> None:
    due = criterion("<", 0.1, min_sample=50, deadline=days_ago(1))
    assert not is_met(due, as_of=days_ago(1))
    assert is_met(due, as_of=AS_OF)
    assert is_met(due, proportion(30, 49))


def test_evidence_that_comes_after_the_deadline_lifts_the_criterion() -> None:
    due = criterion("<", 0.1, min_sample=50, deadline=days_ago(10))
    assert is_met(due, as_of=days_ago(5))
    assert not is_met(due, proportion(30, 50, age=3))


def test_a_value_is_judged_before_its_deadline_once_the_sample_is_there() -> None:
    assert is_met(criterion("<", 0.1, min_sample=50, deadline=days_ago(-10)), proportion(1, 50))


def test_a_deadline_without_a_minimum_asks_for_some_measurement() -> None:
    due = criterion("<", 0.1, deadline=days_ago(1))
    assert is_met(due)
    assert not is_met(due, proportion(1, 1))


def test_too_few_trials_count_only_after_the_deadline() -> None:
    few = criterion("<", 200, "trials", deadline=days_ago(10))
    evidence = proportion(50, 100, age=20)
    assert not is_met(few, evidence, as_of=days_ago(10))
    assert is_met(few, evidence, as_of=days_ago(9))
    assert not is_met(few, evidence, proportion(50, 100, age=5))


def test_trials_without_a_deadline_are_judged_at_any_time() -> None:
    assert is_met(criterion(">", 1000, "trials"), proportion(10, 1001))
    assert not is_met(criterion(">", 1000, "trials"), proportion(10, 1000))
    assert is_met(criterion("<", 10, "trials"))


def test_trials_are_not_judged_before_their_minimum_sample() -> None:
    assert not is_met(criterion("<", 100, "trials", min_sample=50), proportion(1, 49))
    assert is_met(criterion("<", 100, "trials", min_sample=50), proportion(1, 50))


def test_observations_behind_means_are_trials_too() -> None:
    assert is_met(criterion(">=", 40, "trials"), mean(1, 1, n=40), metric=MEAN_OF_FIFTY)


def test_the_criteria_met_come_in_the_order_of_their_ids() -> None:
    criteria = tuple(criterion("<", 1, id=each) for each in ("b", 10, "a", 9))
    evidence = proportion(1, 2)
    hypothesis = hypothesis_with(evidence, metric=SHARE_OF_A_THIRD, kill_criteria=criteria)
    assert kill_criteria_met(hypothesis, [evidence], AS_OF) == (9, 10, "a", "b")


def test_judgements_add_nothing_to_a_sample() -> None:
    sample = Sample()
    sample.add(judgement())
    assert sample.size == 0
