"""The tables behind the journal's figures, for CSV: money in currency, times in days or months."""

from collections.abc import Callable, Iterable
from typing import Any

from allocation.left_out import left_out_of
from reports.journal.authority import authority_of
from reports.journal.journal import Journal

Rows = Iterable[list[Any]]


def table(journal: Journal, part: str) -> list[list[Any]]:
    """The rows of one part of the page, the head first; raises KeyError if there is no such part.

    The table of decisions holds those that the filters leave.
    """
    head, rows = TABLES[part]
    return [head, *rows(journal)]


def _decisions(journal: Journal) -> Rows:
    missing = left_out_of(journal.listed)
    for decision in journal.listed:
        yield [
            decision.decided_at.isoformat(),
            decision.proposal.number,
            decision.get_kind_display(),
            str(decision.decided_by or ""),
            str(decision.api_key or ""),
            authority_of(decision),
            journal.moved.get(decision.pk, 0),
            len(decision.evidence_seen),
            decision.reason,
            "; ".join(f"{row.title} {row.not_booked:+}" for row in missing.get(decision.pk, [])),
        ]


def _waits(journal: Journal) -> Rows:
    numbers = {decision.pk: decision.proposal.number for decision in journal.decisions}
    for wait in journal.waits:
        yield [
            wait.turn.bet.title,
            wait.turn.get_kind_display(),
            wait.turn.known_at.isoformat(),
            "" if wait.turn.evidence is None else wait.turn.evidence.summary,
            "" if wait.decided_at is None else wait.decided_at.isoformat(),
            "" if wait.decision_id is None else numbers.get(wait.decision_id, ""),
            "" if wait.days is None else round(wait.days, 3),
        ]


def _authority(journal: Journal) -> Rows:
    for share in journal.shares:
        yield [share.name, share.count, share.of_decisions, share.moved, share.of_money]


def _refused(journal: Journal) -> Rows:
    for row in journal.refused:
        yield [
            row.change.bet.title,
            row.decision.decided_at.isoformat(),
            row.change.proposal.number,
            str(row.decision.decided_by or ""),
            row.decision.reason,
            row.difference,
            row.change.belief,
            row.change.bet.belief,
            row.again.number if row.again else "",
            row.approved_in.number if row.approved_in else "",
            "" if row.spent is None else row.spent,
            row.change.freed,
            row.would_have_freed,
        ]


def _reversed(journal: Journal) -> Rows:
    numbers = {decision.pk: decision.proposal.number for decision in journal.decisions}
    for row in journal.moved_back:
        yield [
            journal.reversed_bets[row.bet_id].title,
            row.decision.proposal.number,
            row.decision.decided_at.isoformat(),
            row.moved,
            row.at.isoformat(),
            "" if row.by is None else numbers.get(row.by, ""),
            row.back,
            round(row.days, 3),
        ]


def _freed(journal: Journal) -> Rows:
    for each in journal.withdrawals:
        months = each.actual_months
        yield [
            each.change.bet.title,
            each.change.bet.get_liquidity_display(),
            each.change.proposal.number,
            each.decided_on.isoformat(),
            each.withdrawn,
            each.predicted_share,
            each.actual_share,
            each.predicted_months,
            "" if months is None else round(months, 2),
            each.entangled,
            each.unwound,
            each.on_its_way,
            "yes" if each.is_settled else "no",
        ]


def _learned(journal: Journal) -> Rows:
    for terms in journal.learned:
        share, notice = terms.share_in_use, terms.notice_in_use
        yield [
            terms.label,
            len(terms.bets),
            terms.cases,
            share.mean if share else "",
            "" if terms.reclaimable_share is None else terms.reclaimable_share,
            notice.mean if notice else "",
            "" if terms.notice_months is None else terms.notice_months,
        ]


TABLES: dict[str, tuple[list[Any], Callable[[Journal], Rows]]] = {
    "decisions": (
        ["decided at", "proposal", "decision", "by", "key", "authority", "moved a month",
         "events known", "reason", "not booked"],
        _decisions,
    ),
    "waits": (
        ["bet", "thesis", "known at", "evidence", "decided at", "proposal", "days"],
        _waits,
    ),
    "authority": (
        ["authority", "decisions", "share of decisions", "moved a month", "share of money"],
        _authority,
    ),
    "refused": (
        ["bet", "refused at", "proposal", "by", "reason", "change a month", "belief then",
         "belief now", "proposed again in", "approved in", "spent since",
         "would have freed a month", "would have freed by now"],
        _refused,
    ),
    "reversed": (
        ["bet", "proposal", "decided at", "moved a month", "back at", "by proposal",
         "moved back a month", "days"],
        _reversed,
    ),
    "freed": (
        ["bet", "liquidity", "proposal", "decided on", "withdrawn a month", "predicted share",
         "freed share", "predicted months", "months", "entangled a month", "unwound a month",
         "on its way a month", "settled"],
        _freed,
    ),
    "learned": (
        ["liquidity", "bets", "cases", "share in use", "learned share", "notice in use",
         "learned notice"],
        _learned,
    ),
}  # fmt: skip
