"""Series as lines in a row of text."""

from spm.sparkline import HEIGHT, MARGIN, WIDTH, sparkline

TOP, BOTTOM = MARGIN, HEIGHT - MARGIN


def test_it_runs_from_edge_to_edge_and_from_the_least_to_the_greatest() -> None:
    line = sparkline([1, 3, 2])
    assert line.lines == [f"{MARGIN},{BOTTOM} {WIDTH // 2},{TOP} {WIDTH - MARGIN},{HEIGHT // 2}"]
    assert line.end == (WIDTH - MARGIN, HEIGHT / 2)


def test_a_gap_parts_it() -> None:
    assert len(sparkline([1, None, 2, 3]).lines) == 2


def test_what_holds_until_the_next_is_stepped() -> None:
    assert sparkline([0, 1], stepped=True).lines == [
        f"{MARGIN},{BOTTOM} {WIDTH - MARGIN},{BOTTOM} {WIDTH - MARGIN},{TOP}"
    ]


def test_what_lies_outside_of_its_bounds_stays_in_the_box() -> None:
    line = sparkline([-1, 2], low=0, high=1, threshold=0.5)
    assert line.lines == [f"{MARGIN},{BOTTOM} {WIDTH - MARGIN},{TOP}"]
    assert line.threshold == HEIGHT / 2


def test_one_value_is_a_point_and_none_is_nothing() -> None:
    assert sparkline([7]).end == (MARGIN, HEIGHT / 2)
    assert sparkline([None]).end is None
    assert sparkline([]).lines == []
