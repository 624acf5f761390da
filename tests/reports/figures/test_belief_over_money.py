"""The picture of a bet: one time axis for what is believed, held, learned and decided."""

from datetime import date

from reports.figures.belief_over_money import (
    BeliefAt,
    BeliefOverMoney,
    FundingFrom,
    Learned,
    Turn,
    belief_over_money,
)

DAY = date(2026, 1, 1)
TODAY = date(2026, 7, 1)


def drawn(**fields: object) -> BeliefOverMoney:
    beliefs = [BeliefAt(DAY, 0.6), BeliefAt(date(2026, 4, 1), 0.1)]
    funding = [FundingFrom(DAY, 100.0, 0.0), FundingFrom(date(2026, 5, 1), 40.0, 30.0)]
    values: dict[str, object] = {
        "stop_below": 0.2,
        "revive_above": 0.35,
        "today": TODAY,
        "currency": "EUR",
        **fields,
    }
    return belief_over_money(beliefs, funding, **values)  # type: ignore[arg-type]


def test_belief_steps_down_on_the_day_it_changes_and_holds_until_today() -> None:
    figure = drawn()
    # 1 January at the left edge, 1 April 90 of 181 days along, today at the right edge
    assert figure.belief_path == "M44.0,74.0 H513.4 V149.0 H988.0"


def test_entangled_money_lies_on_top_of_working_money() -> None:
    figure = drawn()
    assert figure.working_path.startswith("M44.0,202.2")
    assert figure.entangled_path.endswith("Z")


def test_money_spent_after_the_break_is_marked_until_the_thesis_revives() -> None:
    broke, revived = Turn(date(2026, 4, 1), True), Turn(date(2026, 6, 1), False)
    ((x, width),) = drawn(turns=[broke, revived]).after_break
    assert (x, round(x + width, 1)) == (513.4, 831.5)
    ((x, width),) = drawn(turns=[broke]).after_break
    assert round(x + width, 1) == 988.0


def test_evidence_against_points_down_and_is_as_large_as_it_weighs() -> None:
    heavy = Learned(date(2026, 4, 1), -15.0, "0 of 40")
    light = Learned(date(2026, 2, 1), 1.0, "3 of 20")
    down, up = drawn(learned=[heavy, light]).marks
    assert down.is_against and not up.is_against
    assert _height(down.points) > _height(up.points)


def _height(points: str) -> float:
    levels = [float(point.split(",")[1]) for point in points.split()]
    return max(levels) - min(levels)


def test_a_phone_gets_a_narrower_picture_with_fewer_ticks() -> None:
    wide, narrow = drawn(), drawn(width=358.0)
    assert narrow.view_box == "0 0 358 304"
    assert len(narrow.ticks) < len(wide.ticks)


def test_everything_in_the_picture_is_in_the_table_newest_first() -> None:
    figure = drawn(learned=[Learned(date(2026, 2, 1), 3.0, "3 of 20")])
    assert [row[0].text for row in figure.table.rows] == ["2026-04-01", "2026-02-01", "2026-01-01"]


def test_a_bet_of_which_nothing_is_known_draws_an_empty_axis() -> None:
    figure = belief_over_money(
        [], [], stop_below=0.2, revive_above=0.35, today=TODAY, currency="EUR"
    )
    assert (figure.belief_path, figure.working_path, figure.marks) == ("", "", [])
    assert figure.summary == "Belief is not stated; the bet holds €0/mo."
    assert "Nothing has been learnt" in figure.instead


def test_whatever_has_happened_is_drawn() -> None:
    assert drawn(learned=[Learned(date(2026, 2, 1), 3.0, "3 of 20")]).instead == ""
    assert drawn().instead == ""
