"""Moving cards: what each stage asks, who may go over a limit, and who was there first."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection

from bets import board, signals
from bets.board import Refused, move
from bets.edit import OFFICE, add_hypothesis, change_bet
from bets.models import Bet, Dependency, Portfolio, StageChange, WipLimit
from spm.accounts.models import ApiKey, Role, Scope, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.at_once import at_once
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
    make_scaling_bet,
    make_stream,
    make_team,
)

db = pytest.mark.django_db


def portfolio_and_lead(**fields: Any) -> tuple[Portfolio, User]:
    portfolio = make_portfolio(**fields)
    return portfolio, make_member(portfolio)


def bet_ready_for_more(portfolio: Portfolio, **fields: Any) -> Bet:
    """A bet with everything that any stage short of Scaling asks for."""
    bet = make_bet(
        portfolio,
        **{
            "owner": make_member(portfolio),
            "stream": make_stream(portfolio),
            "value_p10": Decimal(1),
            "value_p50": Decimal(2),
            "value_p90": Decimal(3),
            "business_value": 5,
            "time_criticality": 3,
            "risk_reduction": 2,
            "job_size": 5,
            "test_budget": Decimal(10_000),
            **fields,
        },
    )
    make_kill_criterion(make_hypothesis(bet))
    return bet


def codes(principal: Any, bet: Bet, to_stage: str, **others: Any) -> set[str]:
    """The reasons that the move is refused for."""
    with pytest.raises(Refused) as refusal:
        move(principal, bet.pk, to_stage, **others)
    assert all(reason.help_label and reason.help_url for reason in refusal.value.reasons)
    bet.refresh_from_db()
    assert bet.stage != to_stage
    return {reason.code for reason in refusal.value.reasons}


@db
def test_a_move_is_journalled_with_who_when_and_between_which_stages() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio)
    change = move(lead, bet.pk, "framing", note="They found a sponsor")
    bet.refresh_from_db()
    assert (bet.stage, bet.version, bet.stage_entered_at) == ("framing", 2, change.changed_at)
    assert (change.from_stage, change.to_stage, change.changed_by) == ("funnel", "framing", lead)
    assert (change.note, change.bet_version) == ("They found a sponsor", 2)


@db
def test_framing_asks_for_an_owner_and_a_value_stream() -> None:
    portfolio, lead = portfolio_and_lead()
    assert codes(lead, make_bet(portfolio), "framing") == {"owner", "stream"}


@db
def test_ready_asks_for_a_thesis_a_value_and_scores() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = make_bet(portfolio, owner=lead, stream=make_stream(portfolio), value_p10=1, job_size=5)
    with pytest.raises(Refused) as refusal:
        move(lead, bet.pk, "ready")
    said = {reason.code: reason.text for reason in refusal.value.reasons}
    assert set(said) == {"thesis", "value", "wsjf"}
    assert "P50, P90 missing" in said["value"]
    assert "business value, time criticality, risk reduction" in said["wsjf"]


@db
def test_a_thesis_without_a_kill_criterion_is_not_ready() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio)
    bet.hypotheses.get().kill_criteria.all().delete()
    with pytest.raises(Refused, match="lacks a kill criterion"):
        move(lead, bet.pk, "ready")


@db
def test_a_hypothesis_on_judgements_alone_still_names_its_indicator() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio)
    bet.hypotheses.update(metric="", threshold=None, indicator="")
    with pytest.raises(Refused, match="lacks a leading indicator"):
        move(lead, bet.pk, "ready")
    bet.hypotheses.update(indicator="What the reviewers say")
    assert move(lead, bet.pk, "ready").to_stage == "ready"


@db
def test_testing_asks_for_a_budget_and_for_what_the_bet_needs() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio, test_budget=None)
    needed = make_bet(portfolio, title="Identity")
    Dependency.objects.create(bet=bet, needs=needed)
    assert codes(lead, bet, "testing") == {"test_budget", "needs"}
    Bet.objects.filter(pk=needed.pk).update(working=1)
    change_bet(OFFICE, bet.pk, {"test_budget": "5000"})
    assert move(lead, bet.pk, "testing").to_stage == "testing"


@db
def test_a_stage_skipped_still_asks_what_it_would_have_asked() -> None:
    portfolio, lead = portfolio_and_lead()
    assert {"owner", "stream", "thesis", "value", "wsjf", "test_budget"} == codes(
        lead, make_bet(portfolio), "testing"
    )


@db
@pytest.mark.parametrize(
    ("belief", "decibans", "status", "expected"),
    [
        (0.59, 12.0, "intact", {"belief"}),
        (0.61, 9.9, "intact", {"evidence"}),
        (0.61, 12.0, "silent", {"silent"}),
        (0.61, 12.0, "broken", {"broken"}),
        (None, 0.0, "untested", {"belief", "evidence"}),
    ],
)
def test_scaling_asks_for_belief_on_enough_fresh_evidence(
    belief: float | None, decibans: float, status: str, expected: set[str]
) -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(
        portfolio, belief=belief, evidence_decibans=decibans, thesis_status=status
    )
    assert codes(lead, bet, "scaling") == expected


@db
def test_belief_at_the_bar_on_ten_decibans_goes_to_scaling() -> None:
    portfolio, lead = portfolio_and_lead(scaling_bar=0.7)
    bet = bet_ready_for_more(portfolio, belief=0.7, evidence_decibans=10.0, thesis_status="intact")
    assert move(lead, bet.pk, "scaling").to_stage == "scaling"


@db
def test_sustaining_is_a_lead_s_decision() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    contributor = make_member(portfolio, Role.CONTRIBUTOR, teams=(team,))
    bet = make_scaling_bet(portfolio, working=60_000, teams={team: 1.0})
    with pytest.raises(NotAllowed, match="portfolio lead"):
        move(contributor, bet.pk, "sustaining")


@db
def test_sustaining_is_for_bets_with_little_left_to_gain() -> None:
    portfolio, lead = portfolio_and_lead()
    terms = {"owner": lead, "stream": make_stream(portfolio)}
    growing = make_scaling_bet(portfolio, working=20_000, **terms)  # 0.6 of 1.0 of its value
    grown = make_scaling_bet(portfolio, working=50_000, **terms)  # 0.95 of 1.0
    assert codes(lead, growing, "sustaining") == {"growth"}
    assert move(lead, grown.pk, "sustaining").to_stage == "sustaining"
    change = move(lead, growing.pk, "sustaining", override_reason="The market is closing")
    assert change.override_reason == "The market is closing"


@db
def test_a_bet_with_working_money_stops_by_a_proposal_only() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = make_scaling_bet(portfolio, working=50_000)
    with pytest.raises(Refused) as refusal:
        move(lead, bet.pk, "stopped", accepted=True)
    (reason,) = refusal.value.reasons
    assert (reason.code, reason.help_label) == ("holds_money", "Propose to stop")
    assert reason.help_url == f"/bets/{bet.pk}/stop"
    assert reason.help_url.startswith(f"/bets/{bet.pk}")
    assert codes(lead, bet, "funnel") == {"holds_money"}
    assert codes(lead, bet, "pivoted", accepted=True) == {"holds_money", "successor"}
    bet.refresh_from_db()
    assert bet.working == 50_000


@db
def test_stopping_asks_to_accept_what_it_frees_even_where_money_is_still_entangled() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = make_scaling_bet(portfolio, entangled=10_000)
    assert codes(lead, bet, "stopped") == {"acceptance"}
    move(lead, bet.pk, "stopped", accepted=True)
    bet.refresh_from_db()
    assert (bet.stage, bet.entangled) == ("stopped", 10_000)


@db
def test_a_pivot_needs_a_successor_with_a_changed_hypothesis() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = make_bet(portfolio)
    make_hypothesis(bet, statement="Shops want it")
    assert codes(lead, bet, "pivoted", accepted=True) == {"successor"}
    successor = make_bet(portfolio, predecessor=bet)
    make_hypothesis(successor, statement="Shops want it")
    assert codes(lead, bet, "pivoted", accepted=True) == {"successor_thesis"}
    add_hypothesis(OFFICE, successor.pk, {"statement": "Banks want it"})
    assert move(lead, bet.pk, "pivoted", accepted=True).to_stage == "pivoted"


@db
def test_what_has_left_the_board_can_come_back() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = make_bet(portfolio, stage="stopped")
    assert move(lead, bet.pk, "funnel").to_stage == "funnel"


@db
def test_a_full_stage_takes_no_more() -> None:
    portfolio, lead = portfolio_and_lead()
    WipLimit.objects.create(portfolio=portfolio, stage="testing", limit=1)
    make_bet(portfolio, stage="testing")
    with pytest.raises(Refused, match="Testing holds 1 bet, and its limit"):
        move(lead, bet_ready_for_more(portfolio).pk, "testing")


@db
def test_a_limit_of_a_stream_is_only_that_stream_s() -> None:
    portfolio, lead = portfolio_and_lead()
    full, free = make_stream(portfolio), make_stream(portfolio)
    WipLimit.objects.create(portfolio=portfolio, stage="testing", stream=full, limit=1)
    make_bet(portfolio, stage="testing", stream=full)
    assert codes(lead, bet_ready_for_more(portfolio, stream=full), "testing") == {"wip"}
    move(lead, bet_ready_for_more(portfolio, stream=free).pk, "testing")


@db
def test_a_lead_goes_over_a_limit_with_a_reason_that_is_journalled() -> None:
    portfolio, lead = portfolio_and_lead()
    WipLimit.objects.create(portfolio=portfolio, stage="testing", limit=0)
    bet = bet_ready_for_more(portfolio)
    assert codes(lead, bet, "testing", override_reason="  ") == {"wip"}
    change = move(lead, bet.pk, "testing", override_reason="The regulator asks")
    assert StageChange.objects.get(pk=change.pk).override_reason == "The regulator asks"


@db
def test_a_contributor_does_not_go_over_a_limit() -> None:
    portfolio = make_portfolio()
    team = make_team(portfolio)
    contributor = make_member(portfolio, Role.CONTRIBUTOR, teams=(team,))
    WipLimit.objects.create(portfolio=portfolio, stage="framing", limit=0)
    bet = bet_ready_for_more(portfolio, teams={team: 1.0})
    with pytest.raises(NotAllowed):
        move(contributor, bet.pk, "framing", override_reason="We want to")


@db
def test_no_override_helps_against_a_missing_thesis() -> None:
    portfolio, lead = portfolio_and_lead()
    WipLimit.objects.create(portfolio=portfolio, stage="ready", limit=0)
    bet = bet_ready_for_more(portfolio)
    bet.hypotheses.all().delete()
    assert codes(lead, bet, "ready", override_reason="Trust me") == {"wip", "thesis"}


@db
def test_an_override_that_was_not_needed_is_not_journalled() -> None:
    portfolio, lead = portfolio_and_lead()
    change = move(lead, bet_ready_for_more(portfolio).pk, "framing", override_reason="Just in case")
    assert change.override_reason == ""


@db
def test_the_second_who_moves_a_card_is_told_who_was_first_and_where_it_is() -> None:
    portfolio = make_portfolio()
    anna, ben = make_member(portfolio, name="Anna"), make_member(portfolio, name="Ben")
    bet = bet_ready_for_more(portfolio)
    move(anna, bet.pk, "framing", version=1)
    with pytest.raises(Conflict, match=r"Anna moved ‘.*’ from Funnel to Framing just now"):
        move(ben, bet.pk, "ready", version=1)


@db
def test_a_belief_that_changed_meanwhile_does_not_hinder_a_move() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio, version=7)
    assert move(lead, bet.pk, "framing", version=3).to_stage == "framing"


@db
@pytest.mark.parametrize("stage", ["funnel", "done", ""])
def test_a_move_to_nowhere_is_refused(stage: str) -> None:
    portfolio, lead = portfolio_and_lead()
    with pytest.raises(Invalid) as refusal:
        move(lead, make_bet(portfolio).pk, stage)
    assert set(refusal.value.fields) == {"stage"}


@db
@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE, Role.ADMIN])
def test_only_leads_and_contributors_move_cards(role: str) -> None:
    portfolio = make_portfolio()
    bet = make_bet(portfolio, stage="stopped")
    with pytest.raises(NotAllowed):
        move(make_member(portfolio, role), bet.pk, "funnel")


@db
def test_a_card_of_a_foreign_portfolio_does_not_exist() -> None:
    _, stranger = portfolio_and_lead()
    with pytest.raises(Bet.DoesNotExist):
        move(stranger, make_bet(make_portfolio()).pk, "framing")


@db
def test_a_key_moves_cards_with_the_scope_for_bets_only() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio)
    reader, _ = ApiKey.issue(lead, portfolio.pk, "reader", [Scope.READ])
    mover, _ = ApiKey.issue(lead, portfolio.pk, "mover", [Scope.READ, Scope.BETS])
    with pytest.raises(NotAllowed):
        move(reader, bet.pk, "framing")
    assert move(mover, bet.pk, "framing").api_key == mover


@db
def test_the_allocation_hears_of_moves_in_and_out_of_fundable_stages_only() -> None:
    portfolio, lead = portfolio_and_lead()
    bet = bet_ready_for_more(portfolio, title="Refunds")
    said: list[str] = []

    def hear(sender: Any, portfolio_id: int, reason: str, **others: Any) -> None:
        assert portfolio_id == portfolio.pk
        said.append(reason)

    signals.position_terms_changed.connect(hear)
    try:
        for stage in ("framing", "testing", "ready", "funnel"):
            move(lead, bet.pk, stage)
    finally:
        signals.position_terms_changed.disconnect(hear)
    assert said == ["Refunds: Framing → Testing", "Refunds: Testing → Ready"]


@db
def test_the_runtime_role_cannot_rewrite_the_journal_of_moves() -> None:
    portfolio, lead = portfolio_and_lead()
    move(lead, bet_ready_for_more(portfolio).pk, "framing")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('bets_stagechange', 'UPDATE'),"
            " has_table_privilege('bets_stagechange', 'DELETE')"
        )
        assert cursor.fetchone() == (False, False)


def test_moves_at_once_do_not_exceed_a_limit_together(committed_db: None) -> None:
    portfolio, lead = portfolio_and_lead()
    WipLimit.objects.create(portfolio=portfolio, stage="framing", limit=3)
    bets = [bet_ready_for_more(portfolio) for _ in range(10)]
    outcomes = at_once([partial(move, lead, bet.pk, "framing") for bet in bets])
    assert sum(isinstance(outcome, StageChange) for outcome in outcomes) == 3
    assert sum(isinstance(outcome, board.Refused) for outcome in outcomes) == 7
    assert Bet.objects.filter(stage="framing").count() == 3


def test_of_two_who_move_the_same_card_at_once_one_is_told(committed_db: None) -> None:
    portfolio, lead = portfolio_and_lead()
    for _ in range(5):
        bet = bet_ready_for_more(portfolio)
        moves = [partial(move, lead, bet.pk, stage, version=1) for stage in ("framing", "ready")]
        outcomes = at_once(moves)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "StageChange"]
        assert bet.stage_changes.count() == 1
