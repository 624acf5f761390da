"""The belief in one hypothesis: worked by hand, by its laws, and by another implementation."""

import math
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evidence.belief import (
    BeliefInputError,
    Hypothesis,
    Id,
    Item,
    ItemWeight,
    Judgement,
    MeanMeasurement,
    ProportionMeasurement,
    hypothesis_belief,
    preview,
)
from evidence.belief.facts import Strength
from evidence.belief.hypothesis import belief_from
from evidence.belief.retraction import counted_evidence
from tests.evidence import belief_reference
from tests.evidence.belief_factories import (
    AS_OF,
    JUDGEMENTS,
    SHARE_OF_A_THIRD,
    STRENGTHS,
    days_ago,
    hypotheses,
    hypothesis_with,
    judgement,
    mean,
    proportion,
    ratio,
    retraction,
)


def belief(hypothesis: Hypothesis, as_of: datetime = AS_OF) -> float:
    return hypothesis_belief(hypothesis, as_of, attribution=False).belief


def item_weights(hypothesis: Hypothesis) -> dict[Id, ItemWeight]:
    return {each.id: each for each in hypothesis_belief(hypothesis, AS_OF).items}


# Worked by hand


def test_ten_decibans_make_even_odds_ten_to_one() -> None:
    assert belief(hypothesis_with(judgement("for", "strong"))) == pytest.approx(10 / 11, abs=1e-15)


def test_without_evidence_the_belief_is_the_prior_itself() -> None:
    for prior in (0.1, 0.2, 0.35, 1e-300, 1 - 2**-53):
        assert belief(hypothesis_with(prior=prior)) == prior


@pytest.mark.parametrize(
    ("strength", "decibans"), [("weak", 2.5), ("moderate", 5), ("strong", 10), ("decisive", 15)]
)
def test_each_strength_has_its_weight(strength: Strength, decibans: float) -> None:
    found = hypothesis_belief(hypothesis_with(judgement("against", strength)), AS_OF)
    assert found.judgement_decibans == -decibans


def test_a_judgement_one_half_life_old_weighs_half() -> None:
    hypothesis = hypothesis_with(judgement(age=90), half_life_days=90)
    # 5 decibans are a factor of √10; odds √10 to 1
    assert belief(hypothesis) == pytest.approx(math.sqrt(10) / (1 + math.sqrt(10)), abs=1e-15)


def test_reliability_scales_the_weight() -> None:
    found = hypothesis_belief(hypothesis_with(judgement(reliability=0.3)), AS_OF)
    assert found.judgement_decibans == pytest.approx(3.0)


def test_four_reports_from_one_mouth_count_as_two() -> None:
    one_mouth = hypothesis_with(*(judgement(source="client") for _ in range(4)))
    found = hypothesis_belief(one_mouth, AS_OF)
    assert found.judgement_decibans == pytest.approx(20.0)
    assert [each.decibans for each in found.items] == pytest.approx([5.0] * 4)


def test_reports_without_a_source_share_one() -> None:
    found = hypothesis_belief(hypothesis_with(judgement(), judgement()), AS_OF)
    assert found.judgement_decibans == pytest.approx(10 * math.sqrt(2))


def test_judgements_and_ratios_of_one_source_share_it_but_measurements_do_not() -> None:
    hypothesis = hypothesis_with(
        judgement(source="lab"),
        ratio(10, source="lab"),
        proportion(4, 10, source="lab"),
        metric=SHARE_OF_A_THIRD,
    )
    assert hypothesis_belief(hypothesis, AS_OF).judgement_decibans == pytest.approx(
        10 * math.sqrt(2)
    )


def test_neither_retracted_nor_future_items_make_a_source_repeat_itself() -> None:
    said_twice = judgement(source="lab")
    hypothesis = hypothesis_with(
        judgement(source="lab"),
        said_twice,
        retraction(said_twice, source="lab"),
        judgement(source="lab", age=-1),
    )
    assert hypothesis_belief(hypothesis, AS_OF).judgement_decibans == 10.0


@pytest.mark.parametrize(
    ("given_ratio", "decibans"), [(1e9, 60), (1e-9, -60), (1, 0), (100, 20), (1e6, 60)]
)
def test_a_given_ratio_weighs_its_logarithm_cut_at_sixty(
    given_ratio: float, decibans: float
) -> None:
    found = hypothesis_belief(hypothesis_with(ratio(given_ratio)), AS_OF)
    assert found.judgement_decibans == decibans


def test_a_ratio_is_cut_before_it_is_scaled() -> None:
    found = hypothesis_belief(hypothesis_with(ratio(1e9, reliability=0.5)), AS_OF)
    assert found.judgement_decibans == 30.0


def test_measurements_are_pooled_before_they_are_weighed() -> None:
    apart = hypothesis_with(proportion(4, 10), proportion(36, 90), metric=SHARE_OF_A_THIRD)
    at_once = hypothesis_with(proportion(40, 100), metric=SHARE_OF_A_THIRD)
    # 50 digits: see test_belief_measurements
    for each in (apart, at_once):
        found = hypothesis_belief(each, AS_OF)
        assert found.measurement_decibans == pytest.approx(14.480339946123076771, abs=1e-11)


def test_a_measurement_one_half_life_old_counts_as_half_its_size() -> None:
    old = hypothesis_with(proportion(80, 200, age=30), metric=SHARE_OF_A_THIRD, half_life_days=30)
    assert hypothesis_belief(old, AS_OF).measurement_decibans == pytest.approx(14.480339946123077)


def test_a_mean_without_its_metric_is_refused() -> None:
    with pytest.raises(BeliefInputError, match="metric"):
        belief(hypothesis_with(mean(50, sd=1, n=3)))


# Attribution


def test_leaving_out_one_of_two_gives_the_other_its_full_weight() -> None:
    first, second = judgement("for", "strong"), judgement("for", "weak")
    without_first = item_weights(hypothesis_with(first, second))[first.id].belief_without
    assert without_first == pytest.approx(belief(hypothesis_with(second)), abs=1e-15)


def test_leaving_out_the_only_item_leaves_the_prior() -> None:
    hypothesis = hypothesis_with(judgement(), prior=0.37)
    assert hypothesis_belief(hypothesis, AS_OF).items[0].belief_without == 0.37


def test_a_measurement_weighs_what_the_pool_would_lose() -> None:
    few, many = proportion(4, 10), proportion(36, 90)
    hypothesis = hypothesis_with(few, many, metric=SHARE_OF_A_THIRD)
    whole = hypothesis_belief(hypothesis, AS_OF)
    rest = hypothesis_belief(hypothesis_with(many, metric=SHARE_OF_A_THIRD), AS_OF)
    weight = next(each for each in whole.items if each.id == few.id)
    expected = whole.measurement_decibans - rest.measurement_decibans
    assert weight.decibans == pytest.approx(expected, abs=1e-12)
    assert weight.belief_without == pytest.approx(rest.belief, abs=1e-14)


def test_leaving_out_a_retraction_brings_back_what_it_took_back() -> None:
    item = judgement("for", "strong")
    taking_back = retraction(item)
    weights = item_weights(hypothesis_with(item, taking_back))
    assert weights[taking_back.id].belief_without == pytest.approx(10 / 11)
    assert weights[item.id].belief_without == 0.5
    assert weights[item.id].decibans == weights[taking_back.id].decibans == 0.0


def test_what_does_not_count_is_listed_with_no_weight() -> None:
    ahead = judgement(age=-1)
    weight = item_weights(hypothesis_with(ahead, judgement()))[ahead.id]
    assert (weight.decibans, weight.counts) == (0.0, False)
    assert weight.belief_without == pytest.approx(10 / 11)


def test_items_come_in_the_order_of_their_ids() -> None:
    evidence = [judgement(id=each) for each in ("b", 10, "a", 9)]
    found = hypothesis_belief(hypothesis_with(*evidence), AS_OF)
    assert [each.id for each in found.items] == [9, 10, "a", "b"]


def test_attribution_can_be_left_out() -> None:
    assert hypothesis_belief(hypothesis_with(judgement()), AS_OF, attribution=False).items == ()


# Freshness, and what one more item would do


def test_freshness_is_the_share_of_weight_that_age_has_left() -> None:
    # 10 decibans at 1/2 and 5 at 1, from two sources: (5 + 5)/15
    hypothesis = hypothesis_with(
        judgement("for", "strong", age=90, source="a"),
        judgement("against", "moderate", source="b"),
        half_life_days=90,
    )
    assert hypothesis_belief(hypothesis, AS_OF).freshness == pytest.approx(2 / 3)


def test_without_evidence_nothing_is_fresh() -> None:
    assert hypothesis_belief(hypothesis_with(half_life_days=90), AS_OF).freshness == 0.0


def test_evidence_that_says_nothing_is_as_fresh_as_it_is_new() -> None:
    hypothesis = hypothesis_with(ratio(1.0, age=90), half_life_days=90)
    assert hypothesis_belief(hypothesis, AS_OF).freshness == 0.5


def test_a_preview_says_what_logging_the_item_would_do() -> None:
    hypothesis = hypothesis_with(judgement("against", "weak", source="a"), prior=0.3)
    item = judgement("for", "strong", source="b", age=0)
    seen = preview(hypothesis, item, AS_OF)
    logged = replace(hypothesis, evidence=(*hypothesis.evidence, item))
    assert (seen.before, seen.after) == (belief(hypothesis), belief(logged))
    assert seen.decibans == 10.0


# Laws


@given(hypotheses(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_change_a_single_bit(
    hypothesis: Hypothesis, chance: Random
) -> None:
    shuffled = list(hypothesis.evidence)
    chance.shuffle(shuffled)
    other = replace(hypothesis, evidence=tuple(shuffled))
    assert hypothesis_belief(other, AS_OF) == hypothesis_belief(hypothesis, AS_OF)


@given(hypotheses(), JUDGEMENTS)
def test_a_retracted_item_counts_as_if_it_had_never_been(
    hypothesis: Hypothesis, item: Item
) -> None:
    assume(item.observed_at <= AS_OF)
    evidence = (*hypothesis.evidence, item, retraction(item))
    retracted = hypothesis_belief(replace(hypothesis, evidence=evidence), AS_OF, attribution=False)
    assert retracted == hypothesis_belief(hypothesis, AS_OF, attribution=False)


@given(hypotheses(), STRENGTHS)
def test_support_from_a_new_source_never_lowers_the_belief(
    hypothesis: Hypothesis, strength: Strength
) -> None:
    support = judgement("for", strength, source="somebody new")
    extended = replace(hypothesis, evidence=(*hypothesis.evidence, support))
    assert belief(extended) >= belief(hypothesis)
    if belief(hypothesis) < 0.999:
        assert belief(extended) > belief(hypothesis)


@given(st.lists(JUDGEMENTS, max_size=6), st.floats(0.05, 0.95))
def test_for_and_against_are_mirror_images(evidence: list[Judgement], prior: float) -> None:
    def turned(item: Judgement) -> Judgement:
        return replace(item, direction="against" if item.direction == "for" else "for")

    for_it = hypothesis_with(*evidence, prior=prior, half_life_days=90)
    against_it = hypothesis_with(*map(turned, evidence), prior=1 - prior, half_life_days=90)
    assert belief(for_it) + belief(against_it) == pytest.approx(1, abs=1e-12)


@given(st.integers(1, 40), STRENGTHS)
def test_n_reports_from_one_mouth_count_as_the_root_of_n(n: int, strength: Strength) -> None:
    one = hypothesis_belief(hypothesis_with(judgement("for", strength)), AS_OF)
    same = hypothesis_with(*(judgement("for", strength) for _ in range(n)))
    found = hypothesis_belief(same, AS_OF)
    assert found.judgement_decibans == pytest.approx(one.judgement_decibans * math.sqrt(n))


@given(hypotheses())
def test_evidence_that_has_long_decayed_leaves_the_prior(hypothesis: Hypothesis) -> None:
    hypothesis = replace(hypothesis, half_life_days=10.0)
    long_after = days_ago(-10 * 100)
    assert belief(hypothesis, long_after) == pytest.approx(hypothesis.prior, abs=1e-9)


@given(hypotheses(most=30))
def test_a_belief_and_a_freshness_stay_between_0_and_1(hypothesis: Hypothesis) -> None:
    found = hypothesis_belief(hypothesis, AS_OF)
    assert all(0.0 <= each <= 1.0 for each in (found.belief, found.freshness))
    assert all(0.0 <= each.belief_without <= 1.0 for each in found.items)
    assert abs(found.measurement_decibans) <= 60.0


@given(hypotheses())
def test_the_weights_of_the_judgements_add_up(hypothesis: Hypothesis) -> None:
    judged = {each.id for each in hypothesis.evidence if hasattr(each, "decibans")}
    found = hypothesis_belief(hypothesis, AS_OF)
    total = math.fsum(each.decibans for each in found.items if each.id in judged)
    assert total == pytest.approx(found.judgement_decibans, abs=1e-9)


def test_no_weight_of_evidence_leaves_the_range_of_numbers() -> None:
    assert belief_from(0.5, 1e6) == 1.0
    assert belief_from(0.5, -1e6) == 0.0
    assert 0.0 < belief_from(1e-300, 60.0) < 1e-293


# Another implementation, by numerical integration and by leaving out in earnest


@given(hypotheses())
def test_beliefs_agree_with_an_independent_working_out(hypothesis: Hypothesis) -> None:
    found = hypothesis_belief(hypothesis, AS_OF)
    assert found.belief == pytest.approx(belief_reference.belief(hypothesis, AS_OF), abs=1e-9)
    assert found.judgement_decibans == pytest.approx(
        belief_reference.judgement_decibans(hypothesis, AS_OF), abs=1e-9
    )
    counted = {each.id for each in belief_reference.counted(hypothesis.evidence, AS_OF)}
    assert {each.id for each in found.items if each.counts} == counted
    assert {each.id for each in counted_evidence(hypothesis.evidence, AS_OF)} == counted


@settings(max_examples=40)
@given(hypotheses(most=5))
def test_leaving_out_agrees_with_working_out_anew(hypothesis: Hypothesis) -> None:
    found = hypothesis_belief(hypothesis, AS_OF)
    items = {each.id: each for each in hypothesis.evidence}
    assert {each.id for each in found.items} == set(items)
    measured = belief_reference.measurement_decibans(hypothesis, AS_OF)
    for each in found.items:
        rest = belief_reference.without(hypothesis, items[each.id])
        expected = belief_reference.belief(rest, AS_OF)
        assert each.belief_without == pytest.approx(expected, abs=1e-9)
        if isinstance(items[each.id], ProportionMeasurement | MeanMeasurement) and each.counts:
            weight = measured - belief_reference.measurement_decibans(rest, AS_OF)
            assert each.decibans == pytest.approx(weight, abs=1e-8)
