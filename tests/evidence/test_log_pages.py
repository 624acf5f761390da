"""The evidence on one bet: the panel, the form with its effect while typing, taking back."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bets.models import Bet, Hypothesis
from evidence.intake import NewEvidence, record, retract
from evidence.models import Evidence
from spm.accounts.models import Role
from tests.factories import (
    make_bet,
    make_hypothesis,
    make_kill_criterion,
    make_member,
    make_portfolio,
    make_team,
)

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true"}
AGAINST = {"kind": "judgement", "direction": "against", "strength": "strong"}


def today() -> str:
    """Today as the form has it."""
    return timezone.now().date().isoformat()


def signed_in(user: Any) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def lead_and_hypothesis(**fields: Any) -> tuple[Any, Client, Hypothesis]:
    """A portfolio lead, their browser, and a hypothesis of theirs."""
    portfolio = make_portfolio()
    lead = make_member(portfolio, name="Ada Lovelace")
    return lead, signed_in(lead), make_hypothesis(make_bet(portfolio), **fields)


def log_url(hypothesis: Hypothesis) -> str:
    """Where evidence on it is logged."""
    return reverse("evidence:log", args=[hypothesis.pk])


def text_of(response: Any) -> str:
    """What a person reads, on one line."""
    words = re.sub(r"<[^>]*>", " ", response.content.decode())
    return " ".join(words.replace("&#x27;", "'").split())


# --- the form -------------------------------------------------------------------------------------


def test_the_form_asks_for_what_its_kind_needs() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    measured = client.get(log_url(hypothesis), {"kind": "measurement"}).content.decode()
    assert 'name="successes"' in measured and 'name="direction"' not in measured
    judged = client.get(log_url(hypothesis)).content.decode()
    assert 'name="direction"' in judged and 'name="successes"' not in judged


def test_a_hypothesis_that_measures_nothing_offers_no_measurement() -> None:
    _, client, hypothesis = lead_and_hypothesis(metric="", threshold=None)
    assert "Measurement" not in text_of(client.get(log_url(hypothesis)))


def test_what_was_typed_stays_when_the_kind_is_changed() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    typed = {"kind": "ratio", "note": "Seen in the shop", "source": "Shop"}
    shown = client.get(log_url(hypothesis), typed, headers=FRAGMENT).content.decode()
    assert "Seen in the shop" in shown and 'value="Shop"' in shown


def test_the_source_is_the_person_unless_they_say_else() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    assert 'value="Ada Lovelace"' in client.get(log_url(hypothesis)).content.decode()


def test_logging_shows_the_belief_before_and_after_and_a_fresh_form() -> None:
    _, client, hypothesis = lead_and_hypothesis(prior=0.5)
    sent = {**AGAINST, "observed_on": today(), "note": "Nobody came."}
    shown = client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    assert shown.status_code == 200
    assert "Belief 50% → 9%, −10 dB, broke the thesis." in text_of(shown)
    assert "Nobody came." not in shown.content.decode()
    assert Evidence.objects.get().note == "Nobody came."


def test_the_form_that_comes_after_logging_is_of_the_same_kind() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    sent = {"kind": "measurement", "reading": "12 of 40", "observed_on": today()}
    answer = client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    html = answer.content.decode()
    assert "Logged." in html
    assert 'name="kind" value="measurement"' in html
    assert 'name="reading"' in html


def test_an_empty_post_is_told_what_is_missing_and_changes_nothing() -> None:
    lead, client, hypothesis = lead_and_hypothesis()
    row = record(lead, hypothesis.pk, NewEvidence(**AGAINST, source="Ada")).evidence
    assert row.source is not None
    for address in (
        reverse("evidence:resolve", args=[hypothesis.pk]),
        reverse("evidence:source", args=[row.source.pk]),
        reverse("evidence:retract", args=[row.pk]),
        reverse("bets:new"),
        reverse("bets:add_hypothesis", args=[hypothesis.bet_id]),
    ):
        answer = client.post(address)
        assert answer.status_code == 422, address
        assert 'class="wrong"' in answer.content.decode(), address
    assert Evidence.objects.count() == 1


def test_without_scripts_logging_leads_back_to_the_bet() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    answer = client.post(log_url(hypothesis), {**AGAINST, "observed_on": today()})
    assert answer.status_code == 302
    assert answer.url == f"/bets/{hypothesis.bet_id}#evidence"


def test_what_cannot_be_taken_is_said_beside_its_field_and_what_was_typed_stays() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    sent = {
        "kind": "measurement",
        "successes": "11",
        "trials": "ten",
        "observed_on": tomorrow,
        "note": "Kept",
    }
    shown = client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    assert shown.status_code == 422
    assert "Kept" in shown.content.decode()
    assert "Write a number such as" in text_of(shown)
    shown = client.post(log_url(hypothesis), {**sent, "trials": "10"}, headers=FRAGMENT)
    assert "Write at most the number of trials, 10." in text_of(shown)
    assert "future" in text_of(shown)
    assert not Evidence.objects.exists()


def test_numbers_are_taken_as_people_write_them() -> None:
    _, client, hypothesis = lead_and_hypothesis(metric="mean", threshold=5.0)
    sent = {
        "kind": "measurement",
        "mean": "6,5",
        "standard_deviation": "1.25",
        "sample_size": "1 200",
        "observed_on": today(),
        "reliability": "80 %",
    }
    assert client.post(log_url(hypothesis), sent, headers=FRAGMENT).status_code == 200
    row = Evidence.objects.get()
    assert (row.mean, row.standard_deviation, row.sample_size) == (6.5, 1.25, 1200)
    assert row.reliability == 0.8


def test_what_is_today_anywhere_on_earth_is_no_future() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    first_today = (timezone.now() + timedelta(hours=14)).date().isoformat()
    sent = {**AGAINST, "observed_on": first_today}
    assert client.post(log_url(hypothesis), sent, headers=FRAGMENT).status_code == 200
    assert Evidence.objects.get().observed_at <= timezone.now()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"kind": "rumour", "observed_on": "2026-01-01"},
        {**AGAINST, "observed_on": "0001-01-01"},
        {**AGAINST, "observed_on": "9999-12-31"},
        {**AGAINST, "observed_on": "yesterday"},
        {**AGAINST, "observed_on": "2026-01-01", "note": "a\x00b"},
        {**AGAINST, "observed_on": "2026-01-01", "source": "\x1b"},
        {**AGAINST, "observed_on": "2026-01-01", "link": "javascript:alert(1)"},
        {"kind": "ratio", "likelihood_ratio": "1e999", "observed_on": "2026-01-01"},
        {"kind": "ratio", "likelihood_ratio": "NaN", "observed_on": "2026-01-01"},
        {"kind": "measurement", "successes": "1.5", "trials": "9" * 12, "observed_on": today()},
        {"kind": "retraction", "retracts": "1", "note": "?", "observed_on": "2026-01-01"},
    ],
)
def test_no_input_breaks_the_form_or_its_preview(sent: dict[str, str]) -> None:
    _, client, hypothesis = lead_and_hypothesis()
    assert client.post(log_url(hypothesis), sent, headers=FRAGMENT).status_code == 422
    effect_url = reverse("evidence:effect", args=[hypothesis.pk])
    assert client.post(effect_url, sent, headers=FRAGMENT).status_code == 200
    assert client.get(log_url(hypothesis), sent, headers=FRAGMENT).status_code == 200
    assert not Evidence.objects.exists()


@pytest.mark.parametrize("reading", ["12 of 100", "12/100", " 12 out of 1 00 ", "12 OF 100"])
def test_a_reading_can_be_typed_in_one_field(reading: str) -> None:
    _, client, hypothesis = lead_and_hypothesis()
    sent = {"kind": "measurement", "reading": reading, "observed_on": today()}
    assert client.post(log_url(hypothesis), sent, headers=FRAGMENT).status_code == 200
    row = Evidence.objects.get()
    assert (row.successes, row.trials) == (12, 100)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"reading": "12 %"}, "Write how many of how many, such as 12 of 100"),
        ({"reading": ""}, "Write how many of how many, such as 12 of 100"),
        ({"reading": "120 of 100"}, "Write at most the number of trials, 100."),
        ({"reading": "1.5 of 100"}, "whole number"),
        ({"reading": "12 of 100", "successes": "13", "trials": "100"}, "say something else"),
    ],
)
def test_a_reading_that_makes_no_sense_is_said_beside_it(sent: dict[str, str], said: str) -> None:
    _, client, hypothesis = lead_and_hypothesis()
    sent = {"kind": "measurement", "observed_on": today(), **sent}
    shown = client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    assert shown.status_code == 422 and said in text_of(shown)
    assert shown.context["form"].errors.keys() == {"reading"}


def test_strength_is_chosen_in_words_with_what_they_weigh() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    shown = text_of(client.get(log_url(hypothesis)))
    assert "A customer said so weak, 2.5 dB" in shown
    assert "It happened in real use, measured decisive, 15 dB" in shown


def test_the_source_is_the_one_that_the_person_named_last() -> None:
    lead, client, hypothesis = lead_and_hypothesis()
    record(lead, hypothesis.pk, NewEvidence(**AGAINST, source="Shop"))
    record(make_member(hypothesis.bet.portfolio), hypothesis.pk, NewEvidence(**AGAINST, source="B"))
    assert client.get(log_url(hypothesis)).context["form"]["source"].value() == "Shop"


# --- the same form twice --------------------------------------------------------------------------


def fresh_form(client: Client, hypothesis: Hypothesis) -> dict[str, str]:
    """What a form just opened sends, with a judgement against."""
    form = client.get(log_url(hypothesis)).context["form"]
    return {**AGAINST, "observed_on": today(), "submission": form["submission"].value()}


def test_a_form_that_arrives_twice_is_one_piece_of_evidence() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    sent = fresh_form(client, hypothesis)
    client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    again = client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    assert "It had been logged before." in text_of(again)
    client.post(log_url(hypothesis), fresh_form(client, hypothesis), headers=FRAGMENT)
    assert Evidence.objects.count() == 2


def test_a_form_that_arrives_again_on_the_next_day_is_still_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, client, hypothesis = lead_and_hypothesis()
    sent = fresh_form(client, hypothesis)
    client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("evidence.days.timezone.now", lambda: tomorrow)
    again = client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    assert "It had been logged before." in text_of(again)
    assert Evidence.objects.count() == 1


@pytest.mark.parametrize("changed", [{"note": "Other"}, {"source": "Else"}, {"strength": "weak"}])
def test_a_form_changed_after_it_had_arrived_asks_before_it_logs_again(
    changed: dict[str, str],
) -> None:
    _, client, hypothesis = lead_and_hypothesis()
    sent = fresh_form(client, hypothesis) | {"source": "Shop"}
    client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    asked = client.post(log_url(hypothesis), {**sent, **changed}, headers=FRAGMENT)
    assert asked.status_code == 422
    assert f"this was changed: {next(iter(changed))}." in text_of(asked)
    sent["submission"] = asked.context["form"]["submission"].value()
    client.post(log_url(hypothesis), {**sent, **changed}, headers=FRAGMENT)
    assert Evidence.objects.count() == 2


# --- the effect while typing ----------------------------------------------------------------------


def effect_of(client: Client, hypothesis: Hypothesis, **sent: str) -> str:
    """What the preview says."""
    url = reverse("evidence:effect", args=[hypothesis.pk])
    return text_of(client.post(url, {"observed_on": today(), **sent}, headers=FRAGMENT))


def test_the_effect_is_shown_before_anything_is_logged() -> None:
    _, client, hypothesis = lead_and_hypothesis(prior=0.5)
    shown = effect_of(client, hypothesis, **AGAINST)
    assert "Belief 50% → 9%, −10 dB, would break the thesis." in shown
    assert not Evidence.objects.exists()


def test_while_something_lacks_the_preview_waits_and_blames_nobody() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    shown = effect_of(client, hypothesis, kind="judgement", direction="for")
    assert "shows here while you type" in shown


def test_the_preview_says_what_is_wrong_once_everything_is_typed() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    shown = effect_of(client, hypothesis, kind="measurement", successes="5", trials="4")
    assert "Successes: Write at most the number of trials, 4." in shown


def test_with_several_hypotheses_the_whole_thesis_is_named_too() -> None:
    _, client, hypothesis = lead_and_hypothesis(prior=0.5)
    make_hypothesis(hypothesis.bet, prior=0.8)
    shown = effect_of(client, hypothesis, kind="judgement", direction="for", strength="strong")
    assert "Belief 50% → 91%, +10 dB, thesis 40% → 73%." in shown


# --- the panel ------------------------------------------------------------------------------------


def panel_of(client: Client, bet: Bet) -> Any:
    """The panel of a bet's page."""
    return client.get(reverse("evidence:panel", args=[bet.pk]), headers=FRAGMENT)


def test_the_panel_shows_each_item_with_its_weight_and_the_belief_without_it() -> None:
    lead, client, hypothesis = lead_and_hypothesis(prior=0.5)
    event = NewEvidence(kind="judgement", direction="for", strength="strong", note="They came.")
    record(lead, hypothesis.pk, event)
    shown = text_of(panel_of(client, hypothesis.bet))
    assert "They came." in shown and "+10 dB" in shown and "without it 50%" in shown


def test_the_panel_names_the_kill_criteria_that_are_met() -> None:
    lead, client, hypothesis = lead_and_hypothesis()
    criterion = make_kill_criterion(hypothesis)
    record(lead, hypothesis.pk, NewEvidence(kind="measurement", successes=0, trials=200))
    assert (
        f"Kill criterion met: {criterion}".replace("<", "&lt;")
        in panel_of(client, hypothesis.bet).content.decode()
    )


def test_what_was_taken_back_is_struck_through_with_its_reason() -> None:
    lead, client, hypothesis = lead_and_hypothesis()
    taken = record(lead, hypothesis.pk, NewEvidence(**AGAINST))
    retract(lead, taken.evidence.pk, "Another product.")
    shown = panel_of(client, hypothesis.bet)
    assert '<span class="retracted">Strong judgement against' in shown.content.decode()
    assert "Another product." in text_of(shown)


def test_who_may_not_log_sees_the_evidence_and_no_form() -> None:
    lead, _, hypothesis = lead_and_hypothesis()
    record(lead, hypothesis.pk, NewEvidence(**AGAINST))
    viewer = signed_in(make_member(hypothesis.bet.portfolio, Role.VIEWER))
    shown = panel_of(viewer, hypothesis.bet).content.decode()
    assert "Strong judgement against" in shown
    assert "log-form" not in shown and "Take back" not in shown
    for name, pk in (("log", hypothesis.pk), ("retract", Evidence.objects.get().pk)):
        assert viewer.get(reverse(f"evidence:{name}", args=[pk])).status_code == 403
        assert viewer.post(reverse(f"evidence:{name}", args=[pk])).status_code == 403


def test_a_contributor_of_another_team_may_not_log() -> None:
    portfolio = make_portfolio()
    own, other = make_team(portfolio), make_team(portfolio)
    client = signed_in(make_member(portfolio, Role.CONTRIBUTOR, teams=(own,)))
    mine, theirs = (
        make_hypothesis(make_bet(portfolio, teams={team: 1.0})) for team in (own, other)
    )
    assert client.get(log_url(mine)).status_code == 200
    assert client.get(log_url(theirs)).status_code == 403


def test_what_one_may_not_see_is_not_found() -> None:
    lead, _, hypothesis = lead_and_hypothesis()
    taken = record(lead, hypothesis.pk, NewEvidence(**AGAINST))
    stranger = signed_in(make_member(make_portfolio()))
    bet_id, row_id = hypothesis.bet_id, taken.evidence.pk
    for path in (
        f"/bets/{bet_id}/evidence",
        f"/bets/{bet_id}/evidence/weighed",
        f"/bets/{bet_id}/evidence/form?hypothesis={hypothesis.pk}",
        f"/hypotheses/{hypothesis.pk}/evidence",
        f"/evidence/{row_id}/retract",
    ):
        assert stranger.get(path, headers=FRAGMENT).status_code == 404
    assert stranger.post(f"/hypotheses/{hypothesis.pk}/evidence", AGAINST).status_code == 404
    assert stranger.post(f"/hypotheses/{hypothesis.pk}/evidence/effect").status_code == 404
    assert stranger.post(f"/evidence/{row_id}/retract", {"note": "x"}).status_code == 404


def test_another_hypothesis_of_the_bet_can_be_chosen_and_no_foreign_one() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    other = make_hypothesis(hypothesis.bet, statement="They stay for a year.")
    foreign = make_hypothesis(make_bet(hypothesis.bet.portfolio))
    url = reverse("evidence:form", args=[hypothesis.bet_id])
    shown = client.get(url, {"hypothesis": other.pk}, headers=FRAGMENT).content.decode()
    assert f'action="{log_url(other)}"' in shown
    for wrong in (foreign.pk, "", "x", "9" * 30, "²"):
        assert client.get(url, {"hypothesis": wrong}, headers=FRAGMENT).status_code == 404


def test_the_panel_costs_the_same_number_of_queries_whatever_there_is(
    django_assert_max_num_queries: Any,
) -> None:
    lead, client, hypothesis = lead_and_hypothesis()
    for _ in range(3):
        another = make_hypothesis(hypothesis.bet)
        make_kill_criterion(another)
        for n in range(15):
            record(lead, another.pk, NewEvidence(**AGAINST, source=f"Source {n}"))
    panel_of(client, hypothesis.bet)
    with django_assert_max_num_queries(20):
        panel_of(client, hypothesis.bet)


# --- taking back ----------------------------------------------------------------------------------


def test_taking_back_says_beforehand_what_it_does_and_asks_why() -> None:
    lead, client, hypothesis = lead_and_hypothesis(prior=0.5)
    taken = record(lead, hypothesis.pk, NewEvidence(**AGAINST))
    url = reverse("evidence:retract", args=[taken.evidence.pk])
    shown = client.get(url)
    assert "Belief 9% → 50%, +10 dB, would revive the thesis." in text_of(shown)
    refused = client.post(url, {"note": " "}, headers=FRAGMENT)
    assert refused.status_code == 422 and "Say why it is taken back" in text_of(refused)
    done = client.post(url, {"note": "Another product."}, headers=FRAGMENT)
    assert done.status_code == 204 and "revived the thesis" in done.headers["HX-Trigger"]
    again = client.get(url)
    assert "It has been taken back already." in text_of(again)
    assert client.post(url, {"note": "Twice."}, headers=FRAGMENT).status_code == 422


def test_taking_back_what_took_something_back_restores_it() -> None:
    lead, client, hypothesis = lead_and_hypothesis(prior=0.5)
    taken = record(lead, hypothesis.pk, NewEvidence(**AGAINST))
    back = retract(lead, taken.evidence.pk, "Another product.")
    url = reverse("evidence:retract", args=[back.evidence.pk])
    assert "What it took back counts again." in text_of(client.get(url))
    assert client.post(url, {"note": "It was ours after all."}).status_code == 302
    assert Bet.objects.get().belief == pytest.approx(1 / 11, abs=1e-4)
