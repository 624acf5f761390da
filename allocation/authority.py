"""Under which authority somebody may decide a proposal, or the part of it that is to be booked.

One place for pages, the API and booking at once: roles, the two thresholds of the portfolio,
mandates, and separation of duties. What counts is the money moved: the sum of the moves that would
be booked, currency per month.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from allocation import mandates
from allocation.models import Mandate, Proposal
from allocation.to_book import NOTHING, Booking
from bets.models import Portfolio
from spm import formats
from spm.accounts.models import ApiKey, Membership, Role, Scope, User
from spm.accounts.permissions import NotAllowed, Principal, membership_of, person_behind
from spm.accounts.signing import Signature

MOST_NAMES = 6
MOST_REASONS = 3
BY_MANDATE_ALONE = "A key decides under a mandate alone, whatever its owner's role."


@dataclass(frozen=True)
class Authority:
    """By what right somebody decides; ``text`` is kept with the decision."""

    text: str
    needs_second_person: bool
    mandate: Mandate | None = None


@dataclass(frozen=True)
class Taken:
    """A decision as it is taken: who, by what right, why, when, and how they signed.

    ``principal`` is None where the time for deciding is up; ``signature`` is None where nobody
    sat there.
    """

    principal: Principal | None
    authority: Authority
    reason: str
    at: datetime
    signature: Signature | None = None

    @property
    def decider(self) -> Principal:
        """Who decides, where somebody does."""
        assert self.principal is not None
        return self.principal

    @property
    def person(self) -> User | None:
        """The person who answers for it."""
        return None if self.principal is None else person_behind(self.principal)

    @property
    def api_key(self) -> ApiKey | None:
        """The key that it came by, if any."""
        return self.principal if isinstance(self.principal, ApiKey) else None

    @property
    def signed_with(self) -> str:
        """How they signed, or an empty text."""
        return self.signature.method if self.signature else ""


class MayNotDecide(NotAllowed):
    """Somebody may not decide this: ``why`` not, and ``who`` may, a sentence or two each."""

    def __init__(self, why: str, who: str) -> None:
        self.why, self.who = why, who
        super().__init__(f"{why} {who}")


def authority_for(
    principal: Principal,
    proposal: Proposal,
    booking: Booking,
    *,
    to_decide: bool = False,
    at: datetime | None = None,
) -> Authority:
    """By what right this principal may decide this: their role, or else a mandate; a key by a
    mandate alone, of its own or of its owner's.

    Args:
        principal: who would decide.
        proposal: about what.
        booking: what would be booked: the whole, or a part.
        to_decide: whether it is about to be booked: the mandates that it may draw on are locked.
        at: the moment, where a history is made up; now by default.

    Raises:
        MayNotDecide: they may not; the text says why, and who may.
    """
    try:
        moment = at or timezone.now()
        text, mandate = _right_of(principal, proposal, booking, to_decide, moment)
    except NotAllowed as refusal:
        raise MayNotDecide(str(refusal), who_may(proposal, booking)) from None
    return Authority(text, needs_two(proposal, booking), mandate)


def at_once(use: mandates.Use, proposal: Proposal, booking: Booking) -> Authority:
    """The right to book something at once under a mandate that says so, with nobody sitting there.

    Raises:
        NotAllowed: the mandate does not cover it, its holder has a hand in it, or two people have
            to approve it: what is booked at once is nobody's approval.
    """
    holder = use.mandate.holder
    require_no_hand(holder, proposal)
    if booking.owners_of_what_gains == {person_behind(holder).pk}:
        raise NotAllowed("Only bets that the holder owns would gain.")
    reasons = mandates.why_not_covered(use, booking.changes, booking.moves)
    if needs_two(proposal, booking):
        reasons.append("It takes two people.")
    if reasons or not use.mandate.books_at_once:
        raise NotAllowed(" ".join(reasons) or "It does not book at once.")
    return Authority(f"{use.mandate}, booked at once", False, use.mandate)


def needs_two(proposal: Proposal, booking: Booking) -> bool:
    """Whether two people have to approve this."""
    most = proposal.portfolio.two_people_above
    return most is not None and booking.moved > most


def why_not(principal: Principal, proposal: Proposal) -> str:
    """Why this principal may not decide the whole proposal, or an empty text if they may."""
    try:
        authority_for(principal, proposal, Booking(proposal))
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def parts_in_reach(principal: Principal, proposal: Proposal) -> list[str]:
    """Which parts of a proposal this principal may decide, if not the whole; a sentence each.

    Empty where there can be none. A bet is ended as a whole or not at all.
    """
    try:
        membership = require_no_hand(principal, proposal)
    except NotAllowed:
        return []
    portfolio = proposal.portfolio
    if proposal.ends_a_bet:
        return []
    found = []
    if isinstance(principal, ApiKey):
        pass  # it decides under a mandate alone
    elif membership.role == Role.FINANCE:
        found.append("By your role, finance: a part that gives your own bets nothing.")
    elif _role_of(membership, portfolio, NOTHING):
        most = _rate(portfolio.finance_above, portfolio)
        found.append(f"By your role, portfolio lead: a part that moves at most {most}.")
    held = mandates.held_by(principal, portfolio, timezone.now())
    return found + [f"Under {use.mandate}: {mandates.in_words(use)}" for use in held]


def deciders(proposal: Proposal, booking: Booking) -> list[tuple[User, str]]:
    """Which people have the right to decide this, and by what; a fixed number of queries."""
    by_role, by_mandate = [], []
    covering = _covering(proposal, booking)
    for membership in _without_hand(proposal, booking):
        person = membership.user
        if role := _role_of(membership, proposal.portfolio, booking.moved):
            by_role.append((person, role))
        else:
            mine = (each for each in covering if each.user_id == person.pk)
            by_mandate += [(person, f"mandate {each.pk}") for each in list(mine)[:1]]
    return by_role + by_mandate


def who_may(proposal: Proposal, booking: Booking) -> str:
    """Who has the right to decide this, as a sentence."""
    people = [f"{person} ({right})" for person, right in deciders(proposal, booking)]
    keys = [each for each in _covering(proposal, booking) if each.api_key is not None]
    names = people + [f"the key '{each.holder.name}' (mandate {each.pk})" for each in keys]
    if not names:
        return "Nobody here may: it takes somebody in finance who has no hand in it."
    more = len(names) - MOST_NAMES
    shown = [*names[:MOST_NAMES], *([f"{more} more"] if more > 0 else [])]
    return f"{'These' if len(names) > 1 else 'This one'} may: {', '.join(shown)}."


def _covering(proposal: Proposal, booking: Booking) -> list[Mandate]:
    """The mandates in force that cover a booking; two queries."""
    now, portfolio = timezone.now(), proposal.portfolio
    return [
        use.mandate
        for use in mandates.uses(mandates.in_force(portfolio, now), now)
        if not mandates.why_not_covered(use, booking.changes, booking.moves)
    ]


def _without_hand(proposal: Proposal, booking: Booking) -> list[Membership]:
    """The active members who neither drew a proposal up nor alone gain by it."""
    owners = booking.owners_of_what_gains if len(booking.owners_of_what_gains) == 1 else set()
    hands = {each for each in (*_hands_in(proposal), *owners) if each is not None}
    rows = Membership.objects.filter(portfolio=proposal.portfolio, user__is_active=True)
    rows = rows.exclude(user_id__in=hands)
    return list(rows.select_related("user").order_by("role", "user__name", "pk"))


def require_no_hand(principal: Principal, proposal: Proposal) -> Membership:
    """The role of somebody who may decide if it suffices.

    Raises:
        NotAllowed: whatever is to be booked, they may not: they have no role here, drew the
            proposal up, or come by a key that is not for deciding.
    """
    if isinstance(principal, ApiKey) and Scope.DECIDE not in principal.scopes:
        raise NotAllowed("This key may not decide: it lacks the scope 'decide'.")
    membership = membership_of(principal, proposal.portfolio_id)
    if membership is None:
        raise NotAllowed("You have no role in this portfolio.")
    if person_behind(principal).pk in _hands_in(proposal):
        raise NotAllowed("You drew up or changed this proposal, so another has to decide it.")
    return membership


def _right_of(
    principal: Principal, proposal: Proposal, booking: Booking, to_decide: bool, moment: datetime
) -> tuple[str, Mandate | None]:
    person, portfolio = person_behind(principal), proposal.portfolio
    membership = require_no_hand(principal, proposal)
    if booking.owners_of_what_gains == {person.pk}:
        raise NotAllowed("Only bets that you own would gain, so another has to decide it.")
    by_key = f" of {person}, by the key '{principal.name}'" * isinstance(principal, ApiKey)
    if not by_key and (role := _role_of(membership, portfolio, booking.moved)):
        return f"Role: {role}", None
    held = mandates.held_by(principal, portfolio, moment, to_decide=to_decide)
    against = {
        use.mandate: mandates.why_not_covered(use, booking.changes, booking.moves) for use in held
    }
    for mandate, reasons in against.items():
        if not reasons:
            return f"{mandate}{by_key}", mandate
    beyond = [f"{mandate} does not cover it: {_in_short(why)}" for mandate, why in against.items()]
    first = BY_MANDATE_ALONE if by_key else _beyond(membership, portfolio, booking)
    raise NotAllowed(" ".join([first, *beyond]))


def _role_of(membership: Membership, portfolio: Portfolio, moved: Decimal) -> str:
    """The role by which a member may decide what moves so much, or an empty text."""
    if membership.role == Role.FINANCE:
        return "finance"
    if membership.role == Role.LEAD and 0 < portfolio.finance_above >= moved:
        return "portfolio lead"
    return ""


def _beyond(membership: Membership, portfolio: Portfolio, booking: Booking) -> str:
    """Why a role does not suffice."""
    if membership.role == Role.LEAD and portfolio.finance_above:
        return (
            f"This moves {_rate(booking.moved, portfolio)}; you may decide what moves at most "
            f"{_rate(portfolio.finance_above, portfolio)}."
        )
    return f"Your role here, {Role(membership.role).label.lower()}, does not decide on proposals."


def _in_short(reasons: list[str]) -> str:
    more = len(reasons) - MOST_REASONS - 1
    if more <= 0:
        return " ".join(reasons)
    # What is too much comes last, and is never left away.
    return " ".join([*reasons[:MOST_REASONS], f"And {more} more like these.", reasons[-1]])


def _rate(amount: Decimal, portfolio: Portfolio) -> str:
    return formats.exact_rate(amount, portfolio.currency)


def _hands_in(proposal: Proposal) -> set[int]:
    """Who drew the proposal up or changed it."""
    changed = set(proposal.contributors.values_list("pk", flat=True))
    return changed if proposal.drawn_up_by_id is None else {*changed, proposal.drawn_up_by_id}
