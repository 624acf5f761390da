"""Beliefs from columns: what the engine says from objects, whatever the evidence."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.belief import (
    BeliefInputError,
    Bet,
    Hypothesis,
    Id,
    beliefs_of_many,
    columns_of,
    hypothesis_belief,
    many,
    thesis_belief,
)
from tests.evidence.belief_factories import (
    AGES,
    AS_OF,
    MEAN_OF_FIFTY,
    days_ago,
    hypotheses,
    hypothesis_with,
    judgement,
    mean,
    proportion,
    ratio,
    retraction,
)

CLOSE = 1e-9
NAMES: list[Id] = [7, 30, "a", "b", "c", "d"]
Portfolio = tuple[dict[Id, Hypothesis], list[Bet]]


@st.composite
def portfolios(draw: st.DrawFn) -> Portfolio:
    """Draw hypotheses with evidence of all kinds, and bets that share them."""
    chain = draw(st.lists(hypotheses(most=12), min_size=1, max_size=len(NAMES)))
    names = draw(st.permutations(NAMES))
    by_id = {name: replace(each, id=name) for name, each in zip(names, chain, strict=False)}
    chains = st.lists(st.sampled_from(list(by_id)), min_size=1, unique=True)
    bets = draw(st.lists(chains, max_size=4))
    return by_id, [
        Bet(id=f"bet {number}", hypotheses=tuple(each)) for number, each in enumerate(bets)
    ]


def agrees(by_id: dict[Id, Hypothesis], bets: list[Bet], as_of: datetime) -> None:
    found = beliefs_of_many(columns_of(by_id, bets, as_of), as_of)
    in_order = sorted(by_id, key=lambda each: (isinstance(each, str), each))
    one_by_one = [hypothesis_belief(by_id[each], as_of, attribution=False) for each in in_order]
    for name in ("belief", "judgement_decibans", "measurement_decibans"):
        expected = [getattr(each, name) for each in one_by_one]
        assert getattr(found, name) == pytest.approx(np.array(expected), rel=0, abs=CLOSE), name
    assert len(found.thesis_belief) == len(found.weakest) == len(bets)
    for number, bet in enumerate(bets):
        expected_thesis = thesis_belief(bet, by_id, as_of)
        assert found.thesis_belief[number] == pytest.approx(expected_thesis.belief, abs=CLOSE)
        weakest = in_order[found.weakest[number]]
        assert weakest in bet.hypotheses
        least = min(one_by_one[in_order.index(each)].belief for each in bet.hypotheses)
        assert one_by_one[in_order.index(weakest)].belief == pytest.approx(least, abs=CLOSE)


@settings(max_examples=60)
@given(portfolios(), st.just(0.0) | AGES)
def test_columns_give_the_beliefs_of_objects(portfolio: Portfolio, age: float) -> None:
    by_id, bets = portfolio
    agrees(by_id, bets, days_ago(age))


def test_every_kind_of_item_is_among_what_is_compared() -> None:
    """Worked example with each rule once, so that the property above cannot pass by chance."""
    taken_back, restored = judgement("against", "decisive"), judgement("for", "weak", age=10)
    back = retraction(restored)
    said = hypothesis_with(
        judgement("for", "strong", age=40, source="lab"),
        judgement("for", "strong", age=5, source="lab", reliability=0.5),
        ratio(1e9, age=3, source="client"),
        ratio(1e-9, age=-3),
        *(taken_back, retraction(taken_back), restored, back, retraction(back)),
        half_life_days=20.0,
    )
    never_decays = replace(said, id="never decays", half_life_days=None)
    lowered = replace(MEAN_OF_FIFTY, direction="<=")
    low = hypothesis_with(mean(49, 8, 16), mean(55, 8, 9, age=30), metric=lowered)
    by_id = {each.id: each for each in (said, never_decays, low)}
    agrees(by_id, [Bet(id="bet", hypotheses=tuple(by_id))], AS_OF)


def test_what_is_observed_later_counts_when_its_time_has_come() -> None:
    coming = hypothesis_with(judgement("for", "strong", age=-10), judgement("for", "weak"))
    columns = columns_of({coming.id: coming}, [], AS_OF)
    for moment, expected in ((AS_OF, 2.5), (days_ago(-10), 12.5 / 2**0.5), (days_ago(1), 0.0)):
        found = beliefs_of_many(columns, moment).judgement_decibans[0]
        assert found == pytest.approx(expected, abs=1e-12)


def test_without_evidence_the_belief_is_the_prior_itself() -> None:
    columns = columns_of({"a": replace(hypothesis_with(prior=0.3), id="a")}, [], AS_OF)
    assert beliefs_of_many(columns, AS_OF).belief.tolist() == [0.3]
    assert beliefs_of_many(columns_of({}, [], AS_OF), AS_OF).belief.tolist() == []


def test_of_equally_weak_hypotheses_the_first_is_named_however_their_evidence_is_ordered() -> None:
    items = [judgement("for", "weak", age=7 * n, reliability=0.9, source=n) for n in range(9)]
    names = ["a", "b", "c"]
    chain: dict[Id, Hypothesis] = {
        name: replace(hypothesis_with(*order), id=name, half_life_days=30.0)
        for name, order in zip(names, (items, items[::-1], items[3:] + items[:3]), strict=True)
    }
    for resting_on, first in ((("c", "b", "a"), 0), (("c", "b"), 1)):
        bet = Bet(id="bet", hypotheses=resting_on)
        found = beliefs_of_many(columns_of(chain, [bet], AS_OF), AS_OF)
        assert found.weakest.tolist() == [first]


@pytest.mark.parametrize("spread", [1, 10**6])
def test_sources_may_be_numbered_in_any_way(spread: int) -> None:
    """Small numbers are counted in a table, others are sorted: the belief is the same."""
    said = [
        hypothesis_with(
            *(judgement("for", "weak", source=who) for who in range(number) for _ in range(who + 1))
        )
        for number in (0, 3, 1, 5)
    ]
    by_id = {each.id: each for each in said}
    columns = columns_of(by_id, [], AS_OF)
    spaced = replace(columns.judged, source=columns.judged.source * spread)
    found = beliefs_of_many(replace(columns, judged=spaced), AS_OF)
    ordered = [by_id[each] for each in sorted(by_id)]
    expected = [hypothesis_belief(each, AS_OF).judgement_decibans for each in ordered]
    assert found.judgement_decibans.tolist() == pytest.approx(expected, abs=1e-12)


def test_items_may_lie_in_any_order_and_in_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [
        hypothesis_with(*(judgement(age=age, source=age % 3) for age in range(size)), prior=0.4)
        for size in (5, 0, 11)
    ]
    columns = columns_of({each.id: each for each in said}, [], AS_OF)
    expected = beliefs_of_many(columns, AS_OF).belief
    turned = np.random.default_rng(1).permutation(len(columns.judged.source))
    fields = {name: getattr(columns.judged, name)[turned] for name in many.Judged.__slots__}
    monkeypatch.setattr(many, "BLOCK", 4)
    found = beliefs_of_many(replace(columns, judged=many.Judged(**fields)), AS_OF).belief
    assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-14)


def test_a_measurement_without_a_metric_is_refused() -> None:
    measured = hypothesis_with(proportion(1, 2))
    with pytest.raises(BeliefInputError, match="give its hypothesis a metric"):
        columns_of({measured.id: measured}, [], AS_OF)
