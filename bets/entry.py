"""What a bet needs to enter each stage of the board, and what helps where it is missing.

=========== ====================================================================================
Framing     an owner and a value stream
Ready       the same; a thesis (a hypothesis with indicator, threshold, prior and kill criterion);
            value P10, P50 and P90; scores for WSJF
Testing     the same; a test budget; every bet that it needs is funded
Scaling     as for Ready; belief at the portfolio's bar, on enough evidence, none of it silent
Sustaining  as for Framing; little more to gain from more money
Pivoted     a successor with a changed hypothesis; no working money; what is freed accepted
Stopped     no working money; what is freed accepted
=========== ====================================================================================

Every stage also keeps its limit on work in progress, and those that hold no money take no bet
that still holds some: money moves by a proposal.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.urls import reverse

from bets.models import Bet, Hypothesis, Stage
from bets.models.bet import FUNDABLE, ThesisStatus
from bets.wip import full_limits
from spm import formats

LITTLE_GROWTH = 0.10


@dataclass(frozen=True)
class Reason:
    """Why a card may not move, and the button that helps.

    ``can_be_overridden``: a portfolio lead may go on all the same, with a reason of their own.
    ``leads_to_form``: the button opens a form, which can make the move once it is saved.
    """

    code: str
    text: str
    help_label: str
    help_url: str
    can_be_overridden: bool = False
    leads_to_form: bool = False

    def towards(self, stage: str) -> "Reason":
        """The same, with a button that remembers where the card is to go."""
        if not self.leads_to_form:
            return self
        address, hash_sign, field = self.help_url.partition("#")
        joint = "&" if "?" in address else "?"
        return replace(self, help_url=f"{address}{joint}then={stage}{hash_sign}{field}")


def reasons_against(bet: Bet, to_stage: str, accepted: bool = False) -> list[Reason]:
    """All that stands against moving the bet to a stage; nothing if it may go.

    Args:
        bet: the bet as it is now.
        to_stage: where it is to go.
        accepted: whether the person has seen and accepted what leaving the board frees.
    """
    return [
        *_limit_of(bet, to_stage),
        *(reason for rule in RULES[Stage(to_stage)] for reason in rule(bet)),
        *_holds_money(bet, to_stage),
        *_acceptance(bet, to_stage, accepted),
    ]


def reasons_to_stay(bet: Bet, to_exit: str) -> list[Reason]:
    """All that stands against ending a bet whose money is decided about at the same time."""
    return [
        *_limit_of(bet, to_exit),
        *(reason for rule in RULES[Stage(to_exit)] for reason in rule(bet)),
    ]


# --- the rules, each of which names what is missing -----------------------------------------------


def _owner_and_stream(bet: Bet) -> list[Reason]:
    reasons = []
    if bet.owner_id is None:
        reasons.append(_edit(bet, "owner", "Nobody owns it yet.", "Name an owner"))
    if bet.stream_id is None:
        text = "It belongs to no value stream yet."
        reasons.append(_edit(bet, "stream", text, "Choose a value stream"))
    return reasons


def _thesis(bet: Bet) -> list[Reason]:
    hypotheses = list(bet.hypotheses.prefetch_related("kill_criteria"))
    if not hypotheses:
        text = "It has no thesis yet: at least one hypothesis that evidence can break."
        return [_hypothesis(bet, "thesis", text, "Add a hypothesis")]
    lacking = [_lacks(hypothesis) for hypothesis in hypotheses]
    if not all(lacking):
        return []
    said = "; ".join(
        f"‘{hypothesis.statement[:60]}’ lacks {' and '.join(lacks)}"
        for hypothesis, lacks in zip(hypotheses, lacking, strict=True)
    )
    text = f"No hypothesis is complete: {said}."
    return [_hypothesis(bet, "thesis", text, "Complete the thesis", hypotheses[0])]


def _lacks(hypothesis: Hypothesis) -> list[str]:
    lacks = []
    if not hypothesis.indicator:
        lacks.append("a leading indicator")
    if hypothesis.metric and hypothesis.threshold is None:
        lacks.append("a threshold")
    if not hypothesis.kill_criteria.all():
        lacks.append("a kill criterion")
    return lacks


def _value(bet: Bet) -> list[Reason]:
    missing = [
        f"P{name[-2:]}"
        for name in ("value_p10", "value_p50", "value_p90")
        if getattr(bet, name) is None
    ]
    if not missing:
        return []
    text = f"Nobody has said what it is worth if the thesis holds: {', '.join(missing)} missing."
    return [_edit(bet, "value", text, "State the value", f"value_{missing[0].lower()}")]


def _wsjf(bet: Bet) -> list[Reason]:
    names = ("business_value", "time_criticality", "risk_reduction", "job_size")
    missing = [name for name in names if getattr(bet, name) is None]
    if not missing:
        return []
    said = ", ".join(name.replace("_", " ") for name in missing)
    return [_edit(bet, "wsjf", f"Scores for WSJF are missing: {said}.", "Score it", missing[0])]


def _test_budget(bet: Bet) -> list[Reason]:
    if bet.test_budget:
        return []
    text = "It has no test budget: the most that it may spend a month while it is tested."
    return [_edit(bet, "test_budget", text, "Set a test budget", "test_budget")]


def _needs_funded(bet: Bet) -> list[Reason]:
    unfunded = Bet.objects.filter(needed_by_links__bet=bet, working__lte=0).order_by("id")
    return [
        Reason(
            "needs",
            f"It needs ‘{needed.title}’, which is not funded.",
            "See what it waits for",
            reverse("bets:bet", args=[needed.pk]),
        )
        for needed in unfunded
    ]


def _belief(bet: Bet) -> list[Reason]:
    portfolio = bet.portfolio
    problems = []
    if bet.thesis_status == ThesisStatus.BROKEN:
        problems.append(("broken", "Its thesis is broken."))
    if bet.thesis_status == ThesisStatus.SILENT:
        problems.append(("silent", "Its evidence has gone silent: older than its half-life."))
    if bet.belief is None or bet.belief < portfolio.scaling_bar:
        now = "untested" if bet.belief is None else formats.percent(bet.belief)
        bar = formats.percent(portfolio.scaling_bar)
        problems.append(("belief", f"Belief is {now}, and Scaling asks for {bar}."))
    if bet.evidence_decibans < portfolio.scaling_decibans:
        weight = formats.decibans(bet.evidence_decibans)
        asked = formats.decibans(portfolio.scaling_decibans)
        problems.append(
            ("evidence", f"Its evidence weighs {weight}, and Scaling asks for {asked}.")
        )
    url = reverse("bets:bet", args=[bet.pk]) + "#evidence"
    return [Reason(code, text, "Log evidence", url) for code, text in problems]


def _little_growth(bet: Bet) -> list[Reason]:
    if bet.working <= 0:
        text = "It holds no money, and Sustaining is for bets that are held or harvested."
        return [Reason("unfunded", text, "See the bet", reverse("bets:bet", args=[bet.pk]))]
    growth = growth_left(bet)
    if growth <= LITTLE_GROWTH:
        return []
    text = (
        f"It would be worth {formats.percent(growth)} more at its maximum, and Sustaining is for "
        f"bets with at most {formats.percent(LITTLE_GROWTH)} left to gain."
    )
    label = "Review its maximum"
    return [
        Reason(
            "growth",
            text,
            label,
            _edit_url(bet, "maximum"),
            can_be_overridden=True,
            leads_to_form=True,
        ),
    ]


def growth_left(bet: Bet) -> float:
    """How much more the bet would be worth at its maximum, as a share of what it is worth now."""
    full = float(bet.full_funding or bet.maximum or bet.working)
    most = float(bet.maximum) if bet.maximum is not None else full * bet.response[-1][0]
    now = _response_at(bet, float(bet.working) / full)
    return max(0.0, _response_at(bet, most / full) / now - 1.0) if now > 0 else 0.0


def _response_at(bet: Bet, funding_share: float) -> float:
    """The share of full value at a share of full funding (engine.md, section 2)."""
    x0, y0 = 0.0, 0.0
    for x1, y1 in bet.response:
        if funding_share <= x1:
            return float(y0 + (y1 - y0) * (funding_share - x0) / (x1 - x0))
        x0, y0 = x1, y1
    return float(y0)


def _successor(bet: Bet) -> list[Reason]:
    """A successor of which the thesis says something else; any one will do."""
    url = f"{reverse('bets:new')}?predecessor={bet.pk}"
    successors = list(bet.successors.prefetch_related("hypotheses"))
    if not successors:
        text = "A pivot goes on in a successor, and there is none yet."
        return [Reason("successor", text, "Create the successor", url)]
    own = _statements(bet)
    if any(_statements(successor) - own for successor in successors):
        return []
    text = f"Its successor ‘{successors[0].title}’ states no changed hypothesis yet."
    url = reverse("bets:add_hypothesis", args=[successors[0].pk])
    return [Reason("successor_thesis", text, "State what has changed", url)]


def has_changed_hypothesis(bet: Bet, successor: Bet) -> bool:
    """Whether a successor states a hypothesis that its predecessor does not."""
    return bool(_statements(successor) - _statements(bet))


def _statements(bet: Bet) -> set[tuple[str, str, float | None]]:
    return {
        (hypothesis.statement, hypothesis.indicator, hypothesis.threshold)
        for hypothesis in bet.hypotheses.all()
    }


FRAMING: list[Callable[[Bet], list[Reason]]] = [_owner_and_stream]
READY = [*FRAMING, _thesis, _value, _wsjf]
RULES: dict[Stage, list[Callable[[Bet], list[Reason]]]] = {
    Stage.FUNNEL: [],
    Stage.FRAMING: FRAMING,
    Stage.READY: READY,
    Stage.TESTING: [*READY, _test_budget, _needs_funded],
    Stage.SCALING: [*READY, _belief],
    Stage.SUSTAINING: [*FRAMING, _little_growth],
    Stage.PIVOTED: [_successor],
    Stage.STOPPED: [],
}
EXITS = (Stage.PIVOTED, Stage.STOPPED)
# Where a bet that holds money is ended by a proposal: the floor above serves these pages.
PROPOSED_AT = {
    Stage.PIVOTED: ("Propose the pivot", "allocation:pivot"),
    Stage.STOPPED: ("Propose to stop", "allocation:stop"),
}


# --- what holds for every stage -------------------------------------------------------------------


def _limit_of(bet: Bet, to_stage: str) -> list[Reason]:
    full = full_limits(bet.portfolio_id, to_stage, bet.stream_id, without=bet.pk)
    url = f"{reverse('bets:kanban')}?all=1#column-{to_stage}"
    return [
        Reason("wip", f"{limit}.", "See what stands there", url, can_be_overridden=True)
        for limit in full
    ]


def _holds_money(bet: Bet, to_stage: str) -> list[Reason]:
    if to_stage in FUNDABLE or bet.working <= Decimal(0):
        return []
    rate = formats.rate(bet.working, bet.portfolio.currency)
    text = (
        f"It still holds {rate} of working money, and {Stage(to_stage).label} holds none. "
        "Money moves by a proposal, not by moving the card."
    )
    label, page = PROPOSED_AT.get(Stage(to_stage), ("See what stopping frees", ""))
    shown = reverse("bets:bet", args=[bet.pk]) + "#if-stopped"
    url = reverse(page, args=[bet.pk]) if page else shown
    return [Reason("holds_money", text, label, url)]


def _acceptance(bet: Bet, to_stage: str, accepted: bool) -> list[Reason]:
    if to_stage not in EXITS or accepted:
        return []
    text = "Look at what leaving the board frees and what stays entangled, and accept it."
    url = reverse("bets:bet", args=[bet.pk]) + "#if-stopped"
    return [Reason("acceptance", text, "See what stopping frees", url)]


# --- the buttons ----------------------------------------------------------------------------------


def _edit_url(bet: Bet, field: str) -> str:
    return f"{reverse('bets:edit', args=[bet.pk])}#id_{field}"


def _edit(bet: Bet, code: str, text: str, label: str, field: str | None = None) -> Reason:
    return Reason(code, text, label, _edit_url(bet, field or code), leads_to_form=True)


def _hypothesis(
    bet: Bet, code: str, text: str, label: str, hypothesis: Hypothesis | None = None
) -> Reason:
    if hypothesis is None:
        url = reverse("bets:add_hypothesis", args=[bet.pk])
    else:
        url = reverse("bets:edit_hypothesis", args=[hypothesis.pk])
    return Reason(code, text, label, url, leads_to_form=True)
