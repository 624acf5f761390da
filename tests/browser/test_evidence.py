"""Logging evidence in a browser: the effect while typing, and what other open pages show."""

from collections.abc import Callable
from typing import Any

from evidence.intake import NewEvidence, record
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio


def lead_and_bet() -> tuple[Any, Any]:
    """A portfolio lead and a bet of theirs with one hypothesis."""
    portfolio = make_portfolio()
    hypothesis = make_hypothesis(make_bet(portfolio, title="Instant payout"), prior=0.5)
    return make_member(portfolio), hypothesis


def choose(page: Any, direction: str, strength: str) -> None:
    """Fill in a judgement."""
    page.check(f"#log-form [name=direction][value={direction}]")
    page.check(f"#log-form [name=strength][value={strength}]")


def test_a_team_sees_what_its_evidence_does_before_and_after_logging_it(
    page: Any, sign_in: Callable[[Any], Any]
) -> None:
    lead, hypothesis = lead_and_bet()
    sign_in(lead)
    page.goto(f"/bets/{hypothesis.bet_id}")
    choose(page, "against", "strong")
    page.wait_for_selector("#log-effect >> text=Belief 50% → 9%, −10 dB, would break the thesis.")
    page.fill("#log-form textarea[name=note]", "Nobody came.")
    page.click("button[form=log-form]")
    page.wait_for_selector("#log-evidence >> text=Logged. Belief 50% → 9%, −10 dB, broke")
    assert page.input_value("#log-form textarea[name=note]") == ""
    page.wait_for_selector(f"#weighed-{hypothesis.bet_id} >> text=Nobody came.")
    page.wait_for_selector("#bet-facts >> text=thesis broke")


def test_what_was_logged_can_be_taken_back_with_a_reason(
    page: Any, sign_in: Callable[[Any], Any]
) -> None:
    lead, hypothesis = lead_and_bet()
    record(lead, hypothesis.pk, NewEvidence(kind="judgement", direction="for", strength="weak"))
    sign_in(lead)
    page.goto(f"/bets/{hypothesis.bet_id}")
    page.click("text=Take back")
    page.fill("#take-back textarea", "Another product.")
    page.click("#take-back button[type=submit]")
    page.wait_for_selector(".retracted >> text=Weak judgement for")
    page.wait_for_selector(f"#weighed-{hypothesis.bet_id} >> text=Another product.")


def test_the_kind_of_evidence_can_be_changed_without_losing_what_was_typed(
    page: Any, sign_in: Callable[[Any], Any]
) -> None:
    lead, hypothesis = lead_and_bet()
    sign_in(lead)
    page.goto(f"/hypotheses/{hypothesis.pk}/evidence")
    page.fill("#log-form textarea[name=note]", "Counted at the till.")
    page.click("#log-form >> text=Measurement")
    page.fill("#log-form input[name=reading]", "30 of 100")
    page.wait_for_selector("#log-effect >> text=Belief 50% →")
    assert page.input_value("#log-form textarea[name=note]") == "Counted at the till."


def test_new_evidence_appears_in_the_open_stream(page: Any, sign_in: Callable[[Any], Any]) -> None:
    lead, hypothesis = lead_and_bet()
    sign_in(lead)
    page.goto("/evidence")
    page.wait_for_selector("text=Nothing has been learnt yet.")
    page.wait_for_selector("#live-status[data-state=live]")
    event = NewEvidence(kind="ratio", likelihood_ratio=4, note="From a pipeline.")
    record(lead, hypothesis.pk, event)
    page.wait_for_selector("#evidence-rows >> text=From a pipeline.", timeout=3000)
