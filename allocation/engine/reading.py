"""From JSON to a snapshot, strictly: nothing is solved on guesses.

What may be left out, and what then holds: at the top `reserve_floor` 0, `switching_cost` 0,
`teams`, `fungibility` and `guardrails` none; of a bet `entangled` 0, `response` (0.4, 0.6),
(0.8, 0.9), (1.2, 1.0), `minimum` 0, `maximum` null (none), `reclaimable` (which may also be
called `reclaimable_share`) 1, `notice_months` 0, `exit_cost` 0, `ramp_cost` 0, `withdrawable` 1,
`may_grow` true, `teams` {}, `needs` [], `attributes` {}; of a guardrail `scope` {} (all bets),
`min` and `max` null (no limit). A bet may have `hypotheses`, [{id, belief}], whose product is its
belief; where it is not, a what-if has changed the belief, which stands, and the hypotheses are
left aside. The snapshot may have `levers`, what changing the structure takes (`lever_terms`).
A field that is null counts as left out. Ids are strings; whole numbers are taken as their digits.

Every fault raises SnapshotError with one line: where, what is wrong, and what would be right.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from allocation.engine.guardrails import KINDS
from allocation.engine.lever_terms import KINDS as LEVER_KINDS
from allocation.engine.lever_terms import LeverTerms, Terms
from allocation.engine.snapshot import Bet, Fungibility, Guardrail, Hypothesis, Snapshot, Team
from allocation.engine.value import DEFAULT_RESPONSE, Percentiles, Response

LARGEST = 1e15
SHARE_TOLERANCE = 1e-9
PRODUCT_TOLERANCE = 1e-6
"""What a bet's belief may differ from the product of its hypotheses' beliefs by."""
LONGEST_QUOTE = 60


class SnapshotError(ValueError):
    """A snapshot that cannot be solved; the text is one line for whoever made it."""


def read_snapshot(text: str | bytes) -> Snapshot:
    """The snapshot that a JSON text describes. Raises SnapshotError."""
    try:
        document = json.loads(text, object_pairs_hook=_no_key_twice)
    except SnapshotError:
        raise
    except UnicodeDecodeError as fault:
        raise SnapshotError(f"the input is not UTF-8 text (byte {fault.start})") from fault
    except RecursionError as fault:
        raise SnapshotError("the input is nested too deeply to be a snapshot") from fault
    except ValueError as fault:
        raise SnapshotError(f"the input is not JSON: {_one_line(str(fault))}") from fault
    return parse_snapshot(document)


def parse_snapshot(document: object) -> Snapshot:
    """The snapshot that a JSON document, already read, describes. Raises SnapshotError."""
    fields = _Fields("snapshot", document)
    snapshot = Snapshot(
        horizon_months=fields.number("horizon_months", above=0.0),
        envelope=fields.number("envelope"),
        reserve_floor=fields.number("reserve_floor", default=0.0),
        switching_cost=fields.number("switching_cost", default=0.0),
        teams=fields.objects("teams", "team", _team),
        fungibility=fields.objects("fungibility", "fungibility", _fungibility, identified=False),
        bets=fields.objects("bets", "bet", _bet, required=True),
        guardrails=fields.objects("guardrails", "guardrail", _guardrail),
        levers=_levers(fields),
    )
    fields.nothing_else()
    _check_references(snapshot)
    _check_needs(snapshot)
    return snapshot


def _team(fields: _Fields) -> Team:
    return Team(id=fields.identifier(), capacity=fields.number("capacity"))


def _fungibility(fields: _Fields) -> Fungibility:
    return Fungibility(
        source=fields.identifier("from"),
        target=fields.identifier("to"),
        efficiency=fields.share("efficiency"),
    )


def _bet(fields: _Fields) -> Bet:
    percentiles = _percentiles(fields)
    belief = fields.share("belief")
    return Bet(
        id=fields.identifier(),
        working=fields.number("working"),
        entangled=fields.number("entangled", default=0.0),
        belief=belief,
        value_if_true=percentiles.mean if percentiles else fields.number("value_if_true"),
        full_funding=fields.number("full_funding"),
        response=_response(fields),
        minimum=fields.number("minimum", default=0.0),
        maximum=fields.number("maximum") if fields.has("maximum") else None,
        reclaimable=_reclaimable(fields),
        notice_months=fields.number("notice_months", default=0.0),
        exit_cost=fields.number("exit_cost", default=0.0),
        ramp_cost=fields.number("ramp_cost", default=0.0),
        withdrawable=fields.share("withdrawable", default=1.0),
        may_grow=fields.yes_or_no("may_grow", default=True),
        teams=_team_shares(fields),
        needs=fields.identifiers("needs"),
        attributes=_attributes(fields),
        percentiles=percentiles,
        hypotheses=_hypotheses(fields, belief),
    )


def _percentiles(fields: _Fields) -> Percentiles | None:
    """`value`, whose mean is V; None where `value_if_true` says V itself. One of the two."""
    if fields.has("value") and fields.has("value_if_true"):
        fields.refuse("value", "stands beside value_if_true; give one of the two")
    if not fields.has("value"):
        if not fields.has("value_if_true"):
            fields.refuse("value", "is missing; give value {p10, p50, p90} or value_if_true")
        return None
    inner = fields.inner("value")
    p10, p50, p90 = (inner.number(name, least=-LARGEST) for name in ("p10", "p50", "p90"))
    inner.nothing_else()
    if not p10 <= p50 <= p90:
        fields.refuse("value", f"has p10 {p10:g}, p50 {p50:g}, p90 {p90:g}; give them rising")
    percentiles = Percentiles(p10, p50, p90)
    if percentiles.mean < 0:
        mean = percentiles.mean
        fields.refuse("value", f"has a mean of {mean:g}; a bet's expected value is 0 or more")
    return percentiles


def _hypotheses(fields: _Fields, belief: float) -> tuple[Hypothesis, ...]:
    """What the thesis stands on; nothing where it is left out."""
    what = f"{fields.where}, hypothesis"
    found: tuple[Hypothesis, ...] = fields.objects("hypotheses", what, _hypothesis)
    product = math.prod(hypothesis.belief for hypothesis in found)
    return found if abs(product - belief) <= PRODUCT_TOLERANCE else ()


def _hypothesis(fields: _Fields) -> Hypothesis:
    return Hypothesis(id=fields.identifier(), belief=fields.share("belief"))


def _levers(fields: _Fields) -> LeverTerms:
    """What changing the structure takes: the defaults, and what is given in their place."""
    if not fields.has("levers"):
        return LeverTerms()
    inner = fields.inner("levers")
    terms = LeverTerms({kind: _terms(inner, kind) for kind in LEVER_KINDS if inner.has(kind)})
    inner.nothing_else()
    return terms


def _terms(levers: _Fields, kind: str) -> Terms:
    fields, usual = levers.inner(kind), LEVER_KINDS[kind]
    terms = Terms(
        size=fields.number("size", default=usual.size, most=usual.most),
        cost=fields.number("cost", default=usual.cost),
        cost_months=fields.number("cost_months", default=usual.cost_months),
        lead_time_months=fields.number("lead_time_months", default=usual.lead_time_months),
        most=usual.most,
    )
    fields.nothing_else()
    return terms


def _reclaimable(fields: _Fields) -> float:
    """ρ: `reclaimable`, which `reclaimable_share` is another name for."""
    name, other = "reclaimable", "reclaimable_share"
    if fields.has(name) and fields.has(other):
        fields.refuse(other, f"stands beside {name}; give one of the two")
    return fields.share(other if fields.has(other) else name, default=1.0)


def _response(fields: _Fields) -> Response:
    if not fields.has("response"):
        return DEFAULT_RESPONSE
    points = []
    for place, point in enumerate(fields.sequence("response")):
        if not isinstance(point, Sequence) or isinstance(point, str) or len(point) != 2:
            fields.refuse("response", f"has no [share, value] at place {place + 1}")
        share, value = (fields.checked_number("response", part) for part in point)
        points.append((share, value))
    try:
        return Response.through(points)
    except ValueError as fault:
        fields.refuse("response", str(fault))


def _team_shares(fields: _Fields) -> dict[str, float]:
    if not fields.has("teams"):
        return {}
    inner = fields.inner("teams")
    shares = {team: inner.share(team) for team in inner.names()}
    if sum(shares.values()) > 1 + SHARE_TOLERANCE:
        fields.refuse("teams", f"add up to {sum(shares.values()):g}; shares add up to at most 1")
    return shares


def _attributes(fields: _Fields) -> dict[str, str]:
    if not fields.has("attributes"):
        return {}
    inner = fields.inner("attributes")
    return {name: inner.text(name) for name in inner.names() if inner.has(name)}


def _guardrail(fields: _Fields) -> Guardrail:
    identifier = fields.identifier()
    name = fields.text("kind")
    if name not in KINDS:
        fields.refuse("kind", f"is {_quoted(name)}; give one of {', '.join(KINDS)}")
    kind = KINDS[name]
    scope = _scope(fields)
    if scope and not kind.scoped:
        fields.refuse("scope", f"is given; {name} always looks at the whole envelope")
    rail = Guardrail(
        identifier, name, scope, _limit(fields, "min", name), _limit(fields, "max", name)
    )
    if rail.minimum is not None and rail.maximum is not None and rail.minimum > rail.maximum:
        fields.refuse("min", f"is {rail.minimum:g}, above max {rail.maximum:g}")
    return rail


def _limit(fields: _Fields, side: str, kind: str) -> float | None:
    """One limit of a guardrail, in the unit of its kind; None where it is not set."""
    if not fields.has(side):
        return None
    is_share = KINDS[kind].unit == "share"
    value = fields.share(side) if is_share else fields.number(side)
    if KINDS[kind].unit == "count" and value != round(value):
        fields.refuse(side, f"is {value:g}; give a whole number of bets")
    if side in KINDS[kind].limits:
        return value
    if value != 0:
        fields.refuse(side, f"is {value:g}; {kind} has no {side}, leave it out")
    return None


def _scope(fields: _Fields) -> dict[str, tuple[str, ...]]:
    if not fields.has("scope"):
        return {}
    inner = fields.inner("scope")
    return {name: inner.texts(name) for name in inner.names()}


def _check_references(snapshot: Snapshot) -> None:
    """Every id that is named stands for something, and no pair of teams is given twice."""
    teams = {team.id for team in snapshot.teams}
    bets = {bet.id for bet in snapshot.bets}
    for bet in snapshot.bets:
        _known(f"bet {_quoted(bet.id)}, teams", bet.teams, teams, "team")
        _known(f"bet {_quoted(bet.id)}, needs", bet.needs, bets, "bet")
    pairs = set()
    for pair in snapshot.fungibility:
        _known("fungibility, from", [pair.source], teams, "team")
        _known("fungibility, to", [pair.target], teams, "team")
        if (pair.source, pair.target) in pairs:
            raise SnapshotError(
                f"fungibility, from: {_quoted(pair.source)} to {_quoted(pair.target)} stands twice"
            )
        pairs.add((pair.source, pair.target))


def _known(place: str, named: Iterable[str], known: set[str], what: str) -> None:
    """Refuse an id that stands for nothing."""
    for identifier in named:
        if identifier not in known:
            raise SnapshotError(f"{place}: {_quoted(identifier)} is no {what} of this snapshot")


def _check_needs(snapshot: Snapshot) -> None:
    """No bet needs itself, directly or through others (depth first, without recursion)."""
    needs = {bet.id: bet.needs for bet in snapshot.bets}
    finished: set[str] = set()
    for start in sorted(needs):
        path, open_needs = [start], [iter(needs[start])]
        while path:
            following = next((n for n in open_needs[-1] if n not in finished), None)
            if following is None:
                finished.add(path.pop())
                open_needs.pop()
                continue
            if following in path:
                circle = " → ".join([*path[path.index(following) :], following])
                raise SnapshotError(
                    f"bet {_quoted(following)}, needs: runs in a circle ({_one_line(circle)}); "
                    "no bet may need itself"
                )
            path.append(following)
            open_needs.append(iter(needs[following]))


class _Fields:
    """The fields of one object, read with their checks; knows how to say where it stands."""

    def __init__(self, where: str, document: object) -> None:
        self.where = where
        if not isinstance(document, Mapping):
            raise SnapshotError(f"{where}: is {_kind_of(document)}; give an object {{…}}")
        self.document = document
        self.read: set[str] = set()

    def refuse(self, field: str, fault: str) -> NoReturn:
        """Raise a SnapshotError that names this object and one of its fields."""
        raise SnapshotError(f"{self.where}, {_one_line(field)}: {fault}")

    def has(self, field: str) -> bool:
        """Whether a field is given and not null."""
        self.read.add(field)
        return self.document.get(field) is not None

    def names(self) -> list[str]:
        """The names of all fields, which must be strings."""
        for name in self.document:
            if not isinstance(name, str):
                raise SnapshotError(f"{self.where}: {_quoted(name)} is no name; give a string")
        return list(self.document)

    def nothing_else(self) -> None:
        """Refuse fields that nobody has asked for."""
        for name in self.names():
            if name not in self.read:
                known = ", ".join(sorted(self.read))
                self.refuse(name, f"is no field of this object; its fields are {known}")

    def _given(self, field: str) -> Any:
        if not self.has(field):
            self.refuse(field, "is missing")
        return self.document[field]

    def number(
        self,
        field: str,
        *,
        default: float | None = None,
        least: float = 0.0,
        most: float = LARGEST,
        above: float | None = None,
    ) -> float:
        """A finite number from `least` to `most`, or the default where the field is left out."""
        if default is not None and not self.has(field):
            return default
        value = self.checked_number(field, self._given(field))
        if above is not None and not value > above:
            self.refuse(field, f"is {value:g}; give a number above {above:g}")
        if value < least:
            self.refuse(field, f"is {value:g}; give {least:g} or more")
        if value > most:
            self.refuse(field, f"is {value:g}; give at most {most:g}")
        return value

    def share(self, field: str, *, default: float | None = None) -> float:
        """A number from 0 to 1."""
        if default is not None and not self.has(field):
            return default
        value = self.checked_number(field, self._given(field))
        if not 0.0 <= value <= 1.0:
            self.refuse(field, f"is {value:g}; give a number from 0 to 1")
        return value

    def checked_number(self, field: str, value: object) -> float:
        """`value` as a float, refused where it is no finite number."""
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            self.refuse(field, f"is {_kind_of(value)}; give a number")
        try:
            number = float(value)
        except (OverflowError, ValueError):
            self.refuse(field, "is too large; give a number")
        if not math.isfinite(number):
            self.refuse(field, f"is {number}; give a finite number")
        return number

    def yes_or_no(self, field: str, *, default: bool) -> bool:
        """true or false."""
        if not self.has(field):
            return default
        value = self.document[field]
        if not isinstance(value, bool):
            self.refuse(field, f"is {_kind_of(value)}; give true or false")
        return value

    def text(self, field: str) -> str:
        """A string; a whole number is taken as its digits."""
        return self._text(field, self._given(field))

    def _text(self, field: str, value: object) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or not value:
            self.refuse(field, f"is {_kind_of(value)}; give a text that is not empty")
        return value

    def identifier(self, field: str = "id") -> str:
        """An id."""
        return self.text(field)

    def sequence(self, field: str) -> Sequence[Any]:
        """A list."""
        value = self._given(field)
        if not isinstance(value, list | tuple):
            self.refuse(field, f"is {_kind_of(value)}; give a list […]")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(self._text(field, value) for value in self.sequence(field))

    def identifiers(self, field: str) -> tuple[str, ...]:
        """A list of ids, none of them twice; empty where the field is left out."""
        found = self.texts(field) if self.has(field) else ()
        for place, identifier in enumerate(found):
            if identifier in found[:place]:
                self.refuse(field, f"names {_quoted(identifier)} twice")
        return found

    def inner(self, field: str) -> _Fields:
        """An object inside this one."""
        return _Fields(f"{self.where}, {_one_line(field)}", self._given(field))

    def objects(
        self,
        field: str,
        what: str,
        parse: Callable[[_Fields], Any],
        *,
        required: bool = False,
        identified: bool = True,
    ) -> tuple[Any, ...]:
        """A list of objects of one sort, each parsed on its own, no id twice."""
        if not required and not self.has(field):
            return ()
        parsed, ids = [], set()
        for place, document in enumerate(self.sequence(field), start=1):
            fields = _Fields(_where(what, place, document), document)
            thing = parse(fields)
            fields.nothing_else()
            if identified and thing.id in ids:
                fields.refuse("id", f"stands twice; each {what} has an id of its own")
            ids.add(getattr(thing, "id", None))
            parsed.append(thing)
        return tuple(parsed)


def _where(what: str, place: int, document: object) -> str:
    """How an error names an object of a list: by its id, or else by its place."""
    identifier = document.get("id") if isinstance(document, Mapping) else None
    if isinstance(identifier, str | int) and identifier != "":
        return f"{what} {_quoted(identifier)}"
    return f"{what} number {place}"


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, refused where a key stands twice: which one would be meant?"""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        inside = f"the object with id {_quoted(found['id'])}, " if "id" in found else ""
        raise SnapshotError(f"{inside}{_quoted(twice)}: stands twice in one object; give it once")
    return found


def _kind_of(value: object) -> str:
    """How an error names a value of the wrong sort."""
    if isinstance(value, str):
        return f"the text {_quoted(value)}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else f"{value!r:.40}"


def _quoted(value: object) -> str:
    """A value in quotes, on one line and not too long."""
    text = f'"{_one_line(str(value))}"'
    return text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + '…"'


def _one_line(text: str) -> str:
    """A text without line breaks and control characters."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
