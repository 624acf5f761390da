from typing import Any

import pytest

from allocation.portfolio_import.identity import Identified, identify
from tests.allocation.portfolio_import.status_rows import line, mapping, rows_of


def identified(*lines: str, **bet_terms: Any) -> Identified:
    terms = mapping(bet=bet_terms)
    return identify(rows_of(*lines, terms=terms), terms)


def are_one(earlier: str, later: str, **bet_terms: Any) -> bool:
    return len(identified(line(earlier, 2018), line(later, 2019), **bet_terms).bets) == 1


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("MARSHALL", "Marshall"),
        ("Crossrail", "Crossrail Programme"),
        ("Cyclamen Programme", "The Cyclamen Project"),
        ("Search & Rescue Helicopters (SARH)", "Search and Rescue Helicopters"),
        ("100,000 Genomes Project", "100000 Genomes Project"),
        ("16/17 New Property Model", "1617 New Property Model"),
        ("NHSmail2", "NHSmail 2"),
        ("GOV.UK Verify", "Gov UK Verify"),
        ("Tax-Free Childcare", "Tax Free Childcare"),
        ("Contracting, Purchasing and Finance", "Contracting; Purchasing & Finance"),
        ("Digital Services at the Border (DSaB)", "Digital Services at the Border (DSAB)"),
        ("Her Majesty's Courts (HMC) Reform", "HMC Reform"),
        ("Carrier Enabled Power Projection (CEPP)", "CEPP"),
        ("Urenco Future Options", "Project Eagle (formerly Urenco Future Options)"),
        ("Health Network (was Public Network (PN))", "Public Network"),
        ("Schengen Information Systems (SIS) II", "Schengen Information System (SIS II)"),
        ("The Material Strategy", "The Materiel Strategy"),
        ("Smart Meters Implementation", "Smart Metering Implementation Programme"),
        ("Route Modernisation including electrification", "Route Modernisation"),
        ("Café Reform", "Cafe Reform"),
    ],
)
def test_the_same_work_spelled_differently_is_one_bet(earlier: str, later: str) -> None:
    assert are_one(earlier, later)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("School Building Programme 1", "School Building Programme 2"),
        ("HS2 Phase 2a", "HS2 Phase 2b"),
        ("Thames Barrier Tranche I", "Thames Barrier Tranche II"),
        ("Echo", "Echo 2 Programme"),
        ("Work Programme", "Work and Health Programme"),
        ("New Style of IT (Base)", "New Style of IT (Deployed)"),
        ("Tax Digital for Business", "Tax Digital for Individuals"),
        ("Armed Forces People Programme", "Armed Forces Recruitment Programme"),
        ("London Programme for IT", "Southern Programme for IT"),
        ("Defence Reform", "Defense Renewal"),
    ],
)
def test_different_work_with_similar_names_stays_two_bets(earlier: str, later: str) -> None:
    assert not are_one(earlier, later)


def test_two_rows_of_one_year_are_never_one_bet() -> None:
    result = identified(line("Bridge"), line("Bridge Programme"))
    assert len(result.bets) == 2


def test_the_key_of_the_file_joins_what_no_letters_would() -> None:
    result = identified(line("Atlas", 2018, id="F12"), line("Hera", 2019, id="f12"))
    assert len(result.bets) == 1
    assert result.joined[0].why == "key"


def test_two_keys_of_the_file_keep_two_names_apart() -> None:
    result = identified(
        line("Meters Delivery Plan", 2018, id="A"), line("Meter Delivery", 2019, id="B")
    )
    assert len(result.bets) == 2


def test_a_renamed_stream_is_the_same_stream() -> None:
    result = identified(
        line("Heat Networks", 2018, department="DECC"),
        line("Heat Networks", 2019, department="BEIS"),
    )
    assert len(result.bets) == 1


def test_work_of_one_name_in_two_streams_is_one_only_where_work_moved_between_them() -> None:
    moved = identified(
        line("Loan Sale", 2018, department="BEIS"), line("Loan Sale", 2019, department="DFE")
    )
    unrelated = identified(
        line("IT Transformation", 2018, department="DWP"),
        line("IT Transformation", 2019, department="NCA"),
    )
    assert (len(moved.bets), len(unrelated.bets)) == (1, 2)
    assert [pair.why for pair in unrelated.nearly] == ["same name, other stream"]


def test_the_owner_can_say_that_two_spellings_are_one_bet() -> None:
    assert not are_one("Successor", "Dreadnought")
    assert are_one("Successor", "Dreadnought", same=[["Successor", "DREADNOUGHT"]])


def test_the_owner_can_say_that_two_spellings_are_two_bets() -> None:
    assert not are_one(
        "Crossrail", "Crossrail Programme", different=[["Crossrail", "Crossrail Programme"]]
    )


def test_where_two_rows_could_be_the_earlier_work_neither_is_taken() -> None:
    result = identified(
        line("Local Provider (London)", 2018),
        line("Local Provider (South)", 2018),
        line("Local Provider", 2019),
    )
    assert len(result.bets) == 3
    assert len(result.nearly) == 2


def test_a_similar_name_long_after_is_another_work() -> None:
    far = identified(line("The Material Strategy", 2014), line("The Materiel Strategy", 2019))
    assert len(far.bets) == 2


def test_what_is_nearly_the_same_is_told_so_that_the_owner_can_settle_it() -> None:
    result = identified(
        line("Future Maritime Support Strategy", 2018),
        line("Future Maritime Support Framework", 2019),
        similarity=0.6,
    )
    assert len(result.bets) == 2
    assert result.nearly[0].names == (
        "Future Maritime Support Strategy",
        "Future Maritime Support Framework",
    )


def test_the_order_of_the_file_does_not_matter() -> None:
    lines = [
        line("Novo Programme", 2015),
        line("Novo (NCA Transformation) Programme", 2016),
        line("NCA Transformation Programme", 2017),
        line("Lower Crossing Feasibility", 2016),
        line("Lower Crossing", 2017),
    ]
    forward, backward = identified(*lines), identified(*reversed(lines))
    assert {frozenset(row.name for row in bet) for bet in forward.bets} == {
        frozenset(row.name for row in bet) for bet in backward.bets
    }
    assert len(forward.bets) == 2
