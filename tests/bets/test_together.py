"""Several cards at once: each judged as alone, the good ones done, the others named."""

from typing import Any

import pytest

from bets.models import Bet, Portfolio, WipLimit
from bets.together import MOST_TOGETHER, Card, Outcome, change_together
from spm.accounts.models import Role, User
from spm.errors import Invalid
from tests.bets.test_board import bet_ready_for_more, portfolio_and_lead
from tests.bets.test_kanban import HTMX, board_of, html_of
from tests.factories import (
    make_bet,
    make_member,
    make_portfolio,
    make_stream,
    make_team,
    make_theme,
)

pytestmark = pytest.mark.django_db


def change(
    person: User, bets: list[Bet], fields: dict[str, Any], *stage: str, **more: Any
) -> Outcome:
    cards = [Card(bet.pk, bet.version) for bet in bets]
    return change_together(person, bets[0].portfolio, cards, fields, *stage, **more)


def codes(outcome: Outcome) -> dict[int, list[str]]:
    return {card.bet.pk: [reason.code for reason in card.reasons] for card in outcome.refused}


def stages(*bets: Bet) -> list[str]:
    return [Bet.objects.get(pk=bet.pk).stage for bet in bets]


def test_the_good_ones_move_and_each_refused_one_keeps_its_reasons() -> None:
    portfolio, lead = portfolio_and_lead()
    good, bare = bet_ready_for_more(portfolio), make_bet(portfolio)
    outcome = change(lead, [bare, good], {}, "framing")
    assert [bet.pk for bet in outcome.done] == [good.pk]
    assert codes(outcome) == {bare.pk: ["owner", "stream"]}
    assert stages(good, bare) == ["framing", "funnel"]


def test_what_a_stage_asks_for_may_be_given_in_the_same_step() -> None:
    portfolio, lead = portfolio_and_lead()
    stream = make_stream(portfolio)
    bet = make_bet(portfolio)
    outcome = change(lead, [bet], {"owner": lead.pk, "stream": stream.pk}, "framing")
    assert outcome.refused == []
    bet.refresh_from_db()
    assert (bet.stage, bet.owner, bet.stream) == ("framing", lead, stream)


def test_a_card_that_may_not_move_keeps_its_fields_too() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = make_bet(portfolio)
    outcome = change(lead, [bet], {"owner": lead.pk}, "framing")
    assert codes(outcome) == {bet.pk: ["stream"]}
    bet.refresh_from_db()
    assert (bet.owner, bet.version) == (None, 1)


def test_a_limit_is_kept_card_by_card_and_a_lead_goes_over_it_for_all() -> None:
    portfolio, lead = portfolio_and_lead()
    WipLimit.objects.create(portfolio=portfolio, stage="framing", limit=1)
    bets = [bet_ready_for_more(portfolio) for _ in range(3)]
    outcome = change(lead, bets, {}, "framing")
    assert len(outcome.done) == 1
    assert list(codes(outcome).values()) == [["wip"], ["wip"]]
    rest = [card.bet for card in outcome.refused]
    assert change(lead, rest, {}, "framing", override_reason="Audit").refused == []
    assert {bet.stage_changes.get().override_reason for bet in rest} == {"Audit"}


def test_leaving_the_board_asks_each_to_be_accepted() -> None:
    portfolio, lead = portfolio_and_lead()
    bets = [make_bet(portfolio), make_bet(portfolio)]
    outcome = change(lead, bets, {}, "stopped")
    assert all(card.asks_acceptance for card in outcome.refused)
    assert change(lead, bets, {}, "stopped", accepted=True).refused == []
    assert stages(*bets) == ["stopped", "stopped"]


def test_a_card_moved_by_somebody_else_meanwhile_stays_where_they_put_it() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio)
    change(make_member(portfolio, name="Ben"), [bet], {}, "framing")
    outcome = change(lead, [bet], {}, "ready")
    assert codes(outcome) == {bet.pk: ["conflict"]}
    assert "Ben moved" in outcome.refused[0].reasons[0].text
    assert stages(bet) == ["framing"]


def test_a_contributor_changes_the_cards_of_their_teams_only() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    ours, theirs = make_bet(portfolio, teams={team: 1.0}), make_bet(portfolio)
    person = make_member(portfolio, Role.CONTRIBUTOR, teams=(team,))
    outcome = change(person, [ours, theirs], {"horizon": "H3"})
    assert [bet.pk for bet in outcome.done] == [ours.pk]
    assert codes(outcome) == {theirs.pk: ["notallowed"]}


def test_a_card_that_stands_there_already_is_no_fault() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio, stage="framing")
    assert change(lead, [bet], {"horizon": "H1"}, "framing").refused == []


def test_none_nothing_and_too_many_are_refused_as_a_whole() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = make_bet(portfolio)
    for cards, fields in (([], {"horizon": "H1"}), ([Card(bet.pk)], {})):
        with pytest.raises(Invalid):
            change_together(lead, portfolio, cards, fields)
    many = [Card(number) for number in range(1, MOST_TOGETHER + 2)]
    with pytest.raises(Invalid, match="at most"):
        change_together(lead, portfolio, many, {"horizon": "H1"})


def test_a_card_of_another_board_is_none() -> None:
    portfolio, lead = portfolio_and_lead()
    own, foreign = make_bet(portfolio), make_bet(make_portfolio())
    with pytest.raises(Bet.DoesNotExist):
        change_together(lead, portfolio, [Card(own.pk), Card(foreign.pk)], {"horizon": "H1"})
    own.refresh_from_db()
    assert own.horizon == "H2"


# --- the page -------------------------------------------------------------------------------------


def send(client: Any, portfolio: Portfolio, bets: list[Bet], **fields: Any) -> Any:
    cards = " ".join(f"{bet.pk}:{bet.version}" for bet in bets)
    data = {"portfolio": portfolio.pk, "cards": cards, **fields}
    return client.post("/kanban/together", data, headers=HTMX)


def test_the_answer_names_refused_cards_with_reasons_and_the_buttons_that_help() -> None:
    portfolio = make_portfolio()
    good, bare = bet_ready_for_more(portfolio), make_bet(portfolio, title="Refunds")
    answer = send(board_of(portfolio), portfolio, [good, bare], stage="framing")
    html = answer.content.decode()
    assert answer.status_code == 422
    for shown in ("1 card is changed.", "Refunds", "Nobody owns it yet.", "Name an owner"):
        assert shown in html
    assert f'"ids": [{good.pk}]' in answer["HX-Trigger-After-Swap"]


def test_taking_a_value_away_is_a_change_as_well() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = make_bet(portfolio, theme=make_theme(portfolio), owner=lead)
    assert (
        send(board_of(portfolio), portfolio, [bet], theme="none", owner="none").status_code == 200
    )
    bet.refresh_from_db()
    assert (bet.theme, bet.owner) == (None, None)


@pytest.mark.parametrize(
    "fields", [{"horizon": "H9"}, {"theme": "99999999"}, {"stage": "done"}, {"owner": "x"}]
)
def test_what_cannot_be_is_a_reason_for_each_card(fields: dict[str, str]) -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio)
    assert send(board_of(portfolio), portfolio, [bet], **fields).status_code == 422
    bet.refresh_from_db()
    assert bet.version == 1


@pytest.mark.parametrize("cards", ["", "x", "1:1 '"])
def test_without_a_card_the_bar_says_so(cards: str) -> None:
    portfolio = make_portfolio()
    answer = board_of(portfolio).post(
        "/kanban/together",
        {"portfolio": portfolio.pk, "cards": cards, "horizon": "H1"},
        headers=HTMX,
    )
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#together-wrong"


def test_the_bar_offers_everybody_with_a_role_as_owner() -> None:
    portfolio = make_portfolio()
    make_member(portfolio, name="Owns Nothing Yet")
    html = html_of(board_of(portfolio), f"/kanban/together?portfolio={portfolio.pk}")
    assert "Owns Nothing Yet" in html
