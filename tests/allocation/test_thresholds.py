"""The sums above which more is needed: set by finance, journalled, and on the settings page."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils.html import strip_tags

from allocation import thresholds
from allocation.models import LimitChange
from bets.models import Portfolio
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Invalid
from tests.api_client import ApiClient, assert_problem
from tests.factories import make_member, make_portfolio


@pytest.mark.django_db
def test_each_sum_that_is_changed_is_journalled_with_who_and_why() -> None:
    portfolio = make_portfolio()
    finance = make_member(portfolio, Role.FINANCE)
    given = {"finance_above": Decimal(20_000), "two_people_above": "90000", "reason": "A trial."}
    thresholds.change(finance, portfolio.pk, given)
    thresholds.change(finance, portfolio.pk, {"two_people_above": None, "reason": "It is over."})
    portfolio.refresh_from_db()
    assert (portfolio.finance_above, portfolio.two_people_above) == (Decimal(20_000), None)
    said = [
        (row.subject, row.before["amount"], row.after["amount"], row.reason, row.changed_by)
        for row in LimitChange.objects.order_by("id")
    ]
    assert said == [
        ("finance", "0.00", "20000.00", "A trial.", finance),
        ("two", None, "90000.00", "A trial.", finance),
        ("two", "90000.00", None, "It is over.", finance),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"finance_above": "-1", "reason": "Less."}, "finance_above"),
        ({"two_people_above": "1e5", "reason": "More."}, "two_people_above"),
        ({"finance_above": "1000"}, "reason"),
        ({"finance_above": "0", "reason": "The same."}, "finance_above"),
        ({"reason": "Nothing."}, ""),
        ({"lead_above": "1", "reason": "Misspelt."}, "lead_above"),
    ],
)
def test_what_cannot_be_set_is_refused_with_the_field_named(
    given: dict[str, str], field: str
) -> None:
    portfolio = make_portfolio()
    with pytest.raises(Invalid) as refusal:
        thresholds.change(make_member(portfolio, Role.FINANCE), portfolio.pk, given)
    assert set(refusal.value.fields) == {field}
    assert not LimitChange.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.LEAD, Role.ADMIN])
def test_finance_alone_sets_them(role: str) -> None:
    portfolio = make_portfolio()
    with pytest.raises(NotAllowed):
        thresholds.change(
            make_member(portfolio, role), portfolio.pk, {"finance_above": "9", "reason": "Mine."}
        )


@pytest.mark.django_db
def test_the_form_keeps_what_was_typed_and_the_settings_say_who_decides() -> None:
    portfolio, browser = make_portfolio(), Client()
    browser.force_login(make_member(portfolio, Role.FINANCE))
    typed = {"finance_above": "20k", "two_people_above": "a lot", "reason": "A trial."}
    wrong = browser.post("/settings/thresholds", typed)
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'value="20k"' in page and 'value="a lot"' in page and "A trial." in page
    assert "id_two_people_above_error" in page
    saved = browser.post("/settings/thresholds", {**typed, "two_people_above": "90k"}, follow=True)
    said = strip_tags(saved.content.decode())
    assert "what moves at most €20k/mo" in said and "what moves more than €90k/mo" in said
    journal = browser.get("/guardrails").content.decode()
    assert "Two people decide above" in journal and "never" in journal


@pytest.mark.django_db
def test_the_api_shows_and_changes_them() -> None:
    portfolio = make_portfolio()
    client = ApiClient(person=make_member(portfolio, Role.FINANCE))
    path = f"/portfolios/{portfolio.pk}/thresholds"
    body = {"two_people_above": "50000.00", "reason": "Four eyes."}
    read = client.get(path)["ETag"]
    assert_problem(client.send("PATCH", path, body), 428, "condition-required")
    assert client.send("PATCH", path, body, If_Match=read).json() == {
        "finance_above": "0.00",
        "two_people_above": "50000.00",
    }
    assert client.get(path).json()["two_people_above"] == "50000.00"
    assert Portfolio.objects.get(pk=portfolio.pk).two_people_above == Decimal(50_000)
    assert_problem(client.send("PATCH", path, body, If_Match=read), 412, "changed")
    wrong = {"finance_above": "1.5", "reason": "x"}
    assert_problem(client.send("PATCH", path, wrong, If_Match="*"), 400, "invalid")
