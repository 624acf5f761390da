"""The Sankey: money is conserved from column to column, and labels do not touch."""

import re
from itertools import pairwise

import pytest

from reports.figures.sankey import LABEL_PITCH, MOST_BETS, Holding, Sankey, mean_belief, sankey


def holding(number: int, rate: float = 10.0, **fields: object) -> Holding:
    values: dict[str, object] = {
        "key": f"{number:05}",
        "title": f"Bet {number}",
        "theme": f"Theme {number % 3}",
        "stream": f"Stream {number % 4}",
        "working": rate,
        "entangled": 0.0,
        "belief": 0.5,
    }
    return Holding(**{**values, **fields})  # type: ignore[arg-type]


def drawn(holdings: list[Holding], reserve: float = 0.0) -> Sankey:
    whole = sum(row.rate for row in holdings) + reserve
    return sankey(holdings, envelope=whole, reserve=reserve, currency="EUR", page="/")


def heights(figure: Sankey, *kinds: str) -> float:
    return sum(node.height for node in figure.nodes if node.kind in kinds)


def thickness(path: str) -> float:
    """Of a band, at its left end."""
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", path)]
    return numbers[-1] - numbers[1]


@pytest.mark.parametrize("many", [1, 5, 60, 500])
def test_every_column_is_as_high_as_the_money_it_shows(many: int) -> None:
    figure = drawn([holding(number, 1 + number % 7) for number in range(many)], reserve=5.0)
    envelope = heights(figure, "envelope")
    assert heights(figure, "theme", "reserve") == pytest.approx(envelope)
    assert heights(figure, "stream", "reserve") == pytest.approx(envelope)
    assert heights(figure, "bet", "others", "reserve") == pytest.approx(envelope, rel=0.05)


def test_bands_out_of_the_envelope_add_up_to_it() -> None:
    figure = drawn([holding(number) for number in range(9)], reserve=30.0)
    first = [band for band in figure.bands if band.path.startswith("M10.0")]
    assert sum(thickness(band.path) for band in first) == pytest.approx(460.0, abs=0.1)


@pytest.mark.parametrize("many", [5, 500])
def test_labels_of_bets_stand_at_least_a_line_apart(many: int) -> None:
    figure = drawn([holding(number, 1 + number % 7) for number in range(many)])
    middles = sorted(node.middle for node in figure.nodes if node.kind in ("bet", "others"))
    assert all(below - above >= LABEL_PITCH - 0.01 for above, below in pairwise(middles))


def test_small_bets_of_a_stream_are_shown_as_one_that_leads_to_the_stream() -> None:
    figure = drawn([holding(number, 500 - number) for number in range(500)])
    others = [node for node in figure.nodes if node.kind == "others"]
    assert sum(int(node.label.split()[0]) for node in others) == 500 - MOST_BETS
    assert others[0].href.startswith("/?stream=Stream+")


def test_a_broken_thesis_and_entangled_money_are_marked_on_the_bet() -> None:
    broken = holding(1, working=6.0, entangled=4.0, is_broken=True)
    figure = drawn([broken, holding(2)])
    (node,) = [node for node in figure.nodes if node.is_broken]
    assert node.hatched == pytest.approx(node.height * 0.4)
    assert "thesis broken" in node.title


def test_belief_of_a_band_is_weighted_by_money() -> None:
    rows = [holding(1, 30.0, belief=0.9), holding(2, 10.0, belief=0.1), holding(3, belief=None)]
    assert mean_belief(rows) == pytest.approx(0.7)
    assert mean_belief([holding(3, belief=None)]) is None


def test_without_money_there_is_nothing_to_draw() -> None:
    figure = drawn([])
    assert (figure.nodes, figure.bands, figure.summary) == ([], [], "No money is held.")


def test_it_is_said_how_much_is_in_bets_and_how_much_is_not() -> None:
    figure = drawn([holding(number) for number in range(9)], reserve=30.0)
    assert figure.summary == "€90/mo in 9 bets of 4 value streams; €30/mo in reserve."
    assert drawn([holding(1)]).summary == "€10/mo in 1 bet of 1 value stream; €0/mo in reserve."
    assert drawn([], reserve=30.0).summary == "Nothing in bets yet; €30/mo in reserve."
