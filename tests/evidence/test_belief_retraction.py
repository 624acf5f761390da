"""Retractions: what counts at a moment."""

from itertools import pairwise

from evidence.belief import Item, Retraction
from evidence.belief.retraction import counted_evidence, find_cycle
from tests.evidence.belief_factories import AS_OF, days_ago, judgement, retraction


def chain_on(item: Item, length: int) -> list[Retraction]:
    """Return a retraction of the item, one of that retraction, and so on."""
    links = [retraction(item)]
    while len(links) < length:
        links.append(retraction(links[-1]))
    return links


def test_evidence_that_lies_ahead_does_not_count_yet() -> None:
    today, tomorrow = judgement(age=0), judgement(age=-1)
    assert counted_evidence([today, tomorrow], AS_OF) == [today]


def test_a_retracted_item_does_not_count() -> None:
    item, other = judgement(), judgement()
    assert counted_evidence([item, other, retraction(item)], AS_OF) == [other]


def test_a_retraction_that_lies_ahead_takes_nothing_back_yet() -> None:
    item = judgement(age=5)
    evidence = [item, retraction(item, age=2)]
    assert counted_evidence(evidence, days_ago(3)) == [item]
    assert counted_evidence(evidence, days_ago(2)) == []


def test_retracting_a_retraction_restores_the_item() -> None:
    item = judgement()
    assert counted_evidence([item, *chain_on(item, 2)], AS_OF) == [item]


def test_an_item_retracted_twice_needs_both_retractions_retracted() -> None:
    item = judgement()
    first, second = retraction(item), retraction(item)
    assert counted_evidence([item, first, second, retraction(first)], AS_OF) == []
    both = [item, first, second, retraction(first), retraction(second)]
    assert counted_evidence(both, AS_OF) == [item]


def test_a_chain_of_ten_thousand_retractions_is_followed_to_its_end() -> None:
    item = judgement()
    chain = chain_on(item, 10_000)
    assert counted_evidence([item, *chain], AS_OF) == [item]
    assert counted_evidence([item, *chain[:-1]], AS_OF) == []


def test_the_order_of_arrival_does_not_matter_to_a_chain() -> None:
    item = judgement()
    evidence = [item, *chain_on(item, 5)]
    assert counted_evidence(evidence[::-1], AS_OF) == counted_evidence(evidence, AS_OF) == []


def test_retractions_in_a_circle_are_found() -> None:
    item = judgement()
    a, b = retraction(item, id="a"), retraction(item, id="b")
    circle = [retraction(b, id="a"), retraction(a, id="b"), retraction(a, id="c")]
    found = find_cycle(circle)
    assert found is not None
    assert found.id in {"a", "b"}


def test_an_item_that_retracts_itself_is_a_circle() -> None:
    assert find_cycle([retraction(retraction(judgement(), id="a"), id="a")]) is not None


def test_a_chain_of_retractions_is_not_a_circle() -> None:
    chain = chain_on(judgement(), 50)
    assert all(later.retracts == earlier.id for earlier, later in pairwise(chain))
    assert find_cycle(chain) is None
