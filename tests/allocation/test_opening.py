"""A portfolio of one's own: opened with its envelope, guardrails and people."""

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from allocation.models import Guardrail
from allocation.opening import open_portfolio
from allocation.verify import verify
from bets.models import Portfolio
from spm.accounts.models import Membership, User
from spm.errors import Invalid
from tests.factories import make_portfolio, make_team


@pytest.mark.django_db
def test_a_portfolio_opens_with_its_envelope_in_the_reserve_and_the_proposed_guardrails() -> None:
    portfolio, (lead,) = open_portfolio("My office", Decimal(40_000_000), {"a@b.org": "lead"})
    assert (portfolio.slug, portfolio.envelope) == ("my-office", Decimal(40_000_000))
    assert portfolio.reserve == portfolio.envelope
    kinds = set(Guardrail.objects.filter(portfolio=portfolio).values_list("kind", flat=True))
    assert kinds == {"reserve", "bet_share", "turnover", "share"}
    assert User.objects.get(email="a@b.org").check_password(lead.password)
    assert verify(portfolio) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "envelope", "people", "field"),
    [
        ("!!", 100, {"a@b.org": "lead"}, "name"),
        ("Office", 0, {"a@b.org": "lead"}, "envelope"),
        ("Office", 100, {"nobody": "lead"}, "email"),
        ("Office", 100, {"a@b.org": "king"}, "role"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_made(
    name: str, envelope: int, people: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        open_portfolio(name, Decimal(envelope), people)
    assert list(error.value.fields) == [field]
    assert not Portfolio.objects.exists()


@pytest.mark.django_db
def test_the_command_reads_sums_as_people_write_them(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("portfolio", "open", "My office", "--envelope", "1.5M", "--lead", "a@b.org")
    assert "lead: a@b.org / " in capsys.readouterr().out
    assert Portfolio.objects.get().envelope == Decimal(1_500_000)


@pytest.mark.django_db
def test_a_contributor_is_brought_in_for_named_teams() -> None:
    portfolio = make_portfolio(slug="office")
    team = make_team(portfolio, name="Routing")
    call_command("portfolio", "member", "office", "a@b.org", "contributor", "--team", "routing")
    assert list(Membership.objects.get().teams.all()) == [team]
    with pytest.raises(CommandError, match="no team 'Rooting'"):
        call_command("portfolio", "member", "office", "a@b.org", "lead", "--team", "Rooting")


@pytest.mark.django_db
def test_somebody_who_has_an_account_keeps_their_password() -> None:
    open_portfolio("One", Decimal(100), {"a@b.org": "lead"})
    _, (again,) = open_portfolio("Two", Decimal(100), {"A@b.org": "viewer"})
    assert again.password == ""
    assert Membership.objects.count() == 2
