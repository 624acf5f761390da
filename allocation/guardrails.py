"""The guardrails that a portfolio begins with: what each is for, what is proposed, and making them.

They are proposed as shares of the envelope, since a share says the same for a small office and a
large one. Whoever opens the portfolio may change each of them or leave it away.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from allocation.engine.guardrails import KINDS
from allocation.models import Guardrail
from allocation.requests import ask
from bets.models import Portfolio
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


def create(portfolio: Portfolio, limits: Iterable[Limit]) -> list[Guardrail]:
    """Make guardrails, and owe the portfolio a recomputation.

    Raises:
        Invalid: a limit that limits nothing or cannot be; the field is the guardrail's name.
    """
    rows = [_row(portfolio, limit) for limit in limits]
    Guardrail.objects.bulk_create(rows)
    if rows:
        ask(portfolio.pk, "Guardrails were set.")
    return rows


def _row(portfolio: Portfolio, limit: Limit) -> Guardrail:
    wrong = what_is_wrong(limit)
    if wrong:
        raise Invalid({limit.name: wrong})
    return Guardrail(
        portfolio=portfolio,
        name=limit.name,
        kind=limit.kind,
        scope={name: list(values) for name, values in limit.scope.items()},
        minimum=limit.minimum,
        maximum=limit.maximum,
    )


def what_is_wrong(limit: Limit) -> str:
    """Why a limit cannot be taken, in a sentence, or an empty text if it can."""
    if not limit.name.strip() or len(limit.name) > LONGEST_NAME:
        return f"A guardrail has a name of 1 to {LONGEST_NAME} letters."
    if limit.kind not in KINDS:
        return f"There is no kind '{limit.kind}'. There are: {', '.join(KINDS)}."
    kind = KINDS[limit.kind]
    given = {
        name: figure
        for name, figure in (("min", limit.minimum), ("max", limit.maximum))
        if figure is not None
    }
    if not given:
        return "Give it a least or a most; without either it limits nothing."
    if not set(given) <= set(kind.limits):
        return f"It limits by its {' and '.join(kind.limits)} only."
    highest = Decimal(1) if kind.unit == "share" else LARGEST_LIMIT
    for figure in given.values():
        if not figure.is_finite() or not 0 <= figure <= highest or figure % PLACES:
            return (
                "A share lies between 0 and 100 %, in hundredths of a per cent."
                if kind.unit == "share"
                else "A limit is nothing or more, in cents."
            )
    if len(given) == 2 and given["min"] > given["max"]:
        return "Its least is above its most."
    return ""
