"""The tour: five steps, each on a real thing of the portfolio that somebody is in.

A step is a page with ``?tour=2`` in its address, so that it can be left, sent on and come back to.
How far a person has come stands in their account.
"""

from dataclasses import dataclass

from django.urls import reverse

from allocation.reading import open_proposal
from allocation.wording import sentence
from bets.models import Bet, Portfolio
from bets.models.bet import ThesisStatus
from reports.allocation import broken_but_well_reported
from spm import formats
from spm.accounts.models import User

STEPS = 5
DECLINED = 0


@dataclass(frozen=True)
class Step:
    """One step: what is said, on which page, and what it points at.

    ``target`` holds CSS selectors, the one that is wanted most first.
    """

    number: int
    title: str
    text: str
    page: str
    target: str

    @property
    def url(self) -> str:
        """The page with the step on it."""
        return f"{self.page}?tour={self.number}"


def step_of(portfolio: Portfolio, number: int) -> Step:
    """A step, 1 to ``STEPS``, in this portfolio; at most two queries."""
    make = (_five_numbers, _broken_bet, _board, _logging, _proposal)[number - 1]
    return make(portfolio)


def reached(user: User, number: int) -> None:
    """Note how far somebody has come; ``DECLINED`` if they do not want to be asked again."""
    if user.tour_step != number:
        User.objects.filter(pk=user.pk).update(tour_step=number)


def place_to_resume(user: User) -> int:
    """The step somebody left the tour at; the first for who has not begun or has ended it."""
    step = user.tour_step or 1
    return step if step <= STEPS else 1


def _five_numbers(portfolio: Portfolio) -> Step:
    return Step(
        1,
        "Five numbers instead of a status",
        "Money on theses that evidence has broken, how long evidence takes to become money, what a "
        "better allocation would be worth, what could not be freed today, and money that nobody "
        "has learnt anything with. Each gets better only when money moves.",
        reverse("reports:allocation"),
        ".numbers",
    )


def _broken_bet(portfolio: Portfolio) -> Step:
    found = broken_but_well_reported(portfolio)
    bet = found[0] if found else _any_bet(portfolio)
    title = "Well reported, and broken"
    if bet is None:
        text = (
            "When a report from outside says that all is well and the evidence says otherwise, "
            "that is the headline of a bet's page. There is no bet here yet."
        )
        return Step(2, title, text, reverse("reports:allocation"), "#main h1")
    if found:
        rate = formats.rate(bet.funding, portfolio.currency)
        text = (
            f"‘{bet.title}’ is reported as {bet.delivery_signal}, and its thesis is broken: what "
            f"has to hold for it to pay does not. It still holds {rate}. The picture shows belief "
            "and money on one time axis, with the evidence that moved the one and the decisions "
            "that moved the other."
        )
    else:
        text = (
            "A bet's page shows belief and money on one time axis. A status from outside is quoted "
            "beside it and moves no belief; where the two disagree, that is the headline."
        )
    page = reverse("bets:bet", args=[bet.pk])
    return Step(
        2, title, text, page, f"#bet-facts .headline, #belief-over-money-{bet.pk}, #bet-facts"
    )


def _board(portfolio: Portfolio) -> Step:
    return Step(
        3,
        "The board keeps its own rules",
        "Bets wait in Ready in the order of WSJF and enter Testing only with room under the limit, "
        "a budget, and everything funded that they need. A refused card says why, with the button "
        "that helps. Cards follow the evidence while you look.",
        reverse("bets:kanban"),
        "#board, #main h1",
    )


def _logging(portfolio: Portfolio) -> Step:
    title = "Log what you learn, see what it does"
    bet = _bet_to_log_on(portfolio)
    if bet is None:
        text = (
            "Evidence is logged against a hypothesis, in less than a minute, on the page of its "
            "bet. Add a bet and say what must hold for it to pay; then the form stands there."
        )
        return Step(4, title, text, reverse("bets:kanban"), "#quick-add, #main h1")
    text = (
        "Say what you saw: 12 of 100, a mean with its spread, or a judgement for or against. While "
        "you type it says what that does to the belief. Whoever may log evidence can do so here; "
        "it can be taken back with a reason, and it is never deleted."
    )
    page = reverse("bets:bet", args=[bet.pk])
    return Step(4, title, text, page, "#log-evidence, #evidence")


def _proposal(portfolio: Portfolio) -> Step:
    title = "What the evidence says about the money"
    proposal = open_proposal(portfolio)
    if proposal is None:
        text = (
            "As soon as moving money is worth it, a proposal stands here: what moves, what is "
            "really freed, what stays stuck, and what waiting costs. Finance decides. None is open "
            "now."
        )
        return Step(5, title, text, reverse("allocation:proposals"), "#proposals")
    text = (
        f"“{sentence(proposal)}” Below stand the moves with what is freed and what stays stuck, "
        "the guardrails before and after, and the evidence that caused it. Finance approves or "
        "refuses; what is approved is booked in the ledger at once."
    )
    page = reverse("allocation:proposal", args=[proposal.pk])
    return Step(5, title, text, page, ".headline")


def _any_bet(portfolio: Portfolio) -> Bet | None:
    broken = portfolio.bets.filter(thesis_status=ThesisStatus.BROKEN).order_by("-working", "id")
    return broken.first() or portfolio.bets.order_by("-working", "id").first()


def _bet_to_log_on(portfolio: Portfolio) -> Bet | None:
    """A bet with a thesis whose belief can still move most: neither certain nor broken."""
    stated = portfolio.bets.filter(hypotheses__isnull=False, stage__in=("testing", "scaling"))
    unsure = stated.filter(belief__gt=0.3, belief__lt=0.9)
    freshest = unsure.order_by("-freshest_evidence_at", "id").first()
    return freshest or portfolio.bets.filter(hypotheses__isnull=False).order_by("-id").first()
