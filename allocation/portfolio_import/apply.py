"""Writes a plan into a portfolio, in one transaction: all of it, or nothing of it.

With a replay each period is played in its own time, oldest first: bets as its rows say, money as
transfers dated in it, its evidence as of the day it was observed, then the engine. Without one,
the portfolio is opened today as the last period says, with the evidence of all periods.
A period that has been imported is not touched again: what people have decided since stays.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from allocation import ledger, recompute
from allocation.after_break import AfterBreak, after_break
from allocation.models import Account, ImportedPeriod, LatestRun, Proposal, RecomputeRequest
from allocation.portfolio_import.account import AfterBreakLine, YearFigures
from allocation.portfolio_import.bet_writing import BetWriter, at_noon
from allocation.portfolio_import.mapping import ImportMapping, Weighed
from allocation.portfolio_import.money import book_period
from allocation.portfolio_import.opening import give_access, open_portfolio, people_of_the_demo
from allocation.portfolio_import.plan import Plan, PlannedBet, PlannedEvidence, Standing
from bets.edit import OFFICE
from bets.models import Bet, Portfolio
from bets.models.bet import ThesisStatus
from evidence import beliefs
from evidence.bulk import record_many
from evidence.intake import NewEvidence
from evidence.models import Evidence, ThesisBreak
from spm.sheets.problems import Unusable

CENT = Decimal("0.01")
MOST_NAMED = 12


@dataclass
class Applied:
    """What an import did."""

    portfolio: Portfolio
    bets_created: int = 0
    bets_changed: int = 0
    evidence_created: int = 0
    transfers: int = 0
    periods: list[int] = field(default_factory=list)
    years: list[YearFigures] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    most_after_break: list[AfterBreakLine] = field(default_factory=list)


def apply_plan(
    plan: Plan,
    mapping: ImportMapping,
    *,
    replay: bool,
    roles: list[tuple[str, str]],
    today: date,
    heard: Callable[[str], None] = lambda line: None,
) -> Applied:
    """Write the plan.

    Args:
        plan: what is to be there afterwards.
        mapping: what it was made by.
        replay: whether to play each period in its own time.
        roles: address and role of people who are to have access.
        today: the day on which a portfolio is opened without a replay, and none later is played.
        heard: is told of each period as it is done.

    Raises:
        Unusable: the portfolio that is there does not go with the plan.
    """
    if not plan.periods:
        raise Unusable("No row of the file can be used; nothing was imported.")
    with transaction.atomic():
        portfolio, created = open_portfolio(plan, mapping)
        recompute.keep_others_out(portfolio.pk)
        run = _Run(plan, mapping, portfolio, today, heard)
        if created:
            run.applied.said.append(f"Portfolio '{portfolio.slug}' was made.")
            roles = [*roles, *people_of_the_demo()]
        run.applied.said += give_access(portfolio, roles)
        run.leave_out_clashes()
        run.replay() if replay else run.open_today()
        return run.finish()


class _Run:
    """One import under way, in one transaction."""

    def __init__(
        self,
        plan: Plan,
        mapping: ImportMapping,
        portfolio: Portfolio,
        today: date,
        heard: Callable[[str], None],
    ) -> None:
        self.plan = plan
        self.today = today
        self.mapping = mapping
        self.portfolio = portfolio
        self.heard = heard
        self.writer = BetWriter(portfolio, mapping)
        self.applied = Applied(portfolio)
        self.left_out: set[str] = set()
        self.told_until = self._newest_break()
        self.known_evidence = _known_evidence(portfolio)
        self.done = {
            row.period: row
            for row in ImportedPeriod.objects.filter(portfolio=portfolio, source=mapping.bet.source)
        }

    # --- what is to be done -----------------------------------------------------------------------

    def leave_out_clashes(self) -> None:
        """Leave out bets that earlier imports took for others; say so."""
        for bet, why in self.writer.claimed_twice(self.plan.bets):
            self.left_out.add(bet.key)
            self.applied.said.append(f"{bet.title} was left out: {why}; see bet.same.")

    def standing_in(self, period: int) -> list[tuple[PlannedBet, Standing]]:
        """The bets of a period that are not left out."""
        return [pair for pair in self.plan.standing_in(period) if pair[0].key not in self.left_out]

    def replay(self) -> None:
        """Play what has not been played, oldest first; look through the rest for new evidence."""
        if any(not row.replayed for row in self.done.values()):
            raise Unusable(
                f"The portfolio '{self.portfolio.slug}' was imported without --replay, and its "
                "books begin on that day. Replay into another portfolio: change portfolio.slug."
            )
        last = max(self.done, default=0)
        for period in self.plan.periods:
            if period > last:
                self._play(period)
            else:
                self._take_evidence(period, as_of=None)

    def open_today(self) -> None:
        """Take in all evidence, and open the books as the last period says."""
        period = self.plan.periods[-1]
        if period > max(self.done, default=0):
            self.writer.write(self.standing_in(period), period, self.today)
            self._book(period, self.today)
            self._remember([p for p in self.plan.periods if p not in self.done], replayed=False)
        spoken_of: set[int] = set()
        for known in self.plan.periods:
            spoken_of |= self._take_evidence(known, as_of=None)
        if period in self.applied.periods:
            beliefs.refresh(self.writer.written.keys() - spoken_of, timezone.now())

    # --- one period -------------------------------------------------------------------------------

    def _play(self, period: int) -> None:
        """One period in its own time: money, evidence, engine."""
        begins, observed, as_of = self._moments(period)
        clock = _Clock()
        with clock.measuring("bets"):
            self.writer.write(self.standing_in(period), period, begins)
        with clock.measuring("ledger"):
            self._book(period, begins)
        with clock.measuring("evidence"):
            before = self.applied.evidence_created
            spoken_of = self._take_evidence(period, as_of)
            created = self.applied.evidence_created - before
        with clock.measuring("beliefs"):
            self._let_fade(period, spoken_of, as_of)
        with clock.measuring("engine"):
            # What this year has caused is paid here, and not once more by a worker.
            RecomputeRequest.objects.filter(portfolio=self.portfolio).delete()
            recompute.recompute(self.portfolio.pk, as_of=as_of)
        figures = self._figures(period, observed, created, clock.seconds)
        self._remember([period], replayed=True, figures=figures.as_json())
        self.applied.years.append(figures)
        spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in clock.seconds.items())
        self.heard(f"{period}: {figures.bets} bets, {created} pieces of evidence ({spent})")

    def _moments(self, period: int) -> tuple[date, date, datetime]:
        """From when a period's money is booked, which day it shows, and what it is judged as of.

        Its own time, unless the portfolio has lived on since: its books are closed up to a day
        that is later, and what comes then comes today.
        """
        begins = self.mapping.period.funded_from.of(period)
        observed = self.mapping.period.observed(period)
        if max(begins, observed) > self.today:
            raise Unusable(
                f"period: {period} lies in the future ({max(begins, observed)}); leave out its "
                "rows, or set period.funded_from and observed_on."
            )
        accounts = Account.objects.filter(portfolio=self.portfolio)
        closed = accounts.aggregate(last=Max("matured_on"))["last"]
        if closed is None or closed <= begins:
            return begins, observed, at_noon(observed)
        self.applied.said.append(
            f"{period}: the books are closed up to {closed}, so it was taken in as of today."
        )
        return max(self.today, closed), max(self.today, closed), timezone.now()

    def _book(self, period: int, day: date) -> None:
        rates = {
            bet_id: standing.rate
            for bet, standing in self.standing_in(period)
            if (bet_id := self.writer.id_of(bet)) is not None
        }
        note = f"{self.mapping.bet.source} {period}"
        envelope = self.plan.envelopes[period]
        self.applied.transfers += book_period(self.portfolio, rates, envelope, day, note)
        share = Decimal(str(self.mapping.portfolio.reserve_floor_share))
        floor = (envelope * share).quantize(CENT)
        Portfolio.objects.filter(pk=self.portfolio.pk).update(reserve_floor=floor)

    def _take_evidence(self, period: int, as_of: datetime | None) -> set[int]:
        """Hand the period's judgements to the one door; returns the bets that were spoken of."""
        events, names = [], []
        for bet, standing in self.standing_in(period):
            for piece in standing.evidence:
                known = self.known_evidence.get((piece.source.casefold(), piece.external_id))
                if known is None:
                    events.append((self._hypothesis_of(bet, standing), _event(piece)))
                    names.append(bet.title)
                elif known != piece.weighed:
                    self.applied.said.append(_said_otherwise(bet, period, piece))
        outcomes = record_many(OFFICE, self.portfolio, events, as_of=as_of)
        for name, outcome in zip(names, outcomes, strict=True):
            if outcome.refusal is not None:
                self.applied.said.append(f"{name}, {period}: {outcome.refusal}")
        created = [one.evidence for one in outcomes if one.created and one.evidence]
        self.applied.evidence_created += len(created)
        return {row.bet_id for row in created}

    def _hypothesis_of(self, bet: PlannedBet, standing: Standing) -> int:
        """The hypothesis that the import gave the bet; a bet of a past period is made first."""
        bet_id = self.writer.id_of(bet)
        if bet_id is None:
            day = self.mapping.period.funded_from.of(standing.period)
            self.writer.write([(bet, standing)], standing.period, day)
            bet_id = self.writer.ids[bet.key]
            self.applied.said.append(
                f"{bet.title}: {standing.period} was imported before, so it was made without money."
            )
        return self.writer.hypotheses[bet_id]

    def _let_fade(self, period: int, spoken_of: set[int], as_of: datetime) -> None:
        """Bring the other beliefs of bets that are still there to a moment: they fade."""
        there = {
            self.writer.id_of(bet)
            for bet, standing in self.standing_in(period)
            if not standing.is_gone
        }
        beliefs.refresh({bet_id for bet_id in there - spoken_of if bet_id is not None}, as_of)

    # --- what is told -----------------------------------------------------------------------------

    def _figures(
        self, period: int, observed: date, evidence: int, seconds: dict[str, float]
    ) -> YearFigures:
        standings = [standing for _, standing in self.standing_in(period)]
        changes = ThesisBreak.objects.filter(portfolio=self.portfolio, pk__gt=self.told_until)
        consumed = after_break(self.portfolio, observed)
        run = LatestRun.objects.get(portfolio=self.portfolio)
        proposal = self.portfolio.proposals.filter(status="open").order_by("-id").first()
        broken = Bet.objects.filter(
            portfolio=self.portfolio, thesis_status=ThesisStatus.BROKEN, working__gt=0
        )
        breaks = changes.filter(kind="break").count()
        revivals = changes.filter(kind="revival").count()
        self.told_until = self._newest_break()
        return YearFigures(
            period=period,
            observed_on=observed.isoformat(),
            bets=sum(standing.line > 0 for standing in standings),
            funded=float(sum((standing.rate for standing in standings), ledger.NOTHING)),
            evidence=evidence,
            breaks=breaks,
            revivals=revivals,
            broken=broken.count(),
            on_broken=float(sum((row.rate for row in consumed), ledger.NOTHING)),
            spent_after_break=float(sum((row.spent for row in consumed), ledger.NOTHING)),
            proposal=_proposal_in_words(proposal, run),
            moves=proposal.moves.count() if proposal else 0,
            gain=proposal.gain if proposal else 0.0,
            seconds={name: round(spent, 2) for name, spent in seconds.items()},
        )

    def _newest_break(self) -> int:
        newest = ThesisBreak.objects.filter(portfolio=self.portfolio).aggregate(last=Max("id"))
        return newest["last"] or 0

    def _remember(
        self, periods: list[int], *, replayed: bool, figures: dict[str, Any] | None = None
    ) -> None:
        ImportedPeriod.objects.bulk_create(
            ImportedPeriod(
                portfolio=self.portfolio,
                source=self.mapping.bet.source,
                period=period,
                replayed=replayed,
                imported_at=timezone.now(),
                figures=figures or {},
            )
            for period in periods
        )
        self.applied.periods += periods

    def finish(self) -> Applied:
        """The counts, the years as they were played, and where most was spent after a break."""
        applied = self.applied
        applied.bets_created = self.writer.created
        applied.bets_changed = self.writer.changed
        before = [
            YearFigures(**row.figures)
            for row in self.done.values()
            if row.replayed and row.period in self.plan.periods
        ]
        applied.years = sorted([*before, *applied.years], key=lambda year: year.period)
        if applied.years:
            until = date.fromisoformat(applied.years[-1].observed_on)
            applied.most_after_break = _named(after_break(self.portfolio, until))
        return applied


def _proposal_in_words(proposal: Proposal | None, run: LatestRun) -> str:
    """What the engine's proposal is after a run: new, the one before, or none."""
    if run.problem:
        return f"not solved: {run.problem}"
    if proposal is None:
        return "none"
    is_new = proposal.created_at == run.finished_at
    return f"{'new' if is_new else 'still'} no. {proposal.number}"


def _known_evidence(portfolio: Portfolio) -> dict[tuple[str, str], Weighed]:
    """What the sources have said before, by source and external id."""
    rows = Evidence.objects.filter(portfolio=portfolio, external_id__isnull=False)
    return {
        (row.source.name.casefold() if row.source else "", row.external_id or ""): Weighed(
            row.direction, row.strength, row.likelihood_ratio
        )
        for row in rows.select_related("source")
    }


def _said_otherwise(bet: PlannedBet, period: int, piece: PlannedEvidence) -> str:
    return (
        f"{bet.title}, {period}: {piece.source} was imported before with another judgement; what "
        "was taken stays. Retract it on the bet's page and log what is right there."
    )


def _event(piece: PlannedEvidence) -> NewEvidence:
    said: dict[str, Any] = {
        "kind": "judgement",
        "direction": piece.weighed.direction,
        "strength": piece.weighed.strength,
    }
    if piece.weighed.likelihood_ratio is not None:
        said = {"kind": "ratio", "likelihood_ratio": piece.weighed.likelihood_ratio}
    return NewEvidence(
        **said,
        source=piece.source,
        observed_at=at_noon(piece.observed_on),
        external_id=piece.external_id,
        note=piece.note,
    )


def _named(rows: list[AfterBreak]) -> list[AfterBreakLine]:
    most = [row for row in rows if row.spent > 0][:MOST_NAMED]
    bets = Bet.objects.select_related("stream").in_bulk([row.bet_id for row in most])
    return [
        AfterBreakLine(
            title=bets[row.bet_id].title,
            stream=str(bets[row.bet_id].stream or ""),
            broken_on=row.broken_on.isoformat() if row.broken_on else "revived",
            spent=float(row.spent),
            rate=float(row.rate),
        )
        for row in most
    ]


class _Clock:
    """How long each part took, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measuring(self, name: str) -> Iterator[None]:
        """Measure one part."""
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
