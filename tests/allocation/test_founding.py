"""A portfolio of one's own, in three steps."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from allocation.models import Guardrail
from allocation.verify import verify
from bets.models import Portfolio
from spm.accounts.models import Membership, User
from tests.factories import make_portfolio, make_user

NEW = "/portfolios/new"
FRAME = {"name": "Halden North", "currency": "eur", "envelope": "1.2M", "horizon_months": "24"}


def signed_in(user: User | None = None) -> Client:
    client = Client()
    client.force_login(user or make_user())
    return client


def send(client: Client, step: int, go: str = "next", **typed: str) -> Any:
    return client.post(NEW, {"step": str(step), "go": go, **typed})


def as_shown(client: Client, step: int) -> dict[str, str]:
    """What the form of a step holds, as a browser would send it."""
    form = client.get(f"{NEW}?step={step}").context["form"]
    rows = {f"{kind}_rows": str(getattr(form, f"{kind}s", "")) for kind in ("theme", "team")}
    return {**rows, **{name: str(form[name].value() or "") for name in form.fields}}


@pytest.mark.django_db
def test_with_the_defaults_a_portfolio_is_open_after_three_steps_and_its_founder_leads_it() -> None:
    founder = make_user()
    client = signed_in(founder)
    send(client, 1, **FRAME)
    send(client, 2, **as_shown(client, 2))
    answer = send(client, 3, **as_shown(client, 3))
    assert answer.url == "/first-bets"
    portfolio = Portfolio.objects.get()
    assert (portfolio.name, portfolio.currency, portfolio.envelope) == (
        "Halden North",
        "EUR",
        Decimal(1_200_000),
    )
    teams = portfolio.teams.values_list("name", "stream__name", "capacity")
    assert ("Explorers", "New ground", Decimal(240_000)) in teams
    assert portfolio.themes.count() == 3
    assert Guardrail.objects.get(portfolio=portfolio, kind="reserve").minimum == Decimal(36_000)
    member = Membership.objects.get(user=founder, portfolio=portfolio)
    assert (member.role, member.administers) == ("lead", True)
    assert verify(portfolio) == []
    assert client.get("/first-bets").context["portfolio"] == portfolio


@pytest.mark.django_db
def test_going_back_and_forth_and_asking_for_rows_loses_nothing() -> None:
    client = signed_in()
    send(client, 1, **FRAME)
    typed = {**as_shown(client, 2), "theme_0": "Win small merchants", "team_1": ""}
    answer = send(client, 2, "rows-team", **typed)
    assert answer.url.startswith(f"{NEW}?step=2#")
    shown = as_shown(client, 2)
    assert {name: shown[name] for name in typed if name != "team_rows"} == {
        name: text for name, text in typed.items() if name != "team_rows"
    }
    assert "stream_4" in shown
    send(client, 2, "back", **{**shown, "stream_4": "Freight"})
    assert as_shown(client, 1)["name"] == "Halden North"
    send(client, 1, **{**FRAME, "name": "Halden South"})
    assert as_shown(client, 2)["stream_4"] == "Freight"
    send(client, 2, **as_shown(client, 2))
    assert send(client, 3, "back", bet_share="20").url == f"{NEW}?step=2"
    assert as_shown(client, 3)["bet_share"] == "20"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("step", "typed", "field", "says"),
    [
        (1, {"name": ""}, "name", "Give it a name"),
        (1, {"envelope": "0"}, "envelope", "above nothing"),
        (1, {"envelope": "a lot"}, "envelope", "Write a number such as"),
        (1, {"currency": "Euro"}, "currency", "three capitals"),
        (1, {"horizon_months": "0"}, "horizon_months", "greater than or equal to 1"),
        (2, {"theme_1": "grow what works"}, "theme_1", "stands here twice"),
        (2, {"stream_0": ""}, "stream_0", "in which value stream"),
        (2, {"capacity_0": ""}, "capacity_0", "when it is busy"),
        (2, {"capacity_0": "-5"}, "capacity_0", "nothing or more"),
        (3, {"bet_share": "150"}, "bet_share", "0 to 100 %"),
        (3, {"testing_limit": "0"}, "testing_limit", "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_what_was_typed_stays(
    step: int, typed: dict[str, str], field: str, says: str
) -> None:
    client = signed_in()
    for earlier in range(1, step):
        send(client, earlier, **(FRAME if earlier == 1 else as_shown(client, earlier)))
    shown = FRAME if step == 1 else as_shown(client, step)
    answer = send(client, step, **{**shown, **typed})
    assert answer.status_code == 422
    assert says in " ".join(answer.context["form"].errors[field])
    assert answer.context["form"][field].value() == typed[field]
    assert not Portfolio.objects.exists()


@pytest.mark.django_db
def test_a_name_that_somebody_took_meanwhile_leads_back_to_its_step() -> None:
    client = signed_in()
    send(client, 1, **FRAME)
    send(client, 2, **as_shown(client, 2))
    make_portfolio(name="Halden North", slug="halden-north")
    answer = send(client, 3, **as_shown(client, 3))
    assert (answer.status_code, answer.context["step"]) == (422, 1)
    assert "already" in answer.context["form"].errors["name"][0]
    assert not Membership.objects.exists()


@pytest.mark.django_db
def test_guardrails_that_are_emptied_are_left_away_and_leaving_forgets_it_all() -> None:
    client = signed_in()
    send(client, 1, **FRAME)
    send(client, 2, **as_shown(client, 2))
    emptied = dict.fromkeys(as_shown(client, 3), "")
    send(client, 3, **{**emptied, "turnover": "12,5"})
    guardrail = Guardrail.objects.get()
    assert (guardrail.kind, guardrail.maximum) == ("turnover", Decimal("0.125"))
    send(client, 1, **{**FRAME, "name": "Another"})
    assert send(client, 2, "cancel").url == "/"
    assert as_shown(client, 1)["name"] == ""


@pytest.mark.django_db
def test_strangers_found_nothing_and_no_step_is_skipped() -> None:
    assert Client().get(NEW).url.startswith("/accounts/login/")  # type: ignore[attr-defined]
    client = signed_in()
    assert client.get(f"{NEW}?step=3").context["step"] == 1
    answer = send(client, 3)
    assert (answer.status_code, answer.context["step"]) == (422, 1)
