"""Writes planned bets: made once, changed when a period says something else, put on the board."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from allocation.portfolio_import.mapping import ImportMapping
from allocation.portfolio_import.plan import PlannedBet, Standing
from bets.bulk import ImportedBet, change_bets, create_bets, place_bets
from bets.models import Bet, ExternalKey, Hypothesis, Portfolio, Stage

LONGEST_DESCRIPTION = 20_000

Pair = tuple[PlannedBet, Standing]


def at_noon(day: date) -> datetime:
    """The moment at which what happened on a day is taken to have happened: noon, UTC."""
    return datetime.combine(day, time(12), UTC)


class BetWriter:
    """The bets of one portfolio that an import makes and changes, by the source's keys."""

    def __init__(self, portfolio: Portfolio, mapping: ImportMapping) -> None:
        self.portfolio = portfolio
        self.mapping = mapping
        self.streams = {stream.name.casefold(): stream for stream in portfolio.streams.all()}
        self.themes = {theme.name.casefold(): theme for theme in portfolio.themes.all()}
        keys = ExternalKey.objects.filter(portfolio=portfolio, source=mapping.bet.source)
        self.ids = dict(keys.values_list("key", "bet_id"))
        self.stages = dict(Bet.objects.filter(portfolio=portfolio).values_list("id", "stage"))
        # The oldest hypothesis of a bet is the one that the import made.
        theses = Hypothesis.objects.filter(bet__portfolio=portfolio).order_by("-id")
        self.hypotheses: dict[int, int] = dict(theses.values_list("bet_id", "id"))
        self.written: dict[int, dict[str, Any]] = {}
        self.created = self.changed = 0

    def id_of(self, bet: PlannedBet) -> int | None:
        """The bet that is known under any of the planned one's keys, or None."""
        return next((self.ids[key] for key in bet.keys if key in self.ids), None)

    def claimed_twice(self, bets: Iterable[PlannedBet]) -> list[tuple[PlannedBet, str]]:
        """Planned bets whose keys are those of another, or of several bets; and why."""
        owner: dict[int, PlannedBet] = {}
        clashes = []
        for bet in bets:
            known = sorted({self.ids[key] for key in bet.keys if key in self.ids})
            if len(known) > 1:
                clashes.append((bet, "it was imported before as more than one bet"))
            elif known and known[0] in owner:
                clashes.append((bet, f"it was imported before as one with {owner[known[0]].title}"))
            elif known:
                owner[known[0]] = bet
        return clashes

    def write(self, pairs: Sequence[Pair], period: int, day: date) -> None:
        """Bring bets to what a period says of them: made, changed, placed on the board.

        Args:
            pairs: the bets, as they stand in the period.
            period: which.
            day: from when on it is so.
        """
        known = [(bet_id, *pair) for pair in pairs if (bet_id := self.id_of(pair[0])) is not None]
        self._create([pair for pair in pairs if self.id_of(pair[0]) is None], period, day)
        self._change(known)
        self._place({bet_id: standing for bet_id, _, standing in known}, period, day)

    def _create(self, pairs: Sequence[Pair], period: int, day: date) -> None:
        thesis = self.mapping.thesis
        imported = [
            ImportedBet(
                fields=self._fields(bet, standing),
                stage=standing.stage,
                thesis={
                    "statement": bet.statement,
                    "indicator": thesis.indicator,
                    "prior": thesis.prior,
                    "half_life_days": thesis.half_life_days,
                },
                source=self.mapping.bet.source,
                keys=bet.keys,
            )
            for bet, standing in pairs
        ]
        made = create_bets(self.portfolio, imported, at_noon(day), f"As in the report of {period}.")
        for row, one in zip(made, imported, strict=True):
            self.ids.update(dict.fromkeys(one.keys, row.pk))
            self.stages[row.pk] = Stage(one.stage)
            self.written[row.pk] = dict(one.fields)
        theses = Hypothesis.objects.filter(bet__in=made)
        self.hypotheses.update(dict(theses.values_list("bet_id", "id")))
        self.created += len(made)

    def _change(self, known: Sequence[tuple[int, PlannedBet, Standing]]) -> None:
        changes, fresh = {}, []
        for bet_id, bet, standing in known:
            fields, before = self._fields(bet, standing), self.written.get(bet_id, {})
            differing = {
                name: value
                for name, value in fields.items()
                if name not in before or before[name] != value
            }
            if differing:
                changes[bet_id] = differing
            self.written[bet_id] = fields
            fresh += [(bet_id, key) for key in bet.keys if key not in self.ids]
        self.changed += change_bets(self.portfolio, changes)
        source = self.mapping.bet.source
        ExternalKey.objects.bulk_create(
            ExternalKey(portfolio=self.portfolio, bet_id=bet_id, source=source, key=key)
            for bet_id, key in fresh
        )
        self.ids.update({key: bet_id for bet_id, key in fresh})

    def _place(self, standings: dict[int, Standing], period: int, day: date) -> None:
        """Place the cards where the period says that they stand."""
        report = f"the report of {period}"
        gone: dict[int, str] = {}
        there: dict[int, str] = {}
        for bet_id, standing in standings.items():
            if self.stages.get(bet_id) != standing.stage:
                (gone if standing.is_gone else there)[bet_id] = standing.stage
        place_bets(
            self.portfolio, gone, at_noon(day), f"Not in {report}: it has left the portfolio."
        )
        place_bets(self.portfolio, there, at_noon(day), f"As in {report}.")
        self.stages.update(gone | there)

    def _fields(self, bet: PlannedBet, standing: Standing) -> dict[str, Any]:
        """What the product holds of a bet, as the period says it."""
        conditions = self.mapping.conditions_of(bet.theme)
        signalled = at_noon(standing.signal_on) if standing.signal_on else None
        worth = standing.worth
        testing = standing.stage == Stage.TESTING
        return {
            "title": bet.title,
            "description": standing.description[:LONGEST_DESCRIPTION],
            "stream": self.streams[bet.stream.casefold()],
            "theme": self.themes[bet.theme.casefold()],
            "horizon": conditions.horizon,
            "liquidity": conditions.liquidity,
            "value_p10": worth.p10 if worth else None,
            "value_p50": worth.p50 if worth else None,
            "value_p90": worth.p90 if worth else None,
            "full_funding": standing.full_funding,
            "response": [list(point) for point in self.mapping.worth.response],
            "test_budget": max(standing.rate, standing.full_funding) if testing else None,
            "reclaimable_share": conditions.reclaimable_share,
            "notice_months": conditions.notice_months,
            "exit_cost": conditions.exit_cost,
            "ramp_cost": conditions.ramp_cost,
            "withdrawable": conditions.withdrawable,
            "stop_below": self.mapping.thesis.stop_below,
            "revive_above": self.mapping.thesis.revive_above,
            "delivery_signal": standing.signal,
            "delivery_signal_source": standing.signal_source,
            "delivery_signal_at": signalled,
        }
