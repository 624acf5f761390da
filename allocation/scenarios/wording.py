"""Changes in words: 'Belief in Merchant credit line 62% → 40%'."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allocation.assumptions import STOP_PREFIX, Change
from allocation.assumptions.kinds import TITLE
from allocation.engine.guardrails import KINDS as GUARDRAIL_KINDS
from allocation.scenarios.made_from import Names
from spm import formats

ARROW = "\N{RIGHTWARDS ARROW}"
NONE = "none"
SCOPE_OF = {"theme": "theme", "stream": "stream"}


@dataclass(frozen=True)
class Words:
    """Says what changes are, in the names and the currency of one scenario."""

    names: Names
    currency: str
    changes: tuple[Change, ...] = ()

    def of(self, change: Change) -> str:
        """One change in words."""
        if change.kind in _WHOLE:
            return _WHOLE[change.kind](self, change)
        subject = self._subject(change)
        return _OF[change.kind](self, change, subject)

    def bet(self, bet_id: str) -> str:
        """What a bet is called, one that the scenario has added too."""
        added = self._added("bet", bet_id)
        return str(added[TITLE]) if added else self.names["bet"].get(bet_id, f"Bet {bet_id}")

    def team(self, team_id: str) -> str:
        """What a team is called."""
        return self.names["team"].get(team_id, f"Team {team_id}")

    def guardrail(self, rail_id: str) -> str:
        """What a guardrail is called; the limit that stops a bet says that it does."""
        if rail_id.startswith(STOP_PREFIX):
            return f"{self.bet(rail_id.removeprefix(STOP_PREFIX))} is stopped"
        added = self._added("guardrail", rail_id)
        name = added.get("name", "") if added else ""
        return name or self.names["guardrail"].get(rail_id, f"Guardrail {rail_id}")

    def range_of(self, rail: Mapping[str, Any]) -> str:
        """The limits of a guardrail: 'at most 30%', '10% to 30%'."""
        low, high = (self.limit(rail["kind"], rail[side]) for side in ("min", "max"))
        if rail["min"] is None:
            return f"at most {high}"
        if rail["max"] is None:
            return f"at least {low}"
        return f"{low} to {high}"

    def limit(self, kind: str, value: float | None) -> str:
        """One limit, or what a guardrail measures, in its unit."""
        if value is None:
            return formats.NOTHING
        unit = GUARDRAIL_KINDS[kind].unit
        if unit == "share":
            return f"{100 * value:.1f}".removesuffix(".0") + "%"
        return f"{value:.0f}" if unit == "count" else self.rate(value)

    def scope(self, scope: Mapping[str, list[str]]) -> str:
        """What a guardrail looks at: 'horizon H3', 'theme Growth or Core'."""
        parts = []
        for attribute, values in scope.items():
            names = self.names.get(SCOPE_OF.get(attribute, ""), {})
            parts.append(f"{attribute} {' or '.join(names.get(each, each) for each in values)}")
        return ", ".join(parts)

    def rate(self, amount: float | None) -> str:
        """An amount per month."""
        return NONE if amount is None else formats.rate(amount, self.currency)

    def money(self, amount: float | None) -> str:
        """An amount once."""
        return NONE if amount is None else formats.money(amount, self.currency)

    def _added(self, kind: str, target: str) -> Any:
        slot = (kind, target)
        return next((change.after for change in self.changes if change.slot == slot), None)

    def _subject(self, change: Change) -> str:
        if change.kind == "guardrail":
            named = (change.after or {}).get("name") or (change.before or {}).get("name")
            return named or self.guardrail(change.target)
        if change.kind == "lending":
            lender, _, borrower = change.target.partition(">")
            return f"{self.team(lender)} standing in for {self.team(borrower)}"
        return self.team(change.target) if change.kind == "capacity" else self.bet(change.target)


def _from_to(before: str, after: str) -> str:
    return f"{before} {ARROW} {after}"


def _rates(words: Words, change: Change) -> str:
    return _from_to(words.rate(change.before), words.rate(change.after))


def _shares(change: Change) -> str:
    return _from_to(formats.percent(change.before), formats.percent(change.after))


def _months(change: Change) -> str:
    return f"{_from_to(f'{change.before:g}', f'{change.after:g}')} months"


def _value(words: Words, change: Change, bet: str) -> str:
    before, after = change.before["p50"], change.after["p50"]
    return f"Value of {bet} {_from_to(words.money(before), words.money(after))}"


def _new_bet(words: Words, change: Change, bet: str) -> str:
    if change.after is None:
        return f"{bet} taken out"
    worth = words.money(change.after["value"]["p50"])
    return f"New bet {bet}: belief {formats.percent(change.after['belief'])}, value {worth}"


def _guardrail(words: Words, change: Change, name: str) -> str:
    if change.after is None:
        return f"Guardrail {name} dropped (was {words.range_of(change.before)})"
    if change.before is None:
        return f"New guardrail {name}: {words.range_of(change.after)}"
    before, after = words.range_of(change.before), words.range_of(change.after)
    return f"Guardrail {name} {_from_to(before, after)}"


_WHOLE: dict[str, Any] = {
    "envelope": lambda words, change: f"Envelope {_rates(words, change)}",
    "reserve_floor": lambda words, change: f"Reserve that must stay {_rates(words, change)}",
    "horizon": lambda words, change: f"Horizon {_months(change)}",
}
_OF: dict[str, Any] = {
    "belief": lambda words, change, bet: f"Belief in {bet} {_shares(change)}",
    "value": _value,
    "minimum": lambda words, change, bet: f"Least for {bet} {_rates(words, change)}",
    "maximum": lambda words, change, bet: f"Most for {bet} {_rates(words, change)}",
    "may_grow": lambda words, change, bet: (
        f"{bet} may be given money" if change.after else f"{bet} may not be given money"
    ),
    "notice": lambda words, change, bet: f"Notice of {bet} {_months(change)}",
    "freed_share": lambda words, change, bet: f"Freed of what leaves {bet} {_shares(change)}",
    "withdrawable": lambda words, change, bet: f"May leave {bet} now {_shares(change)}",
    "stop": lambda words, change, bet: f"{bet} stopped" if change.after else f"{bet} goes on",
    "bet": _new_bet,
    "capacity": lambda words, change, team: f"Capacity of {team} {_rates(words, change)}",
    "lending": lambda words, change, pair: f"{pair} {_shares_or_none(change)}",
    "guardrail": _guardrail,
    "working": lambda words, change, bet: f"Funding of {bet} {_rates(words, change)}",
    "entangled": lambda words, change, bet: f"Entangled in {bet} {_rates(words, change)}",
    "came": lambda words, change, bet: f"{bet} is new",
    "went": lambda words, change, bet: f"{bet} no longer holds money and may not be given any",
}


def _shares_or_none(change: Change) -> str:
    before, after = change.before or 0.0, change.after or 0.0
    return _from_to(formats.percent(before), formats.percent(after))
