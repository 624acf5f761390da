"""Mandates in use: who holds which, what of it is used, and what it covers.

What is used of a mandate is read from the books: the moves that decisions under it have booked in
the last thirty days. ``allocation.granting`` grants and revokes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum

from allocation.models import Mandate, Move, ProposalChange, Transfer
from bets.models import Bet, Liquidity, Portfolio
from spm import formats
from spm.accounts.models import ApiKey
from spm.accounts.permissions import Principal

WINDOW = timedelta(days=30)
#: Attributes of bets that a mandate's scope may name.
ATTRIBUTES = ("theme", "stream", "liquidity")
#: What can be left within two quarters; the other classes take a year or more.
REVERSIBLE = (Liquidity.STOCK, Liquidity.PROPERTY)
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Use:
    """A mandate with what is used of it now; currency per month."""

    mandate: Mandate
    used: Decimal
    moment: datetime

    @property
    def left(self) -> Decimal:
        """What may still be moved under it."""
        return max(self.mandate.most_per_30_days - self.used, NOTHING)

    @property
    def state(self) -> str:
        """Why it is not in force, or an empty text if it is."""
        mandate = self.mandate
        if mandate.revoked_at is not None:
            return "was revoked"
        if mandate.expires_at <= self.moment:
            return "has expired"
        return "has not begun" if mandate.starts_at > self.moment else ""


def in_force(portfolio: Portfolio, moment: datetime) -> list[Mandate]:
    """The mandates of a portfolio that are neither revoked nor expired, nor of a lapsed key."""
    rows = Mandate.objects.filter(
        portfolio=portfolio, revoked_at=None, starts_at__lte=moment, expires_at__gt=moment
    ).select_related("portfolio", "user", "api_key__owner")
    return [each for each in rows if each.api_key is None or each.api_key.usable_at(moment)]


def held_by(
    principal: Principal, portfolio: Portfolio, moment: datetime, *, to_decide: bool = False
) -> list[Use]:
    """The mandates in force that somebody can decide under, with what is used of each.

    A key draws on those of its owner too, as on their role.

    Args:
        principal: who.
        portfolio: where.
        moment: when.
        to_decide: whether they are about to: the mandates' rows are then locked first, so that what
            is used is still true when it is booked. The transaction reads what others have
            committed meanwhile (READ COMMITTED).
    """
    holds = Q(user=principal)
    if isinstance(principal, ApiKey):
        holds = Q(user=principal.owner) | Q(api_key=principal)
    if to_decide:
        rows = Mandate.objects.filter(holds, portfolio=portfolio).order_by("id")
        list(rows.select_for_update().values_list("id", flat=True))
    mine = Mandate.objects.filter(holds, portfolio=portfolio).values_list("id", flat=True)
    held = set(mine)
    return uses([each for each in in_force(portfolio, moment) if each.pk in held], moment)


def uses(mandates: Iterable[Mandate], moment: datetime) -> list[Use]:
    """Mandates with what the last thirty days' decisions under each have moved; one query."""
    wanted = list(mandates)
    moved = Transfer.objects.filter(
        kind=Transfer.Kind.MOVE,
        decision__mandate__in=wanted,
        decision__decided_at__gt=moment - WINDOW,
    )
    sums = moved.values("decision__mandate").annotate(total=Sum("amount")).order_by()
    used: Mapping[int, Decimal] = {row["decision__mandate"]: row["total"] for row in sums}
    return [Use(each, used.get(each.pk, NOTHING), moment) for each in wanted]


def why_not_covered(
    use: Use, changes: Iterable[ProposalChange], moves: Iterable[Move]
) -> list[str]:
    """Why a mandate does not cover these changes and moves, a sentence each; empty if it does."""
    mandate = use.mandate
    found = [f"It {use.state}."] if use.state else []
    for change in changes:
        found += [f"{change.bet}: {why}" for why in outside(mandate, change.bet)]
    return found + _too_much(use, [move.amount for move in moves])


def outside(mandate: Mandate, bet: Bet) -> list[str]:
    """Why a bet lies outside a mandate, after its title; empty if it lies inside."""
    attributes = bet.attributes()
    found = [
        f"its {'value stream' if name == 'stream' else name} is not in the mandate's scope."
        for name, values in mandate.scope.items()
        if str(attributes.get(name)) not in {str(value) for value in values}
    ]
    if mandate.reversible_only and bet.liquidity not in REVERSIBLE:
        found.append("the mandate covers stock and property only.")
    return found


def in_words(use: Use) -> str:
    """What may be decided under a mandate now, as the end of a sentence."""
    mandate, currency = use.mandate, use.mandate.portfolio.currency
    most, left = (
        formats.exact_rate(each, currency)
        for each in (min(mandate.most_per_move, use.left), use.left)
    )
    within = "bets in its scope" if mandate.scope else "any bets"
    classes = " that can be left within two quarters" * mandate.reversible_only
    return f"{within}{classes}, at most {most} a move and {left} in all for now."


def _too_much(use: Use, amounts: list[Decimal]) -> list[str]:
    mandate, currency = use.mandate, use.mandate.portfolio.currency
    largest, total = max(amounts, default=NOTHING), sum(amounts, NOTHING)
    found = []
    if largest > mandate.most_per_move:
        found.append(
            f"One move is {formats.exact_money(largest, currency)} a month; it covers at most "
            f"{formats.exact_money(mandate.most_per_move, currency)}."
        )
    if total > use.left:
        most, left, all_of_it = (
            formats.exact_money(each, currency)
            for each in (mandate.most_per_30_days, use.left, total)
        )
        found.append(f"It moves {all_of_it} a month; of its {most} within 30 days {left} are left.")
    return found
