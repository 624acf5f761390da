"""The guardrails that a portfolio begins with."""

from decimal import Decimal

import pytest

from allocation.engine import parse_snapshot
from allocation.guardrails import PROPOSED, Limit, create, proposed_limits, what_is_wrong
from allocation.models import Guardrail, RecomputeRequest
from allocation.snapshot import snapshot_of
from spm.errors import Invalid
from tests.factories import make_portfolio


@pytest.mark.django_db
def test_the_proposed_guardrails_are_made_and_the_engine_can_read_them() -> None:
    portfolio = make_portfolio()
    create(portfolio, proposed_limits(Decimal(100_000)))
    assert Guardrail.objects.get(kind="reserve").minimum == Decimal(3_000)
    assert Guardrail.objects.get(kind="bet_share").maximum == Decimal("0.15")
    assert len(parse_snapshot(snapshot_of(portfolio)).guardrails) == len(PROPOSED)
    assert RecomputeRequest.objects.get(portfolio=portfolio).reason == "Guardrails were set."


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        (Limit("Reserve", "reserve"), "limits nothing"),
        (Limit("Reserve", "king", Decimal(1)), "no kind 'king'"),
        (Limit("Turnover", "turnover", minimum=Decimal(0)), "by its max only"),
        (Limit("H3", "share", maximum=Decimal("1.2")), "between 0 and 100 %"),
        (Limit("H3", "share", maximum=Decimal("NaN")), "between 0 and 100 %"),
        (Limit("H3", "share", maximum=Decimal("0.12345")), "hundredths of a per cent"),
        (Limit("H3", "share", Decimal("0.3"), Decimal("0.2")), "least is above its most"),
        (Limit(" ", "share", Decimal("0.3")), "a name of 1 to"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_the_reason(limit: Limit, says: str) -> None:
    assert says in what_is_wrong(limit)


@pytest.mark.django_db
def test_of_several_limits_none_is_made_if_one_cannot_be() -> None:
    portfolio = make_portfolio()
    with pytest.raises(Invalid) as error:
        create(portfolio, [*proposed_limits(Decimal(100)), Limit("Odd", "reserve")])
    assert list(error.value.fields) == ["Odd"]
    assert not Guardrail.objects.exists()
