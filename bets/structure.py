"""What a portfolio is divided into: themes, value streams and the teams that work in them."""

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from bets.models import Portfolio, Team, Theme, ValueStream
from bets.signals import position_terms_changed
from spm.errors import Invalid

LONGEST_NAME = 120


def add_theme(
    portfolio: Portfolio, name: str, statement: str = "", target: tuple[float, float] = (0.0, 1.0)
) -> Theme:
    """Add a strategic theme; ``target`` is its range, as shares of the envelope."""
    low, high = target
    if not 0 <= low <= high <= 1:
        raise Invalid({"target": f"{low:g} to {high:g} is no range of shares between 0 and 1."})
    return _added(
        Theme,
        portfolio,
        name,
        statement=statement,
        target_min_share=low,
        target_max_share=high,
    )


def add_stream(portfolio: Portfolio, name: str, purpose: str = "") -> ValueStream:
    """Add a value stream."""
    return _added(ValueStream, portfolio, name, purpose=purpose)


def add_team(portfolio: Portfolio, name: str, capacity: Decimal, stream: str = "") -> Team:
    """Add a team; ``capacity`` is what it can absorb, currency per month."""
    if capacity < 0:
        raise Invalid({"capacity": "A capacity is a sum a month, nothing or more."})
    home = None
    if stream:
        home = portfolio.streams.filter(name__iexact=stream).first()
        if home is None:
            raise Invalid({"stream": f"This portfolio has no value stream '{stream}'."})
    with transaction.atomic():
        team: Team = _added(Team, portfolio, name, capacity=capacity, stream=home)
        position_terms_changed.send(
            sender=Team, portfolio_id=portfolio.pk, reason=f"{team} was added."
        )
    return team


def _added(model: Any, portfolio: Portfolio, name: str, **fields: Any) -> Any:
    """A row with a name that the portfolio does not use yet."""
    kind = model._meta.verbose_name
    short = name.strip()
    if not short or len(short) > LONGEST_NAME or not short.isprintable():
        raise Invalid({"name": f"A {kind} has a name of 1 to {LONGEST_NAME} letters."})
    try:
        with transaction.atomic():
            return model.objects.create(portfolio=portfolio, name=short, **fields)
    except IntegrityError as error:
        raise Invalid({"name": f"This portfolio has a {kind} '{short}' already."}) from error
