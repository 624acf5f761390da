"""The engine's answer to a scenario, in rows and sentences that need no optimisation to read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allocation.assumptions import STOP_PREFIX
from allocation.engine.guardrails import KINDS as GUARDRAIL_KINDS
from allocation.limit_reading import loosened_by
from allocation.scenarios.opened import Opened
from allocation.scenarios.solving import turnover_of
from spm import formats

LEAST_PRICE = 0.005  # currency; below it one more would be worth nothing that could be written


@dataclass(frozen=True)
class ChangedBet:
    """A bet whose funding would be otherwise; rates are currency per month."""

    bet_id: str
    title: str
    is_new: bool
    before: float
    after: float
    entangled: float
    months: float
    gain_alone: float | None

    @property
    def difference(self) -> float:
        """What it gets more, negative for less."""
        return round(self.after - self.before, 2)


@dataclass(frozen=True)
class Limited:
    """A limit: what it measures in the scenario before and after, and what more would be worth."""

    name: str
    before: str
    after: str
    limit: str
    state: str
    worth: str


@dataclass(frozen=True)
class Answer:
    """What the best allocation under a scenario's assumptions is, and what it is worth."""

    sentence: str
    horizon: float
    worth_as_it_is: float
    worth: float
    gain: float
    waiting: float
    turnover: float
    reserve: float
    entangled: float
    newly_entangled: float
    exit_costs: float
    changes: list[ChangedBet]
    guardrails: list[Limited]
    teams: list[Limited]
    stuck: list[str]
    robustness: str


def answer(opened: Opened) -> Answer | None:
    """The answer in words, or None while there is none."""
    solution = opened.solution
    if solution is None:
        return None
    objective, changes = solution["objective"], solution["changes"]
    positions = solution["positions"].values()
    return Answer(
        sentence=_sentence(opened, solution),
        horizon=opened.after["horizon_months"],
        worth_as_it_is=objective["current"],
        worth=objective["proposed"],
        gain=solution["do_nothing"]["gain"],
        waiting=solution["do_nothing"]["gain_per_month_of_waiting"],
        turnover=turnover_of(solution),
        reserve=solution["reserve"],
        entangled=round(sum(held["entangled"] for held in positions), 2),
        newly_entangled=round(sum(change["entangled"] for change in changes), 2),
        exit_costs=round(sum(change["exit_cost"] for change in changes), 2),
        changes=[_changed_bet(opened, change) for change in changes],
        guardrails=list(_guardrails(opened, solution)),
        teams=list(_teams(opened, solution)),
        stuck=list(_stuck(opened, solution)),
        robustness=robustness_in_words(solution),
    )


def _changed_bet(opened: Opened, change: Mapping[str, Any]) -> ChangedBet:
    return ChangedBet(
        bet_id=change["bet"],
        title=opened.words.bet(change["bet"]),
        is_new=change["bet"] in opened.added,
        before=change["from"],
        after=change["to"],
        entangled=change["entangled"],
        months=change["available_in_months"],
        gain_alone=change["gain_alone"],
    )


def _sentence(opened: Opened, solution: Mapping[str, Any]) -> str:
    """What would be best, in one sentence."""
    currency = opened.words.currency
    changes, gain = solution["changes"], solution["do_nothing"]["gain"]
    horizon = f"{opened.after['horizon_months']:g} months"
    if not changes:
        return "Under these assumptions nothing is worth moving: leave the money where it is."
    lowered = sum(change["to"] < change["from"] for change in changes)
    moved = formats.rate(turnover_of(solution), currency)
    raised = len(changes) - lowered
    what = f"move {moved} out of {_bets(lowered)}" if lowered else "give money from the reserve"
    if raised:
        what += f" {'into' if lowered else 'to'} {_bets(raised)}"
    if gain <= 0:
        cost = formats.money(-gain, currency)
        return (
            f"To keep the limits, {what}; under these assumptions it costs {cost} over {horizon}."
        )
    worth = formats.money(gain, currency)
    return (
        f"Under these assumptions it is best to {what}: worth {worth} more over {horizon} than "
        "leaving everything as it is."
    )


def _bets(count: int) -> str:
    return "1 bet" if count == 1 else f"{count} bets"


def _guardrails(opened: Opened, solution: Mapping[str, Any]) -> Iterator[Limited]:
    words = opened.words
    for result in solution["guardrails"]:
        if result["id"].startswith(STOP_PREFIX):
            continue
        yield Limited(
            name=words.guardrail(result["id"]),
            before=words.limit(result["kind"], result["value_before"]),
            after=words.limit(result["kind"], result["value"]),
            limit=words.range_of(result),
            state=state_of(result["breach_before"], result["breach_after"], result["binding"]),
            worth=_worth_of_limit(result, words.currency),
        )


def state_of(breach_before: float, breach_after: float, binding: bool) -> str:
    """Where something stands against its limit."""
    if breach_after:
        return "still broken" if breach_before else "broken"
    if breach_before:
        return "mended"
    return "at its limit" if binding else ""


def _worth_of_limit(result: Mapping[str, Any], currency: str) -> str:
    """What it would be worth to relax it by one: more of what has a most, less of a least."""
    way = loosened_by(result["min"], result["max"], result["value"])
    if GUARDRAIL_KINDS[result["kind"]].unit == "share":
        return _worth(result["shadow_price_per_point"], currency, f"one percentage point {way}")
    return _worth(result["shadow_price"], currency, f"one {_one(currency)} a month {way}")


def _worth(price: float | None, currency: str, of_what: str) -> str:
    if price is None or price < LEAST_PRICE:
        return ""
    return f"{of_what}: {formats.money(price, currency)}"


def _one(currency: str) -> str:
    return formats.SYMBOLS.get(currency, currency)


def _teams(opened: Opened, solution: Mapping[str, Any]) -> Iterator[Limited]:
    words = opened.words
    for result in solution["teams"]:
        over = result["breach_before"], result["breach_after"]
        yield Limited(
            name=words.team(result["id"]),
            before=words.rate(result["load_before"]),
            after=words.rate(result["load_after"]),
            limit=words.rate(result["capacity"]),
            state=state_of(*over, result["shadow_price"] >= LEAST_PRICE),
            worth=_worth(
                result["shadow_price"], words.currency, f"one {_one(words.currency)} a month more"
            ),
        )


def _stuck(opened: Opened, solution: Mapping[str, Any]) -> Iterator[str]:
    """What cannot be brought about at once, each with what holds it: the envelope, and bets that
    are to stop."""
    over = solution["envelope"]["breach_after"]
    if over:
        yield (
            f"Even so, {opened.words.rate(over)} more is held than the envelope and the reserve "
            "allow: too little may leave the bets at once."
        )
    for change in opened.changes:
        if change.kind != "stop":
            continue
        held = solution["positions"][change.target]
        title = opened.words.bet(change.target)
        if held["working"] > 0:
            yield (
                f"{title} cannot be stopped at once: {opened.words.rate(held['working'])} stays, "
                "because it may not leave yet, another bet needs it, or a limit on how much moves "
                "at once holds it."
            )
        if held["entangled"] > 0:
            yield (
                f"{title}: {opened.words.rate(held['entangled'])} goes on being spent although it "
                "is stopped, because something depends on it."
            )


def robustness_in_words(solution: Mapping[str, Any]) -> str:
    """In how many futures the best beats leaving everything; empty where nobody has looked."""
    share = (solution.get("robustness") or {}).get("probability_better")
    if share is None:
        return ""
    return (
        f"Better than leaving everything as it is in {formats.percent(share)} of the futures tried."
    )
