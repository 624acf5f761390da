"""The same events, one by one and many at once: the same beliefs, whatever the evidence."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bets.models import Bet, Portfolio
from evidence.beliefs import differences, refresh
from evidence.intake import NewEvidence, record, record_many
from evidence.models import Evidence, HypothesisBelief
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
)

NOW = timezone.now()
#: What each hypothesis of a twin takes: two on its first bet, one on its second.
TAKES = ("proportion", "", "mean")

_judged = st.fixed_dictionaries(
    {
        "kind": st.just("judgement"),
        "direction": st.sampled_from(["for", "against"]),
        "strength": st.sampled_from(["weak", "moderate", "strong", "decisive"]),
    }
) | st.fixed_dictionaries(
    {"kind": st.just("ratio"), "likelihood_ratio": st.floats(1e-8, 1e8, allow_nan=False)}
)
_measured = {
    "proportion": st.integers(1, 400).flatmap(
        lambda trials: st.fixed_dictionaries(
            {
                "kind": st.just("measurement"),
                "successes": st.integers(0, trials),
                "trials": st.just(trials),
            }
        )
    ),
    "mean": st.fixed_dictionaries(
        {
            "kind": st.just("measurement"),
            "mean": st.floats(20, 80),
            "standard_deviation": st.floats(0.5, 40),
            "sample_size": st.integers(1, 400),
        }
    ),
}


@dataclass(frozen=True)
class Event:
    """An event on one of the hypotheses, in one of the batches, taken back at the end or not."""

    place: int
    batch: int
    says: NewEvidence
    is_taken_back: bool


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Draw what can be said of one of the hypotheses."""
    place = draw(st.integers(0, len(TAKES) - 1))
    says = draw(_judged | _measured[TAKES[place]] if TAKES[place] else _judged)
    age = draw(st.integers(0, 900) | st.floats(-1, 900))
    return Event(
        place=place,
        batch=draw(st.integers(0, 2)),
        says=NewEvidence(
            **says,
            source=draw(st.sampled_from([None, "Sales", "sales", "Lab"])),
            reliability=draw(st.sampled_from([None, 0.9, 0.05])),
            observed_at=NOW - timedelta(days=age),
        ),
        is_taken_back=draw(st.sampled_from([False, False, True])),
    )


def twin() -> tuple[Portfolio, Any, list[int]]:
    """A portfolio, its lead, and the ids of its hypotheses."""
    portfolio = make_portfolio()
    first, second = make_bet(portfolio, stop_below=0.3, revive_above=0.4), make_bet(portfolio)
    share = make_hypothesis(first)
    make_kill_criterion(share, deadline=NOW - timedelta(days=100))
    plain = make_hypothesis(first, metric="", threshold=None, half_life_days=None, prior=0.7)
    mean = make_hypothesis(second, metric="mean", threshold=50.0, half_life_days=60.0)
    refresh([first.pk, second.pk], NOW)
    return portfolio, make_member(portfolio), [share.pk, plain.pk, mean.pk]


def taken_back(taken: list[Evidence]) -> list[tuple[int, NewEvidence]]:
    """What takes these events back."""
    return [
        (row.hypothesis_id, NewEvidence(kind="retraction", retracts=row.pk, note="Wrong product."))
        for row in taken
    ]


def standing(portfolio: Portfolio) -> tuple[list[float], list[Any]]:
    """What is written of the beliefs of a portfolio, without ids: figures, and the rest."""
    figures: list[float] = []
    rest: list[Any] = []
    rows = HypothesisBelief.objects.filter(hypothesis__bet__portfolio=portfolio)
    for row in rows.order_by("hypothesis_id"):
        figures += [row.belief, row.judgement_decibans, row.measurement_decibans, row.freshness]
        rest.append(len(row.kill_criteria_met))
    for bet in Bet.objects.filter(portfolio=portfolio).order_by("id"):
        figures += [bet.evidence_decibans, bet.belief or 0.0]
        rest += [bet.thesis_status, bet.freshest_evidence_at]
    return figures, rest


@pytest.mark.django_db
@settings(max_examples=8, suppress_health_check=list(HealthCheck))
@given(said=st.lists(events(), min_size=1, max_size=6))
def test_many_at_once_leave_the_beliefs_that_one_after_the_other_do(said: list[Event]) -> None:
    with transaction.atomic():
        portfolio, lead, hypotheses = twin()
        rows = {}
        for number, event in sorted(enumerate(said), key=lambda each: each[1].batch):
            recorded = record(lead, hypotheses[event.place], event.says, as_of=NOW)
            rows[number] = recorded.evidence
        for pair in taken_back([rows[n] for n, event in enumerate(said) if event.is_taken_back]):
            record(lead, *pair, as_of=NOW)

        twins, twin_lead, hypotheses = twin()
        for batch in range(3):
            now = [(n, event) for n, event in enumerate(said) if event.batch == batch]
            pairs = [(hypotheses[event.place], event.says) for _, event in now]
            outcomes = record_many(twin_lead, twins, pairs, as_of=NOW)
            assert all(outcome.created for outcome in outcomes)
            rows |= {n: each.evidence for (n, _), each in zip(now, outcomes, strict=True)}
        back = taken_back([rows[n] for n, event in enumerate(said) if event.is_taken_back])
        record_many(twin_lead, twins, back, as_of=NOW)

        figures, rest = standing(portfolio)
        assert standing(twins) == (pytest.approx(figures, rel=0, abs=1e-9), rest)
        assert differences() == []
        transaction.set_rollback(True)
