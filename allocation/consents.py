"""Two people approve the same: the first approval is kept, the second one books."""

from django.utils import timezone

from allocation import signals
from allocation.authority import Taken, authority_for
from allocation.models import Consent, Proposal
from allocation.to_book import Booking
from spm import live
from spm.accounts.models import User
from spm.accounts.permissions import NotAllowed, person_behind
from spm.errors import Conflict


class SecondPersonNeeded(Exception):
    """The approval is kept, and nothing is booked yet: another person has to approve the same."""

    def __init__(self, consent: Consent, others: list[Consent]) -> None:
        self.consent = consent
        self.message = "Your approval is kept; a second person has to approve the same to book it."
        if others:
            said = "; ".join(f"{each.person} has approved {what(each)}" for each in others)
            self.message += f" It is not what others approved: {said}."
        super().__init__(self.message)


def standing(proposal: Proposal) -> list[Consent]:
    """The consents to the proposal as it is now, the first one first: older versions' are void."""
    rows = Consent.objects.filter(
        proposal=proposal,
        proposal_version=proposal.version,
        content_sha256=proposal.content_sha256,
    )
    return list(rows.select_related("person", "api_key__owner", "mandate"))


def what(consent: Consent) -> str:
    """What somebody has consented to, after 'approved'."""
    return "a part of it" if consent.part_sha256 else "all of it"


def of_another(person: User | None, proposal: Proposal, booking: Booking) -> Consent | None:
    """The consent of another person to the same thing, who still has the right to give it."""
    same = [each for each in standing(proposal) if each.part_sha256 == booking.part_sha256]
    others = (each for each in same if each.person != person)
    return next((each for each in others if _still_may(each, proposal, booking)), None)


def _still_may(consent: Consent, proposal: Proposal, booking: Booking) -> bool:
    if consent.api_key is not None and not consent.api_key.usable_at(timezone.now()):
        return False
    try:
        authority_for(consent.api_key or consent.person, proposal, booking)
    except NotAllowed:
        return False
    return True


def give(taken: Taken, proposal: Proposal, booking: Booking) -> SecondPersonNeeded:
    """Keep the first of two approvals; the proposal's row is locked by the caller.

    Returns:
        What to raise once the transaction is through.

    Raises:
        Conflict: this person has approved the same before.
    """
    person, before = person_behind(taken.decider), standing(proposal)
    mine = {each.part_sha256 for each in before if each.person == person}
    if booking.part_sha256 in mine:
        raise Conflict("You have approved this already; a second person has to approve it too.")
    consent = Consent.objects.create(
        portfolio_id=proposal.portfolio_id,
        proposal=proposal,
        person=person,
        api_key=taken.api_key,
        mandate=taken.authority.mandate,
        authority=taken.authority.text,
        signed_with=taken.signed_with,
        given_at=taken.at,
        reason=taken.reason,
        proposal_version=proposal.version,
        content_sha256=proposal.content_sha256,
        part=booking.part.as_json() if booking.part else None,
        part_sha256=booking.part_sha256,
    )
    signals.consented.send(Consent, proposal=proposal, by=person)
    live.say(proposal.portfolio_id, "proposals", f"proposal:{proposal.pk}")
    return SecondPersonNeeded(consent, [each for each in before if each.person != person])
