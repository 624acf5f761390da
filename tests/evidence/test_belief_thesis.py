"""Theses: the chain, its status, its breaks and revivals."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.belief import (
    Hypothesis,
    Id,
    ThesisEvent,
    histories,
    history,
    hypothesis_belief,
    thesis_belief,
)
from evidence.belief.kill import kill_criteria_met
from evidence.belief.many import microseconds
from evidence.belief.retraction import counted_evidence
from evidence.belief.running import RunningBelief, beliefs_at
from tests.evidence import belief_reference
from tests.evidence.belief_factories import (
    AGES,
    AS_OF,
    SHARE_OF_A_THIRD,
    criterion,
    days_ago,
    hypotheses,
    hypothesis_with,
    judgement,
    proportion,
    ratio,
    retraction,
    thesis_of,
)

MICROSECOND = timedelta(microseconds=1)


def status(*chain: Hypothesis, as_of: datetime = AS_OF, **given: Any) -> str:
    return thesis_belief(*thesis_of(*chain, **given), as_of).status


def events(*chain: Hypothesis, as_of: datetime = AS_OF, **given: Any) -> list[ThesisEvent]:
    return history(*thesis_of(*chain, **given), as_of)


def kinds_and_times(found: list[ThesisEvent]) -> list[tuple[str, datetime | None]]:
    return [(event.kind, event.at) for event in found]


# The chain


def test_the_belief_in_a_thesis_is_the_product_of_its_hypotheses() -> None:
    found = thesis_belief(*thesis_of(hypothesis_with(prior=0.5), hypothesis_with(prior=0.8)), AS_OF)
    assert found.belief == pytest.approx(0.4)


def test_the_weakest_hypothesis_is_named() -> None:
    weak, strong = hypothesis_with(prior=0.5), hypothesis_with(prior=0.8)
    assert thesis_belief(*thesis_of(strong, weak), AS_OF).weakest == weak.id


def test_of_equally_weak_hypotheses_the_lowest_id_is_named() -> None:
    chain = [hypothesis_with(id=each) for each in ("b", 10, "a", 9)]
    assert thesis_belief(*thesis_of(*chain), AS_OF).weakest == 9
    assert thesis_belief(*thesis_of(chain[0], chain[2]), AS_OF).weakest == "a"


@pytest.mark.parametrize(
    ("prior", "bits"), [(0.5, 1.0), (0.25, 2 - 0.75 * math.log2(3)), (1 / 8, 0.5435644431995964)]
)
def test_uncertainty_is_the_binary_entropy_of_the_belief(prior: float, bits: float) -> None:
    found = thesis_belief(*thesis_of(hypothesis_with(prior=prior)), AS_OF)
    assert found.uncertainty == pytest.approx(bits, abs=1e-12)


def test_a_settled_thesis_has_no_uncertainty() -> None:
    settled = hypothesis_with(*(ratio(1e6, source=k) for k in range(20)))
    assert thesis_belief(*thesis_of(settled), AS_OF).uncertainty == 0.0


def test_known_beliefs_are_not_worked_out_again() -> None:
    hypothesis = hypothesis_with(prior=0.9)
    known = {hypothesis.id: replace(hypothesis_belief(hypothesis, AS_OF), belief=0.6)}
    assert thesis_belief(*thesis_of(hypothesis), AS_OF, known).belief == 0.6


# Status and history


def test_evidence_against_breaks_a_thesis() -> None:
    against = judgement("against", "strong", age=10)
    hypothesis = hypothesis_with(against)
    found = events(hypothesis)
    assert kinds_and_times(found) == [("break", days_ago(10))]
    assert found[0].belief == pytest.approx(1 / 11)
    assert found[0].evidence == ((hypothesis.id, against.id),)
    assert status(hypothesis) == "broken"


def test_a_belief_of_exactly_the_stop_threshold_is_not_below_it() -> None:
    assert status(hypothesis_with(prior=0.2)) == "intact"
    assert status(hypothesis_with(prior=0.19)) == "broken"


def test_a_broken_thesis_between_the_thresholds_stays_broken() -> None:
    # 1/11, then 5 decibans less against it: odds 10^-0.5, belief 0.24
    hypothesis = hypothesis_with(
        judgement("against", "strong", age=10, source="a"),
        judgement("for", "moderate", age=5, source="b"),
    )
    assert 0.2 < hypothesis_belief(hypothesis, AS_OF).belief < 0.35
    assert status(hypothesis) == "broken"


def test_a_thesis_that_came_down_between_the_thresholds_without_breaking_is_intact() -> None:
    # odds 10^-0.5 at once: the same belief of 0.24, never below 0.20
    assert status(hypothesis_with(judgement("against", "moderate", age=10))) == "intact"


def test_evidence_revives_a_thesis_above_the_upper_threshold() -> None:
    hypothesis = hypothesis_with(
        judgement("against", "strong", age=10, source="a"),
        judgement("for", "strong", age=5, source="b"),
    )
    assert kinds_and_times(events(hypothesis)) == [
        ("break", days_ago(10)),
        ("revival", days_ago(5)),
    ]
    assert status(hypothesis) == "intact"


def test_a_belief_of_exactly_the_upper_threshold_does_not_revive() -> None:
    low = hypothesis_with(judgement("against", "strong", age=10, source="a"), prior=0.35)
    with_equal = replace(
        low, evidence=(*low.evidence, judgement("for", "strong", age=5, source="b"))
    )
    assert hypothesis_belief(with_equal, AS_OF).belief == 0.35
    assert status(with_equal) == "broken"


def test_the_thresholds_are_those_of_the_bet() -> None:
    hypothesis = hypothesis_with(prior=0.4)
    assert status(hypothesis) == "intact"
    assert status(hypothesis, stop_below=0.5, revive_above=0.6) == "broken"


def test_priors_alone_may_break_a_thesis_from_the_start() -> None:
    chain = [hypothesis_with(prior=0.4), hypothesis_with(prior=0.4)]
    found = events(*chain)
    assert kinds_and_times(found) == [("break", None)]
    assert found[0].belief == pytest.approx(0.16)


def test_a_thesis_broken_from_the_start_is_revived_by_evidence() -> None:
    hypothesis = hypothesis_with(judgement("for", "strong", age=3), prior=0.1)
    assert kinds_and_times(events(hypothesis)) == [("break", None), ("revival", days_ago(3))]


def test_decay_revives_a_thesis_at_the_moment_of_crossing() -> None:
    # −10·2^(−age/30) decibans; above 0.35 from 10·log10(0.35/0.65) = −2.688 decibans on
    hypothesis = hypothesis_with(judgement("against", "strong", age=200), half_life_days=30)
    broke, revived = events(hypothesis)
    days = 30 * math.log2(10 / -(10 * math.log10(0.35 / 0.65)))
    assert (broke.kind, revived.kind) == ("break", "revival")
    assert revived.at is not None
    assert (revived.at - days_ago(200)) / timedelta(days=1) == pytest.approx(days, abs=1e-9)
    assert revived.belief == pytest.approx(0.35, abs=1e-9)
    assert revived.evidence == ()


def test_decay_breaks_a_thesis_whose_support_has_worn_off() -> None:
    hypothesis = hypothesis_with(judgement(age=400), prior=0.15, half_life_days=30)
    assert [event.kind for event in events(hypothesis)] == ["break", "revival", "break"]
    assert status(hypothesis) == "broken"


def test_a_break_and_a_revival_between_two_items_are_both_seen() -> None:
    # 60 decibans on either side; a large sample wears off more slowly than a given ratio
    hypothesis = hypothesis_with(
        ratio(1e6, age=1000),
        proportion(60, 600, age=1000),
        metric=SHARE_OF_A_THIRD,
        half_life_days=30,
    )
    found = events(hypothesis)
    assert [event.kind for event in found] == ["break", "revival"]
    assert all(event.at and days_ago(1000) < event.at < AS_OF for event in found)
    later = replace(hypothesis, evidence=(*hypothesis.evidence, ratio(1.0, age=1, source="c")))
    assert kinds_and_times(events(later)) == kinds_and_times(found)


def test_a_passed_deadline_breaks_a_thesis_just_after_it() -> None:
    due = criterion("<", 0.1, min_sample=50, deadline=days_ago(10))
    hypothesis = hypothesis_with(metric=SHARE_OF_A_THIRD, kill_criteria=(due,), prior=0.6)
    found = events(hypothesis)
    assert kinds_and_times(found) == [("break", days_ago(10) + MICROSECOND)]
    assert found[0].kill == ((hypothesis.id, due.id),)
    assert status(hypothesis, as_of=days_ago(10)) == "intact"
    assert status(hypothesis) == "broken"


def test_evidence_after_the_deadline_revives_a_thesis() -> None:
    due = criterion("<", 0.1, min_sample=50, deadline=days_ago(10))
    hypothesis = hypothesis_with(
        proportion(30, 60, age=4), metric=SHARE_OF_A_THIRD, kill_criteria=(due,)
    )
    assert kinds_and_times(events(hypothesis)) == [
        ("break", days_ago(10) + MICROSECOND),
        ("revival", days_ago(4)),
    ]


def test_a_met_kill_criterion_breaks_a_thesis_whatever_the_belief_says() -> None:
    low = criterion("<", 0.4, id="too low")
    hypothesis = hypothesis_with(
        proportion(35, 100, age=4), metric=SHARE_OF_A_THIRD, kill_criteria=(low,), prior=0.9
    )
    found = thesis_belief(*thesis_of(hypothesis_with(prior=0.9), hypothesis), AS_OF)
    assert found.belief > 0.35
    assert (found.status, found.kill) == ("broken", ((hypothesis.id, "too low"),))


def test_a_retraction_takes_back_the_break_that_the_item_caused() -> None:
    mistake = judgement("against", "strong", age=10, source="a")
    down = judgement("against", "moderate", age=8, source="b")
    assert status(hypothesis_with(mistake, down)) == "broken"
    corrected = hypothesis_with(mistake, down, retraction(mistake, age=2))
    assert events(corrected) == []
    assert status(corrected) == "intact"
    assert status(corrected, as_of=days_ago(3)) == "broken"


def test_items_of_one_moment_are_taken_in_together() -> None:
    hypothesis = hypothesis_with(
        judgement("against", "decisive", age=5, source="a"),
        judgement("for", "decisive", age=5, source="b"),
    )
    assert events(hypothesis) == []


# Silence


def test_a_thesis_whose_evidence_is_older_than_its_half_life_is_silent() -> None:
    hypothesis = hypothesis_with(judgement(age=100), half_life_days=90)
    assert status(hypothesis) == "silent"
    assert status(hypothesis, as_of=days_ago(10)) == "intact"


def test_a_thesis_with_one_fresh_hypothesis_is_not_silent() -> None:
    old = hypothesis_with(judgement(age=100), half_life_days=90)
    fresh = hypothesis_with(judgement(age=80), half_life_days=90)
    assert status(old, fresh) == "intact"
    assert status(old, hypothesis_with(half_life_days=90, prior=0.9)) == "silent"


def test_a_thesis_that_never_had_evidence_is_not_silent() -> None:
    assert status(hypothesis_with(half_life_days=1)) == "intact"


def test_evidence_that_never_decays_is_never_silent() -> None:
    assert status(hypothesis_with(judgement(age=800))) == "intact"


def test_a_broken_thesis_is_broken_rather_than_silent() -> None:
    broken = hypothesis_with(judgement("against", "decisive", age=100), half_life_days=90)
    assert status(broken) == "broken"


def test_a_retracted_item_does_not_break_the_silence() -> None:
    news = judgement(age=1)
    hypothesis = hypothesis_with(judgement(age=100), news, half_life_days=90)
    assert status(hypothesis) == "intact"
    evidence = (*hypothesis.evidence, retraction(news))
    assert status(replace(hypothesis, evidence=evidence)) == "silent"


# Laws

CHAINS = st.lists(hypotheses(most=5, with_criteria=True), min_size=1, max_size=2)
THRESHOLDS = st.sampled_from([(0.2, 0.35), (0.1, 0.6), (0.3, 0.3), (0.0, 1.0)])


def bounds(thresholds: tuple[float, float]) -> dict[str, Any]:
    return {"stop_below": thresholds[0], "revive_above": thresholds[1]}


@given(CHAINS, THRESHOLDS)
def test_breaks_and_revivals_alternate_in_order_of_time(
    chain: list[Hypothesis], thresholds: tuple[float, float]
) -> None:
    found = events(*chain, **bounds(thresholds))
    assert [event.kind for event in found] == (["break", "revival"] * len(found))[: len(found)]
    times = [event.at for event in found if event.at is not None]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert all(event.at is not None for event in found[1:])


@given(CHAINS, THRESHOLDS)
def test_the_history_ends_in_the_status(
    chain: list[Hypothesis], thresholds: tuple[float, float]
) -> None:
    found = events(*chain, **bounds(thresholds))
    ends_broken = bool(found) and found[-1].kind == "break"
    assert (status(*chain, **bounds(thresholds)) == "broken") == ends_broken


@given(CHAINS, THRESHOLDS, st.randoms(use_true_random=False))
def test_no_order_of_input_changes_a_history(
    chain: list[Hypothesis], thresholds: tuple[float, float], chance: Random
) -> None:
    shuffled = [
        replace(each, evidence=tuple(chance.sample(each.evidence, len(each.evidence))))
        for each in chance.sample(chain, len(chain))
    ]
    assert events(*shuffled, **bounds(thresholds)) == events(*chain, **bounds(thresholds))


@given(CHAINS, THRESHOLDS, st.integers(0, 900))
def test_what_comes_later_does_not_change_the_history_before(
    chain: list[Hypothesis], thresholds: tuple[float, float], age: int
) -> None:
    chain = [
        replace(each, evidence=tuple(counted_evidence(each.evidence, AS_OF))) for each in chain
    ]
    earlier = kinds_and_times(events(*chain, as_of=days_ago(age), **bounds(thresholds)))
    later = kinds_and_times(events(*chain, **bounds(thresholds)))
    until_then = [each for each in later if each[1] is None or each[1] <= days_ago(age)]
    assert earlier == until_then


@given(hypotheses())
def test_the_running_belief_is_the_belief_at_every_moment(hypothesis: Hypothesis) -> None:
    counted = counted_evidence(hypothesis.evidence, AS_OF)
    later = timedelta(days=17)
    moments = sorted({item.observed_at + wait for item in counted for wait in (0 * later, later)})
    (found,) = beliefs_at(
        [(RunningBelief(hypothesis, counted), np.array(list(map(microseconds, moments)), int))]
    )
    kept = replace(hypothesis, evidence=tuple(counted))
    expected = [hypothesis_belief(kept, at, attribution=False).belief for at in moments]
    assert found.tolist() == pytest.approx(expected, abs=1e-12)


def standing_anew(chain: Mapping[Id, Hypothesis], moment: datetime) -> tuple[float, bool]:
    """Belief and whether any kill criterion is met, from all evidence by then, at once."""
    found = [hypothesis_belief(each, moment, attribution=False) for each in chain.values()]
    belief = math.prod(each.belief for each in found)
    killed = any(
        kill_criteria_met(each, belief_reference.counted(each.evidence, moment), moment)
        for each in chain.values()
    )
    return belief, killed


@settings(max_examples=60)
@given(CHAINS, THRESHOLDS)
def test_the_status_agrees_with_a_replay_that_starts_anew_at_every_moment(
    chain: list[Hypothesis], thresholds: tuple[float, float]
) -> None:
    bet, by_id = thesis_of(*chain, **bounds(thresholds))
    expected = belief_reference.is_broken(bet, by_id, AS_OF, standing_anew, looks_per_half_life=4)
    assert (thesis_belief(bet, by_id, AS_OF).status == "broken") == expected


@given(st.lists(st.tuples(CHAINS, THRESHOLDS, AGES), max_size=4))
def test_many_theses_at_once_have_the_history_that_each_has_by_itself(
    asked: list[tuple[list[Hypothesis], tuple[float, float], float]],
) -> None:
    theses = [
        (*thesis_of(*chain, **bounds(thresholds)), days_ago(age), None)
        for chain, thresholds, age in asked
    ]
    assert list(histories(theses)) == [history(*each[:3]) for each in theses]
