"""Work in progress by age: what is unusual, and where it stands."""

from reports.figures.ageing import HEIGHT, LEFT, TOP, InStage, Usual, ageing, is_unusual

STAGES = {"ready": "Ready", "testing": "Testing"}
USUAL = {"testing": Usual(median=5.0, patience=14.9, stays=6)}


def bet(title: str, stage: str, days: float, belief: float | None = 0.5) -> InStage:
    return InStage(title, f"/bets/{title}", stage, days, belief)


def test_what_lasts_more_whole_days_than_is_usual_is_marked_as_on_its_card() -> None:
    assert not is_unusual(bet("A", "testing", 14.99), USUAL)
    assert is_unusual(bet("A", "testing", 15.0), USUAL)
    assert not is_unusual(bet("A", "ready", 9_999), USUAL)  # too few stays to say


def test_each_bet_stands_in_its_stage_as_high_as_it_is_old() -> None:
    bets = [bet("Old", "testing", 20), bet("New", "ready", 0)]
    figure = ageing(bets, STAGES, USUAL, width=LEFT + 8 + 400)
    new, old = figure.dots
    assert (new.x, new.y) == (LEFT + 100 - 0, TOP + HEIGHT)
    assert old.x == LEFT + 300
    assert TOP <= old.y < new.y
    assert (old.is_unusual, new.is_unusual) == (True, False)
    ready, testing = figure.lanes
    assert (ready.patience, ready.count, testing.count) == (None, 1, 1)
    assert testing.median is not None and testing.patience is not None
    assert testing.median > testing.patience > old.y
    assert figure.summary == "1 of 2 is in a stage for longer than 85% of completed stays."


def test_bets_of_the_same_age_stand_beside_each_other_inside_their_column() -> None:
    figure = ageing([bet(f"B{number}", "ready", 3) for number in range(80)], STAGES, {})
    places = [dot.x for dot in figure.dots]
    assert len(set(places[:9])) == 9
    assert all(figure.lanes[0].left < x < figure.lanes[0].right for x in places)


def test_of_many_bets_those_furthest_over_what_is_usual_are_shown() -> None:
    bets = [bet(f"B{number}", "testing", number) for number in range(50)]
    bets.append(bet("Ancient", "ready", 4_000))
    figure = ageing(bets, STAGES, USUAL, most=2)
    assert [row[0] for row in figure.table.as_rows()[1:]] == ["B49", "B48"]
    assert len(figure.dots) == 2
    assert figure.summary.endswith("Shown: the 2 furthest over it.")
    assert len(ageing(bets, STAGES, USUAL, most=None).dots) == 51


def test_the_table_says_what_the_picture_does() -> None:
    figure = ageing([bet("A", "testing", 20.7, None)], STAGES, USUAL)
    assert figure.table.as_rows()[1] == ["A", "Testing", 20, 14.9, "longer than usual", ""]
