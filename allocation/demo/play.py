"""Playing the demo's two years: bets are born, evidence comes in, cards move, money follows.

Everything goes through the doors that people and programs use, in the order in which it happened,
judged by what was known then. What the rules of the board refuse stays where it is.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from allocation import ledger, requests
from allocation.decide import approve, refuse
from allocation.demo import story as reading
from allocation.demo.story import Story
from allocation.granting import grant
from allocation.models import Proposal, RecomputeRequest
from allocation.recompute import recompute
from allocation.still_so import Shown
from allocation.within_mandate import inside_one_of
from bets import board
from bets.edit import OFFICE, add_hypothesis, create_bet
from bets.models import Bet, Portfolio, Stage, StageChange
from bets.structure import change_team
from evidence import beliefs
from evidence.intake import NewEvidence, record_many
from spm.accounts.models import User

THOUSAND = Decimal(1000)
LEAD, DECIDER = "lead@demo.example", "cfo@demo.example"
DAYS_TO_DECIDE = 3
REPORTED_DAYS_AGO = 6  # when the steering report that is quoted came in

Facts = dict[str, Any]


def play(portfolio: Portfolio, story: Story, now: datetime) -> dict[str, Bet]:
    """Play the story up to a moment, and leave the portfolio with what is proposed then.

    Returns:
        The bets by title.
    """
    scene = _Scene(portfolio, story, now)
    for day in sorted(scene.days, reverse=True):
        scene.play(day)
    scene.close()
    return scene.bets


@dataclass
class _Day:
    """What happens on one day, in the order of its fields."""

    born: list[Facts]
    learned: list[tuple[str, int, reading.Event]]
    moves: list[tuple[str, reading.Move]]
    envelope: Decimal | None = None
    capacity: Facts | None = None
    publishes: bool = False
    mandate: Facts | None = None
    decision: Facts | None = None


class _Scene:
    """The portfolio as it becomes what it is; days are counted back from ``now``."""

    def __init__(self, portfolio: Portfolio, story: Story, now: datetime) -> None:
        self.portfolio, self.story, self.now = portfolio, story, now
        self.lead = User.objects.get(email=LEAD)
        self.decider = User.objects.get(email=DECIDER)
        self.owners = {stream["name"]: stream["owner"] for stream in story.streams}
        self.bets: dict[str, Bet] = {}
        self.hypotheses: dict[str, list[int]] = {}
        self.days: dict[int, _Day] = defaultdict(lambda: _Day([], [], []))
        self.opened = story.portfolio["opened_days_ago"]
        self._read()

    def _read(self) -> None:
        for facts in self.story.bets:
            self.days[facts.get("born", self.opened)].born.append(facts)
            for text in facts.get("path", []):
                move = reading.move(text)
                self.days[move.days_ago].moves.append((facts["title"], move))
            for place, hypothesis in enumerate(facts.get("hypothesis", [])):
                for text in hypothesis.get("evidence", []):
                    event = reading.event(text)
                    self.days[event.days_ago].learned.append((facts["title"], place, event))
        for envelope in self.story.envelopes[1:]:
            self.days[envelope["days_ago"]].envelope = envelope["amount"] * THOUSAND
        for capacity in self.story.capacities:
            self.days[capacity["days_ago"]].capacity = capacity
        for mandate in self.story.mandates:
            self.days[mandate["days_ago"]].mandate = mandate
        for decision in self.story.decisions:
            self.days[decision["days_ago"] + DAYS_TO_DECIDE].publishes = True
            self.days[decision["days_ago"]].decision = decision

    def at(self, days_ago: int) -> datetime:
        """The moment that many days ago."""
        return self.now - timedelta(days=days_ago)

    def play(self, days_ago: int) -> None:
        """Let everything of one day happen."""
        day, at = self.days[days_ago], self.at(days_ago)
        for facts in _needed_first(day.born):
            self._bear(facts, at)
        if days_ago == self.opened:
            self._open_positions(at)
        if day.learned:
            self._learn(day.learned, at)
        for title, move in day.moves:
            self._move(title, move, at)
        if day.envelope is not None:
            ledger.set_envelope(self.portfolio.pk, day.envelope, on=timezone.localdate(at))
        if day.capacity is not None:
            team = self.portfolio.teams.get(name=day.capacity["team"])
            change_team(team, {"capacity": day.capacity["amount"] * THOUSAND})
        if day.publishes:
            self._recompute(at)
        if day.mandate is not None:
            self._grant(day.mandate, at)
        if day.decision is not None:
            self._decide(day.decision, at)

    def close(self) -> None:
        """Bring everything up to now."""
        beliefs.refresh([bet.pk for bet in self.bets.values()], self.now)
        self._recompute(self.now)

    # --- bets ---

    def _bear(self, facts: Facts, at: datetime) -> None:
        fields = _fields(self.portfolio, facts, self.bets, self.at(REPORTED_DAYS_AGO))
        stage = facts.get("stage", Stage.FUNNEL)
        if stage != Stage.FUNNEL or facts.get("path"):
            fields["owner"] = self.owners[facts["stream"]]
        bet = create_bet(OFFICE, self.portfolio, fields, at=at)
        self.bets[facts["title"]] = bet
        self.hypotheses[facts["title"]] = [
            add_hypothesis(OFFICE, bet.pk, _thesis(hypothesis)).pk
            for hypothesis in facts.get("hypothesis", [])
        ]
        if stage != Stage.FUNNEL:
            StageChange.objects.create(
                bet=bet,
                from_stage=Stage.FUNNEL,
                to_stage=stage,
                changed_at=at,
                note="As it stood when the books were opened.",
            )
            Bet.objects.filter(pk=bet.pk).update(stage=stage, stage_entered_at=at)

    def _open_positions(self, at: datetime) -> None:
        positions = {
            self.bets[facts["title"]].pk: (
                facts.get("working", 0) * THOUSAND,
                facts.get("entangled", 0) * THOUSAND,
            )
            for facts in self.story.bets
            if "born" not in facts
        }
        ledger.open_positions(self.portfolio.pk, positions, on=timezone.localdate(at))

    def _move(self, title: str, move: reading.Move, at: datetime) -> None:
        with suppress(board.Refused):
            board.move(
                self.lead,
                self.bets[title].pk,
                move.stage,
                note=move.note,
                override_reason=move.override,
                accepted=True,
                at=at,
            )

    # --- evidence ---

    def _learn(self, learned: list[tuple[str, int, reading.Event]], at: datetime) -> None:
        events = [
            (self.hypotheses[title][place], _observed(event, at)) for title, place, event in learned
        ]
        record_many(OFFICE, self.portfolio, events, as_of=at, recorded_at=at)

    # --- money ---

    def _recompute(self, at: datetime) -> Proposal | None:
        """What a worker does with what is owed."""
        ledger.mature(self.portfolio.pk, timezone.localdate(at))
        beliefs.note_passing_time([bet.pk for bet in self.bets.values()], at)
        RecomputeRequest.objects.filter(portfolio=self.portfolio).delete()
        return recompute(self.portfolio.pk, at)

    def _open_proposal(self) -> Proposal | None:
        rows = Proposal.objects.filter(portfolio=self.portfolio, status=Proposal.Status.OPEN)
        return rows.first()

    def _decide(self, decision: Facts, at: datetime) -> None:
        proposal = (
            self._recompute(at) if requests.owed(self.portfolio.pk) else self._open_proposal()
        )
        if proposal is None:
            return
        shown = Shown(proposal.version, proposal.content_sha256)
        if decision["verdict"] == "approved":
            approve(self.decider, proposal.pk, shown, reason=decision["reason"], at=at)
        elif decision["verdict"] == "mandate":
            self._decide_within_mandate(decision, proposal, shown, at)
        else:
            refuse(self.decider, proposal.pk, shown, decision["reason"], at=at)

    def _grant(self, facts: Facts, at: datetime) -> None:
        """Somebody in finance lets a lead decide within limits."""
        scope = {
            "theme": list(self.portfolio.themes.filter(name__in=facts["themes"])),
        }
        given = {
            "user": User.objects.get(email=facts["holder"]).pk,
            "scope": {name: [str(each.pk) for each in rows] for name, rows in scope.items()},
            "most_per_move": f"{facts['most_per_move'] * THOUSAND:.2f}",
            "most_per_30_days": f"{facts['most_per_30_days'] * THOUSAND:.2f}",
            "expires_at": at + timedelta(days=facts["days"]),
            "reason": facts["reason"],
        }
        grant(User.objects.get(email=facts["granted_by"]), self.portfolio, given, at=at)

    def _decide_within_mandate(
        self, decision: Facts, proposal: Proposal, shown: Shown, at: datetime
    ) -> None:
        """What lies in the mandate of whoever decides; nothing where nothing does."""
        holder = User.objects.get(email=decision["by"])
        found = inside_one_of(holder, proposal, at)
        if found is None:
            return
        _, booking = found
        shown = replace(shown, part_sha256=booking.part_sha256)
        part = booking.part.part if booking.part else None
        approve(holder, proposal.pk, shown, part, reason=decision["reason"], at=at)


def _needed_first(born: list[Facts]) -> Iterator[Facts]:
    """Bets of one day, those that others of them need or follow first."""
    waiting = {facts["title"]: facts for facts in born}
    while waiting:
        free = [
            facts
            for facts in waiting.values()
            if not waiting.keys() & {*facts.get("needs", []), facts.get("follows")}
        ]
        if not free:
            raise ValueError(f"These bets need each other in a circle: {', '.join(waiting)}.")
        for facts in free:
            yield waiting.pop(facts["title"])


def _fields(portfolio: Portfolio, facts: Facts, made: dict[str, Bet], reported: datetime) -> Facts:
    """What ``create_bet`` takes, from what the story says."""
    fields: Facts = {
        "title": facts["title"],
        "description": facts.get("description", ""),
        "stream": facts["stream"],
        "horizon": facts["horizon"],
        "theme": facts.get("theme"),
        "liquidity": facts.get("liquidity", "property"),
        "teams": [{"team": name, "share": share} for name, share in facts.get("teams", {}).items()],
        "needs": [made[title] for title in facts.get("needs", [])],
        "reclaimable_share": facts.get("reclaimable", 0.9),
        "notice_months": facts.get("notice", 0),
        "exit_cost": facts.get("exit", 0),
        "ramp_cost": facts.get("ramp", 0.2),
        "withdrawable": facts.get("withdrawable", 1),
    }
    if "follows" in facts:
        fields["predecessor"] = made[facts["follows"]]
    if "signal" in facts:
        fields["delivery_signal"] = facts["signal"]
        fields["delivery_signal_source"] = facts.get("signal_source", "Steering report")
        fields["delivery_signal_at"] = reported
    if "full" in facts:
        worth = Decimal(repr(facts["worth"])) * facts["full"] * THOUSAND * portfolio.horizon_months
        fields |= {
            "full_funding": facts["full"] * THOUSAND,
            "maximum": facts["maximum"] * THOUSAND,
            "value_p10": (worth * Decimal("0.45")).quantize(Decimal("0.01")),
            "value_p50": worth.quantize(Decimal("0.01")),
            "value_p90": (worth * Decimal("1.8")).quantize(Decimal("0.01")),
        }
    if "test_budget" in facts:
        fields["test_budget"] = facts["test_budget"] * THOUSAND
    if "wsjf" in facts:
        scores = ("business_value", "time_criticality", "risk_reduction", "job_size")
        fields |= dict(zip(scores, facts["wsjf"], strict=True))
    return fields


def _thesis(facts: Facts) -> Facts:
    measured = "threshold" in facts
    return {
        "statement": facts["statement"],
        "indicator": facts["indicator"],
        "metric": facts.get("metric", "proportion") if measured else "",
        "threshold": facts.get("threshold"),
        "direction": facts.get("direction", ">="),
        "prior": facts["prior"],
        "half_life_days": facts.get("half_life", 240),
        "kill_criteria": [facts["kill"]] if "kill" in facts else [],
    }


def _observed(event: reading.Event, at: datetime) -> NewEvidence:
    return NewEvidence(source=event.source, note=event.note, observed_at=at, **event.said)
