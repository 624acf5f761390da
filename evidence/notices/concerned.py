"""Whom a bet concerns: its owner, and those who lead its portfolio or look after the money."""

from collections.abc import Collection, Iterable

from bets.models import Bet
from evidence.models import Because, Evidence
from spm.accounts.models import Membership, Role

#: The roles that are told of every bet.
OFFICE_ROLES = (Role.LEAD, Role.FINANCE)

To = dict[int, str]


def concerned_with(bets: Collection[Bet]) -> dict[int, To]:
    """For each bet, by id, who is to be told and why; one query. Only members are."""
    portfolios = {bet.portfolio_id for bet in bets}
    members = Membership.objects.filter(portfolio_id__in=portfolios, user__is_active=True)
    rows = list(members.values_list("portfolio_id", "user_id", "role"))
    return {bet.pk: _to(bet, rows) for bet in bets}


def _to(bet: Bet, rows: Iterable[tuple[int, int, str]]) -> To:
    here = [
        (user_id, role) for portfolio_id, user_id, role in rows if portfolio_id == bet.portfolio_id
    ]
    told: To = {user_id: Because.OFFICE for user_id, role in here if role in OFFICE_ROLES}
    if bet.owner_id in {user_id for user_id, _ in here}:
        told[bet.owner_id] = Because.OWNER
    return told


def without(to: To, person_id: int | None) -> To:
    """The same but for who did it: they know."""
    return {each: why for each, why in to.items() if each != person_id}


def recorders_of(evidence_ids: Collection[int]) -> dict[int, int]:
    """Who handed in each of these events, themselves or by a key of theirs; one query."""
    rows = Evidence.objects.filter(pk__in=evidence_ids)
    people = rows.values_list("pk", "recorded_by_id", "api_key__owner_id")
    return {pk: person or owner for pk, person, owner in people if person or owner}
