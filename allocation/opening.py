"""Opening a portfolio: its envelope in the books, a few sensible guardrails, its people.

``manage.py portfolio open`` and the pages where somebody founds a portfolio of their own come
through here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.utils.text import slugify

from allocation import guardrails, ledger
from allocation.guardrails import Limit
from bets import structure
from bets.models import Portfolio, Stage, WipLimit
from spm.accounts.models import Membership, Role, User
from spm.accounts.people import SignIn, bring_in
from spm.errors import Invalid
from spm.fields import MONEY_LIMIT

TESTING_LIMIT = 10
HORIZON_MONTHS = 24
LONGEST_SLUG = 60


@transaction.atomic
def open_portfolio(
    name: str,
    envelope: Decimal,
    people: Mapping[str, str],
    *,
    currency: str = "EUR",
    horizon_months: int = HORIZON_MONTHS,
    intent: str = "",
    limits: Sequence[Limit] | None = None,
    testing_limit: int | None = TESTING_LIMIT,
) -> tuple[Portfolio, list[SignIn]]:
    """Make a portfolio that its people can begin to work in.

    Args:
        name: what it is called; its slug is made from it.
        envelope: what it may commit, currency per month.
        people: role by address.
        currency: three capitals.
        horizon_months: over how long value is counted.
        intent: what it is for, in a sentence.
        limits: its guardrails; the proposed ones if there are none given.
        testing_limit: the limit on work in progress in Testing; None for none.

    Raises:
        Invalid: a name, sum, currency, horizon, limit, address or role that cannot be taken.
    """
    slug = slugify(name)[:LONGEST_SLUG]
    if not 0 < envelope < MONEY_LIMIT:
        raise Invalid({"envelope": "An envelope is a sum above nothing, such as 250000."})
    if not slug:
        raise Invalid({"name": "Give it a name with letters."})
    if Portfolio.objects.filter(slug=slug).exists():
        raise Invalid({"name": f"There is a portfolio '{slug}' already."})
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise Invalid({"currency": f"'{currency}' is not three capitals such as EUR."})
    if testing_limit is not None and testing_limit < 1:
        raise Invalid({"testing_limit": "At least one bet at a time, or leave it empty."})
    portfolio = Portfolio(slug=slug, currency=currency)
    wanted = {"name": name, "intent": intent, "horizon_months": horizon_months}
    structure.change_portfolio(portfolio, wanted)
    ledger.set_envelope(portfolio.pk, envelope)
    proposed = guardrails.proposed_limits(envelope)
    guardrails.create(portfolio, proposed if limits is None else limits)
    if testing_limit is not None:
        WipLimit.objects.create(portfolio=portfolio, stage=Stage.TESTING, limit=testing_limit)
    sign_ins = [bring_in(portfolio.pk, email, role) for email, role in people.items()]
    portfolio.refresh_from_db()
    return portfolio, sign_ins


@dataclass(frozen=True)
class NewTeam:
    """A team to begin with: its value stream by name, and what it can absorb a month."""

    stream: str
    name: str
    capacity: Decimal


@dataclass(frozen=True)
class Plan:
    """What somebody wants of a portfolio of their own; see ``open_portfolio`` for the units."""

    name: str
    currency: str
    envelope: Decimal
    horizon_months: int = HORIZON_MONTHS
    intent: str = ""
    themes: Sequence[str] = ()
    streams: Sequence[str] = ()
    teams: Sequence[NewTeam] = ()
    limits: Sequence[Limit] = field(default_factory=list)
    testing_limit: int | None = TESTING_LIMIT


@transaction.atomic
def found(founder: User, plan: Plan) -> Portfolio:
    """Open a portfolio of somebody's own, with what it is divided into.

    Whoever founds it leads it and administers it. They do not decide on its money: that is for
    somebody else, whom they bring in as finance.

    Raises:
        Invalid: as ``open_portfolio``, or a name that stands there twice.
    """
    portfolio, _ = open_portfolio(
        plan.name,
        plan.envelope,
        {},
        currency=plan.currency,
        horizon_months=plan.horizon_months,
        intent=plan.intent,
        limits=plan.limits,
        testing_limit=plan.testing_limit,
    )
    Membership.objects.create(user=founder, portfolio=portfolio, role=Role.LEAD, administers=True)
    for theme in plan.themes:
        structure.add_theme(portfolio, theme)
    for stream in plan.streams:
        structure.add_stream(portfolio, stream)
    for team in plan.teams:
        structure.add_team(portfolio, team.name, team.capacity, team.stream)
    return portfolio
