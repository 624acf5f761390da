"""What may be said of a bet and of a hypothesis: the fields, and how each is read.

Fields come from a form, the API or an import, as Python values: text, numbers, ``Decimal`` or
strict text for money (``spm.amounts``), ids or names for what is referred to. A field that is not
given stays as it is; None or the empty text takes a value away where there may be none.
"""

import itertools
from collections.abc import Mapping
from typing import Any

from bets.models import Bet, Horizon, Liquidity, Portfolio, Team, Theme, ValueStream
from bets.models.bet import WSJF_SCORES, default_response
from bets.models.thesis import Metric
from spm import reading
from spm.accounts.models import User
from spm.errors import Invalid
from spm.reading import Fields, Reader, optional, or_default

LONGEST_TITLE = 200
LONGEST_TEXT = 20_000
LONGEST_NOTICE_MONTHS = 600
LARGEST_FIGURE = 1e12
MOST_POINTS = 20
MOST_LINKS = 200
TOLERANCE = 1e-9

_money_or_none = optional(reading.money)
_money_or_zero = or_default(reading.money, reading.money("0", ""))
_share = reading.number(0, 1)
_figure = reading.number(0, LARGEST_FIGURE)
_signal = reading.text(120)


def _score(value: Any, field: str) -> int:
    score = reading.whole(1, max(WSJF_SCORES))(value, field)
    if score not in WSJF_SCORES:
        raise Invalid({field: f"Choose one of {', '.join(map(str, WSJF_SCORES))}."})
    return score


def _response(value: Any, field: str) -> list[list[float]]:
    """Points (share of full funding, share of value) of a curve that rises and flattens."""
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_POINTS:
        raise Invalid(
            {field: f"Give 1 to {MOST_POINTS} points [share of funding, share of value]."}
        )
    points = [[0.0, 0.0]]
    for point in value:
        if not isinstance(point, list | tuple) or len(point) != 2:
            raise Invalid({field: "Each point is [share of funding, share of value]."})
        points.append([reading.number(0, 1000)(coordinate, field) for coordinate in point])
    slopes = []
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x1 <= x0 or y1 < y0:
            raise Invalid({field: "Funding must rise from point to point, and value not fall."})
        slopes.append((y1 - y0) / (x1 - x0))
    if any(later > earlier + TOLERANCE for earlier, later in itertools.pairwise(slopes)):
        raise Invalid({field: "Value must rise ever more slowly (the curve is concave)."})
    return points[1:]


BET_FIELDS: dict[str, Reader] = {
    "title": reading.text(LONGEST_TITLE, required=True),
    "description": reading.text(LONGEST_TEXT),
    "horizon": reading.one_of(Horizon.values),
    "liquidity": reading.one_of(Liquidity.values),
    "value_p10": _money_or_none,
    "value_p50": _money_or_none,
    "value_p90": _money_or_none,
    "full_funding": _money_or_zero,
    "response": or_default(_response, default_response()),
    "minimum": _money_or_zero,
    "maximum": _money_or_none,
    "test_budget": _money_or_none,
    "reclaimable_share": _share,
    "notice_months": reading.number(0, LONGEST_NOTICE_MONTHS),
    "exit_cost": _figure,
    "ramp_cost": _figure,
    "withdrawable": _share,
    "stop_below": _share,
    "revive_above": _share,
    "business_value": optional(_score),
    "time_criticality": optional(_score),
    "risk_reduction": optional(_score),
    "job_size": optional(_score),
    "delivery_signal": _signal,
    "delivery_signal_source": _signal,
    "delivery_signal_at": optional(reading.moment),
}
REFERENCES = {"stream": ValueStream, "theme": Theme, "predecessor": Bet}
LINKS = ("teams", "needs")
ALL_BET_FIELDS = (*BET_FIELDS, *REFERENCES, "owner", *LINKS)

# What the allocation does not depend on.
WORDS_ONLY = {
    "title", "description", "owner", "predecessor", "delivery_signal", "delivery_signal_source",
    "delivery_signal_at", "business_value", "time_criticality", "risk_reduction", "job_size",
}  # fmt: skip
# What places a card: its order in Ready, its lane, and whether a filter lets it through.
PLACES_THE_CARD = {
    "business_value", "time_criticality", "risk_reduction", "job_size", "theme", "stream", "owner",
    "horizon", "teams",
}  # fmt: skip
# What the thesis breaks and revives by.
OF_THE_THESIS = {"stop_below", "revive_above"}


def read_bet(portfolio: Portfolio, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a bet as values of its columns; ``teams`` as {id: share}, ``needs`` as ids.

    Raises:
        Invalid: unknown fields, or values that cannot be taken.
    """
    fields = Fields(given, ALL_BET_FIELDS)
    for name, reader in BET_FIELDS.items():
        fields.read(name, reader)
    for name, model in REFERENCES.items():
        fields.read(name, optional(_reference(portfolio, model)))
    fields.read("owner", optional(_member(portfolio)))
    fields.read("teams", or_default(_teams(portfolio), {}))
    fields.read("needs", or_default(_needs(portfolio), []))
    return fields.done()


def contradictions(bet: Bet) -> dict[str, str]:
    """What does not go together in a bet's figures, by field."""
    wrong = {}
    values = [
        (name, figure)
        for name in ("value_p10", "value_p50", "value_p90")
        if (figure := getattr(bet, name)) is not None
    ]
    for (lower, low), (upper, high) in itertools.pairwise(values):
        if low > high:
            wrong[upper] = f"P{upper[-2:]} must be at least P{lower[-2:]}, which is {low:,.2f}."
    if bet.maximum is not None and bet.minimum > bet.maximum:
        wrong["maximum"] = f"The maximum must be at least the minimum, which is {bet.minimum:,.2f}."
    if bet.stop_below > bet.revive_above:
        wrong["revive_above"] = (
            f"A thesis must revive above the belief at which it breaks, {bet.stop_below:g}."
        )
    if bet.predecessor_id is not None and bet.predecessor_id == bet.pk:
        wrong["predecessor"] = "A bet cannot succeed itself."
    return wrong


def _reference(portfolio: Portfolio, model: Any) -> Reader:
    """A reader of a row of the portfolio: the row, its id, or (but for bets) its name."""
    kind = model._meta.verbose_name

    def read(value: Any, field: str) -> Any:
        rows = model.objects.filter(portfolio=portfolio)
        if isinstance(value, model):
            row = rows.filter(pk=value.pk).first()
        elif isinstance(value, int) and not isinstance(value, bool):
            row = rows.filter(pk=value).first() if 0 < value <= reading.LARGEST_ID else None
        elif isinstance(value, str) and model is not Bet and "\x00" not in value:
            row = rows.filter(name__iexact=value.strip()).first()
        else:
            row = None
        if row is None:
            raise Invalid({field: f"This portfolio has no {kind} {str(value)[:60]!r}."})
        return row

    return read


def _member(portfolio: Portfolio) -> Reader:
    """A reader of a person of the portfolio: the person, their id or their address."""

    def read(value: Any, field: str) -> User:
        people = User.objects.filter(memberships__portfolio=portfolio, is_active=True)
        if isinstance(value, User):
            person = people.filter(pk=value.pk).first()
        elif isinstance(value, int) and not isinstance(value, bool):
            person = people.filter(pk=value).first() if 0 < value <= reading.LARGEST_ID else None
        elif isinstance(value, str) and "\x00" not in value:
            person = people.filter(email__iexact=value.strip()).first()
        else:
            person = None
        if person is None:
            raise Invalid({field: f"{str(value)[:60]!r} is nobody with a role in this portfolio."})
        return person

    return read


def _teams(portfolio: Portfolio) -> Reader:
    """A reader of [{"team": row, id or name, "share": 0 to 1}], as {team id: share}."""
    team_of = _reference(portfolio, Team)

    def read(value: Any, field: str) -> dict[int, float]:
        if not isinstance(value, list | tuple) or len(value) > MOST_LINKS:
            raise Invalid({field: 'Give a list of {"team": id, "share": 0.5}.'})
        shares: dict[int, float] = {}
        for entry in value:
            if not isinstance(entry, Mapping) or set(entry) != {"team", "share"}:
                raise Invalid({field: 'Each entry is {"team": id, "share": 0.5}.'})
            team = team_of(entry["team"], field)
            if team.pk in shares:
                raise Invalid({field: f"{team} stands here twice."})
            shares[team.pk] = _share(entry["share"], field)
        if sum(shares.values()) > 1 + TOLERANCE:
            raise Invalid(
                {
                    field: f"The shares add up to {sum(shares.values()):.0%}, not to 100 % "
                    "or less; what is left is cash."
                }
            )
        return shares

    return read


def _needs(portfolio: Portfolio) -> Reader:
    """A reader of a list of bets or their ids, as ids in order."""
    bet_of = _reference(portfolio, Bet)

    def read(value: Any, field: str) -> list[int]:
        if isinstance(value, str | Mapping) or not hasattr(value, "__iter__"):
            raise Invalid({field: "Give a list of ids of bets."})
        given = list(value)
        if len(given) > MOST_LINKS:
            raise Invalid({field: f"A bet can need at most {MOST_LINKS} others."})
        return sorted({bet_of(entry, field).pk for entry in given})

    return read


HYPOTHESIS_FIELDS: dict[str, Reader] = {
    "statement": reading.text(LONGEST_TEXT, required=True),
    "indicator": reading.text(200),
    "metric": or_default(reading.one_of(Metric.values), ""),
    "threshold": optional(reading.number(-LARGEST_FIGURE, LARGEST_FIGURE)),
    "direction": reading.one_of([">=", "<="]),
    "prior": reading.number(0, 1),
    "half_life_days": optional(reading.number(0, 36_500)),
}
KILL_FIELDS: dict[str, Reader] = {
    "metric": reading.one_of(["value", "trials"]),
    "comparison": reading.one_of(["<", "<=", ">", ">="]),
    "value": reading.number(-LARGEST_FIGURE, LARGEST_FIGURE),
    "min_sample": optional(reading.whole(1)),
    "deadline": optional(reading.moment),
}
MOST_KILL_CRITERIA = 50


def read_hypothesis(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a hypothesis as values of its columns; ``kill_criteria`` as a list of such.

    Raises:
        Invalid: unknown fields, or values that cannot be taken.
    """
    fields = Fields(given, (*HYPOTHESIS_FIELDS, "kill_criteria"))
    for name, reader in HYPOTHESIS_FIELDS.items():
        fields.read(name, reader)
    fields.read("kill_criteria", or_default(_kill_criteria, []))
    return fields.done()


def contradictions_of_thesis(hypothesis: Any) -> dict[str, str]:
    """What does not go together in a hypothesis, by field."""
    wrong = {}
    if not 0 < hypothesis.prior < 1:
        wrong["prior"] = "A prior lies between 0 and 1; at 0 or 1 no evidence could ever move it."
    if hypothesis.half_life_days is not None and hypothesis.half_life_days <= 0:
        wrong["half_life_days"] = "Write a number of days above 0, or nothing for never."
    if hypothesis.metric and hypothesis.threshold is None:
        wrong["threshold"] = "What is measured needs the threshold that it is held against."
    elif hypothesis.metric == Metric.PROPORTION and not 0 < hypothesis.threshold < 1:
        wrong["threshold"] = "The threshold of a proportion lies between 0 and 1, such as 0.12."
    return wrong


def _kill_criteria(value: Any, field: str) -> list[dict[str, Any]]:
    if not isinstance(value, list | tuple) or len(value) > MOST_KILL_CRITERIA:
        raise Invalid({field: f"Give a list of at most {MOST_KILL_CRITERIA} kill criteria."})
    return [_kill_criterion(entry, field, at) for at, entry in enumerate(value, start=1)]


def _kill_criterion(value: Any, field: str, at: int) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid({field: f"Criterion {at}: give its metric, comparison and value."})
    fields = Fields(value, KILL_FIELDS)
    for name, reader in KILL_FIELDS.items():
        fields.read(name, reader)
    for name in ("metric", "comparison", "value"):
        if name not in value:
            fields.wrong[name] = "This is needed."
    try:
        return {"min_sample": None, "deadline": None, **fields.done()}
    except Invalid as refusal:
        said = "; ".join(f"{name}: {text}" for name, text in refusal.fields.items())
        raise Invalid({field: f"Criterion {at}: {said}"}) from None
