"""Bets through the API."""

from decimal import Decimal

import pytest

from bets.models import Bet
from bets.serializers import BetTerms, HypothesisTerms
from bets.terms import ALL_BET_FIELDS, HYPOTHESIS_FIELDS
from spm.accounts.models import Membership
from tests.api_client import ApiClient, assert_problem, client_for, client_of
from tests.factories import make_bet, make_member, make_portfolio, make_team, make_theme

pytestmark = pytest.mark.django_db


def test_a_list_is_newest_first_page_by_page_and_stays_while_bets_are_added() -> None:
    portfolio = make_portfolio()
    client = client_for(portfolio)
    bets = [make_bet(portfolio).pk for _ in range(5)]
    first = client.get("/bets?page_size=2").json()
    make_bet(portfolio)
    second = client.get("/bets?" + first["next"].partition("?")[2]).json()
    third = client.get("/bets?" + second["next"].partition("?")[2]).json()
    pages = [[bet["id"] for bet in page["results"]] for page in (first, second, third)]
    assert pages == [bets[:2:-1], bets[2:0:-1], bets[:1]]
    assert third["next"] is None


def test_a_page_costs_the_same_queries_whatever_its_length(
    django_assert_max_num_queries: object,
) -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    client = client_for(portfolio)
    for _ in range(20):
        make_bet(portfolio, {team: 0.5})
    client.get("/bets")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        assert len(client.get("/bets").json()["results"]) == 20


@pytest.mark.parametrize(
    "query",
    ["stage=testing", "theme={theme}", "team={team}", "search=REFUND", "thesis_status=broken"],
)
def test_the_filters_of_the_board_find_the_one_bet(query: str) -> None:
    portfolio = make_portfolio()
    theme, team = make_theme(portfolio), make_team(portfolio)
    wanted = make_bet(
        portfolio,
        {team: 1.0},
        title="Instant refunds",
        stage="testing",
        theme=theme,
        thesis_status="broken",
    )
    make_bet(portfolio)
    found = client_for(portfolio).get(f"/bets?{query.format(theme=theme.pk, team=team.pk)}")
    assert [bet["id"] for bet in found.json()["results"]] == [wanted.pk]


def test_money_is_text_with_two_places_and_times_are_utc() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, working=Decimal("1200"), entangled=Decimal("0.5"))
    shown = client_for(portfolio).get(f"/bets/{bet.pk}").json()
    assert (shown["working"], shown["funding"]) == ("1200.00", "1200.50")
    assert shown["stage_entered_at"] == "2026-01-01T00:00:00Z"


def test_a_bet_is_created_in_the_funnel_with_its_version_as_etag() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    body = {
        "title": "Instant refunds",
        "value_p50": "1500000.00",
        "teams": [{"team": team.pk, "share": 0.5}],
    }
    response = client_for(portfolio).post("/bets", body)
    assert response.status_code == 201
    shown = response.json()
    assert (shown["stage"], shown["value_p50"]) == ("funnel", "1500000.00")
    assert shown["teams"] == body["teams"]
    assert response["ETag"] == f'"{shown["version"]}"'


@pytest.mark.parametrize(
    "money", ["1_000", "１２", "٣", "1e1", "+1", " 1 ", "-0.01", "NaN", "0x1", "1.5", "01", 12, 1.5]
)
def test_money_has_one_form_only(money: object) -> None:
    portfolio = make_portfolio()
    response = client_for(portfolio).post("/bets", {"title": "A", "value_p50": money})
    document = assert_problem(response, 400, "invalid")
    assert [error["field"] for error in document["errors"]] == ["value_p50"]


def test_each_field_that_is_wrong_is_named_at_once() -> None:
    body = {"title": "", "prior": 1, "withdrawable": 2, "stage": "scaling", "belief": 1}
    document = assert_problem(client_for(make_portfolio()).post("/bets", body), 400, "invalid")
    named = {error["field"] for error in document["errors"]}
    assert named == {"title", "prior", "withdrawable", "stage", "belief"}


def test_a_bet_refers_to_nothing_of_another_portfolio() -> None:
    portfolio, other = make_portfolio(), make_portfolio()
    foreign = make_theme(other)
    response = client_for(portfolio).post("/bets", {"title": "A", "theme": foreign.pk})
    assert [e["field"] for e in assert_problem(response, 400, "invalid")["errors"]] == ["theme"]


def test_a_person_of_two_portfolios_says_which() -> None:
    portfolio, other = make_portfolio(), make_portfolio()
    person = make_member(portfolio)
    Membership.objects.create(user=person, portfolio=other, role="lead")
    client = ApiClient(person=person)
    assert_problem(client.post("/bets", {"title": "A"}), 400, "invalid")
    created = client.post("/bets", {"title": "A", "portfolio": other.pk})
    assert created.json()["portfolio"] == other.pk
    foreign = client.post("/bets", {"title": "A", "portfolio": make_portfolio().pk})
    assert_problem(foreign, 400, "invalid")


def test_a_key_is_bound_to_its_portfolio_whatever_its_owner_may_do() -> None:
    portfolio, other = make_portfolio(), make_portfolio()
    person = make_member(portfolio)
    Membership.objects.create(user=person, portfolio=other, role="lead")
    client = client_of(person, portfolio)
    bet = make_bet(other)
    assert_problem(client.get(f"/bets/{bet.pk}"), 404, "not-found")
    response = client.post("/bets", {"title": "A", "portfolio": other.pk})
    assert_problem(response, 400, "invalid")


def test_a_change_without_a_version_is_asked_for_one() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    response = client_for(portfolio).send("PATCH", f"/bets/{bet.pk}", {"title": "New"})
    assert_problem(response, 428, "condition-required")


def test_a_change_of_the_version_that_was_read_is_made_once() -> None:
    portfolio = make_portfolio()
    client, bet = client_for(portfolio), make_bet(portfolio)
    read = client.get(f"/bets/{bet.pk}")["ETag"]
    changed = client.send("PATCH", f"/bets/{bet.pk}", {"title": "New"}, If_Match=read)
    assert changed.status_code == 200
    assert changed["ETag"] != read
    late = client.send("PATCH", f"/bets/{bet.pk}", {"title": "Late"}, If_Match=read)
    assert_problem(late, 412, "changed")
    assert Bet.objects.get(pk=bet.pk).title == "New"


@pytest.mark.parametrize("tag", ['W/"1"', "1", '"x"', '"99999999999"', '"-1"', '"１"', ""])
def test_what_is_no_etag_of_ours_matches_nothing(tag: str) -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    response = client_for(portfolio).send(
        "PATCH", f"/bets/{bet.pk}", {"title": "New"}, If_Match=tag
    )
    assert_problem(response, 412, "changed")


def test_a_star_is_any_version() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    client = client_for(portfolio)
    response = client.send("PATCH", f"/bets/{bet.pk}", {"title": "New"}, If_Match="*")
    assert response.json()["title"] == "New"


def test_the_same_put_twice_creates_once_and_changes_nothing() -> None:
    portfolio = make_portfolio()
    client = client_for(portfolio)
    body = {"title": "Instant refunds", "value_p50": "100.00", "url": "https://jira.example/PAY-7"}
    first = client.send("PUT", "/bets/by-key/jira/PAY-7", body)
    second = client.send("PUT", "/bets/by-key/jira/PAY-7", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first["ETag"] == second["ETag"]
    [key] = first.json()["keys"]
    assert key == {"source": "jira", "key": "PAY-7", "url": "https://jira.example/PAY-7"}


def test_a_put_changes_what_it_names_and_leaves_the_rest() -> None:
    client = client_for(make_portfolio())
    client.send("PUT", "/bets/by-key/jira/a", {"title": "A", "value_p50": "100.00"})
    changed = client.send("PUT", "/bets/by-key/jira/a", {"title": "B"})
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["value_p50"]) == ("B", "100.00")


@pytest.mark.parametrize("key", ["a/b", "a%2Fb", "%E2%82%AC", "a b", "x" * 255])
def test_a_key_may_be_any_text(key: str) -> None:
    client = client_for(make_portfolio())
    first = client.send("PUT", f"/bets/by-key/jira/{key}", {"title": "A"})
    second = client.send("PUT", f"/bets/by-key/jira/{key}", {"title": "A"})
    assert (first.status_code, second.status_code) == (201, 200)


@pytest.mark.parametrize("address", ["jira/%00", "%00/a", f"{'x' * 61}/a", f"jira/{'x' * 256}"])
def test_a_key_that_cannot_be_kept_is_a_400(address: str) -> None:
    client = client_for(make_portfolio())
    response = client.send("PUT", f"/bets/by-key/{address}", {"title": "A"})
    assert_problem(response, 400, "invalid")


@pytest.mark.parametrize("url", [7, "javascript:alert(1)", "x" * 3000, None, "http://\x00"])
def test_an_address_that_is_none_is_a_400(url: object) -> None:
    client = client_for(make_portfolio())
    response = client.send("PUT", "/bets/by-key/jira/a", {"title": "A", "url": url})
    assert_problem(response, 400, "invalid")


@pytest.mark.parametrize(
    ("moment", "taken"),
    [
        ("2026-03-31T12:00:00Z", True),
        ("2026-03-31T12:00:00.5+02:00", True),
        ("2026-03-31T12:00:00", False),
        ("2026-02-30T12:00:00Z", False),
        ("0001-01-01T00:00:00+14:00", False),
        ("9999-12-31T23:59:59-14:00", False),
        ("2026-03-31", False),
        (1774958400, False),
    ],
)
def test_a_time_has_an_offset_and_exists(moment: object, taken: bool) -> None:
    client = client_for(make_portfolio())
    response = client.post("/bets", {"title": "A", "delivery_signal_at": moment})
    assert response.status_code == (201 if taken else 400)


def test_the_document_names_exactly_the_fields_that_are_read() -> None:
    assert set(BetTerms().fields) == set(ALL_BET_FIELDS)
    assert set(HypothesisTerms().fields) == {*HYPOTHESIS_FIELDS, "kill_criteria"}
