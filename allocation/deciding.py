"""What the page says of deciding an open proposal: what this person may do, and who the rest."""

from dataclasses import dataclass, field

from django.utils import timezone

from allocation import consents, mandates
from allocation.authority import Authority, MayNotDecide, authority_for, parts_in_reach
from allocation.models import Consent, Proposal
from allocation.part import WorkedOut
from allocation.to_book import Booking
from spm.accounts.models import User
from spm.accounts.signing import means_of


@dataclass(frozen=True)
class Deciding:
    """How somebody stands to an open proposal, or to the part of it that they look at.

    ``right`` says by what right they may approve it, and is empty if they may not: ``why_not`` and
    ``who_may`` say why, and who may. ``in_reach`` are the parts that they may decide, in words.
    ``means`` is what they sign with. ``consents`` are the approvals that wait for a second person;
    ``has_consented`` says that one of them is theirs, to what they look at.
    """

    right: str = ""
    why_not: str = ""
    who_may: str = ""
    in_reach: list[str] = field(default_factory=list)
    may_refuse: bool = False
    """Whether they may refuse it, which is always the whole."""
    means: str = ""
    needs_second_person: bool = False
    consents: list[Consent] = field(default_factory=list)
    has_consented: bool = False
    holds_mandate: bool = False

    @property
    def may_decide_a_part(self) -> bool:
        """Whether there can be a part that they may decide, or it is the whole."""
        return bool(self.right or self.may_refuse or self.in_reach)


def deciding(person: User, proposal: Proposal, part: WorkedOut | None = None) -> Deciding:
    """How a person stands to an open proposal, or a part of it; a fixed number of queries."""
    given = consents.standing(proposal) if proposal.portfolio.two_people_above is not None else []
    whole = Booking(proposal)
    booking = whole if part is None else Booking(proposal, part)
    right = _right(person, proposal, booking)
    right_to_all = right if part is None else _right(person, proposal, whole)
    may_refuse = isinstance(right_to_all, Authority)
    if isinstance(right, Authority):
        return Deciding(
            right=right.text,
            may_refuse=may_refuse,
            means=means_of(person),
            needs_second_person=right.needs_second_person,
            consents=given,
            has_consented=any(
                each.person == person and each.part_sha256 == booking.part_sha256 for each in given
            ),
        )
    in_reach = parts_in_reach(person, proposal)
    held = mandates.held_by(person, proposal.portfolio, timezone.now()) if in_reach else []
    return Deciding(
        why_not=right.why,
        who_may=right.who,
        in_reach=in_reach,
        may_refuse=may_refuse,
        means=means_of(person) if in_reach or may_refuse else "",
        consents=given,
        holds_mandate=bool(held),
    )


def _right(person: User, proposal: Proposal, booking: Booking) -> Authority | MayNotDecide:
    try:
        return authority_for(person, proposal, booking)
    except MayNotDecide as refusal:
        return refusal
