"""What to learn next: open questions by what an answer is worth before the money is decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allocation.models import Study
from allocation.studies import newest_information
from bets.models import Bet, Hypothesis, Portfolio
from bets.open_to import bets_open_to
from spm import formats
from spm.accounts.permissions import Action

COLUMNS = (
    "bet",
    "hypothesis",
    "belief",
    "worth knowing",
    "per month of waiting",
    "if it holds",
    "if it does not",
    "worked out exactly",
)


@dataclass(frozen=True)
class Question:
    """One hypothesis, and what knowing whether it holds is worth; currency over the horizon.

    ``hypothesis`` is None where a bet states none and its thesis as a whole is asked about.
    """

    bet: Bet
    hypothesis: Hypothesis | None
    belief: float
    gain: float
    per_month: float
    if_true: float | None
    if_false: float | None
    exact: bool

    def says(self, currency: str) -> str:
        """What an answer would change, in words."""
        if not self.exact or self.if_true is None or self.if_false is None:
            return "Estimated at today's prices of money, teams and guardrails; at most about that."
        true, false = (formats.money(gain, currency) for gain in (self.if_true, self.if_false))
        if self.if_true and self.if_false:
            return f"Either answer moves money: if it holds that gains {true}, if it fails {false}."
        if self.if_true:
            return f"If it holds, money should go where today it does not: that gains {true}."
        if self.if_false:
            return f"If it fails, money is in the wrong place: moving it gains {false}."
        return "Neither answer would move any money."


@dataclass(frozen=True)
class LearnNext:
    """The open questions of a portfolio, the most valuable first."""

    study: Study | None
    questions: list[Question]
    idle: int
    """How many more there are whose answer would move no money."""


def learn_next(portfolio: Portfolio) -> LearnNext:
    """The questions of the newest study that says any. Three queries, however many there are."""
    study = newest_information(portfolio.pk)
    rows: list[dict[str, Any]] = (study.information if study else None) or []
    bets = Bet.objects.filter(portfolio=portfolio).in_bulk({int(row["bet"]) for row in rows})
    asked = {int(row["hypothesis"]) for row in rows if row["hypothesis"] is not None}
    hypotheses = Hypothesis.objects.filter(bet__portfolio=portfolio).in_bulk(asked)
    found = [question for row in rows if (question := _question(row, bets, hypotheses))]
    worthwhile = [question for question in found if question.gain > 0]
    return LearnNext(study, worthwhile, len(found) - len(worthwhile))


def _question(
    row: Mapping[str, Any], bets: Mapping[int, Bet], hypotheses: Mapping[int, Hypothesis]
) -> Question | None:
    """None for what has been taken away since."""
    bet = bets.get(int(row["bet"]))
    asked = row["hypothesis"]
    hypothesis = None if asked is None else hypotheses.get(int(asked))
    if bet is None or (asked is not None and hypothesis is None):
        return None
    return Question(
        bet=bet,
        hypothesis=hypothesis,
        belief=row["belief"],
        gain=row["gain"],
        per_month=row["gain_per_month_of_waiting"],
        if_true=row["gain_if_true"],
        if_false=row["gain_if_false"],
        exact=row["exact"],
    )


def open_to(
    principal: Any, action: Action, portfolio: Portfolio, questions: Iterable[Question]
) -> set[int]:
    """The bets of these questions, by id, on which a person may do this: log evidence, or ask for
    it. Two queries.
    """
    asked = {question.bet.pk for question in questions}
    bets = bets_open_to(principal, action, portfolio.pk).filter(pk__in=asked)
    return set(bets.values_list("pk", flat=True))


def as_table(found: LearnNext) -> Iterable[Sequence[Any]]:
    """For CSV, the head first; currency over the horizon."""
    yield COLUMNS
    for question in found.questions:
        yield (
            question.bet.title,
            question.hypothesis.statement if question.hypothesis else "",
            question.belief,
            question.gain,
            question.per_month,
            question.if_true,
            question.if_false,
            "yes" if question.exact else "estimated",
        )
