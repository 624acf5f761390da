"""Making the demo portfolio, through the product's own rules, as if it had been run on them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation import guardrails, ledger
from allocation.demo import story as reading
from allocation.demo.play import play
from allocation.demo.story import Story
from bets.models import (
    Fungibility,
    Portfolio,
    Team,
    Theme,
    ValueStream,
    WipLimit,
)
from spm.accounts.models import Role
from spm.accounts.people import SignIn, bring_in, made_up_password

THOUSAND = Decimal(1000)

Facts = dict[str, Any]

PEOPLE = (
    ("Lena Vogt", "lead@demo.example", Role.LEAD),
    ("Camille Roux", "cfo@demo.example", Role.FINANCE),
    ("Tomasz Zielinski", "team@demo.example", Role.CONTRIBUTOR),
    ("Ada Berg", "admin@demo.example", Role.ADMIN),
    ("Vera Novak", "viewer@demo.example", Role.VIEWER),
)
# Colleagues who own bets and decide; nobody signs in as them, so they are given no password.
COLLEAGUES = (
    ("Sofia Lindqvist", "sofia@demo.example", Role.LEAD, ()),
    ("Jonas Brandt", "jonas@demo.example", Role.CONTRIBUTOR, ("Routing", "Doorstep", "Fleet")),
    ("Priya Nair", "priya@demo.example", Role.CONTRIBUTOR, ("Platform core", "Data")),
    ("Henrik Dahl", "henrik@demo.example", Role.FINANCE, ()),
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
    _open_books(portfolio, story, moment)
    _limits(portfolio, story)
    play(portfolio, story, moment)
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
        stream["name"]: ValueStream.objects.create(
            portfolio=portfolio, name=stream["name"], purpose=stream["purpose"]
        )
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
    """The demo's people, with one made-up password for those whom somebody signs in as."""
    password = made_up_password()
    teams = dict(portfolio.teams.values_list("name", "id"))
    for name, email, role, names_of_teams in COLLEAGUES:
        team_ids = [teams[each] for each in names_of_teams]
        bring_in(portfolio.pk, email, role, name=name, team_ids=team_ids)
    return [
        bring_in(
            portfolio.pk,
            email,
            role,
            name=name,
            password=password,
            team_ids=list(teams.values()) if role == Role.CONTRIBUTOR else (),
        )
        for name, email, role in PEOPLE
    ]


def _open_books(portfolio: Portfolio, story: Story, now: datetime) -> None:
    """The first envelope; the books are made up from that day on."""
    first = story.envelopes[0]
    day = timezone.localdate(now - timedelta(days=first["days_ago"]))
    ledger.set_envelope(portfolio.pk, first["amount"] * THOUSAND, on=day)


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
