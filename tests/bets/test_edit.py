"""Creating and changing bets and their theses."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bets import signals
from bets.edit import (
    OFFICE,
    add_hypothesis,
    change_bet,
    change_hypothesis,
    create_bet,
    upsert_bet,
)
from bets.models import Bet, StageChange, WipLimit
from spm.accounts.models import ApiKey, Role, Scope
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
    make_scaling_bet,
    make_stream,
    make_team,
    make_theme,
)

pytestmark = pytest.mark.django_db


def wrong_fields(call: Callable[[], Any]) -> set[str]:
    """The fields that the call is refused for."""
    with pytest.raises(Invalid) as refusal:
        call()
    return set(refusal.value.fields)


def reasons_said(call: Callable[[], Any]) -> list[str]:
    """What the call tells the allocation."""
    said: list[str] = []

    def hear(sender: Any, reason: str, **others: Any) -> None:
        said.append(reason)

    signals.position_terms_changed.connect(hear)
    try:
        call()
    finally:
        signals.position_terms_changed.disconnect(hear)
    return said


def test_a_new_bet_stands_in_the_funnel_with_its_entry_in_the_journal() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    bet = create_bet(lead, portfolio, {"title": "  Instant refunds ", "value_p50": "2100000.00"})
    bet.refresh_from_db()
    assert (bet.title, bet.stage, bet.value_p50) == ("Instant refunds", "funnel", 2_100_000)
    entry = StageChange.objects.get(bet=bet)
    assert (entry.from_stage, entry.to_stage, entry.changed_by) == ("", "funnel", lead)


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_written() -> None:
    portfolio = make_portfolio()
    lead = make_member(portfolio)
    fields = {
        "title": "",
        "minimum": "1e3",
        "reclaimable_share": 1.5,
        "horizon": "H9",
        "stream": 4711,
        "job_size": 4,
        "colour": "blue",
    }
    assert wrong_fields(lambda: create_bet(lead, portfolio, fields)) == set(fields)
    assert not Bet.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value_p10": "5.00", "value_p50": "4.00"}, "value_p50"),
        ({"minimum": "10", "maximum": "9.99"}, "maximum"),
        ({"stop_below": 0.5, "revive_above": 0.4}, "revive_above"),
        ({"maximum": "-1"}, "maximum"),
        ({"maximum": 100.0}, "maximum"),
        ({"maximum": Decimal("NaN")}, "maximum"),
        ({"maximum": Decimal("0.001")}, "maximum"),
        ({"notice_months": float("nan")}, "notice_months"),
        ({"exit_cost": 10**400}, "exit_cost"),
        ({"withdrawable": True}, "withdrawable"),
        ({"description": "a\x00b"}, "description"),
        ({"description": "\ud800"}, "description"),
        ({"title": "x" * 201}, "title"),
        ({"title": 7}, "title"),
        ({"stage": "scaling"}, "stage"),
        ({"response": [[0.5, 0.2], [1.0, 1.0]]}, "response"),
        ({"response": [[0.5, 0.8], [0.4, 1.0]]}, "response"),
        ({"response": "steep"}, "response"),
        ({"delivery_signal_at": "2026-03-14T09:30:00"}, "delivery_signal_at"),
        ({"delivery_signal_at": "2026-02-31T09:30:00Z"}, "delivery_signal_at"),
        ({"teams": [{"team": 1}]}, "teams"),
        ({"needs": "all"}, "needs"),
        ({"owner": "stranger@example.org"}, "owner"),
        ({"stream": 10**30}, "stream"),
    ],
)
def test_figures_that_cannot_be_are_refused_by_name(fields: dict[str, Any], field: str) -> None:
    portfolio = make_portfolio()
    assert wrong_fields(lambda: create_bet(OFFICE, portfolio, {"title": "Bet", **fields})) == {
        field
    }


def test_streams_themes_owners_and_teams_are_found_by_id_or_by_name() -> None:
    portfolio = make_portfolio()
    stream, theme = make_stream(portfolio, name="Payments"), make_theme(portfolio)
    team, owner = make_team(portfolio), make_member(portfolio)
    bet = create_bet(
        OFFICE,
        portfolio,
        {
            "title": "Bet",
            "stream": "payments",
            "theme": theme.pk,
            "owner": owner.email,
            "teams": [{"team": team, "share": "0.25"}],
        },
    )
    assert (bet.stream, bet.theme, bet.owner) == (stream, theme, owner)
    assert bet.bet_teams.get().share == 0.25


def test_nothing_of_another_portfolio_can_be_named() -> None:
    portfolio, other = make_portfolio(), make_portfolio()
    fields = {
        "title": "Bet",
        "stream": make_stream(other).pk,
        "theme": make_theme(other),
        "owner": make_member(other).pk,
        "predecessor": make_bet(other).pk,
        "needs": [make_bet(other).pk],
        "teams": [{"team": make_team(other).pk, "share": 1}],
    }
    refused = wrong_fields(lambda: create_bet(OFFICE, portfolio, fields))
    assert refused == set(fields) - {"title"}


def test_shares_of_teams_add_up_to_the_whole_at_most() -> None:
    portfolio = make_portfolio()
    teams = [{"team": make_team(portfolio).pk, "share": 0.6} for _ in range(2)]
    assert wrong_fields(
        lambda: create_bet(OFFICE, portfolio, {"title": "Bet", "teams": teams})
    ) == {"teams"}


def test_a_contributor_changes_bets_of_their_own_teams_only() -> None:
    portfolio = make_portfolio()
    own, other = make_team(portfolio), make_team(portfolio)
    contributor = make_member(portfolio, Role.CONTRIBUTOR, teams=(own,))
    change_bet(contributor, make_bet(portfolio, teams={own: 0.5}).pk, {"title": "Ours"})
    with pytest.raises(NotAllowed):
        change_bet(contributor, make_bet(portfolio, teams={other: 1.0}).pk, {"title": "Theirs"})


def test_a_contributor_s_new_bet_is_their_team_s() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    contributor = make_member(portfolio, Role.CONTRIBUTOR, teams=(team,))
    bet = create_bet(contributor, portfolio, {"title": "Ours"})
    assert bet.team_ids == [team.pk]


def test_a_contributor_of_two_teams_says_which_has_the_new_bet() -> None:
    portfolio = make_portfolio()
    teams = (make_team(portfolio), make_team(portfolio))
    contributor = make_member(portfolio, Role.CONTRIBUTOR, teams=teams)
    assert wrong_fields(lambda: create_bet(contributor, portfolio, {"title": "Ours"})) == {"teams"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE, Role.ADMIN])
def test_who_does_not_edit_bets_is_told_who_does(role: str) -> None:
    portfolio = make_portfolio()
    with pytest.raises(NotAllowed, match="Portfolio lead"):
        create_bet(make_member(portfolio, role), portfolio, {"title": "Bet"})


def test_a_bet_of_a_foreign_portfolio_does_not_exist() -> None:
    stranger = make_member(make_portfolio())
    with pytest.raises(Bet.DoesNotExist):
        change_bet(stranger, make_bet(make_portfolio()).pk, {"title": "Mine now"})


def test_a_change_counts_the_version_up_once() -> None:
    bet = make_bet(make_portfolio())
    change_bet(OFFICE, bet.pk, {"title": "New", "horizon": "H3"})
    bet.refresh_from_db()
    assert (bet.title, bet.horizon, bet.version) == ("New", "H3", 2)


def test_a_change_that_changes_nothing_leaves_the_version_alone() -> None:
    bet = make_bet(make_portfolio(), maximum=Decimal("10.00"))
    change_bet(OFFICE, bet.pk, {"title": bet.title, "maximum": "10", "needs": [], "teams": None})
    bet.refresh_from_db()
    assert bet.version == 1


def test_a_change_from_an_old_version_is_a_conflict() -> None:
    bet = make_bet(make_portfolio())
    change_bet(OFFICE, bet.pk, {"title": "First"}, version=1)
    with pytest.raises(Conflict):
        change_bet(OFFICE, bet.pk, {"title": "Second"}, version=1)


def test_two_people_who_change_different_fields_do_not_hinder_each_other() -> None:
    bet = make_bet(make_portfolio(), title="Old")
    change_bet(OFFICE, bet.pk, {"title": "New"}, seen={"title": "Old"})
    change_bet(OFFICE, bet.pk, {"horizon": "H3"}, seen={"horizon": "H2"})
    with pytest.raises(Conflict) as conflict:
        change_bet(OFFICE, bet.pk, {"title": "Newer"}, seen={"title": "Old"})
    assert conflict.value.changed == ["title"]


def test_an_upsert_by_the_client_s_key_makes_changes_and_then_leaves_alone() -> None:
    portfolio = make_portfolio()
    first = upsert_bet(OFFICE, portfolio, "jira", "PAY-7", {"title": "Refunds"})
    second = upsert_bet(OFFICE, portfolio, "jira", "PAY-7", {"title": "Refunds"})
    third = upsert_bet(OFFICE, portfolio, "jira", "PAY-7", {"title": "Instant refunds"})
    assert [(u.created, u.changed) for u in (first, second, third)] == [
        (True, True),
        (False, False),
        (False, True),
    ]
    assert first.bet == second.bet == third.bet
    assert third.bet.version == 2


def test_the_same_key_of_another_source_is_another_bet() -> None:
    portfolio = make_portfolio()
    one = upsert_bet(OFFICE, portfolio, "jira", "7", {"title": "One"})
    two = upsert_bet(OFFICE, portfolio, "trello", "7", {"title": "Two"})
    assert one.bet != two.bet


def test_a_bet_cannot_need_itself_in_a_circle() -> None:
    portfolio = make_portfolio()
    a, b, c = (make_bet(portfolio, title=title) for title in "abc")
    change_bet(OFFICE, a.pk, {"needs": [b.pk]})
    change_bet(OFFICE, b.pk, {"needs": [c.pk]})
    with pytest.raises(Invalid, match="c → a → b → c"):
        change_bet(OFFICE, c.pk, {"needs": [a.pk]})
    assert wrong_fields(lambda: change_bet(OFFICE, a.pk, {"needs": [a.pk]})) == {"needs"}


def test_a_bet_cannot_change_into_a_stream_that_is_full() -> None:
    portfolio = make_portfolio()
    stream = make_stream(portfolio)
    make_bet(portfolio, stage="testing", stream=stream)
    WipLimit.objects.create(portfolio=portfolio, stage="testing", stream=stream, limit=1)
    newcomer = make_bet(portfolio, stage="testing")
    lead = make_member(portfolio)
    assert wrong_fields(lambda: change_bet(lead, newcomer.pk, {"stream": stream.pk})) == {"stream"}


def test_the_allocation_hears_of_changed_terms_of_a_bet_that_can_be_funded() -> None:
    portfolio = make_portfolio()
    bet = make_scaling_bet(portfolio, title="Refunds")
    said = reasons_said(lambda: change_bet(OFFICE, bet.pk, {"maximum": "70000"}))
    assert said == ["Refunds: maximum changed"]


def test_the_allocation_is_not_troubled_by_words_or_by_the_funnel() -> None:
    portfolio = make_portfolio()
    funded, idea = make_scaling_bet(portfolio), make_bet(portfolio)
    assert reasons_said(lambda: change_bet(OFFICE, funded.pk, {"title": "New"})) == []
    assert reasons_said(lambda: change_bet(OFFICE, idea.pk, {"maximum": "70000"})) == []


def thesis_changes(call: Callable[[], Any]) -> list[Bet]:
    """The bets of which the call says that their thesis has changed."""
    said: list[Bet] = []

    def hear(sender: Any, bet: Bet, **others: Any) -> None:
        said.append(bet)

    signals.thesis_changed.connect(hear)
    try:
        call()
    finally:
        signals.thesis_changed.disconnect(hear)
    return said


HYPOTHESIS = {
    "statement": "Customers come back",
    "indicator": "Returning customers",
    "metric": "proportion",
    "threshold": 0.12,
    "prior": 0.4,
    "kill_criteria": [
        {"metric": "value", "comparison": "<", "value": 0.02, "min_sample": 100},
        {"metric": "trials", "comparison": ">=", "value": 50, "deadline": "2026-12-31T00:00:00Z"},
    ],
}


def test_a_hypothesis_is_added_with_its_kill_criteria_and_said_to_evidence() -> None:
    bet = make_bet(make_portfolio())
    assert thesis_changes(lambda: add_hypothesis(OFFICE, bet.pk, HYPOTHESIS)) == [bet]
    hypothesis = bet.hypotheses.get()
    assert [str(criterion) for criterion in hypothesis.kill_criteria.all()] == [
        "Measured value < 0.02 on 100 or more",
        "Sample size >= 50 by 31 December 2026",
    ]
    bet.refresh_from_db()
    assert bet.version >= 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"prior": 0}, "prior"),
        ({"prior": 1.0}, "prior"),
        ({"threshold": None}, "threshold"),
        ({"threshold": 12}, "threshold"),
        ({"statement": " "}, "statement"),
        ({"half_life_days": 0}, "half_life_days"),
        ({"direction": ">"}, "direction"),
        ({"metric": "mood"}, "metric"),
        ({"kill_criteria": [{"metric": "value"}]}, "kill_criteria"),
        ({"kill_criteria": [{"metric": "value", "comparison": "=", "value": 1}]}, "kill_criteria"),
        ({"kill_criteria": ["never"]}, "kill_criteria"),
    ],
)
def test_a_hypothesis_that_evidence_could_not_move_is_refused(
    fields: dict[str, Any], field: str
) -> None:
    bet = make_bet(make_portfolio())
    assert wrong_fields(lambda: add_hypothesis(OFFICE, bet.pk, {**HYPOTHESIS, **fields})) == {field}


def test_a_changed_threshold_is_said_to_evidence_and_the_same_again_is_not() -> None:
    hypothesis = make_hypothesis(make_bet(make_portfolio()))
    change = {"threshold": "0.2"}
    assert len(thesis_changes(lambda: change_hypothesis(OFFICE, hypothesis.pk, change))) == 1
    assert thesis_changes(lambda: change_hypothesis(OFFICE, hypothesis.pk, change)) == []


def test_kill_criteria_are_replaced_as_a_whole() -> None:
    hypothesis = make_hypothesis(make_bet(make_portfolio()))
    make_kill_criterion(hypothesis)
    change = {"kill_criteria": [{"metric": "value", "comparison": "<=", "value": 0.05}]}
    change_hypothesis(OFFICE, hypothesis.pk, change)
    assert hypothesis.kill_criteria.get().value == 0.05


def test_a_key_without_the_scope_for_bets_changes_none() -> None:
    portfolio = make_portfolio()
    key, _ = ApiKey.issue(make_member(portfolio), portfolio.pk, "sync", [Scope.READ])
    with pytest.raises(NotAllowed, match="scope 'bets'"):
        upsert_bet(key, portfolio, "jira", "1", {"title": "Bet"})


def test_what_a_key_creates_is_journalled_under_the_key() -> None:
    portfolio = make_portfolio()
    scopes = [Scope.READ, Scope.BETS]
    key, _ = ApiKey.issue(make_member(portfolio), portfolio.pk, "sync", scopes)
    bet = upsert_bet(key, portfolio, "jira", "1", {"title": "Bet"}).bet
    assert StageChange.objects.get(bet=bet).api_key == key
