from decimal import Decimal
from typing import Any

from allocation.portfolio_import.identity import identify
from allocation.portfolio_import.plan import Plan, plan_of
from tests.allocation.portfolio_import.status_rows import line, mapping, rows_of


def plan(*lines: str, **tables: dict[str, Any]) -> Plan:
    terms = mapping(**tables)
    return plan_of(identify(rows_of(*lines, terms=terms), terms), terms)


def test_the_envelope_is_what_the_bets_hold_and_the_reserves_share() -> None:
    made = plan(line("Bridge", forecast="12"), line("Tunnel", forecast="96"))
    assert made.envelopes == {2020: Decimal("10000000.00")}


def test_a_bet_that_is_gone_holds_nothing_and_has_left_the_board() -> None:
    made = plan(line("Bridge", 2018), line("Tunnel", 2018), line("Tunnel", 2019))
    bridge = made.bets[0].standings
    assert (bridge[2018].stage, bridge[2018].rate) == ("scaling", Decimal("1000000.00"))
    assert (bridge[2019].stage, bridge[2019].rate) == ("stopped", Decimal("0.00"))


def test_a_bet_that_a_year_passes_over_stands_as_before() -> None:
    made = plan(line("Bridge", 2018), line("Tunnel", 2019), line("Bridge", 2020))
    standing = made.bets[0].standings[2019]
    assert (standing.rate, standing.assumed, standing.evidence) == (Decimal("1000000.00"), True, ())


def test_funding_that_is_not_published_stays_as_before_or_is_nothing() -> None:
    lines = line("Bridge", 2018), line("Bridge", 2019, forecast="")
    assert plan(*lines).bets[0].standings[2019].rate == Decimal("1000000.00")
    assert plan(*lines, funding={"when_missing": "nothing"}).bets[0].standings[2019].rate == 0


def test_a_bet_is_worth_the_stated_multiple_of_its_funding_over_the_horizon() -> None:
    worth = plan(line("Bridge")).bets[0].standings[2020].worth
    assert worth is not None
    assert (worth.p10, worth.p50, worth.p90) == (24_000_000, 48_000_000, 96_000_000)


def test_stated_benefits_take_the_place_of_the_assumed_multiple() -> None:
    made = plan(line("Bridge", cost="100", benefits="300"))
    worth = made.bets[0].standings[2020].worth
    assert worth is not None
    assert (worth.p10, worth.p50, worth.p90) == (36_000_000, 72_000_000, 144_000_000)


def test_a_bet_without_funding_has_no_worth_and_waits() -> None:
    standing = plan(line("Bridge", forecast="0")).bets[0].standings[2020]
    assert (standing.worth, standing.stage) == (None, "framing")


def test_a_bet_near_its_beginning_or_end_stands_where_the_mapping_says() -> None:
    stages = {
        "starting": "testing",
        "starting_months": 12,
        "ending": "sustaining",
        "ending_months": 12,
    }
    made = plan(
        line("Bridge", start="2020-04-01", end="2030-01-01"),
        line("Tunnel", start="2010-04-01", end="2021-01-01"),
        line("Canal", start="2010-04-01", end="2030-01-01"),
        stage=stages,
    )
    assert [bet.standings[2020].stage for bet in made.bets] == ["testing", "sustaining", "scaling"]


def test_a_judgement_that_says_nothing_is_a_signal_and_no_evidence() -> None:
    standing = plan(line("Bridge", rating="Amber")).bets[0].standings[2020]
    assert (standing.signal, standing.signal_source) == ("Amber", "Reviewers")
    assert standing.evidence == ()


def test_evidence_can_be_found_again_by_the_bet_and_the_year() -> None:
    made = plan(line("Bridge", 2018, rating="Red"), line("BRIDGE Programme", 2019, rating="Red"))
    said = [made.bets[0].standings[year].evidence[0].external_id for year in (2018, 2019)]
    assert said == ["name:mod/bridge@2018", "name:mod/bridge@2019"]


def test_the_theme_is_the_last_one_stated_or_that_of_the_stream() -> None:
    made = plan(
        line("Bridge", 2018, category="Roads"),
        line("Bridge", 2019),
        line("Frigate", 2019, department="MOD"),
        line("Visa", 2019, department="HO"),
    )
    assert [bet.theme for bet in made.bets] == ["Roads", "Defence", "Other work"]


def test_the_thesis_names_the_bet() -> None:
    assert plan(line("Bridge")).bets[0].statement == "Bridge pays"
