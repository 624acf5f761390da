"""Where what is stored about evidence and beliefs differs from what follows from its sources."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bets.models import Bet, Portfolio
from evidence.attachments import digests_by_evidence
from evidence.digest import content_digest
from evidence.history import BetHistory, histories_of
from evidence.models import Evidence, ThesisBreak
from evidence.standing import Standing, standing_of

#: Beliefs, weights in decibans and freshness are held to this.
TOLERANCE = 1e-9
BATCH = 200


@dataclass(frozen=True)
class Difference:
    """One thing that does not tie out: which row, what is stored, what it should be."""

    row: str
    what: str
    stored: Any
    rebuilt: Any

    def __str__(self) -> str:
        return f"{self.row}: {self.what} is {self.stored}, its sources say {self.rebuilt}"


def differences(portfolio: Portfolio | None = None) -> list[Difference]:
    """Rebuild every belief from the evidence, and every digest; an empty list is the proof."""
    rows = Evidence.objects.order_by("id")
    bets = Bet.objects.order_by("id")
    if portfolio is not None:
        rows, bets = rows.filter(portfolio=portfolio), bets.filter(portfolio=portfolio)
    attached = digests_by_evidence(portfolio.pk if portfolio is not None else None)
    found = list(_changed_rows(rows, attached))
    ids = list(bets.values_list("id", flat=True))
    for start in range(0, len(ids), BATCH):
        found.extend(_of_bets(ids[start : start + BATCH]))
    return found


def _changed_rows(rows: Any, attached: Mapping[int, list[str]]) -> Iterator[Difference]:
    for evidence in rows.iterator(chunk_size=2000):
        digest = content_digest(evidence, attached.get(evidence.pk, ()))
        if digest != evidence.content_sha256:
            yield Difference(
                f"evidence {evidence.pk}", "content digest", evidence.content_sha256, digest
            )


def _of_bets(bet_ids: list[int]) -> Iterator[Difference]:
    bets = list(Bet.objects.filter(pk__in=bet_ids).order_by("id"))
    histories = histories_of(bets)
    latest = {
        row.bet_id: row
        for row in ThesisBreak.objects.filter(bet_id__in=bet_ids)
        .order_by("bet_id", "-id")
        .distinct("bet_id")
    }
    for bet in bets:
        yield from _of_bet(bet, histories[bet.pk], latest.get(bet.pk))


def _of_bet(bet: Bet, history: BetHistory, latest: ThesisBreak | None) -> Iterator[Difference]:
    row = f"bet {bet.pk} {bet}"
    missing = sorted(int(each) for each in history.hypotheses.keys() - history.known.keys())
    if missing:
        yield Difference(row, f"belief in hypotheses {missing}", "missing", "due")
        return
    moments = {known.as_of for known in history.known.values()}
    if len(moments) > 1:
        yield Difference(row, "moment of its beliefs", sorted(map(str, moments)), "one moment")
        return
    as_of = next(iter(moments), bet.created_at)
    standing = standing_of(history, as_of)
    yield from _differing(row, _pairs_of_bet(bet, standing, latest))
    for identifier, now in standing.hypotheses.items():
        known = history.known[identifier]
        pairs = [
            ("belief", known.belief, now.belief),
            ("weight of judgements", known.judgement_decibans, now.judgement_decibans),
            ("weight of measurements", known.measurement_decibans, now.measurement_decibans),
            ("freshness", known.freshness, now.freshness),
            ("kill criteria met", sorted(known.kill_criteria_met), sorted(now.kill)),
        ]
        yield from _differing(f"hypothesis {identifier}", pairs)


def _pairs_of_bet(
    bet: Bet, standing: Standing, latest: ThesisBreak | None
) -> list[tuple[str, Any, Any]]:
    turned = latest if latest is not None and latest.kind == "break" else None
    return [
        ("belief", bet.belief, standing.belief),
        ("weight of evidence", bet.evidence_decibans, standing.decibans),
        ("thesis", bet.thesis_status, standing.status),
        ("newest evidence", bet.freshest_evidence_at, standing.newest),
        ("moment of its break", bet.broken_at, turned.at if turned else None),
        ("last break on record", turned is not None, standing.is_broken),
    ]


def _differing(row: str, pairs: Iterable[tuple[str, Any, Any]]) -> Iterator[Difference]:
    for what, stored, rebuilt in pairs:
        if not _agree(stored, rebuilt):
            yield Difference(row, what, stored, rebuilt)


def _agree(stored: Any, rebuilt: Any) -> bool:
    if isinstance(stored, float) and isinstance(rebuilt, float):
        return math.isclose(stored, rebuilt, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(stored == rebuilt)
