"""The proof: what is stored is held against what it was made from.

The chain of transfers, the balances, the sums, the projections that pages read, the decisions and
the changes of limits with their seals, the evidence digests and the beliefs. Each difference is a
finding that names the row.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from allocation import granting, ledger, overcommitted, requests, sealing, signals
from allocation.booking import transfers_of
from allocation.engine import SnapshotError, parse_snapshot
from allocation.models import Account, Decision, LedgerHead, Proposal, ProposalChange, Transfer
from allocation.propose import content_digest
from allocation.snapshot import snapshot_of
from allocation.solution_rows import changes_in
from bets.models import Bet, Portfolio, Team
from evidence import beliefs

NOTHING = Decimal(0)
Kind = Account.Kind


@dataclass(frozen=True)
class Finding:
    """One thing that does not tie out: which row, and how."""

    portfolio: str
    row: str
    problem: str

    def __str__(self) -> str:
        return f"{self.portfolio}: {self.row}: {self.problem}"


@dataclass(frozen=True)
class Checked:
    """What was found in one portfolio, and where its chains ended when they were read."""

    portfolio: Portfolio
    findings: list[Finding]
    end: LedgerHead


def verify(portfolio: Portfolio | None = None) -> list[Finding]:
    """Check one portfolio, or all; an empty list is the proof. See ``checked``."""
    return [finding for each in checked(portfolio) for finding in each.findings]


def checked(portfolio: Portfolio | None = None) -> list[Checked]:
    """Check one portfolio, or all, in one snapshot of the database.

    Notes on each ledger when it was last found whole, and up to which transfer.
    """
    with transaction.atomic():
        if len(connection.savepoint_ids) == 0:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        portfolios = [portfolio] if portfolio else list(Portfolio.objects.order_by("id"))
        done = [Checked(each, list(_all_of(each)), _end_of(each)) for each in portfolios]
    for each in done:
        if each.findings:
            signals.proof_failed.send(Portfolio, portfolio=each.portfolio, findings=each.findings)
        else:
            _note_proof(each.end)
    return done


def _end_of(portfolio: Portfolio) -> LedgerHead:
    head = LedgerHead.objects.filter(portfolio=portfolio).first()
    return head or LedgerHead(portfolio=portfolio)


def chains(portfolio: Portfolio) -> Iterator[Finding]:
    """The chains alone: whether every transfer, decision and change of a limit is as written."""
    transfers = list(Transfer.objects.filter(portfolio=portfolio).order_by("sequence"))
    for found in (_chain(portfolio, transfers, []), sealing.check(portfolio.pk)):
        yield from (Finding(portfolio.name, row, problem) for row, problem in found)


def _all_of(portfolio: Portfolio) -> Iterator[Finding]:
    transfers = list(Transfer.objects.filter(portfolio=portfolio).order_by("sequence"))
    accounts = list(Account.objects.filter(portfolio=portfolio).select_related("bet", "portfolio"))
    found: Iterable[tuple[str, str]]
    for check in (_chain, _balances, _never_overdrawn):
        found = check(portfolio, transfers, accounts)
        yield from (Finding(portfolio.name, row, problem) for row, problem in found)
    decisions = _decisions(portfolio, transfers, accounts)
    seals, mandates = sealing.check(portfolio.pk), granting.differences(portfolio)
    projections, overloads = _projections(portfolio, accounts), _overloads(portfolio)
    for found in (projections, overloads, decisions, seals, mandates):
        yield from (Finding(portfolio.name, row, problem) for row, problem in found)
    for difference in beliefs.differences(portfolio):
        yield Finding(portfolio.name, "evidence", str(difference))


def _chain(
    portfolio: Portfolio, transfers: list[Transfer], accounts: list[Account]
) -> Iterator[tuple[str, str]]:
    """Each transfer says what its digest says, and follows the one before it."""
    previous, expected = "", 1
    for transfer in transfers:
        row = f"transfer {transfer.sequence}"
        if transfer.sequence != expected:
            yield row, f"follows transfer {expected - 1}: one or more are missing"
        if transfer.previous_sha256 != previous:
            yield row, "does not carry the digest of the transfer before it"
        if ledger.digest(transfer) != transfer.sha256:
            yield row, "was changed after it was booked"
        previous, expected = transfer.sha256, transfer.sequence + 1
    head = LedgerHead.objects.filter(portfolio=portfolio).first()
    end = (head.sequence, head.sha256) if head else (0, "")
    if end != (expected - 1, previous):
        yield "end of the chain", f"should be transfer {end[0]}, but the last is {expected - 1}"


def _balances(
    portfolio: Portfolio, transfers: list[Transfer], accounts: list[Account]
) -> Iterator[tuple[str, str]]:
    """Each account's balances follow from the transfers; together they are zero."""
    days = {account.pk: account.matured_on for account in accounts}
    booked: dict[int, Decimal] = defaultdict(Decimal)
    effective: dict[int, Decimal] = defaultdict(Decimal)
    available: dict[int, Decimal] = defaultdict(Decimal)
    for transfer in transfers:
        giver, taker = transfer.from_account_id, transfer.to_account_id
        booked[giver] -= transfer.amount
        booked[taker] += transfer.amount
        available[giver] -= transfer.amount
        if transfer.effective_on <= days[giver]:
            effective[giver] -= transfer.amount
        if transfer.effective_on <= days[taker]:
            effective[taker] += transfer.amount
            available[taker] += transfer.amount
    for account in accounts:
        stored = (account.booked, account.effective, account.available)
        worked_out = (booked[account.pk], effective[account.pk], available[account.pk])
        if stored != worked_out:
            yield f"account {account}", f"holds {stored}, the transfers say {worked_out}"
    if sum(booked.values(), NOTHING) != 0:
        yield "all accounts", f"add up to {sum(booked.values(), NOTHING)} instead of nothing"


def _never_overdrawn(
    portfolio: Portfolio, transfers: list[Transfer], accounts: list[Account]
) -> Iterator[tuple[str, str]]:
    """No account but the envelope falls below zero at the end of any date."""
    by_day: dict[date, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        by_day[transfer.effective_on].append(transfer)
    names = {account.pk: str(account) for account in accounts if account.kind != Kind.ENVELOPE}
    balance: dict[int, Decimal] = defaultdict(Decimal)
    for day in sorted(by_day):
        touched = set()
        for transfer in by_day[day]:
            balance[transfer.from_account_id] -= transfer.amount
            balance[transfer.to_account_id] += transfer.amount
            touched |= {transfer.from_account_id, transfer.to_account_id}
        for account_id in sorted(touched & names.keys()):
            if balance[account_id] < 0:
                yield f"account {names[account_id]}", f"is at {balance[account_id]} on {day}"


def _projections(portfolio: Portfolio, accounts: list[Account]) -> Iterator[tuple[str, str]]:
    """The columns that boards and pages read are the effective balances."""
    held = {(account.bet_id, account.kind): account.effective for account in accounts}
    row = Portfolio.objects.get(pk=portfolio.pk)
    shown = (row.envelope, row.reserve)
    true = (-held.get((None, Kind.ENVELOPE), NOTHING), held.get((None, Kind.RESERVE), NOTHING))
    if shown != true:
        yield "envelope and reserve", f"show {shown}, the ledger says {true}"
    for bet in Bet.objects.filter(portfolio=portfolio).only("title", "working", "entangled"):
        shown = (bet.working, bet.entangled)
        true = (
            held.get((bet.pk, Kind.WORKING), NOTHING),
            held.get((bet.pk, Kind.ENTANGLED), NOTHING),
        )
        if shown != true:
            yield f"bet {bet.pk} {bet}", f"shows {shown}, the ledger says {true}"


def _overloads(portfolio: Portfolio) -> Iterator[tuple[str, str]]:
    """What teams show as over their capacity is what the books say, once nothing is owed."""
    if requests.owed(portfolio.pk):
        return
    try:
        over = overcommitted.overloads(parse_snapshot(snapshot_of(portfolio)))
    except SnapshotError:  # nothing is worked out on guesses; the pages say what is wrong
        return
    for team in Team.objects.filter(portfolio=portfolio).order_by("id"):
        if team.overload != over[team.pk]:
            yield f"team {team.pk} {team}", f"shows {team.overload} over, it is {over[team.pk]}"


def _decisions(
    portfolio: Portfolio, transfers: list[Transfer], accounts: list[Account]
) -> Iterator[tuple[str, str]]:
    """What was approved was booked, what was not was not, and both say so."""
    booked: dict[int, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        if transfer.decision_id:
            booked[transfer.decision_id].append(transfer)
    decided = Decision.objects.filter(portfolio=portfolio).select_related("proposal")
    for decision in decided.defer("proposal__snapshot", "proposal__solution"):
        row = f"decision {decision.pk}"
        approved = decision.kind in (Decision.Kind.APPROVED, Decision.Kind.PARTLY_APPROVED)
        if approved != (decision.pk in booked):
            yield row, "was booked though not approved" if not approved else "was not booked"
        if any(each.booked_by_id != decision.decided_by_id for each in booked[decision.pk]):
            yield row, "names another person than its transfers"
        if approved and decision.pk in booked:
            yield from _as_proposed(row, decision, booked[decision.pk], accounts)
            yield from _within_the_proposal(row, decision)
        if decision.proposal.status != decision.kind:
            yield row, f"says {decision.kind}, its proposal {decision.proposal.status}"
        if decision.proposal.content_sha256 != decision.content_sha256:
            yield row, "was taken on other moves than its proposal holds"
    undecided = Proposal.objects.filter(
        portfolio=portfolio, status__in=Decision.Kind.values, decision__isnull=True
    )
    for proposal in undecided:
        yield f"proposal {proposal.number}", "counts as decided, but there is no decision"


def _as_proposed(
    row: str, decision: Decision, booked: list[Transfer], accounts: list[Account]
) -> Iterator[tuple[str, str]]:
    """What was booked is what the proposal, or its part, says, from the day of the decision on."""
    day = timezone.localdate(decision.decided_at)
    places = {each.pk: ledger.Place(each.kind, each.bet_id or 0) for each in accounts}
    said = [
        (entry.from_place, entry.to_place, entry.amount, entry.effective_on, entry.one_off)
        for entry in transfers_of(decision.proposal, day, decision.part)
    ]
    done = [
        (
            places[each.from_account_id],
            places[each.to_account_id],
            each.amount,
            each.effective_on,
            each.one_off,
        )
        for each in booked
    ]
    if sorted(said) != sorted(done):
        yield row, "was booked otherwise than its proposal says"


def _within_the_proposal(row: str, decision: Decision) -> Iterator[tuple[str, str]]:
    """A part is what was shown, keeps to what was proposed, and each change says whether it was."""
    part = decision.part
    proposed = {change.bet_id: change for change in decision.proposal.changes.all()}
    if part is None:
        if not all(change.approved for change in proposed.values()):
            yield row, "approves the whole, but a change of it says otherwise"
        return
    if content_digest(part) != part["sha256"]:
        yield row, "holds another part than the one that was shown"
    taken = {each.bet_id: each for each in changes_in(part)}
    for bet_id, each in taken.items():
        if bet_id not in proposed or not _lies_within(each, proposed[bet_id]):
            yield row, f"gives bet {bet_id} an amount that was not proposed"
    if {bet_id for bet_id, each in proposed.items() if each.approved} != taken.keys():
        yield row, "approves other changes than the proposal says"


def _lies_within(taken: ProposalChange, proposed: ProposalChange) -> bool:
    """Whether a bet starts where the proposal says, and ends between there and what it says."""
    before, after = proposed.working_before, proposed.working_after
    least, most = sorted([before, after])
    return taken.working_before == before and least <= taken.working_after <= most


def _note_proof(end: LedgerHead) -> None:
    """The proof reaches as far as the chain did when it was read, whatever was booked since."""
    LedgerHead.objects.filter(pk=end.pk).update(
        verified_at=timezone.now(), verified_sequence=end.sequence
    )
