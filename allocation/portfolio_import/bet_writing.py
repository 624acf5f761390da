"""Writes planned bets: made once, changed when a period says something else, put on the board."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from allocation.portfolio_import.mapping import ImportMapping
from allocation.portfolio_import.plan import PlannedBet, Standing
from bets.board import place
from bets.edit import OFFICE, change_bet, create_bet
from bets.models import Bet, ExternalKey, Hypothesis, Portfolio, Stage

LONGEST_DESCRIPTION = 20_000


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
        self.ids = dict(
            ExternalKey.objects.filter(portfolio=portfolio, source=mapping.bet.source).values_list(
                "key", "bet_id"
            )
        )
        self.hypotheses: dict[int, int] = {}
        for bet_id, hypothesis_id in (
            Hypothesis.objects.filter(bet__portfolio=portfolio)
            .order_by("-id")
            .values_list("bet_id", "id")
        ):
            self.hypotheses[bet_id] = hypothesis_id  # the oldest stays: the one the import made
        self.without_thesis: dict[int, str] = {}
        self.written: dict[int, dict[str, Any]] = {}
        rows = Bet.objects.filter(portfolio=portfolio)
        self.stages = dict(rows.values_list("id", "stage"))
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

    def write(self, bet: PlannedBet, standing: Standing, day: date) -> int:
        """Make the bet, or change what the period says differently; returns its id."""
        bet_id = self.id_of(bet)
        fields = self._fields(bet, standing)
        if bet_id is None:
            bet_id = self._create(bet, fields, day)
        elif self.written.get(bet_id) != fields:
            before = self.written.get(bet_id, {})
            change_bet(
                OFFICE,
                bet_id,
                {name: value for name, value in fields.items() if before.get(name) != value},
            )
            self.changed += 1
        self.written[bet_id] = fields
        self._remember_keys(bet, bet_id)
        return bet_id

    def _create(self, bet: PlannedBet, fields: Mapping[str, Any], day: date) -> int:
        made = create_bet(OFFICE, self.portfolio, fields, at=at_noon(day))
        self.stages[made.pk] = Stage.FUNNEL
        self.without_thesis[made.pk] = bet.statement
        self.created += 1
        return made.pk

    def state_theses(self) -> None:
        """Give the bets that were just made their hypothesis, and work out what it is worth.

        All at once: through ``bets.edit`` each would be worked out by itself, which takes most of
        the time of an import.
        """
        thesis = self.mapping.thesis
        rows = Hypothesis.objects.bulk_create(
            Hypothesis(
                bet_id=bet_id,
                statement=statement,
                indicator=thesis.indicator,
                prior=thesis.prior,
                half_life_days=thesis.half_life_days,
            )
            for bet_id, statement in self.without_thesis.items()
        )
        self.hypotheses.update({row.bet_id: row.pk for row in rows})
        self.without_thesis.clear()

    def _remember_keys(self, bet: PlannedBet, bet_id: int) -> None:
        fresh = [key for key in bet.keys if key not in self.ids]
        ExternalKey.objects.bulk_create(
            ExternalKey(
                portfolio=self.portfolio, bet_id=bet_id, source=self.mapping.bet.source, key=key
            )
            for key in fresh
        )
        self.ids.update(dict.fromkeys(fresh, bet_id))

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

    def put_on_board(self, bet_id: int, standing: Standing, day: date) -> None:
        """Place the card where the period says that it stands."""
        if self.stages.get(bet_id) == standing.stage:
            return
        row = Bet(pk=bet_id, portfolio_id=self.portfolio.pk)  # ``place`` reads the rest itself
        gone = standing.line == 0 and standing.stage == self.mapping.stage.gone
        report = f"the report of {standing.period}"
        note = f"Not in {report}: it has left the portfolio." if gone else f"As in {report}."
        place(row, standing.stage, at_noon(day), note)
        self.stages[bet_id] = standing.stage
