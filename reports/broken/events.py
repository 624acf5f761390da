"""What happened to broken bets: evidence, breaks, and the proposals to move their money."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone

from allocation.after_break import Spell
from allocation.models import Proposal, ProposalChange
from bets.models import Portfolio
from evidence.models import ThesisBreak
from spm import formats

IGNORED = (Proposal.Status.SUPERSEDED, Proposal.Status.EXPIRED, Proposal.Status.WITHDRAWN)
WORDS = {
    "against": "Evidence against",
    "for": "Evidence for",
    "break": "Thesis broke",
    "revival": "Thesis revived",
    "ignored": "Proposal ignored",
    "refused": "Proposal refused",
    "approved": "Proposal approved",
    "open": "Proposal open",
}


@dataclass(frozen=True)
class Event:
    """One thing that happened to a bet.

    ``kind`` is one of ``WORDS``; ``who`` and ``why`` are empty where nobody said. A proposal
    stands at the moment at which it was closed, an open one at that of its making.
    """

    kind: str
    at: datetime
    text: str
    who: str = ""
    why: str = ""
    href: str = ""

    @property
    def day(self) -> date:
        """The day on which it happened here."""
        return timezone.localdate(self.at)

    @property
    def word(self) -> str:
        """What it is, in words."""
        return WORDS[self.kind]


def events_of(
    portfolio: Portfolio, spells: Mapping[int, Sequence[Spell]], now: datetime
) -> dict[int, list[Event]]:
    """What happened to the bets with these spells, each in order of time; two queries.

    Of the proposals, those that would have taken money out of the bet and were open on a day of
    one of its spells.
    """
    found: dict[int, list[Event]] = defaultdict(list)
    turns = ThesisBreak.objects.filter(bet_id__in=spells, at__lte=now)
    for turn in turns.select_related("evidence__source", "evidence__retracts").order_by("id"):
        found[turn.bet_id] += _turned(turn)
    for change in _withdrawals(portfolio, spells):
        if _was_open_in(change.proposal, spells[change.bet_id], now):
            found[change.bet_id].append(_proposed(change))
    return {
        bet_id: sorted(found[bet_id], key=lambda event: (event.at, ORDER[event.kind]))
        for bet_id in spells
    }


ORDER = {kind: place for place, kind in enumerate(WORDS)}


def _turned(turn: ThesisBreak) -> Iterable[Event]:
    if turn.evidence is not None:
        source = f", {turn.evidence.source}" if turn.evidence.source else ""
        yield Event(
            "against" if turn.kind == "break" else "for",
            turn.at,
            f"{turn.evidence.summary}{source}",
            why=turn.evidence.note,
            href=f"{reverse('bets:bet', args=[turn.bet_id])}#evidence",
        )
    why = "; ".join(str(criterion) for criterion in turn.kill_criteria)
    yield Event(turn.kind, turn.at, f"at a belief of {formats.percent(turn.belief)}", why=why)


def _withdrawals(portfolio: Portfolio, bet_ids: Iterable[int]) -> Iterable[ProposalChange]:
    rows = ProposalChange.objects.filter(proposal__portfolio=portfolio, bet_id__in=bet_ids)
    rows = rows.select_related("proposal__portfolio", "proposal__decision__decided_by").defer(
        "proposal__snapshot", "proposal__solution"
    )
    return [row for row in rows.order_by("id") if row.working_after < row.working_before]


def _was_open_in(proposal: Proposal, spells: Sequence[Spell], now: datetime) -> bool:
    first = timezone.localdate(proposal.created_at)
    last = timezone.localdate(proposal.closed_at or now)
    return any(first <= end and last >= start for start, end in spells)


def _proposed(change: ProposalChange) -> Event:
    proposal = change.proposal
    decision = getattr(proposal, "decision", None)
    currency = proposal.portfolio.currency
    amount = formats.rate(change.working_before - change.working_after, currency)
    return Event(
        _became(change),
        proposal.closed_at or proposal.created_at,
        f"Proposal {proposal.number}, to withdraw {amount}",
        who=str(decision.decided_by or "") if decision else "",
        why=(decision.reason if decision else "") or proposal.closed_because,
        href=reverse("allocation:proposal", args=[proposal.pk]),
    )


def _became(change: ProposalChange) -> str:
    if change.proposal.status == Proposal.Status.OPEN:
        return "open"
    if change.proposal.status in IGNORED:
        return "ignored"
    return "approved" if change.approved else "refused"
