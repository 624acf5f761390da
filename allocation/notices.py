"""Who is told of proposals, decisions and the books: what is said to whom, in which words.

Titles of bets, figures and links; no words of evidence. The reason of a refusal is told, since it
is what the refused have to know.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone

from allocation.authority import deciders, why_not
from allocation.models import Decision, Proposal, ProposalChange
from allocation.solution_rows import changes_in
from allocation.to_book import Booking
from allocation.verify import Finding
from allocation.wording import sentence, title_of
from bets.models import Portfolio
from evidence.models import Because, Notice, NoticeKind
from evidence.notices.concerned import OFFICE_ROLES
from evidence.notices.tell import Details, News, forget, in_brief, tell
from evidence.notices.theses import NEWS_FOR
from spm import formats
from spm.accounts.models import Membership, Role, User

MOST_ROWS = 5
BOOKED = (Decision.Kind.APPROVED, Decision.Kind.PARTLY_APPROVED)
RESERVE = "Reserve"


def on_published(sender: Any, proposal: Proposal, **kwargs: Any) -> None:
    """Signal receiver: tell whoever may decide it, in place of what they have not read before."""
    replaced = f"proposal:{proposal.replaces_id}:" if proposal.replaces_id else ""
    if _is_past(proposal.created_at):
        return
    news = News(
        kind=NoticeKind.PROPOSAL,
        about=f"proposal:{proposal.pk}:published",
        text=f"{named(proposal)}: {sentence(proposal)}",
        url=_url_of(proposal),
        portfolio_id=proposal.portfolio_id,
        to=dict.fromkeys(deciders_of(proposal), Because.DECIDES),
        details=first_screen(proposal),
        instead_of=replaced,
    )
    tell([news], proposal.created_at)


def on_closed(sender: Any, proposal: Proposal, **kwargs: Any) -> None:
    """Signal receiver: nothing is asked of anybody any more.

    What takes the place of a superseded one takes the place of its notices as well.
    """
    if proposal.status != Proposal.Status.SUPERSEDED:
        forget(proposal.portfolio_id, f"proposal:{proposal.pk}:")


def on_consented(sender: Any, proposal: Proposal, by: User, **kwargs: Any) -> None:
    """Signal receiver: tell the others who may decide that a second person is needed."""
    others = [person_id for person_id in deciders_of(proposal) if person_id != by.pk]
    news = News(
        kind=NoticeKind.CONSENT,
        about=f"proposal:{proposal.pk}:consent:{proposal.version}:{by.pk}",
        text=f"{named(proposal)}, approved by {in_brief(str(by))}, needs a second person: "
        f"{sentence(proposal)}",
        url=_url_of(proposal),
        portfolio_id=proposal.portfolio_id,
        to=dict.fromkeys(others, Because.DECIDES),
        details=first_screen(proposal),
    )
    tell([news])


def on_decided(sender: Any, decision: Decision, **kwargs: Any) -> None:
    """Signal receiver: tell whoever drew it up, the owners of its bets, leads and finance."""
    if _is_past(decision.decided_at):
        return
    proposal = decision.proposal
    changes = list(proposal.changes.select_related("bet").order_by("id"))
    told = _office(decision.portfolio_id, OFFICE_ROLES)
    to = dict.fromkeys(told, Because.OFFICE.value)
    members = set(_members(decision.portfolio_id).values_list("user_id", flat=True))
    to |= dict.fromkeys(members & {proposal.drawn_up_by_id}, Because.DREW_UP)
    knows = None if decision.booked_at_once else decision.decided_by_id
    if decision.booked_at_once:
        to |= dict.fromkeys(members & {decision.decided_by_id}, Because.DECIDES)
    to.pop(knows or 0, None)
    owners = members - to.keys() - {knows}
    news = [_of_decision(decision, changes, to), *_to_owners(decision, changes, owners)]
    tell(news, decision.decided_at)


def on_proof_failed(
    sender: Any, portfolio: Portfolio, findings: Sequence[Finding], **kwargs: Any
) -> None:
    """Signal receiver: tell leads, finance and administrators, once a day."""
    office = dict.fromkeys(_office(portfolio.pk, OFFICE_ROLES), Because.OFFICE.value)
    keepers = dict.fromkeys(_office(portfolio.pk, (Role.ADMIN,)), Because.KEEPS.value)
    count = len(findings)
    first = in_brief(f"{findings[0].row}: {findings[0].problem}")
    news = News(
        kind=NoticeKind.PROOF,
        about=f"proof:{portfolio.pk}:{timezone.localdate():%Y%m%d}",
        text=f"The books do not tie out: {count} difference{'' if count == 1 else 's'}, the first "
        f"in {first}.",
        url=reverse("allocation:ledger"),
        portfolio_id=portfolio.pk,
        to={**keepers, **office},
    )
    tell([news])


def deciders_of(proposal: Proposal) -> list[int]:
    """The ids of the members who may decide a proposal, by their role or by a mandate."""
    rights = deciders(proposal, Booking(proposal))
    return sorted({person.pk for person, _ in rights})


def may_still_decide(notice: Notice) -> bool:
    """Whether what a notice asks of its person can still be done by them.

    What was booked at once under their mandate asks nothing, and stays true.
    """
    if notice.kind == NoticeKind.DECISION:
        return True
    number = notice.about.split(":")[1]
    proposal = Proposal.objects.filter(pk=int(number)).defer("snapshot", "solution").first()
    return proposal is not None and proposal.is_open and not why_not(notice.person, proposal)


def first_screen(proposal: Proposal) -> Details:
    """What there is to know first: what is freed, what stays, what waiting costs, where it goes."""
    currency = proposal.portfolio.currency
    moves = list(proposal.moves.select_related("from_bet", "to_bet").order_by("-amount", "id"))
    rows = [
        (_title(move.from_bet), _title(move.to_bet), formats.rate(move.amount, currency))
        for move in moves[:MOST_ROWS]
    ]
    waiting = formats.money(proposal.gain_per_month_of_waiting, currency)
    figures = [*_sums(proposal.changes.all(), currency), ("Waiting costs a month", waiting)]
    return Details(figures, ("From", "To", "A month"), rows, _more(len(moves), "move"))


def named(proposal: Proposal) -> str:
    """What a proposal is called, on one line."""
    return in_brief(title_of(proposal))


# --- inside ---------------------------------------------------------------------------------------


def _sums(changes: Iterable[ProposalChange], currency: str) -> list[tuple[str, str]]:
    rows = list(changes)
    out = sum((max(-_difference(change), Decimal(0)) for change in rows), Decimal(0))
    freed, stuck, exits = (
        sum((getattr(change, name) for change in rows), Decimal(0))
        for name in ("freed", "entangled", "exit_cost")
    )
    return [
        ("Out of bets", formats.rate(out, currency)),
        ("Really freed", formats.rate(freed, currency)),
        ("Stays entangled", formats.rate(stuck, currency)),
        ("Exit costs, once", formats.money(exits, currency)),
    ]


def _of_decision(decision: Decision, changes: Sequence[ProposalChange], to: dict[int, str]) -> News:
    """What was decided as a whole: the sums of what was booked, or would have been."""
    currency = decision.proposal.portfolio.currency
    booked = changes if decision.part is None else changes_in(decision.part)
    figures = [*_sums(booked, currency), ("Authority", in_brief(decision.authority))]
    if decision.reason:
        figures.append(("Reason", in_brief(decision.reason)))
    return News(
        kind=NoticeKind.DECISION,
        about=f"decision:{decision.pk}",
        text=f"{_what_became(decision)}: {sentence(decision.proposal)}",
        url=_url_of(decision.proposal),
        portfolio_id=decision.portfolio_id,
        to=to,
        details=_table(decision, changes, "Bet", figures),
    )


def _table(
    decision: Decision,
    changes: Iterable[ProposalChange],
    of: str,
    figures: Sequence[tuple[str, str]] = (),
) -> Details:
    """The bets, the largest changes first: what each held, and what it holds or would have held."""
    currency = decision.proposal.portfolio.currency
    largest = sorted(changes, key=lambda change: (-abs(_difference(change)), change.pk))
    is_booked = decision.kind in BOOKED
    after = _after(decision, largest)
    rows = [
        (
            _title(change.bet),
            formats.rate(change.working_before, currency),
            formats.rate(after[change.bet_id] if is_booked else change.working_after, currency),
        )
        for change in largest[:MOST_ROWS]
    ]
    head = (of, "From", "To") if is_booked else (of, "Holds", "Was proposed")
    return Details(figures, head, rows, _more(len(largest), "bet"))


def _after(decision: Decision, changes: Iterable[ProposalChange]) -> dict[int, Decimal]:
    """What each bet holds once the decision is carried out; a part may say another amount."""
    if decision.kind not in BOOKED:
        return {change.bet_id: change.working_before for change in changes}
    whole = {change.bet_id: change.working_after for change in changes}
    if decision.part is None:
        return whole
    stay = {change.bet_id: change.working_before for change in changes}
    return stay | {each.bet_id: each.working_after for each in changes_in(decision.part)}


def _to_owners(
    decision: Decision, changes: Sequence[ProposalChange], owners: set[int]
) -> list[News]:
    """One to each owner, about their own bets."""
    currency, after = decision.proposal.portfolio.currency, _after(decision, changes)
    own: dict[int, list[ProposalChange]] = {}
    for change in changes:
        if change.bet.owner_id in owners:
            own.setdefault(change.bet.owner_id, []).append(change)
    return [
        News(
            kind=NoticeKind.DECISION,
            about=f"decision:{decision.pk}",
            text=f"{_what_became(decision)}: {_in_words(rows[0], after, currency)}.",
            url=_url_of(decision.proposal),
            portfolio_id=decision.portfolio_id,
            to={owner_id: Because.OWNER},
            bet=rows[0].bet,
            details=_table(decision, rows, "Your bet"),
        )
        for owner_id, rows in own.items()
    ]


def _what_became(decision: Decision) -> str:
    """'Proposal 7 was refused by Iris Weber'."""
    if decision.booked_at_once:
        holder = in_brief(str(decision.decided_by))
        return f"{named(decision.proposal)} was booked at once under the mandate of {holder}"
    done = {
        Decision.Kind.APPROVED: "was approved",
        Decision.Kind.PARTLY_APPROVED: "was approved in part",
        Decision.Kind.REFUSED: "was refused",
        Decision.Kind.EXPIRED: "expired, decided by nobody",
    }[Decision.Kind(decision.kind)]
    by = f" by {in_brief(str(decision.decided_by))}" if decision.decided_by else ""
    under = " under a mandate" if decision.mandate_id else ""
    return f"{named(decision.proposal)} {done}{by}{under}"


def _in_words(change: ProposalChange, after: dict[int, Decimal], currency: str) -> str:
    before, comes_to = change.working_before, after[change.bet_id]
    if comes_to == before:
        return f"{_title(change.bet)} stays at {formats.rate(before, currency)}"
    goes = f"goes from {formats.rate(before, currency)} to {formats.rate(comes_to, currency)}"
    return f"{_title(change.bet)} {goes}"


def _difference(change: ProposalChange) -> Decimal:
    return change.working_after - change.working_before


def _more(count: int, of: str) -> str:
    rest = count - MOST_ROWS
    return f"And {rest} {of}{'' if rest == 1 else 's'} more." if rest > 0 else ""


def _title(bet: Any) -> str:
    return in_brief(bet.title) if bet is not None else RESERVE


def _url_of(proposal: Proposal) -> str:
    return reverse("allocation:proposal", args=[proposal.pk])


def _members(portfolio_id: int) -> Any:
    return Membership.objects.filter(portfolio_id=portfolio_id, user__is_active=True)


def _office(portfolio_id: int, roles: Iterable[str]) -> list[int]:
    """The members who have one of these roles."""
    wanted = set(roles)
    return [row.user_id for row in _members(portfolio_id) if row.roles & wanted]


def _is_past(moment: datetime) -> bool:
    """Whether it belongs to a history that is being replayed, and is no news."""
    return moment < timezone.now() - NEWS_FOR
