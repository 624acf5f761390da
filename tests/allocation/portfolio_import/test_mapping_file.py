from datetime import date
from pathlib import Path
from typing import Any

import pytest

from allocation.portfolio_import.mapping_file import mapping_from, read_mapping
from spm.sheets.problems import Unusable
from tests.allocation.portfolio_import.status_rows import mapping, settings

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_the_examples_can_be_used(path: Path) -> None:
    assert read_mapping(path).columns()


def test_an_unknown_setting_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(Unusable, match=r"thesis\.priorr: there is no such setting.*'prior'"):
        mapping(thesis={"priorr": 0.3})


@pytest.mark.parametrize(
    ("table", "changes", "message"),
    [
        ("thesis", {"prior": 1.0}, "thesis.prior: a number from 0.001 to 0.999"),
        ("thesis", {"prior": "0.5"}, "thesis.prior: a number"),
        ("thesis", {"prior": True}, "thesis.prior: a number"),
        ("thesis", {"revive_above": 0.1}, "thesis.revive_above: a number from 0.22"),
        ("thesis", {"statement": " "}, "thesis.statement: a text is needed"),
        ("portfolio", {"currency": "Pounds"}, "portfolio.currency: three capitals"),
        ("portfolio", {"slug": "a b"}, "portfolio.slug: only letters"),
        ("portfolio", {"reserve_floor_share": 0.2}, "reserve_floor_share: at most reserve_share"),
        ("worth", {"p50": 0.5}, "worth.p50: a number from 1"),
        ("worth", {"cost": "x"}, "worth.cost: there is no such setting"),
        ("worth", {"whole_life_cost": ""}, "needed together"),
        ("worth", {"response": [[0.5, 0.2], [1, 1]]}, "worth.response: it must flatten"),
        ("worth", {"response": [[1, 1], [1, 1]]}, "to the right"),
        ("funding", {"columns": []}, "funding.columns: at least one column"),
        ("period", {"observed_on": {"month": 2, "day": 30}}, "observed_on.day: the month has no"),
        ("period", {"observed_exactly": {"2021": "soon"}}, "observed_exactly.2021: a date"),
        ("bet", {"same": [["A"], ["a"]]}, "'a' stands in two groups"),
        ("file", {"separator": ":"}, "file.separator: one of"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(
    table: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(Unusable, match=message.replace(".", r"\.")):
        mapping(**{table: changes})


def test_a_judgement_needs_a_direction_with_its_strength() -> None:
    document = settings()
    document["judgement"][0]["values"]["Red"] = {"strength": "strong"}
    with pytest.raises(Unusable, match=r"judgement\[1\]\.values\.Red\.direction: one of"):
        mapping_from(document)


def test_a_guardrail_limits_something() -> None:
    document = settings() | {"guardrail": [{"name": "Nothing", "kind": "share"}]}
    with pytest.raises(Unusable, match="a minimum or a maximum is needed"):
        mapping_from(document)


def test_a_share_is_at_most_one() -> None:
    document = settings() | {"guardrail": [{"name": "x", "kind": "share", "maximum": 45}]}
    with pytest.raises(Unusable, match=r"guardrail\[1\]\.maximum: a number from 0 to 1"):
        mapping_from(document)


def test_a_period_is_looked_at_on_its_own_day_unless_said_otherwise() -> None:
    period = mapping(period={"observed_exactly": {"2021": date(2021, 3, 31)}}).period
    assert period.observed(2020) == date(2020, 9, 30)
    assert period.observed(2021) == date(2021, 3, 31)


def test_conditions_of_a_theme_change_only_what_they_say() -> None:
    terms = mapping(
        conditions={
            "notice_months": 3,
            "liquidity": "brand",
            "by_theme": {"Defence": {"liquidity": "vineyard"}},
        }
    )
    assert terms.conditions_of("Defence").liquidity == "vineyard"
    assert terms.conditions_of("Defence").notice_months == 3
    assert terms.conditions_of("Other work").liquidity == "brand"


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text("[portfolio\n")
    with pytest.raises(Unusable, match=r"mapping\.toml is not TOML"):
        read_mapping(path)
