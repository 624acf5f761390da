"""The journal's figures once more, from the raw rows: transfers, decisions, breaks, predictions.

In SQL where it can be said in SQL; nothing of the journal's own code is used. Money is a rate in
currency per month, times are days. docs/decisions-journal.md defines each figure.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

WAITS = """
WITH turn AS (
  SELECT bet_id, kind, known_at,
         lead(known_at) OVER (PARTITION BY bet_id ORDER BY known_at, id) AS until
  FROM evidence_thesisbreak WHERE portfolio_id = %(portfolio)s
), step AS (
  SELECT account.bet_id, decision.decided_at,
         CASE WHEN account.id = transfer.from_account_id THEN 'break' ELSE 'revival' END AS kind
  FROM allocation_transfer transfer
  JOIN allocation_decision decision ON decision.id = transfer.decision_id
  JOIN allocation_account account
    ON account.id IN (transfer.from_account_id, transfer.to_account_id)
   AND account.kind = 'working'
), wait AS (
  SELECT turn.known_at, turn.until, (
    SELECT min(step.decided_at) FROM step
    WHERE step.bet_id = turn.bet_id AND step.kind = turn.kind
      AND step.decided_at >= turn.known_at
      AND (turn.until IS NULL OR step.decided_at < turn.until)) AS decided_at
  FROM turn
)
SELECT percentile_cont(0.5) WITHIN GROUP (
         ORDER BY extract(epoch FROM decided_at - known_at) / 86400)
         FILTER (WHERE decided_at >= now() - interval '365 days'),
       count(*) FILTER (WHERE decided_at >= now() - interval '365 days'),
       count(*) FILTER (WHERE decided_at IS NULL AND until IS NULL)
FROM wait
"""

SHARES = """
SELECT decision.mandate_id, decision.authority, count(*),
       coalesce(sum(moved.amount), 0)
FROM allocation_decision decision
LEFT JOIN LATERAL (
  SELECT sum(amount) AS amount FROM allocation_transfer
  WHERE decision_id = decision.id AND kind = 'move') moved ON true
WHERE decision.portfolio_id = %(portfolio)s
  AND decision.decided_at >= now() - interval '365 days'
GROUP BY 1, 2
"""

REVERSED = """
WITH step AS (
  SELECT account.bet_id, transfer.sequence, transfer.decision_id,
         coalesce(decision.decided_at, transfer.booked_at) AS at,
         CASE WHEN account.id = transfer.from_account_id THEN -amount ELSE amount END AS change
  FROM allocation_transfer transfer
  LEFT JOIN allocation_decision decision ON decision.id = transfer.decision_id
  JOIN allocation_account account
    ON account.id IN (transfer.from_account_id, transfer.to_account_id)
   AND account.kind = 'working'
  WHERE transfer.portfolio_id = %(portfolio)s
    AND transfer.kind IN ('move', 'entangle', 'correction')
), decided AS (
  SELECT step.decision_id, step.bet_id, sum(change) AS moved, max(sequence) AS last,
         min(step.at) AS at
  FROM step JOIN allocation_decision decision ON decision.id = step.decision_id
  WHERE decision.decided_at >= now() - interval '365 days'
  GROUP BY 1, 2 HAVING sum(change) <> 0
), after AS (
  SELECT decided.decision_id, decided.moved,
         sum(-sign(decided.moved) * step.change) OVER (
           PARTITION BY decided.decision_id, decided.bet_id ORDER BY step.sequence) AS back
  FROM decided JOIN step ON step.bet_id = decided.bet_id AND step.sequence > decided.last
   AND step.at <= decided.at + interval '90 days'
)
SELECT (SELECT count(DISTINCT decision_id) FROM after WHERE 2 * back >= abs(moved)),
       (SELECT count(DISTINCT decision_id) FROM decided)
"""

WITHDRAWN = """
SELECT decision.id, change.bet_id, decision.decided_at >= now() - interval '365 days',
       change.freed, change.entangled, decision.part
FROM allocation_proposalchange change
JOIN allocation_decision decision ON decision.proposal_id = change.proposal_id
WHERE decision.portfolio_id = %(portfolio)s AND change.approved
  AND change.working_after < change.working_before
ORDER BY decision.decided_at, change.id
"""

BOOKED = """
SELECT transfer.kind, transfer.amount, transfer.effective_on, transfer.decision_id,
       giver.bet_id, giver.kind, taker.bet_id, taker.kind
FROM allocation_transfer transfer
JOIN allocation_account giver ON giver.id = transfer.from_account_id
JOIN allocation_account taker ON taker.id = transfer.to_account_id
WHERE transfer.portfolio_id = %(portfolio)s ORDER BY transfer.sequence
"""


@dataclass
class ByHand:
    """What a year's journal must show."""

    median_days: float | None
    waited: int
    still_waiting: int
    shares: dict[str, tuple[int, Decimal]]
    """Decisions and money moved, by role or by 'Mandate n'."""
    reversed_decisions: int
    booked_decisions: int
    predicted_share: float | None
    freed_share: float | None


def by_hand(portfolio_id: int, today: date) -> ByHand:
    """The figures of the last 365 days."""
    ask = _asking(portfolio_id)
    (median, waited, still), (turned, booked) = ask(WAITS)[0], ask(REVERSED)[0]
    shares: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for mandate, authority, count, money in ask(SHARES):
        name = authority if mandate is None else f"Mandate {mandate}"
        shares[name] = (shares[name][0] + count, shares[name][1] + money)
    predicted, freed = _freed(ask(WITHDRAWN), ask(BOOKED), today)
    days = None if median is None else float(median)
    return ByHand(days, waited, still, dict(shares), turned, booked, predicted, freed)


def _asking(portfolio_id: int) -> Any:
    from django.db import connection

    def ask(query: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(query, {"portfolio": portfolio_id})
            return list(cursor.fetchall())

    return ask


def _freed(
    withdrawn: list[tuple[Any, ...]], booked: list[tuple[Any, ...]], today: date
) -> tuple[float | None, float | None]:
    """The predicted and the actual share of what has settled, by money."""
    taken, on_its_way, stuck = _followed(booked, today)
    total = predicted = actual = 0.0
    for decision, bet, is_recent, freed, entangled, part in withdrawn:
        key = (decision, bet)
        if not is_recent or not taken[key] or on_its_way[key]:
            continue
        share = _predicted(bet, freed, entangled, part)
        total += float(taken[key])
        predicted += share * float(taken[key])
        actual += float(taken[key] - stuck[key])
    return (predicted / total, actual / total) if total else (None, None)


_Amounts = dict[tuple[int, int], Decimal]


def _followed(booked: list[tuple[Any, ...]], today: date) -> tuple[_Amounts, _Amounts, _Amounts]:
    """By decision and bet: what was taken out, what is on its way, what stays entangled.

    A bet's entangled money is a queue that unwinding empties from its front. A correction would
    have to be followed back to what it corrects; a month without one needs no rule for it.
    """
    taken: _Amounts = defaultdict(Decimal)
    on_its_way: _Amounts = defaultdict(Decimal)
    queues: dict[int, list[list[Any]]] = defaultdict(list)
    for kind, amount, day, decision, giver, giver_kind, taker, taker_kind in booked:
        assert kind != "correction", "nothing was corrected in this month"
        key = (decision, giver)
        if decision is not None and giver_kind == "working":
            taken[key] += amount
            if taker_kind != "entangled" and day > today:
                on_its_way[key] += amount
        if taker_kind == "entangled":
            queues[taker].append([amount, key])
        if giver_kind == "entangled" and day <= today:
            while amount:
                part = min(amount, queues[giver][0][0])
                amount -= part
                queues[giver][0][0] -= part
                if not queues[giver][0][0]:
                    queues[giver].pop(0)
    stuck: _Amounts = defaultdict(Decimal)
    for queue in queues.values():
        for amount, key in queue:
            stuck[key] += amount
    return taken, on_its_way, stuck


def _predicted(bet: int, freed: Decimal, entangled: Decimal, part: Any) -> float:
    """The predicted share: that of the part, where a part was approved."""
    if part is not None:
        decided = json.loads(part) if isinstance(part, str) else part
        for change in decided["changes"]:
            if int(change["bet"]) == bet:
                freed, entangled = change["freed"], change["entangled"]
    together = float(freed) + float(entangled)
    return float(freed) / together if together else 0.0
