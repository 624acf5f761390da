"""The same events delivered again and again, at once, each on a connection of its own."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from allocation.models import RecomputeRequest
from bets.models import Bet
from evidence.beliefs import differences
from evidence.intake import NewEvidence, Recorded, record, record_many
from evidence.models import Evidence, Source
from spm.errors import Conflict
from tests.at_once import at_once
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio

THREADS = 16
KEYS = 200
DELIVERIES = 4


def event(key: int, **fields: Any) -> NewEvidence:
    """What the key stands for: always the same."""
    return NewEvidence(
        **{
            "kind": "measurement",
            "successes": key % 9,
            "trials": 40,
            "source": f"Pipeline {key % 3}",
            "external_id": f"key-{key}",
            **fields,
        }
    )


def recorder(lead: Any, pairs: list[tuple[int, int]]) -> Callable[[], list[Recorded]]:
    """A sender that delivers its (hypothesis, key) one after the other."""
    return lambda: [record(lead, hypothesis, event(key)) for hypothesis, key in pairs]


def test_each_event_is_taken_once_however_many_deliver_it_at_once(committed_db: None) -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    hypotheses = [make_hypothesis(make_bet(portfolio)).pk for _ in range(10)]
    pairs = [(hypotheses[key % 10], key) for key in range(KEYS)] * DELIVERIES
    random.Random(7).shuffle(pairs)
    shares = [recorder(lead, pairs[at::THREADS]) for at in range(THREADS)]
    answers = [taken for share in at_once(shares) for taken in share]
    created = Counter(taken.evidence.external_id for taken in answers if taken.created)
    assert len(answers) == KEYS * DELIVERIES
    assert created == Counter({f"key-{key}": 1 for key in range(KEYS)})
    assert Evidence.objects.count() == RecomputeRequest.objects.count() == KEYS
    assert Source.objects.count() == 3
    assert sum(Bet.objects.values_list("version", flat=True)) == 10 + KEYS
    assert differences() == []


def test_one_name_for_different_bets_at_once_is_taken_for_one_of_them(committed_db: None) -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    hypotheses = [make_hypothesis(make_bet(portfolio)).pk for _ in range(8)]
    Source.objects.create(portfolio=portfolio, name="Pipeline 0")
    answers = at_once(
        [lambda target=target: record(lead, target, event(0)) for target in hypotheses]
    )
    assert sum(isinstance(answer, Recorded) for answer in answers) == 1
    conflicts = [answer for answer in answers if isinstance(answer, Conflict)]
    assert [conflict.changed for conflict in conflicts] == [["hypothesis"]] * 7
    assert Evidence.objects.count() == 1


def test_batches_that_overlap_at_once_leave_each_event_once(committed_db: None) -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    hypotheses = [make_hypothesis(make_bet(portfolio)).pk for _ in range(10)]

    def batch(seed: int) -> list[tuple[int, NewEvidence]]:
        keys = list(range(KEYS))
        random.Random(seed).shuffle(keys)
        return [(hypotheses[key % 10], event(key)) for key in keys]

    answers = at_once(
        [lambda seed=seed: record_many(lead, portfolio, batch(seed)) for seed in range(6)]
    )
    outcomes = [outcome for answer in answers for outcome in answer]
    assert sum(outcome.created for outcome in outcomes) == KEYS
    assert not any(outcome.refusal for outcome in outcomes)
    assert Evidence.objects.count() == KEYS
    assert differences() == []
