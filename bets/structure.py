"""What a portfolio is divided into: themes, value streams, the teams that work in them.

The one door for pages, commands and the demo. Who may is asked before (``spm.accounts``); here
stands what makes sense. Names are used once in a portfolio; what a bet belongs to is not removed.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from bets.models import Bet, Fungibility, Portfolio, Team, Theme, ValueStream
from bets.signals import position_terms_changed
from spm import live, reading
from spm.errors import Invalid

LONGEST_NAME = 120
LONGEST_TEXT = 2_000
LONGEST_HORIZON_MONTHS = 120

Part = Theme | ValueStream | Team
Given = Mapping[str, Any]


def add_theme(
    portfolio: Portfolio, name: str, statement: str = "", target: tuple[float, float] = (0.0, 1.0)
) -> Theme:
    """Add a strategic theme; ``target`` is its range, as shares of the envelope."""
    theme = Theme(portfolio=portfolio)
    return change_theme(theme, {"name": name, "statement": statement, "target": target})


def add_stream(portfolio: Portfolio, name: str, purpose: str = "") -> ValueStream:
    """Add a value stream."""
    return change_stream(ValueStream(portfolio=portfolio), {"name": name, "purpose": purpose})


def add_team(portfolio: Portfolio, name: str, capacity: Decimal, stream: str = "") -> Team:
    """Add a team; ``capacity`` is what it can absorb, currency per month."""
    fields = {"name": name, "capacity": capacity, "stream": stream}
    return change_team(Team(portfolio=portfolio), fields)


def change_theme(theme: Theme, fields: Given) -> Theme:
    """Change ``name``, ``statement`` or ``target`` of a theme; what is not given stays.

    Raises:
        Invalid: a name that is used already, or a range that is none.
    """
    given = dict(fields)
    if "target" in given:
        low, high = given.pop("target")
        if not 0 <= low <= high <= 1:
            raise Invalid({"target": f"{low:g} to {high:g} is no range of shares between 0 and 1."})
        given |= {"target_min_share": low, "target_max_share": high}
    return _saved(theme, given)


def change_stream(stream: ValueStream, fields: Given) -> ValueStream:
    """Change ``name`` or ``purpose`` of a value stream; what is not given stays."""
    return _saved(stream, dict(fields))


def change_team(team: Team, fields: Given) -> Team:
    """Change ``name``, ``capacity`` or ``stream`` (by its name; empty for none) of a team.

    The portfolio is computed again: what teams can absorb limits where money can go.
    """
    given, is_new = dict(fields), team.pk is None
    if is_new and "capacity" not in given:
        raise Invalid({"capacity": "Say what the team can absorb, a sum a month."})
    if given.get("capacity", 0) < 0:
        raise Invalid({"capacity": "A capacity is a sum a month, nothing or more."})
    if "stream" in given:
        given["stream"] = _stream_named(team.portfolio, given["stream"])
    with transaction.atomic():
        _saved(team, given)
        _terms_changed(team.portfolio_id, f"{team} was {'added' if is_new else 'changed'}.")
    return team


def named(portfolio: Portfolio, model: type[Any], name: str) -> Any:
    """The part of this name, whatever its capitals, or a new one that is not saved.

    Whoever else asks for a part of the portfolio waits until the end of the transaction.
    """
    Portfolio.objects.select_for_update(no_key=True).get(pk=portfolio.pk)
    found = model.objects.filter(portfolio=portfolio, name__iexact=name.strip()).first()
    return found or model(portfolio=portfolio)


def differs(part: Part, fields: Given) -> bool:
    """Whether a part is otherwise than these fields say, so that there is something to change."""
    now = {
        name: getattr(part, name, None)
        for name in ("name", "statement", "purpose", "capacity")
        if name in fields
    }
    if "target" in fields and isinstance(part, Theme):
        now["target"] = (part.target_min_share, part.target_max_share)
    if "stream" in fields and isinstance(part, Team):
        now["stream"] = part.stream.name if part.stream else ""
    return now != {name: fields[name] for name in now}


def remove(part: Part) -> None:
    """Remove a theme, value stream or team that nothing belongs to.

    Raises:
        Invalid: bets or teams belong to it.
    """
    kind = part._meta.verbose_name
    with transaction.atomic():
        Portfolio.objects.select_for_update(no_key=True).get(pk=part.portfolio_id)
        held = _belonging_to(part)
        if held:
            raise Invalid(
                {"": f"{', '.join(held)} belong to the {kind} '{part}': move them first."}
            )
        is_team, portfolio_id, name = isinstance(part, Team), part.portfolio_id, str(part)
        part.delete()
        if is_team:
            _terms_changed(portfolio_id, f"{name} was removed.")
        else:
            live.say(portfolio_id, "board", "allocation")


def set_fungibility(giver: Team, taker: Team, efficiency: float | None) -> None:
    """Say how well a team can take over capacity freed in another, 0 to 1; None or 0 for not.

    Raises:
        Invalid: a team for itself, teams of two portfolios, or no share.
    """
    if giver.pk == taker.pk:
        raise Invalid({"to_team": "A team lends to another, not to itself."})
    if giver.portfolio_id != taker.portfolio_id:
        raise Invalid({"to_team": "Both teams belong to one portfolio."})
    if efficiency is not None and not 0 <= efficiency <= 1:
        raise Invalid({"efficiency": "How well it takes over lies between 0 and 100 %."})
    with transaction.atomic():
        if efficiency:
            Fungibility.objects.update_or_create(
                from_team=giver, to_team=taker, defaults={"efficiency": efficiency}
            )
        else:
            Fungibility.objects.filter(from_team=giver, to_team=taker).delete()
        _terms_changed(giver.portfolio_id, f"What {giver} lends to {taker} was changed.")


def change_portfolio(portfolio: Portfolio, fields: Given) -> Portfolio:
    """Change ``name``, ``intent`` or ``horizon_months`` of a portfolio; its slug stays.

    Raises:
        Invalid: values that cannot be taken.
    """
    wanted = reading.Fields(fields, ("name", "intent", "horizon_months"))
    wanted.read("name", reading.text(LONGEST_NAME, required=True))
    wanted.read("intent", reading.text(LONGEST_TEXT))
    wanted.read("horizon_months", reading.whole(1, LONGEST_HORIZON_MONTHS))
    values = wanted.done()
    changed = [name for name, value in values.items() if getattr(portfolio, name) != value]
    for name in changed:
        setattr(portfolio, name, values[name])
    if portfolio.pk is None:
        portfolio.save()
        return portfolio
    with transaction.atomic():
        portfolio.save(update_fields=changed)
        if "horizon_months" in changed:
            _terms_changed(portfolio.pk, "The horizon was changed.")
        live.say(portfolio.pk, "allocation", "board")
    return portfolio


# --- inside ---------------------------------------------------------------------------------------


def _saved(part: Any, fields: dict[str, Any]) -> Any:
    """The row with these fields, under a name that the portfolio does not use for another."""
    kind = part._meta.verbose_name
    if "name" in fields or not part.name:
        fields["name"] = _name(kind, fields.get("name", ""))
    for name, value in fields.items():
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise Invalid({name: f"Write at most {LONGEST_TEXT} letters."})
        setattr(part, name, value)
    try:
        with transaction.atomic():
            part.save()
            live.say(part.portfolio_id, "board", "allocation")
    except IntegrityError as error:
        raise Invalid({"name": f"This portfolio has a {kind} '{part}' already."}) from error
    return part


def _name(kind: str, typed: str) -> str:
    short = typed.strip()
    if not short or len(short) > LONGEST_NAME or not short.isprintable():
        raise Invalid({"name": f"A {kind} has a name of 1 to {LONGEST_NAME} letters."})
    return short


def _stream_named(portfolio: Portfolio, name: str) -> ValueStream | None:
    if not name:
        return None
    stream = portfolio.streams.filter(name__iexact=name).first()
    if stream is None:
        raise Invalid({"stream": f"This portfolio has no value stream '{name}'."})
    return stream


def _belonging_to(part: Part) -> list[str]:
    """How many bets and teams belong to it, in words."""
    name = {Theme: "theme", ValueStream: "stream", Team: "bet_teams__team"}[type(part)]
    counts = [("bet", Bet.objects.filter(**{name: part}).count())]
    if isinstance(part, ValueStream):
        counts.append(("team", part.teams.count()))
    return [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts if count]


def _terms_changed(portfolio_id: int, reason: str) -> None:
    live.say(portfolio_id, "board", "allocation")
    position_terms_changed.send(sender=Team, portfolio_id=portfolio_id, reason=reason)
