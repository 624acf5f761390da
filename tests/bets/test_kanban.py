"""The board as a page: what it shows, in how many queries, and what its fragments answer."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bets.edit import OFFICE, change_bet
from bets.models import Bet, Dependency, Portfolio, WipLimit
from spm.accounts.models import Role, User
from tests.factories import (
    make_bet,
    make_member,
    make_portfolio,
    make_scaling_bet,
    make_stream,
    make_team,
    make_theme,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cold_cache() -> None:
    cache.clear()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def board_of(portfolio: Portfolio, role: str = Role.LEAD, **fields: Any) -> Client:
    return signed_in(make_member(portfolio, role, **fields))


def html_of(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return str(answer.content.decode())


def cards_in(html: str, stage: str) -> list[int]:
    """The ids of the cards in the column of a stage, from top to bottom."""
    column = html.split(f'id="column-{stage}"')[1].split("</section>")[0]
    return [int(part.split('"')[0]) for part in column.split(' data-card="')[1:]]


def all_cards(html: str) -> set[int]:
    return {int(part.split('"')[0]) for part in html.split(' data-card="')[1:]}


def test_each_bet_stands_in_the_column_of_its_stage() -> None:
    portfolio = make_portfolio()
    idea, grown = make_bet(portfolio), make_scaling_bet(portfolio)
    html = html_of(board_of(portfolio), "/kanban")
    assert cards_in(html, "funnel") == [idea.pk]
    assert cards_in(html, "scaling") == [grown.pk]


def test_a_card_shows_what_one_decides_by() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio, name="Pay Core")
    bet = make_scaling_bet(
        portfolio,
        title="Refunds <b>now</b>",
        theme=make_theme(portfolio, name="Trust"),
        working=30_000,
        entangled=5_000,
        belief_before=0.5,
        teams={team: 1.0},
    )
    Dependency.objects.create(bet=bet, needs=make_bet(portfolio, title="Identity"))
    html = html_of(board_of(portfolio), f"/bets/{bet.pk}/card")
    for shown in ("Refunds &lt;b&gt;now", "Trust", "70%", "+20 pp", "€35k/mo", "PC", "Identity"):
        assert shown in html
    assert "<b>" not in html


def test_a_card_that_came_a_moment_ago_says_so() -> None:
    portfolio = make_portfolio()
    make_bet(portfolio, stage_entered_at=timezone.now())
    assert ">just arrived<" in html_of(board_of(portfolio), "/kanban")


def test_ready_is_ordered_by_wsjf_and_what_is_not_scored_comes_last() -> None:
    portfolio = make_portfolio()
    scores: dict[str, Any] = {"business_value": 5, "time_criticality": 3, "risk_reduction": 2}
    slow = make_bet(portfolio, stage="ready", job_size=20, **scores)
    unscored = make_bet(portfolio, stage="ready")
    quick = make_bet(portfolio, stage="ready", job_size=1, **scores)
    html = html_of(board_of(portfolio), "/kanban")
    assert cards_in(html, "ready") == [quick.pk, slow.pk, unscored.pk]


def test_limits_on_work_in_progress_are_shown_for_stages_and_streams() -> None:
    portfolio = make_portfolio()
    stream = make_stream(portfolio, name="Payments")
    make_bet(portfolio, stage="testing", stream=stream)
    make_bet(portfolio, stage="testing")
    WipLimit.objects.create(portfolio=portfolio, stage="testing", limit=5)
    WipLimit.objects.create(portfolio=portfolio, stage="testing", stream=stream, limit=1)
    html = html_of(board_of(portfolio), "/kanban")
    assert "2 of 5" in html
    assert "Payments 1 of 1" in html


def test_filters_in_the_address_narrow_the_board_and_leave_the_limits_alone() -> None:
    portfolio = make_portfolio()
    theme, stream, team = make_theme(portfolio), make_stream(portfolio), make_team(portfolio)
    owner = make_member(portfolio)
    wanted = make_bet(
        portfolio,
        title="Refunds",
        theme=theme,
        stream=stream,
        owner=owner,
        horizon="H3",
        thesis_status="silent",
        stage="testing",
        teams={team: 1.0},
    )
    other = make_bet(portfolio, stage="testing", description="100% refunds_x")
    WipLimit.objects.create(portfolio=portfolio, stage="testing", limit=5)
    client = board_of(portfolio)
    for address in (
        f"theme={theme.pk}",
        f"stream={stream.pk}",
        f"team={team.pk}",
        f"owner={owner.pk}",
        "horizon=H3",
        "thesis=silent",
        "q=REFUNDS&horizon=H3",
    ):
        html = html_of(client, f"/kanban?{address}")
        assert all_cards(html) == {wanted.pk}, address
        assert "1 · WIP 2 of 5" in html
    assert all_cards(html_of(client, "/kanban?q=100%25")) == {other.pk}


@pytest.mark.parametrize(
    "address", ["theme=x", "theme=1e9", f"theme={10**30}", "horizon=H9", "q=%00"]
)
def test_a_filter_that_cannot_be_is_left_out(address: str) -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    assert all_cards(html_of(board_of(portfolio), f"/kanban?{address}")) == {bet.pk}


def test_a_lane_of_a_stream_shows_that_stream_s_limit_only() -> None:
    portfolio = make_portfolio()
    for name in ("Lending", "Payments"):
        stream = make_stream(portfolio, name=name)
        make_bet(portfolio, stage="testing", stream=stream)
        WipLimit.objects.create(portfolio=portfolio, stage="testing", stream=stream, limit=4)
    html = html_of(board_of(portfolio), "/kanban?lanes=stream")
    assert html.count("Payments 1 of 4") == html.count("Lending 1 of 4") == 1


def test_a_broken_thesis_stands_beside_what_delivery_says() -> None:
    portfolio = make_portfolio()
    signal: dict[str, Any] = {
        "delivery_signal": "Green",
        "delivery_signal_source": "Steering report",
    }
    broken = make_bet(portfolio, thesis_status="broken", **signal)
    intact = make_bet(portfolio, thesis_status="intact", **signal)
    client = board_of(portfolio)
    assert "Steering report: <q>Green</q>" in html_of(client, f"/bets/{broken.pk}/card")
    assert "Green" not in html_of(client, f"/bets/{intact.pk}/card")
    assert "says <q>Green</q>; the thesis broke" in html_of(client, f"/bets/{broken.pk}")


@pytest.mark.parametrize("lanes", ["theme", "stream", "horizon"])
def test_swim_lanes_hold_every_card_once(lanes: str) -> None:
    portfolio = make_portfolio()
    theme, stream = make_theme(portfolio, name="Trust"), make_stream(portfolio, name="Payments")
    one = make_bet(portfolio, theme=theme, stream=stream, horizon="H1")
    two = make_bet(portfolio, horizon="H2")
    html = html_of(board_of(portfolio), f"/kanban?lanes={lanes}")
    assert html.count(" data-card=") == 2
    assert all_cards(html) == {one.pk, two.pk}
    titles = {"theme": ["Trust", "No theme"], "stream": ["Payments", "No stream"]}
    for title in titles.get(lanes, ["H1 core", "H2 emerging"]):
        assert f'">{title}</h2>' in html


def test_a_column_begins_with_fifty_cards_and_loads_on() -> None:
    portfolio = make_portfolio()
    for _ in range(60):
        make_bet(portfolio)
    client = board_of(portfolio)
    html = html_of(client, "/kanban")
    assert len(cards_in(html, "funnel")) == 50
    assert "Show 10 more of 60" in html
    more = html_of(client, f"/kanban/columns/funnel?portfolio={portfolio.pk}&show=100")
    assert len(cards_in(more, "funnel")) == 60
    assert "more of" not in more


def queries_of(client: Client, address: str) -> int:
    client.get(address)  # the session, and the cache
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("address", ["/kanban", "/kanban?lanes=theme", "/kanban?thesis=broken"])
def test_the_board_takes_a_fixed_number_of_queries(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bets.board_version.MINUTE", 1e9)  # none begins meanwhile
    portfolio = make_portfolio()
    theme, team = make_theme(portfolio), make_team(portfolio)
    client = board_of(portfolio)
    for _ in range(3):
        make_bet(portfolio, theme=theme, teams={team: 1.0}, thesis_status="broken")
    few = queries_of(client, address)
    needed = make_bet(portfolio)
    for stage in ("funnel", "testing", "scaling"):
        for _ in range(10):
            bet = make_bet(portfolio, stage=stage, theme=make_theme(portfolio))
            Dependency.objects.create(bet=bet, needs=needed)
    assert queries_of(client, address) == few
    cache.clear()
    with CaptureQueriesContext(connection) as cold:
        client.get(address)
    # Person, roles, the board's version and the person's unread notices; views and what the board
    # is made of only when that has changed.
    assert few == 4
    assert len(cold) <= 18


def test_a_changed_bet_is_never_shown_from_the_cache() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, title="Old")
    client = board_of(portfolio)
    assert "Old" in html_of(client, "/kanban")
    change_bet(OFFICE, bet.pk, {"title": "New"})
    assert "New" in html_of(client, "/kanban")


def test_a_card_stops_waiting_when_what_it_needs_is_funded() -> None:
    portfolio = make_portfolio()
    needed = make_bet(portfolio, title="Identity")
    bet = make_bet(portfolio)
    Dependency.objects.create(bet=bet, needs=needed)
    client = board_of(portfolio)
    assert "waits for" in html_of(client, f"/bets/{bet.pk}/card")
    Bet.objects.filter(pk=needed.pk).update(working=1)
    assert "waits for" not in html_of(client, f"/bets/{bet.pk}/card")


def test_who_may_not_move_a_card_is_not_offered_to() -> None:
    portfolio = make_portfolio()
    own, other = make_team(portfolio), make_team(portfolio)
    ours = make_bet(portfolio, teams={own: 1.0})
    theirs = make_bet(portfolio, teams={other: 1.0})
    html = html_of(board_of(portfolio, Role.CONTRIBUTOR, teams=(own,)), "/kanban")
    assert f"/bets/{ours.pk}/move" in html
    assert f"/bets/{theirs.pk}/move" not in html
    assert "/move" not in html_of(board_of(portfolio, Role.VIEWER), "/kanban")


def test_a_card_that_has_left_its_column_is_taken_away() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, stage="ready")
    client = board_of(portfolio)
    assert html_of(client, f"/bets/{bet.pk}/card?in=framing") == ""
    assert 'id="card-' in html_of(client, f"/bets/{bet.pk}/card?in=ready")


def test_a_card_that_the_page_s_filters_no_longer_let_through_is_taken_away() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, thesis_status="intact")
    page = {"HX-Request": "true", "HX-Current-URL": "http://testserver/kanban?thesis=broken"}
    assert html_of(board_of(portfolio), f"/bets/{bet.pk}/card?in=funnel", **page) == ""


@pytest.mark.parametrize(
    "address",
    [
        "bets/{bet}",
        "bets/{bet}/card",
        "bets/{bet}/facts",
        "kanban/columns/funnel?portfolio={portfolio}",
        "bets/{bet}/edit",
    ],
)
def test_nothing_of_a_foreign_portfolio_answers(address: str) -> None:
    mine, foreign = make_portfolio(), make_portfolio()
    bet = make_bet(foreign)
    answer = board_of(mine).get("/" + address.format(bet=bet.pk, portfolio=foreign.pk))
    assert answer.status_code == 404


def test_somebody_without_a_portfolio_sees_that_there_is_none() -> None:
    client = signed_in(User.objects.create_user("nobody@example.org"))
    assert "Open a portfolio" in html_of(client, "/kanban")
    assert client.get("/kanban/columns/funnel").status_code == 404


HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/kanban"}


def test_a_bet_is_added_from_its_title() -> None:
    portfolio = make_portfolio()
    answer = board_of(portfolio).post(
        "/kanban/add", {"title": "Refunds", "portfolio": portfolio.pk}, headers=HTMX
    )
    bet = Bet.objects.get()
    assert (answer.status_code, bet.title, bet.stage) == (200, "Refunds", "funnel")
    assert cards_in(answer.content.decode(), "funnel") == [bet.pk]


def test_a_bet_without_a_title_keeps_what_was_typed_and_says_what_is_wrong() -> None:
    portfolio = make_portfolio()
    answer = board_of(portfolio).post(
        "/kanban/add", {"title": "x" * 201, "portfolio": portfolio.pk}, headers=HTMX
    )
    assert answer.status_code == 422
    assert "x" * 201 in answer.content.decode()
    assert "at most 200 characters" in answer.content.decode()


def move(client: Client, bet: Bet, stage: str, **others: Any) -> Any:
    return client.post(f"/bets/{bet.pk}/move", {"stage": stage, **others}, headers=HTMX)


def test_a_move_answers_with_the_card() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    bet = make_bet(portfolio, owner=lead, stream=make_stream(portfolio))
    answer = move(signed_in(lead), bet, "framing", version=1)
    assert answer.status_code == 200
    assert f'id="card-{bet.pk}"' in answer.content.decode()
    assert 'data-version="2"' in answer.content.decode()


def test_a_refused_move_names_each_reason_with_the_button_that_helps() -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    answer = move(board_of(portfolio), bet, "framing", version=1)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Nobody owns it yet." in html
    assert f'href="/bets/{bet.pk}/edit?then=framing#id_owner"' in html
    assert "Override" not in html


def test_only_a_lead_is_offered_to_override_a_limit() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    WipLimit.objects.create(portfolio=portfolio, stage="funnel", limit=0)
    bet = make_bet(portfolio, stage="framing", teams={team: 1.0})
    assert "Override" in move(board_of(portfolio), bet, "funnel").content.decode()
    contributor = board_of(portfolio, Role.CONTRIBUTOR, teams=(team,))
    assert "Override" not in move(contributor, bet, "funnel").content.decode()


def test_a_second_mover_is_answered_with_a_conflict() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio, name="Anna")
    bet = make_bet(portfolio, stage="stopped")
    client = signed_in(lead)
    assert move(client, bet, "funnel", version=1).status_code == 200
    answer = move(client, bet, "framing", version=1)
    assert answer.status_code == 409
    assert "Anna moved" in answer.content.decode()


def test_an_overriding_move_from_the_dialog_puts_both_columns_in_place() -> None:
    portfolio = make_portfolio()
    WipLimit.objects.create(portfolio=portfolio, stage="funnel", limit=0)
    bet = make_bet(portfolio, stage="framing")
    answer = move(
        board_of(portfolio), bet, "funnel", override_reason="We must", **{"from": "dialog"}
    )
    html = answer.content.decode()
    assert answer.status_code == 200
    assert cards_in(html, "funnel") == [bet.pk]
    assert cards_in(html, "framing") == []
    assert "close-dialog" in answer.headers["HX-Trigger"]


def test_without_scripts_a_move_goes_back_to_the_bet_or_says_why_not() -> None:
    portfolio = make_portfolio()
    client = board_of(portfolio)
    bet = make_bet(portfolio, stage="stopped")
    answer = client.post(f"/bets/{bet.pk}/move", {"stage": "framing"})
    assert answer.status_code == 422
    assert "<h1>The card stays</h1>" in answer.content.decode()
    answer = client.post(f"/bets/{bet.pk}/move", {"stage": "funnel"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/bets/{bet.pk}")


def test_moves_are_posted() -> None:
    portfolio = make_portfolio()
    client = board_of(portfolio)
    assert client.get(f"/bets/{make_bet(portfolio).pk}/move").status_code == 405
    assert client.get("/kanban/add").status_code == 405
