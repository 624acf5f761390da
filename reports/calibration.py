"""The calibration report: how good the office's beliefs were, in all and part by part."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from bets.kanban import Choices, choices_of
from bets.models import BetTeam, Portfolio
from evidence.belief.calibration import Scores, reliability, scores
from evidence.calibration import LEADS, Resolved, Wanted, resolved
from evidence.models import Evidence
from reports.figures.reliability import NARROW, Reliability, reliability_diagram
from reports.figures.table import Cell, Column, Table
from spm import formats


@dataclass(frozen=True)
class Part:
    """The forecasts on the bets of one team or stream, or that one source spoke on."""

    name: str
    scores: Scores


class Calibration:
    """What the report shows; a fixed number of queries."""

    def __init__(self, portfolio: Portfolio, parameters: Mapping[str, str]) -> None:
        self.portfolio = portfolio
        self.wanted = wanted_of(parameters)

    @cached_property
    def resolved(self) -> list[Resolved]:
        """The resolved hypotheses with their forecasts, latest first."""
        return resolved(self.portfolio, self.wanted)

    @cached_property
    def scores(self) -> Scores | None:
        """The scores of all of them."""
        return scores([each.forecast for each in self.resolved])

    @cached_property
    def choices(self) -> Choices:
        """The names of streams and teams."""
        return choices_of(self.portfolio)

    def picture(self, narrow: bool = False) -> Reliability:
        """The reliability diagram."""
        bins = reliability(each.forecast for each in self.resolved)
        return reliability_diagram(bins, NARROW) if narrow else reliability_diagram(bins)

    @cached_property
    def parts(self) -> list[tuple[str, list[Part]]]:
        """The scores by team, by value stream and by source."""
        bets = {each.resolution.hypothesis.bet_id for each in self.resolved}
        hypotheses = {each.resolution.hypothesis_id for each in self.resolved}
        teams: dict[int, set[str]] = defaultdict(set)
        for bet_id, name in BetTeam.objects.filter(bet_id__in=bets).values_list(
            "bet_id", "team__name"
        ):
            teams[bet_id].add(name)
        sources: dict[int, set[str]] = defaultdict(set)
        spoken = Evidence.objects.filter(hypothesis_id__in=hypotheses, source__isnull=False)
        named = spoken.exclude(kind="retraction").values_list("hypothesis_id", "source__name")
        for hypothesis_id, name in named.order_by().distinct():
            sources[hypothesis_id].add(name)
        streams = dict(self.choices.stream)
        return [
            ("Team", self._by(lambda each: teams[each.resolution.hypothesis.bet_id])),
            ("Value stream", self._by(lambda each: _stream_of(each, streams))),
            ("Source", self._by(lambda each: sources[each.resolution.hypothesis_id])),
        ]

    def _by(self, names_of: Callable[[Resolved], set[str]]) -> list[Part]:
        parted: dict[str, list[Resolved]] = defaultdict(list)
        for each in self.resolved:
            for name in names_of(each):
                parted[name].append(each)
        return [
            Part(name, scored)
            for name, part in sorted(parted.items())
            if (scored := scores([each.forecast for each in part]))
        ]

    def table(self) -> Table:
        """Each forecast with how it turned out, for CSV."""
        columns = [Column("Bet"), Column("Hypothesis"), Column("Became clear"), Column("Outcome")]
        columns += [Column("Believed", numeric=True), Column("Brier", numeric=True)]
        return Table("Forecasts and how they turned out", columns, list(self._rows()))

    def _rows(self) -> Iterable[list[Cell]]:
        for each in self.resolved:
            row, hypothesis = each.resolution, each.resolution.hypothesis
            missed = (each.belief - each.forecast.held) ** 2
            yield [
                Cell(hypothesis.bet.title),
                Cell(hypothesis.statement),
                Cell(f"{row.became_clear_at:%Y-%m-%d}"),
                Cell(str(row.get_outcome_display())),
                Cell(formats.percent(each.belief), numeric=True, value=each.belief),
                Cell(f"{missed:.3f}", numeric=True, value=missed),
            ]


def _stream_of(each: Resolved, streams: Mapping[int, str]) -> set[str]:
    name = streams.get(each.resolution.hypothesis.bet.stream_id or 0)
    return {name} if name else set()


def wanted_of(parameters: Mapping[str, str]) -> Wanted:
    """Which forecasts an address asks for; what cannot be is left out."""
    numbers = {
        name: int(text)
        for name in ("stream", "team", "source")
        if (text := parameters.get(name, "")).isascii() and text.isdigit() and len(text) < 19
    }
    lead = parameters.get("lead", "")
    return Wanted(int(lead) if lead in map(str, LEADS) else 0, **numbers)
