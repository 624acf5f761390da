"""People go on working while a file is imported into their portfolio."""

from collections.abc import Callable
from datetime import date

from django.db import connection
from django.utils import timezone

from allocation.portfolio_import.apply import apply_plan
from allocation.portfolio_import.identity import identify
from allocation.portfolio_import.plan import plan_of
from allocation.recompute import run_owed
from allocation.requests import ask
from bets.edit import OFFICE
from bets.models import Portfolio
from evidence.intake import NewEvidence, Recorded, record
from tests.allocation.portfolio_import.status_rows import line, mapping, rows_of
from tests.at_once import at_once
from tests.factories import make_bet, make_hypothesis

FIRST = line("Bridge", 2018, rating="Red")
SECOND = line("Bridge", 2019, rating="Red")


def play(*lines: str, heard: Callable[[str], None] = lambda line: None) -> None:
    """Import status rows with a replay."""
    terms = mapping()
    plan = plan_of(identify(rows_of(*lines, terms=terms), terms), terms)
    apply_plan(plan, terms, replay=True, roles=[], today=date(2026, 11, 21), heard=heard)


def test_evidence_on_another_bet_does_not_wait_for_an_import(committed_db: None) -> None:
    play(FIRST)
    hypothesis = make_hypothesis(make_bet(Portfolio.objects.get()))
    said = NewEvidence(
        kind="judgement", direction="for", strength="weak", observed_at=timezone.now()
    )
    outcomes: list[Recorded | Exception] = []

    def log_evidence() -> Recorded:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        return record(OFFICE, hypothesis.pk, said)

    play(FIRST, SECOND, heard=lambda line: outcomes.extend(at_once([log_evidence])))
    assert [type(outcome) for outcome in outcomes] == [Recorded], outcomes


def test_no_worker_computes_a_portfolio_that_an_import_is_computing(committed_db: None) -> None:
    play(FIRST)
    portfolio = Portfolio.objects.get()
    ask(portfolio.pk, "Evidence")
    runs: list[int] = []
    play(
        FIRST,
        SECOND,
        heard=lambda line: runs.extend(at_once([lambda: run_owed(portfolio.pk)])),
    )
    assert runs == [0]
