"""Value against turnover: the line rises, and the words say what the numbers do."""

from reports.figures.frontier import NARROW, WIDE, Reached, frontier

POINTS = [
    Reached(0.0, 0.0, 0.0),
    Reached(0.05, 5_000.0, 60_000.0),
    Reached(0.1, 10_000.0, 90_000.0),
    Reached(0.2, 20_000.0, 100_000.0),
    Reached(1.0, 20_000.0, 100_000.0),
]


def test_it_says_what_the_whole_gain_needs_and_what_half_of_it_does() -> None:
    figure = frontier(POINTS, 100_000.0, "EUR")
    assert figure.summary == (
        "The whole gain of +€100k needs €20k/mo withdrawn; half of it is there for €5k/mo."
    )


def test_more_turnover_stands_further_right_and_more_gain_higher_up() -> None:
    for width in (WIDE, NARROW):
        figure = frontier(POINTS, 100_000.0, "EUR", width=width)
        across, down = zip(*figure.marks, strict=True)
        assert list(across) == sorted(across)
        assert list(down) == sorted(down, reverse=True)
        assert figure.left <= min(across) and max(across) <= figure.right


def test_the_proposal_is_marked_where_it_stands() -> None:
    figure = frontier(POINTS, 100_000.0, "EUR", here=Reached(0.2, 20_000.0, 100_000.0))
    assert figure.here == figure.marks[-1]


def test_every_point_is_in_the_table_whether_or_not_it_fits_the_picture() -> None:
    figure = frontier(POINTS, 100_000.0, "EUR")
    assert len(figure.marks) == 4
    assert figure.table.as_rows()[1:] == [
        [point.cap, point.turnover, point.gain, 0.0] for point in POINTS
    ]


def test_where_limits_are_mended_first_it_says_so() -> None:
    mending = [Reached(0.0, 0.0, 500.0, 40.0), Reached(1.0, 40.0, 100.0, 0.0)]
    assert "more of what is broken today stays broken" in frontier(mending, 100.0, "EUR").summary


def test_a_gain_that_needs_no_turnover_says_so() -> None:
    flat = [Reached(0.0, 0.0, 500.0), Reached(1.0, 0.0, 500.0)]
    assert "without withdrawing anything" in frontier(flat, 100.0, "EUR").summary
