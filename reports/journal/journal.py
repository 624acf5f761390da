"""The journal of a portfolio for a period: its figures, and the rows that each is made from.

Everything about money comes from one reading of the books; a page costs a fixed number of queries,
however many decisions there were.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from statistics import median

from django.db.models import QuerySet

from allocation.booked import (
    NOTHING,
    Booked,
    booked_in,
    changes_by_decision,
    moved_by_decision,
)
from allocation.learned_terms import LearnedTerms, learned_terms
from allocation.models import Decision, ProposalChange
from allocation.withdrawals import Withdrawal, withdrawals
from bets.models import Bet, Portfolio
from reports.evidence_to_money import Wait, waits
from reports.journal.asked import Asked
from reports.journal.authority import Share, authority_of, shares_of
from reports.journal.entries import Entry, entries
from reports.journal.refusals import Refused, refused_changes
from reports.journal.reversals import WITHIN, Reversal, reversals


class Journal:
    """What the page, the CSV files and the API show."""

    def __init__(self, portfolio: Portfolio, asked: Asked, now: datetime) -> None:
        self.portfolio, self.asked, self.now = portfolio, asked, now
        self.since = asked.since(now)

    @cached_property
    def booked(self) -> list[Booked]:
        """The whole books: what follows a decision may lie after the period."""
        return booked_in(self.portfolio)

    @cached_property
    def changes(self) -> Mapping[int, Mapping[int, Decimal]]:
        """What each decision did to the working money of each bet."""
        return changes_by_decision(self.booked)

    @cached_property
    def moved(self) -> Mapping[int, Decimal]:
        """What each decision moved."""
        return moved_by_decision(self.booked)

    @cached_property
    def decisions(self) -> list[Decision]:
        """Every decision of the period, newest first."""
        made = Decision.objects.filter(portfolio=self.portfolio, decided_at__lte=self.now)
        rows = self._with_proposals(made).order_by("-decided_at", "-id")
        return list(rows.filter(decided_at__gte=self.since) if self.since else rows)

    # --- the list ---

    @cached_property
    def listed(self) -> list[Decision]:
        """The decisions of the period that the filters leave."""
        asked, touching = self.asked, self._touching
        return [
            decision
            for decision in self.decisions
            if asked.kind in ("", decision.kind)
            and asked.authority in ("", authority_of(decision))
            and (touching is None or decision.proposal_id in touching)
        ]

    @cached_property
    def _touching(self) -> set[int] | None:
        """The proposals that would have changed the bet that is asked for."""
        if self.asked.bet is None:
            return None
        rows = ProposalChange.objects.filter(
            bet_id=self.asked.bet, proposal__portfolio=self.portfolio
        )
        return set(rows.values_list("proposal_id", flat=True))

    def entries(self, decisions: list[Decision]) -> list[Entry]:
        """The rows of the list for some of its decisions."""
        ids = [decision.pk for decision in decisions]
        found = {row.pk: row for row in self._with_proposals(Decision.objects.filter(pk__in=ids))}
        return entries([found[pk] for pk in ids], self.moved, self.changes)

    @staticmethod
    def _with_proposals(rows: QuerySet[Decision]) -> QuerySet[Decision]:
        return rows.select_related(
            "proposal__portfolio",
            "proposal__about",
            "proposal__successor",
            "decided_by",
            "api_key",
            "mandate__user",
            "mandate__api_key",
        ).defer("proposal__snapshot", "proposal__solution")

    @cached_property
    def bet(self) -> Bet | None:
        """The bet that the list is narrowed to."""
        if self.asked.bet is None:
            return None
        return Bet.objects.filter(portfolio=self.portfolio, pk=self.asked.bet).first()

    # --- from evidence to money ---

    @cached_property
    def waits(self) -> list[Wait]:
        """What broke or revived, latest first: money followed in the period, or has not yet.

        What turned again before any money had followed is left out once that is past the period.
        """
        found = waits(self.portfolio, self.booked)
        return [wait for wait in reversed(found) if self._is_of_period(wait)]

    def _is_of_period(self, wait: Wait) -> bool:
        if wait.turn.known_at > self.now:
            return False
        if wait.decided_at is None and not wait.turned_again:
            return True
        return self.since is None or (wait.decided_at or wait.turn.known_at) >= self.since

    @cached_property
    def waited(self) -> list[float]:
        """The days of those that money followed."""
        return [wait.days for wait in self.waits if wait.days is not None]

    @property
    def median_days(self) -> float | None:
        """Half of the money that followed evidence came sooner."""
        return median(self.waited) if self.waited else None

    @property
    def still_waiting(self) -> int:
        """Breaks and revivals that no money has followed yet."""
        return sum(wait.decided_at is None and not wait.turned_again for wait in self.waits)

    # --- who decided ---

    @cached_property
    def shares(self) -> list[Share]:
        """Each role and mandate."""
        return shares_of(self.decisions, self.moved)

    @property
    def by_mandate(self) -> float | None:
        """The part of the decisions that was taken under a mandate, 0 to 1."""
        if not self.decisions:
            return None
        return sum(share.of_decisions for share in self.shares if share.by_mandate)

    @property
    def money_by_mandate(self) -> float:
        """The part of the money that mandates moved, 0 to 1."""
        return sum(share.of_money for share in self.shares if share.by_mandate)

    # --- refused ---

    @cached_property
    def refused(self) -> list[Refused]:
        """Each change that was refused, with what came of it."""
        return refused_changes(self.portfolio, self.since, self.now)

    @property
    def refused_decisions(self) -> int:
        """How many decisions refused something."""
        return len({row.decision.pk for row in self.refused})

    @property
    def spent_on_refused(self) -> Decimal:
        """Currency spent since on what refused changes wanted to leave."""
        return sum((row.spent for row in self.refused if row.spent is not None), NOTHING)

    # --- reversed ---

    @cached_property
    def moved_back(self) -> list[Reversal]:
        """The bets whose money came back."""
        return reversals(self.decisions, self.changes, self.booked)

    @cached_property
    def reversed_bets(self) -> Mapping[int, Bet]:
        """The bets of these, by id."""
        return Bet.objects.in_bulk({row.bet_id for row in self.moved_back})

    @property
    def reversed_decisions(self) -> int:
        """How many decisions were reversed at least in one bet."""
        return len({row.decision.pk for row in self.moved_back})

    @property
    def booked_decisions(self) -> int:
        """How many decisions changed what a bet holds, and so could be reversed."""
        return sum(bool(self.changes.get(decision.pk)) for decision in self.decisions)

    @property
    def young_decisions(self) -> int:
        """How many of these have not stood for ninety days yet."""
        return sum(
            bool(self.changes.get(decision.pk)) and self.now - decision.decided_at < WITHIN
            for decision in self.decisions
        )

    # --- predicted and freed ---

    @cached_property
    def all_withdrawals(self) -> list[Withdrawal]:
        """Every withdrawal, whenever it was decided: what is learned is learned from all."""
        return withdrawals(self.portfolio, self.booked, self.now.date())

    @cached_property
    def withdrawals(self) -> list[Withdrawal]:
        """Those that were decided in the period, newest first."""
        ids = {decision.proposal_id for decision in self.decisions}
        return [each for each in reversed(self.all_withdrawals) if each.change.proposal_id in ids]

    @cached_property
    def learned(self) -> list[LearnedTerms]:
        """What all withdrawals teach, by liquidity class."""
        return learned_terms(self.portfolio, self.all_withdrawals)

    @property
    def predicted_share(self) -> float | None:
        """The predicted part of all that was withdrawn in the period and has settled, by money."""
        return self._by_money("predicted_share")

    @property
    def freed_share(self) -> float | None:
        """The part of it that has been freed, by money."""
        return self._by_money("actual_share")

    def _by_money(self, name: str) -> float | None:
        settled = [each for each in self.withdrawals if each.is_settled]
        money = float(sum((each.withdrawn for each in settled), NOTHING))
        if not money:
            return None
        return sum(getattr(each, name) * float(each.withdrawn) for each in settled) / money
