"""A hypothesis is resolved, its beliefs are scored, and sources are known by it."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from bets.edit import OFFICE, change_hypothesis
from bets.models import Bet, Hypothesis
from evidence.beliefs import differences
from evidence.calibration import Wanted, records_of_sources, resolved
from evidence.intake import NewEvidence, record
from evidence.models import Evidence, Source
from evidence.resolve import reopen, resolution_of, resolve
from evidence.sources import set_reliability
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.api_client import client_for
from tests.evidence.test_log_pages import signed_in, text_of
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio

pytestmark = pytest.mark.django_db

HELD = {"outcome": "held", "shown_by": "The pilot: 31 of 100 came back."}
NOT = {"outcome": "did_not_hold", "shown_by": "Nobody came back."}


def hypothesis_of(**fields: Any) -> Hypothesis:
    return make_hypothesis(make_bet(make_portfolio()), **fields)


def judged(hypothesis: Hypothesis, direction: str, days_ago: int, source: str = "") -> None:
    moment = timezone.now() - timedelta(days=days_ago)
    event = NewEvidence(
        kind="judgement",
        direction=direction,
        strength="strong",
        source=source,
        observed_at=moment,
    )
    record(OFFICE, hypothesis.pk, event, as_of=moment, recorded_at=moment)


def test_what_did_not_hold_breaks_the_thesis_at_once_and_stays_on_record() -> None:
    hypothesis = hypothesis_of()
    done = resolve(OFFICE, hypothesis.pk, NOT)
    bet = Bet.objects.get()
    assert bet.belief < 0.001
    assert bet.thesis_status == "broken"
    assert done.evidence.note == "Resolved: it did not hold. Nobody came back."
    assert differences() == []


def test_an_open_again_hypothesis_is_believed_as_before() -> None:
    hypothesis = hypothesis_of()
    resolve(OFFICE, hypothesis.pk, HELD)
    assert Bet.objects.get().belief > 0.999
    reopen(OFFICE, hypothesis.pk, "The count was of another product.")
    assert Bet.objects.get().belief == pytest.approx(0.5)
    assert resolution_of(hypothesis) is None
    again = resolve(OFFICE, hypothesis.pk, NOT)
    assert resolution_of(hypothesis) == again


def test_a_hypothesis_is_resolved_once() -> None:
    hypothesis = hypothesis_of()
    resolve(OFFICE, hypothesis.pk, HELD)
    with pytest.raises(Conflict, match="resolved already: it held"):
        resolve(OFFICE, hypothesis.pk, NOT)
    assert Evidence.objects.count() == 1


def test_what_is_not_resolved_cannot_be_opened_again() -> None:
    with pytest.raises(Conflict):
        reopen(OFFICE, hypothesis_of().pk, "Why not.")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"outcome": "held"}, "shown_by"),
        ({"shown_by": "x"}, "outcome"),
        ({**HELD, "outcome": "maybe"}, "outcome"),
        ({**HELD, "became_clear_at": "2999-01-01T00:00:00Z"}, "became_clear_at"),
        ({**HELD, "link": "javascript:alert(1)"}, "link"),
    ],
)
def test_what_is_missing_or_cannot_be_is_named(fields: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Invalid) as refusal:
        resolve(OFFICE, hypothesis_of().pk, fields)
    assert list(refusal.value.fields) == [wrong]


def test_who_may_not_edit_the_bet_resolves_nothing() -> None:
    hypothesis = hypothesis_of()
    viewer = make_member(hypothesis.bet.portfolio, Role.VIEWER)
    with pytest.raises(NotAllowed):
        resolve(viewer, hypothesis.pk, HELD)


def test_the_forecast_is_the_belief_at_the_time_and_not_what_settled_it() -> None:
    hypothesis = hypothesis_of(half_life_days=None)
    judged(hypothesis, "for", 60)
    judged(hypothesis, "against", 10)
    judged(hypothesis, "against", 5)
    resolve(OFFICE, hypothesis.pk, NOT)
    portfolio = hypothesis.bet.portfolio
    (eve,) = resolved(portfolio, Wanted())
    (month,) = resolved(portfolio, Wanted(lead_days=30))
    (quarter,) = resolved(portfolio, Wanted(lead_days=90))
    assert eve.belief < 0.5
    assert month.belief == pytest.approx(10 / 11)
    assert quarter.belief == 0.5
    assert not eve.forecast.held


def test_a_prior_that_was_restated_since_is_not_the_forecast_of_before() -> None:
    hypothesis = hypothesis_of(prior=0.3)
    change_hypothesis(OFFICE, hypothesis.pk, {"prior": 0.9})
    resolve(OFFICE, hypothesis.pk, HELD)
    (quarter,) = resolved(hypothesis.bet.portfolio, Wanted(lead_days=90))
    assert quarter.belief == pytest.approx(0.3)


def test_a_source_is_known_by_what_turned_out() -> None:
    hypothesis = hypothesis_of()
    portfolio = hypothesis.bet.portfolio
    judged(hypothesis, "for", 20, "Sales")
    judged(hypothesis, "against", 15, "Interviews")
    judged(make_hypothesis(hypothesis.bet), "for", 3, "Sales")
    resolve(OFFICE, hypothesis.pk, NOT)
    records = {each.source.name: each for each in records_of_sources(portfolio)}
    assert set(records) == {"Sales", "Interviews"}
    assert (records["Sales"].items, records["Sales"].said, records["Sales"].right) == (2, 1, 0)
    assert records["Sales"].learnt == 0.05
    assert records["Interviews"].learnt == pytest.approx(1 / 3)


def test_how_far_a_source_is_relied_on_is_kept_with_its_grounds() -> None:
    hypothesis = hypothesis_of()
    judged(hypothesis, "for", 20, "Sales")
    source = Source.objects.get()
    with pytest.raises(Invalid, match="based_on"):
        set_reliability(OFFICE, source.pk, 0.5, "")
    with pytest.raises(Invalid, match="above 0"):
        set_reliability(OFFICE, source.pk, 0, "Guess.")
    set_reliability(OFFICE, source.pk, 0.5, "Right in 3 of 6 deals.")
    judged(hypothesis, "for", 1, "Sales")
    assert list(Evidence.objects.order_by("id").values_list("reliability", flat=True)) == [1, 0.5]
    assert source.changes.get().based_on == "Right in 3 of 6 deals."


def test_a_hypothesis_is_resolved_on_its_page_and_opened_again() -> None:
    hypothesis = hypothesis_of()
    client = signed_in(make_member(hypothesis.bet.portfolio))
    url = reverse("evidence:resolve", args=[hypothesis.pk])
    refused = client.post(url, {"outcome": "held", "shown_by": ""})
    assert refused.status_code == 422
    assert "Say what shows it" in text_of(refused)
    client.post(url, {**HELD, "became_clear_on": "2026-01-15"})
    weighed = text_of(client.get(reverse("evidence:weighed", args=[hypothesis.bet_id])))
    assert "Held , clear since" in weighed
    assert "Open it again" in text_of(client.get(url))
    client.post(url, {"shown_by": "Another product."})
    assert resolution_of(hypothesis) is None


def test_sources_and_their_grounds_are_set_on_a_page() -> None:
    hypothesis = hypothesis_of()
    judged(hypothesis, "for", 20, "Sales")
    source = Source.objects.get()
    client = signed_in(make_member(hypothesis.bet.portfolio))
    url = reverse("evidence:source", args=[source.pk])
    assert client.post(url, {"reliability": "0", "based_on": "x"}).status_code == 422
    client.post(url, {"reliability": "62,5", "based_on": "Five of eight."})
    source.refresh_from_db()
    assert source.reliability == 0.625
    assert "63%" in text_of(client.get(reverse("evidence:sources")))
    assert "Five of eight." in text_of(client.get(url))


def test_the_api_resolves_once_under_one_key() -> None:
    hypothesis = hypothesis_of()
    client = client_for(hypothesis.bet.portfolio)
    answer = client.post(f"/hypotheses/{hypothesis.pk}/resolve", HELD)
    assert answer.status_code == 201
    assert answer.json()["outcome"] == "held"
    assert client.post(f"/hypotheses/{hypothesis.pk}/resolve", HELD).status_code == 409
    reopened = client.post(f"/hypotheses/{hypothesis.pk}/reopen", {"reason": "A mistake."})
    assert reopened.json()["outcome"] == "reopened"
