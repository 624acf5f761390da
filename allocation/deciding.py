"""What the page says of deciding an open proposal: whether this person may, and who has agreed."""

from dataclasses import dataclass, field

from django.utils import timezone

from allocation import consents, mandates
from allocation.authority import Booking, authority_for, may_decide_a_part
from allocation.models import Consent, Proposal
from allocation.part import WorkedOut
from spm.accounts.models import User
from spm.accounts.permissions import NotAllowed
from spm.accounts.signing import means_of


@dataclass(frozen=True)
class Deciding:
    """How somebody stands to an open proposal.

    ``why_not`` is empty if they may decide it, or the part of it that they look at; ``right`` says
    by what right then, and ``means`` what they sign with. ``consents`` are the approvals that wait
    for a second person; ``has_consented`` says that one of them is theirs, to what they look at.
    """

    why_not: str = ""
    right: str = ""
    means: str = ""
    needs_second_person: bool = False
    consents: list[Consent] = field(default_factory=list)
    has_consented: bool = False
    holds_mandate: bool = False
    may_decide_a_part: bool = False
    """Whether there can be a part that they may decide, if not the whole."""


def deciding(person: User, proposal: Proposal, part: WorkedOut | None = None) -> Deciding:
    """How a person stands to an open proposal, or a part of it; a fixed number of queries."""
    given = consents.standing(proposal) if proposal.portfolio.two_people_above is not None else []
    try:
        booking = Booking.whole(proposal) if part is None else Booking.of(part)
        authority = authority_for(person, proposal, booking)
    except NotAllowed as refusal:
        some = may_decide_a_part(person, proposal)
        means = means_of(person) if some else ""
        held = mandates.held_by(person, proposal.portfolio, timezone.now()) if some else []
        return Deciding(
            str(refusal),
            means=means,
            consents=given,
            holds_mandate=bool(held),
            may_decide_a_part=some,
        )
    return Deciding(
        right=authority.text,
        means=means_of(person),
        needs_second_person=authority.needs_second_person,
        consents=given,
        has_consented=any(
            each.person == person and each.part_sha256 == booking.part_sha256 for each in given
        ),
        may_decide_a_part=True,
    )
