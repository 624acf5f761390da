"""Many events at once: each bet locked once, worked out once, all rows in one statement."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.errors import UniqueViolation

from bets.edit import Editor, Office
from bets.models import Bet, BetTeam, Hypothesis, Portfolio
from evidence import belief, beliefs
from evidence.beliefs import Cause
from evidence.event_row import known_events, refuse_unless_same, row_of, visible_hypotheses
from evidence.history import BetHistory, histories_of, item_of, taken_back_on
from evidence.models import Evidence, Source
from evidence.said import NewEvidence, Said, read
from evidence.sources import sources_named
from evidence.standing import CLOCKS_DIFFER_BY
from spm.accounts.permissions import NotAllowed, require
from spm.copying import copy_in
from spm.errors import Conflict, Invalid

#: How often to look again when somebody else takes the same event on another bet meanwhile.
MOST_TRIES = 5

#: Of so many bets the histories are held at a time.
BETS_AT_ONCE = 200

Refusal = Invalid | Conflict | NotAllowed


@dataclass(frozen=True)
class Outcome:
    """What became of one event: its row and whether it is new, or why it was not taken."""

    evidence: Evidence | None = None
    created: bool = False
    refusal: Refusal | None = None


@transaction.atomic
def record_many(
    principal: Editor,
    portfolio: Portfolio,
    events: Sequence[tuple[int, NewEvidence]],
    *,
    as_of: datetime | None = None,
    recorded_at: datetime | None = None,
) -> list[Outcome]:
    """Take many events of one portfolio: the good ones, and for each other the reason why not.

    Args:
        principal: who hands them in.
        portfolio: of which all are.
        events: pairs of a hypothesis' id and what is said of it. A retraction may only name what
            was taken before.
        as_of: the moment to judge at; now by default.
        recorded_at: when they became known; now by default.

    Returns:
        One outcome for each event, in their order.

    Raises:
        NotAllowed: they may log evidence on no bet of the portfolio.
    """
    if not isinstance(principal, Office):
        require(principal, "log_evidence", portfolio.pk)
    batch = _Batch(principal, portfolio, as_of, recorded_at)
    batch.open(sorted({hypothesis_id for hypothesis_id, _ in events}))
    outcomes: list[Outcome | None] = [None] * len(events)
    readings: list[tuple[int, int, Said]] = []
    for place, (hypothesis_id, event) in enumerate(events):
        try:
            readings.append((place, hypothesis_id, batch.read(hypothesis_id, event)))
        except (Invalid, NotAllowed) as refusal:
            outcomes[place] = Outcome(refusal=refusal)
    for place, outcome in batch.take(readings).items():
        outcomes[place] = outcome
    return [outcome or Outcome() for outcome in outcomes]


class _Batch:
    """What is looked up once for all events."""

    def __init__(
        self,
        principal: Editor,
        portfolio: Portfolio,
        as_of: datetime | None,
        recorded_at: datetime | None,
    ) -> None:
        now = timezone.now()
        self.principal = principal
        self.portfolio = portfolio
        self.moment = as_of or now
        self.recorded_at = recorded_at or self.moment
        self.latest = None if as_of else now + CLOCKS_DIFFER_BY
        self.hypotheses: dict[int, Hypothesis] = {}
        self.bets: dict[int, Bet] = {}
        self.refused: dict[int, NotAllowed] = {}
        self.sources: dict[str, Source] = {}

    def open(self, hypothesis_ids: list[int]) -> None:
        """Find the hypotheses and lock their bets."""
        rows = visible_hypotheses(self.principal).filter(
            pk__in=hypothesis_ids, bet__portfolio=self.portfolio
        )
        self.hypotheses = {row.pk: row for row in rows}
        locked = beliefs.lock(row.bet_id for row in self.hypotheses.values())
        self.bets = {bet.pk: bet for bet in locked}
        self._note_what_is_not_allowed()

    def _note_what_is_not_allowed(self) -> None:
        if isinstance(self.principal, Office):
            return
        teams: dict[int, set[int]] = defaultdict(set)
        for link in BetTeam.objects.filter(bet_id__in=self.bets):
            teams[link.bet_id].add(link.team_id)
        answers: dict[frozenset[int], NotAllowed | None] = {}
        for bet_id in self.bets:
            of_bet = frozenset(teams[bet_id])
            if of_bet not in answers:
                answers[of_bet] = self._refusal(of_bet)
            refusal = answers[of_bet]
            if refusal is not None:
                self.refused[bet_id] = refusal

    def _refusal(self, team_ids: frozenset[int]) -> NotAllowed | None:
        if isinstance(self.principal, Office):
            return None
        try:
            require(self.principal, "log_evidence", self.portfolio.pk, team_ids)
        except NotAllowed as refusal:
            return refusal
        return None

    def read(self, hypothesis_id: int, event: NewEvidence) -> Said:
        """What an event says, or Invalid or NotAllowed."""
        hypothesis = self.hypotheses.get(hypothesis_id)
        if hypothesis is None:
            raise Invalid({"hypothesis": "There is no such hypothesis in this portfolio."})
        if hypothesis.bet_id in self.refused:
            raise self.refused[hypothesis.bet_id]
        return read(event, hypothesis.metric, self.latest)

    def take(self, readings: list[tuple[int, int, Said]]) -> dict[int, Outcome]:
        """Write what is new, by place; look again where somebody else was quicker."""
        names = [said.source for _, _, said in readings if said.source]
        self.sources = sources_named(self.portfolio.pk, names)
        for _ in range(MOST_TRIES):
            outcomes, rows = self._sort(readings)
            try:
                with transaction.atomic():
                    copy_in(rows)
            except IntegrityError as error:
                if not isinstance(error.__cause__, UniqueViolation):
                    raise
                continue
            self._write_beliefs(rows)
            return outcomes
        raise Conflict("Others are delivering the same events: send them again.")

    def _sort(
        self, readings: list[tuple[int, int, Said]]
    ) -> tuple[dict[int, Outcome], list[Evidence]]:
        """Part new events from known ones and from such as cannot be."""
        known = known_events(self.portfolio.pk, map(self._name, (said for _, _, said in readings)))
        targets = {said.columns["retracts"] for _, _, said in readings} - {None}
        on_record = self._on_record(targets)
        outcomes: dict[int, Outcome] = {}
        rows: list[Evidence] = []
        taken_back = taken_back_on(self.bets) if targets else {}
        for place, hypothesis_id, said in readings:
            key = self._name(said)
            before = known.get(key)
            try:
                if before is not None:
                    refuse_unless_same(before, hypothesis_id, said)
                    outcomes[place] = Outcome(before)
                    continue
                self._refuse_idle_retraction(hypothesis_id, said, taken_back, on_record)
            except (Invalid, Conflict) as refusal:
                outcomes[place] = Outcome(refusal=refusal)
                continue
            row = self._row(hypothesis_id, said)
            rows.append(row)
            outcomes[place] = Outcome(row, created=True)
            if said.external_id:
                known[key] = row
        # In one order, so that two who take the same events never wait for each other in a circle.
        rows.sort(key=lambda row: row.external_id or "")
        return outcomes, rows

    def _source(self, said: Said) -> Source | None:
        return self.sources[said.source.lower()] if said.source else None

    def _name(self, said: Said) -> tuple[int | None, str | None]:
        """By what the event is known: its source, and the source's own name for it."""
        source = self._source(said)
        return source.pk if source else None, said.external_id

    def _row(self, hypothesis_id: int, said: Said) -> Evidence:
        hypothesis = self.hypotheses[hypothesis_id]
        source = self._source(said)
        bet = self.bets[hypothesis.bet_id]
        return row_of(self.principal, hypothesis, bet, said, source, self.moment, self.recorded_at)

    def _on_record(self, targets: set[int]) -> set[tuple[int, int]]:
        """Which (evidence, hypothesis) there are to take back."""
        if not targets:
            return set()
        rows = Evidence.objects.filter(pk__in=targets, portfolio=self.portfolio)
        return set(rows.values_list("id", "hypothesis_id"))

    def _refuse_idle_retraction(
        self,
        hypothesis_id: int,
        said: Said,
        taken_back: dict[int, set[int]],
        on_record: set[tuple[int, int]],
    ) -> None:
        target = said.columns["retracts"]
        if target is None:
            return
        if (target, hypothesis_id) not in on_record:
            raise Invalid({"retracts": "There is no such evidence on this hypothesis."})
        gone = taken_back.setdefault(hypothesis_id, set())
        if target in gone:
            raise Invalid({"retracts": "It has been taken back already."})
        gone.add(target)

    def _write_beliefs(self, rows: list[Evidence]) -> None:
        """Work out the beliefs of the bets that were spoken of, each once."""
        if not rows:
            return
        items: dict[int, list[belief.Item]] = defaultdict(list)
        for row in rows:
            item = item_of(vars(row), self.hypotheses[row.hypothesis_id].metric)
            if item is not None:
                items[row.hypothesis_id].append(item)
        bet_ids = sorted({row.bet_id for row in rows})
        counted = "1 event" if len(rows) == 1 else f"{len(rows)} events"
        cause = Cause(
            f"{counted} on {len(bet_ids)} bets" if len(bet_ids) > 1 else f"{counted} on one bet",
            self.recorded_at,
            touched={row.hypothesis_id for row in rows},
            in_bulk=True,
        )
        first = min(row.id for row in rows)
        parts = self._histories(bet_ids, items, first)
        beliefs.write_in_parts(parts, self.moment, cause)

    def _histories(
        self, bet_ids: Sequence[int], items: Mapping[int, list[belief.Item]], first: int
    ) -> Iterator[tuple[list[Bet], dict[int, BetHistory]]]:
        """Bets with all that has been learnt of them, some at a time."""
        for start in range(0, len(bet_ids), BETS_AT_ONCE):
            bets = [self.bets[bet_id] for bet_id in bet_ids[start : start + BETS_AT_ONCE]]
            before = histories_of(bets, before=first)
            yield bets, {bet_id: _longer(each, items) for bet_id, each in before.items()}


def _longer(history: BetHistory, items: Mapping[int, list[belief.Item]]) -> BetHistory:
    hypotheses = {
        identifier: replace(
            hypothesis, evidence=(*hypothesis.evidence, *items.get(int(identifier), ()))
        )
        for identifier, hypothesis in history.hypotheses.items()
    }
    return replace(history, hypotheses=hypotheses)
