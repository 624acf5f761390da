"""The guardrails that a portfolio begins with: what each is for, what is proposed, and making them.

They are proposed as shares of the envelope, since a share says the same for a small office and a
large one. Whoever opens the portfolio may change each of them or leave it away.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction

from allocation import limit_journal
from allocation.engine.guardrails import KINDS
from allocation.models import Guardrail
from allocation.requests import ask
from bets.edit import OFFICE
from bets.models import Horizon, Liquidity, Portfolio, Stage
from spm import live
from spm.errors import Invalid

LONGEST_NAME = 120
LARGEST_LIMIT = Decimal(10) ** 12
PLACES = Decimal("0.0001")
CENT = Decimal("0.01")

Kind = Guardrail.Kind


@dataclass(frozen=True)
class Limit:
    """A guardrail to be made; units as in ``Guardrail``: shares of the envelope are 0 to 1."""

    name: str
    kind: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    scope: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposed:
    """A guardrail that is proposed for a new portfolio.

    ``share`` is its limit as a share of the envelope; ``key`` names it in forms. ``explanation``
    says in plain words what it is good for.
    """

    key: str
    name: str
    kind: str
    share: Decimal
    explanation: str
    is_minimum: bool = False
    scope: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def limit(self, share: Decimal, envelope: Decimal) -> Limit:
        """The guardrail with this share of an envelope; a reserve is held in money."""
        figure = (share * envelope).quantize(CENT) if self.kind == Kind.RESERVE else share
        if self.is_minimum:
            return Limit(self.name, self.kind, minimum=figure, scope=self.scope)
        return Limit(self.name, self.kind, maximum=figure, scope=self.scope)


PROPOSED = (
    Proposed(
        "reserve",
        "Reserve",
        Kind.RESERVE,
        Decimal("0.03"),
        "Money that no bet holds, so that a good surprise can be funded the same day. No proposal "
        "goes below it.",
        is_minimum=True,
    ),
    Proposed(
        "bet_share",
        "Held by one bet",
        Kind.BET_SHARE,
        Decimal("0.15"),
        "The most that a single bet may hold. However good it looks, its thesis can break, and "
        "then no more than this was on it.",
    ),
    Proposed(
        "turnover",
        "Moved at once",
        Kind.TURNOVER,
        Decimal("0.10"),
        "The most that one proposal may take out of bets. Teams cannot follow money that jumps, "
        "and smaller steps can be taken back.",
    ),
    Proposed(
        "exploratory",
        "Exploratory bets (H3)",
        Kind.SHARE,
        Decimal("0.20"),
        "The most that bets far from today's business may hold together. They are many and small; "
        "most of them are stopped.",
        scope={"horizon": ["H3"]},
    ),
    Proposed(
        "vineyard",
        "Hard to leave (vineyards)",
        Kind.SHARE,
        Decimal("0.25"),
        "The most that may stand in bets that take years to leave. What is in there does not "
        "follow evidence any more.",
        scope={"liquidity": ["vineyard"]},
    ),
)


def proposed_limits(envelope: Decimal) -> list[Limit]:
    """The proposed guardrails for an envelope, in currency per month."""
    return [each.limit(each.share, envelope) for each in PROPOSED]


def create(
    portfolio: Portfolio,
    limits: Iterable[Limit],
    *,
    by: object = OFFICE,
    reason: str = "Set when the portfolio was opened.",
) -> list[Guardrail]:
    """Make guardrails, journal them, and owe the portfolio a recomputation.

    Whether ``by`` may is asked before (``allocation.limits``).

    Raises:
        Invalid: a limit that limits nothing or cannot be; the field is the guardrail's name.
    """
    rows = [_row(portfolio, limit) for limit in limits]
    with transaction.atomic():
        Guardrail.objects.bulk_create(rows)
        if rows:
            limit_journal.made(rows, by, reason)
            ask(portfolio.pk, "Guardrails were set.")
            live.say(portfolio.pk, "limits")
    return rows


def _row(portfolio: Portfolio, limit: Limit) -> Guardrail:
    wrong = faults(limit, portfolio)
    if wrong:
        raise Invalid({limit.name: next(iter(wrong.values()))})
    return row_of(portfolio, limit)


def row_of(portfolio: Portfolio, limit: Limit) -> Guardrail:
    """The guardrail that a limit describes, not saved."""
    return Guardrail(
        portfolio=portfolio,
        name=limit.name.strip(),
        kind=limit.kind,
        scope={name: list(values) for name, values in limit.scope.items()},
        minimum=limit.minimum,
        maximum=limit.maximum,
    )


def what_is_wrong(limit: Limit) -> str:
    """Why a limit cannot be taken, in a sentence, or an empty text if it can."""
    return next(iter(faults(limit).values()), "")


def faults(limit: Limit, portfolio: Portfolio | None = None) -> dict[str, str]:
    """What is wrong with each field of a limit, in a sentence; empty if it can be taken.

    With the portfolio, the themes and value streams of the scope are looked up too.
    """
    wrong = {}
    if not limit.name.strip() or len(limit.name) > LONGEST_NAME or not limit.name.isprintable():
        wrong["name"] = f"A guardrail has a name of 1 to {LONGEST_NAME} letters."
    if limit.kind not in KINDS:
        return {**wrong, "kind": f"There is no kind '{limit.kind}'. There are: {', '.join(KINDS)}."}
    return {**wrong, **_faults_of_figures(limit), **_faults_of_scope(limit, portfolio)}


def _faults_of_figures(limit: Limit) -> dict[str, str]:
    kind, wrong = KINDS[limit.kind], {}
    given = {
        side: figure
        for side, figure in (("minimum", limit.minimum), ("maximum", limit.maximum))
        if figure is not None
    }
    allowed = [f"{side}imum" for side in kind.limits]
    for side, figure in given.items():
        if side not in allowed:
            word = "max" if side == "minimum" else "min"
            wrong[side] = f"It limits by its {word} only: a {limit.kind} has no {side}."
        elif said := _fault_of(figure, kind.unit):
            wrong[side] = said
    if not given:
        wrong[allowed[-1]] = "Give it a least or a most; without either it limits nothing."
    elif len(given) == 2 and not wrong and given["minimum"] > given["maximum"]:
        wrong["minimum"] = "Its least is above its most."
    return wrong


def _fault_of(figure: Decimal, unit: str) -> str:
    highest = Decimal(1) if unit == "share" else LARGEST_LIMIT
    inside = figure.is_finite() and 0 <= figure < LARGEST_LIMIT and figure <= highest
    step = {"share": PLACES, "count": Decimal(1)}.get(unit, CENT)
    if inside and not figure % step:
        return ""
    return {
        "share": "A share lies between 0 and 100 %, in hundredths of a per cent.",
        "count": "A count is a whole number of bets.",
    }.get(unit, "A limit is nothing or more, in cents.")


def _faults_of_scope(limit: Limit, portfolio: Portfolio | None) -> dict[str, str]:
    """Attributes and values that no bet can have; a reserve looks at the whole envelope."""
    if limit.scope and not KINDS[limit.kind].scoped:
        return {"scope": f"A {limit.kind} always looks at the whole envelope: leave the scope out."}
    known = known_values(portfolio)
    for attribute, values in limit.scope.items():
        if attribute not in known:
            return {"scope": f"There is no attribute '{attribute}'. There are: {', '.join(known)}."}
        if not values:
            return {"scope": f"Name at least one {attribute}, or leave it out."}
        possible = known[attribute]
        odd = [
            value for value in map(str, values) if possible is not None and value not in possible
        ]
        if odd:
            return {"scope": f"There is no {attribute} '{odd[0]}' here."}
    return {}


def known_values(portfolio: Portfolio | None) -> dict[str, Mapping[str, str] | None]:
    """What a scope can name: attributes of bets, with their values and what these are called.

    None for the values that are known only with the portfolio.
    """
    named: dict[str, Mapping[str, str] | None] = {"theme": None, "stream": None}
    if portfolio is not None:
        named = {
            "theme": {str(row.pk): row.name for row in portfolio.themes.all()},
            "stream": {str(row.pk): row.name for row in portfolio.streams.all()},
        }
    chosen = {"horizon": Horizon, "liquidity": Liquidity, "stage": Stage}
    return {
        **named,
        **{
            name: {str(v): str(label) for v, label in words.choices}
            for name, words in chosen.items()
        },
    }
