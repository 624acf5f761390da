"""How long stays lasted: counted by hand."""

import itertools

from reports.figures.time_in_stage import BARS, LABELS, RIGHT, ROW, Stays, time_in_stage


def test_each_stage_has_its_stays_and_percentiles_on_one_scale() -> None:
    testing = Stays("Testing", [1.0, 1.0, 31.0], median=1.0, patience=22.0, late=28.0, now=4)
    figure = time_in_stage([testing], width=LABELS + RIGHT + 500)
    [row] = figure.rows
    # log(1+1) : log(1+31) = 1 : 5, so the two stays of a day stand at 100 of 500.
    assert [(bar.x, bar.height, bar.title) for bar in row.bars] == [
        (LABELS + 100, BARS, "2 stays: 1 to 1"),
        (LABELS + 500, BARS / 2, "1 stay: 31 days"),
    ]
    assert (row.median, row.bottom, row.patience_text) == (LABELS + 100, ROW, "85% within 22 days")
    assert figure.table.as_rows()[1] == ["Testing", 3, 1.0, 22.0, 28.0, 31.0, 4]
    assert figure.summary == (
        "Bets stay longest in Testing: half of 3 completed stays lasted more than 1 day."
    )


def test_a_stage_without_a_completed_stay_is_only_in_the_table() -> None:
    empty = Stays("Ready", [], 0.0, 0.0, 0.0, now=2)
    figure = time_in_stage([empty])
    assert figure.rows == []
    assert figure.table.as_rows()[1] == ["Ready", 0, "", "", "", "", 2]
    assert figure.summary == "No stay was completed in this time."


def test_a_phone_leaves_out_lengths_that_have_no_room() -> None:
    stays = Stays("Ready", [400.0], 400.0, 400.0, 400.0)
    places = [tick.at for tick in time_in_stage([stays], width=358).ticks]
    assert all(right - left >= 52 for left, right in itertools.pairwise(places))
