"""Making the demo portfolio, through the product's own rules, as if it had been run on them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation import guardrails, ledger
from allocation.decide import Shown, approve
from allocation.demo import story as reading
from allocation.demo.story import Story
from allocation.models import RecomputeRequest
from allocation.recompute import recompute
from bets.edit import OFFICE, add_hypothesis, create_bet
from bets.models import (
    Bet,
    Fungibility,
    Hypothesis,
    Portfolio,
    Stage,
    StageChange,
    Team,
    Theme,
    ValueStream,
    WipLimit,
)
from evidence import beliefs
from evidence.intake import NewEvidence, record
from spm.accounts.models import Role, User
from spm.accounts.people import SignIn, bring_in, made_up_password

THOUSAND = Decimal(1000)

Facts = dict[str, Any]
LATEST_DECISION_DAYS_AGO = 100

PEOPLE = (
    ("Lena Vogt", "lead@demo.example", Role.LEAD),
    ("Camille Roux", "cfo@demo.example", Role.FINANCE),
    ("Tomasz Zielinski", "team@demo.example", Role.CONTRIBUTOR),
    ("Ada Berg", "admin@demo.example", Role.ADMIN),
    ("Vera Novak", "viewer@demo.example", Role.VIEWER),
)


@transaction.atomic
def make_demo(now: datetime | None = None) -> list[SignIn]:
    """Make the portfolio, its people and its history; nothing if it is there already.

    Returns:
        The sign-ins, or an empty list if nothing was made.
    """
    moment = now or timezone.now()
    story = reading.read()
    if Portfolio.objects.filter(slug=story.portfolio["slug"]).exists():
        return []
    portfolio = _portfolio(story)
    _structure(portfolio, story)
    sign_ins = _people(portfolio)
    bets = _bets(portfolio, story, moment)
    _open_books(portfolio, story, bets, moment)
    _limits(portfolio, story)
    _play(portfolio, story, bets, moment)
    return sign_ins


def _portfolio(story: Story) -> Portfolio:
    facts = story.portfolio
    return Portfolio.objects.create(
        name=facts["name"],
        slug=facts["slug"],
        intent=facts["intent"],
        currency=facts["currency"],
        horizon_months=facts["horizon_months"],
        reserve_floor=facts["reserve_floor"] * THOUSAND,
        switching_cost=facts["switching_cost"] * THOUSAND,
    )


def _structure(portfolio: Portfolio, story: Story) -> None:
    for theme in story.themes:
        low, high = theme["target"]
        Theme.objects.create(
            portfolio=portfolio,
            name=theme["name"],
            statement=theme["statement"],
            target_min_share=low,
            target_max_share=high,
        )
    streams = {
        stream["name"]: ValueStream.objects.create(portfolio=portfolio, name=stream["name"])
        for stream in story.streams
    }
    teams = {
        team["name"]: Team.objects.create(
            portfolio=portfolio,
            name=team["name"],
            stream=streams[team["stream"]],
            capacity=team["capacity"] * THOUSAND,
        )
        for team in story.teams
    }
    Fungibility.objects.bulk_create(
        Fungibility(from_team=teams[giver], to_team=teams[taker], efficiency=efficiency)
        for giver, takers in story.fungibility.items()
        for taker, efficiency in takers.items()
    )


def _people(portfolio: Portfolio) -> list[SignIn]:
    """The demo's people, with one made-up password for all of them."""
    password = made_up_password()
    teams = list(portfolio.teams.values_list("id", flat=True))
    return [
        bring_in(
            portfolio.pk,
            email,
            role,
            name=name,
            password=password,
            team_ids=teams if role == Role.CONTRIBUTOR else (),
        )
        for name, email, role in PEOPLE
    ]


def _bets(portfolio: Portfolio, story: Story, now: datetime) -> dict[str, Bet]:
    """The bets by title, each with its thesis, standing where the story has it."""
    opened = now - timedelta(days=story.portfolio["opened_days_ago"])
    made: dict[str, Bet] = {}
    pending = list(story.bets)
    while pending:  # those that others need come first
        facts = pending.pop(0)
        if any(need not in made for need in facts.get("needs", [])):
            pending.append(facts)
            continue
        made[facts["title"]] = _bet(portfolio, facts, made, opened)
    return made


def _bet(portfolio: Portfolio, facts: Facts, made: dict[str, Bet], opened: datetime) -> Bet:
    bet = create_bet(OFFICE, portfolio, _fields(portfolio, facts, made, opened), at=opened)
    for hypothesis in facts.get("hypothesis", []):
        add_hypothesis(OFFICE, bet.pk, _thesis(hypothesis))
    if facts["stage"] != Stage.FUNNEL:
        StageChange.objects.create(
            bet=bet,
            from_stage=Stage.FUNNEL,
            to_stage=facts["stage"],
            changed_at=opened,
            note="As it stood when the books were opened.",
        )
        Bet.objects.filter(pk=bet.pk).update(stage=facts["stage"], stage_entered_at=opened)
    return bet


def _fields(portfolio: Portfolio, facts: Facts, made: dict[str, Bet], opened: datetime) -> Facts:
    """What ``create_bet`` takes, from what the story says."""
    fields: Facts = {
        "title": facts["title"],
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
    if facts["stage"] not in (Stage.FUNNEL,):
        fields["owner"] = "lead@demo.example"
    if "signal" in facts:
        fields["delivery_signal"] = facts["signal"]
        fields["delivery_signal_source"] = facts.get("signal_source", "Steering report")
        fields["delivery_signal_at"] = opened
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


def _open_books(portfolio: Portfolio, story: Story, bets: dict[str, Bet], now: datetime) -> None:
    day = (now - timedelta(days=story.portfolio["opened_days_ago"])).date()
    ledger.set_envelope(portfolio.pk, story.portfolio["envelope"] * THOUSAND, on=day)
    positions = {
        bets[facts["title"]].pk: (
            facts.get("working", 0) * THOUSAND,
            facts.get("entangled", 0) * THOUSAND,
        )
        for facts in story.bets
    }
    ledger.open_positions(portfolio.pk, positions, on=day)


def _limits(portfolio: Portfolio, story: Story) -> None:
    guardrails.create(portfolio, [_limit(facts) for facts in story.guardrails])
    for facts in story.wip_limits:
        stream = facts.get("stream")
        WipLimit.objects.create(
            portfolio=portfolio,
            stage=facts["stage"],
            stream=portfolio.streams.get(name=stream) if stream else None,
            limit=facts["limit"],
        )


def _limit(facts: Facts) -> guardrails.Limit:
    unit = THOUSAND if facts["kind"] in ("amount", "reserve") else Decimal(1)
    minimum, maximum = (
        Decimal(repr(facts[side])) * unit if side in facts else None
        for side in ("minimum", "maximum")
    )
    return guardrails.Limit(facts["name"], facts["kind"], minimum, maximum, facts.get("scope", {}))


def _play(portfolio: Portfolio, story: Story, bets: dict[str, Bet], now: datetime) -> None:
    """Let the evidence come in as it did, decide once on the way, and leave a proposal open."""
    decided = False
    for days_ago, hypothesis, event in sorted(
        _events(story, bets), key=lambda each: (-each[0], each[1].pk)
    ):
        if not decided and days_ago < LATEST_DECISION_DAYS_AGO:
            _decide(portfolio, now - timedelta(days=LATEST_DECISION_DAYS_AGO))
            decided = True
        at = now - timedelta(days=days_ago)
        record(OFFICE, hypothesis.pk, _observed(event, at), as_of=at, recorded_at=at)
    beliefs.refresh([bet.pk for bet in bets.values()], now)
    ledger.mature(portfolio.pk, now.date())
    RecomputeRequest.objects.filter(portfolio=portfolio).delete()
    recompute(portfolio.pk, now)


def _events(story: Story, bets: dict[str, Bet]) -> Iterator[tuple[int, Hypothesis, reading.Event]]:
    for facts in story.bets:
        hypotheses = bets[facts["title"]].hypotheses.order_by("id")
        for told, hypothesis in zip(facts.get("hypothesis", []), hypotheses, strict=True):
            for text in told.get("evidence", []):
                event = reading.event(text)
                yield event.days_ago, hypothesis, event


def _observed(event: reading.Event, at: datetime) -> NewEvidence:
    return NewEvidence(source=event.source, note=event.note, observed_at=at, **event.said)


def _decide(portfolio: Portfolio, at: datetime) -> None:
    """Once, some time ago, the CFO approved what the engine proposed."""
    ledger.mature(portfolio.pk, at.date())
    proposal = recompute(portfolio.pk, at)
    RecomputeRequest.objects.filter(portfolio=portfolio).delete()
    if proposal is None:
        return
    cfo = User.objects.get(email="cfo@demo.example")
    shown = Shown(proposal.version, proposal.content_sha256)
    approve(cfo, proposal.pk, shown, reason="As agreed in the portfolio sync.", at=at)
