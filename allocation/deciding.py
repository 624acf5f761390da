"""What the page says of deciding an open proposal: whether this person may, and who has agreed."""

from dataclasses import dataclass, field

from allocation import consents
from allocation.authority import Booking, authority_for
from allocation.models import Consent, Proposal
from spm.accounts.models import User
from spm.accounts.permissions import NotAllowed
from spm.accounts.signing import means_of


@dataclass(frozen=True)
class Deciding:
    """How somebody stands to an open proposal.

    ``why_not`` is empty if they may decide it, ``right`` says by what right then, and ``means``
    what they sign with. ``consents`` are the approvals that wait for a second person.
    """

    why_not: str = ""
    right: str = ""
    means: str = ""
    needs_second_person: bool = False
    consents: list[Consent] = field(default_factory=list)
    has_consented: bool = False


def deciding(person: User, proposal: Proposal) -> Deciding:
    """How a person stands to an open proposal; a fixed number of queries."""
    given = consents.standing(proposal) if proposal.portfolio.two_people_above is not None else []
    try:
        authority = authority_for(person, proposal, Booking.whole(proposal))
    except NotAllowed as refusal:
        return Deciding(why_not=str(refusal), consents=given)
    return Deciding(
        right=authority.text,
        means=means_of(person),
        needs_second_person=authority.needs_second_person,
        consents=given,
        has_consented=any(each.person == person for each in given),
    )
