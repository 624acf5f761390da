"""Which limits an allocation would break, and which terms of bets, in sentences."""

from collections.abc import Iterable
from typing import Any

from allocation.scenarios.wording import Words

LEAST_BREACH = 0.01
TERMS = {
    "maximum": "may hold at most {} today",
    "withdrawable": "must keep at least {} for now",
    "minimum": "holds nothing, or at least {}",
}


def terms_not_kept(found: Iterable[tuple[str, str, float]], words: Words) -> list[str]:
    """What ``beyond_terms`` of the engine has found, a sentence for each."""
    return [
        f"{words.bet(bet_id)} {TERMS[term].format(words.rate(rate))}."
        for bet_id, term, rate in found
    ]


def limits_broken(weighed: dict[str, Any], words: Words) -> list[str]:
    """The limits that a solution would break, or break more than they are today."""
    broken = []
    envelope = weighed["envelope"]
    if _worse(envelope):
        over = words.rate(envelope["breach_after"])
        broken.append(
            f"It would exceed today's envelope, less what must stay in reserve, by {over}."
        )
    for rail in weighed["guardrails"]:
        if _worse(rail):
            value, limit = words.limit(rail["kind"], rail["value"]), words.range_of(rail)
            name = words.guardrail(rail["id"])
            broken.append(
                f"It would break the guardrail {name}: {value}, where {limit} is allowed."
            )
    for team in weighed["teams"]:
        if _worse(team):
            over, name = words.rate(team["breach_after"]), words.team(team["id"])
            broken.append(f"{name} would have {over} more than it can take on.")
    for need in weighed["needs"]:
        if _worse(need):
            bet, needed = words.bet(need["bet"]), words.bet(need["needs"])
            broken.append(f"{bet} needs {needed}, which would hold nothing.")
    return broken


def _worse(result: dict[str, Any]) -> bool:
    return bool(result["breach_after"] >= result["breach_before"] + LEAST_BREACH)
