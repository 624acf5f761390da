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

from allocation.authority import Booking, deciders, why_not
from allocation.models import Decision, Proposal, ProposalChange
from allocation.verify import Finding
from allocation.wording import sentence
from bets.models import Portfolio
from evidence.models import Because, Notice, NoticeKind
from evidence.notices.concerned import OFFICE_ROLES
from evidence.notices.tell import Details, News, forget, in_brief, tell
from evidence.notices.theses import NEWS_FOR
from spm import formats
from spm.accounts.models import Membership, Role, User

MOST_ROWS = 5
RESERVE = "Reserve"


def on_published(sender: Any, proposal: Proposal, **kwargs: Any) -> None:
    """Signal receiver: tell whoever may decide it, in place of what they have not read before."""
    replaced = f"proposal:{proposal.replaces_id}:" if proposal.replaces_id else ""
    if _is_past(proposal.created_at):
        return
    news = News(
        kind=NoticeKind.PROPOSAL,
        about=f"proposal:{proposal.pk}:published",
        text=f"Proposal {proposal.number}: {sentence(proposal)}",
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
        text=f"Proposal {proposal.number}, approved by {in_brief(str(by))}, needs a second person: "
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
    if proposal.drawn_up_by_id in members:
        to[proposal.drawn_up_by_id] = Because.DREW_UP
    to.pop(decision.decided_by_id or 0, None)
    owners = members - to.keys() - {decision.decided_by_id}
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
    rights = deciders(proposal, Booking.whole(proposal))
    return sorted({person.pk for person, _ in rights})


def may_still_decide(notice: Notice) -> bool:
    """Whether what a notice asks of its person can still be done by them."""
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
    figures = [*_sums(proposal), ("Waiting costs a month", waiting)]
    return Details(figures, ("From", "To", "A month"), rows, _more(len(moves), "move"))


# --- inside ---------------------------------------------------------------------------------------


def _sums(proposal: Proposal) -> list[tuple[str, str]]:
    currency = proposal.portfolio.currency
    return [
        ("Out of bets", formats.rate(proposal.out_of_bets, currency)),
        ("Really freed", formats.rate(proposal.freed, currency)),
        ("Stays entangled", formats.rate(proposal.entangled, currency)),
        ("Exit costs, once", formats.money(proposal.exit_costs, currency)),
    ]


def _of_decision(decision: Decision, changes: list[ProposalChange], to: dict[int, str]) -> News:
    proposal = decision.proposal
    figures = [*_sums(proposal), ("Authority", in_brief(decision.authority))]
    if decision.reason:
        figures.append(("Reason", in_brief(decision.reason)))
    largest = sorted(changes, key=lambda change: (-abs(_difference(change)), change.pk))
    rows = [_changed(change, proposal.portfolio.currency) for change in largest[:MOST_ROWS]]
    return News(
        kind=NoticeKind.DECISION,
        about=f"decision:{decision.pk}",
        text=f"{_what_became(decision)}: {sentence(proposal)}",
        url=_url_of(proposal),
        portfolio_id=decision.portfolio_id,
        to=to,
        details=Details(figures, ("Bet", "From", "To"), rows, _more(len(changes), "bet")),
    )


def _to_owners(
    decision: Decision, changes: Iterable[ProposalChange], owners: set[int]
) -> list[News]:
    """One to each owner, about their own bets; what was not approved of them is not said to be."""
    currency = decision.proposal.portfolio.currency
    own: dict[int, list[ProposalChange]] = {}
    for change in changes:
        if change.bet.owner_id in owners:
            own.setdefault(change.bet.owner_id, []).append(change)
    return [
        News(
            kind=NoticeKind.DECISION,
            about=f"decision:{decision.pk}",
            text=f"{_what_became(decision)}: {_in_words(rows[0], currency)}.",
            url=_url_of(decision.proposal),
            portfolio_id=decision.portfolio_id,
            to={owner_id: Because.OWNER},
            bet=rows[0].bet,
            details=Details(
                head=("Your bet", "From", "To"), rows=[_changed(row, currency) for row in rows]
            ),
        )
        for owner_id, rows in own.items()
    ]


def _what_became(decision: Decision) -> str:
    """'Proposal 7 was refused by Iris Weber'."""
    done = {
        Decision.Kind.APPROVED: "was approved",
        Decision.Kind.PARTLY_APPROVED: "was approved in part",
        Decision.Kind.REFUSED: "was refused",
        Decision.Kind.EXPIRED: "expired, decided by nobody",
    }[Decision.Kind(decision.kind)]
    by = f" by {in_brief(str(decision.decided_by))}" if decision.decided_by else ""
    return f"Proposal {decision.proposal.number} {done}{by}"


def _in_words(change: ProposalChange, currency: str) -> str:
    before, after = formats.rate(change.working_before, currency), _after(change, currency)
    if change.approved:
        return f"{_title(change.bet)} goes from {before} to {after}"
    return f"{_title(change.bet)} stays at {before}"


def _changed(change: ProposalChange, currency: str) -> tuple[str, str, str]:
    before = formats.rate(change.working_before, currency)
    return _title(change.bet), before, _after(change, currency)


def _after(change: ProposalChange, currency: str) -> str:
    """The rate that it comes to: the one of before where the change was not approved."""
    after = change.working_after if change.approved else change.working_before
    return formats.rate(after, currency)


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
