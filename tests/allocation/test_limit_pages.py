"""The Guardrails page and its forms: what they show, and that nothing is saved unseen."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation import ledger, limit_effect, limits
from allocation.decide import approve
from allocation.limit_effect import Change, effect_of
from allocation.limit_history import Held, covers, days_until, histories, value_of
from allocation.limit_reading import limits_page, loosened_by
from allocation.models import Guardrail, LatestRun, LimitChange, Mandate, RecomputeRequest
from allocation.recompute import recompute
from bets.edit import OFFICE
from bets.models import Portfolio
from spm.accounts.models import Role, User
from tests.allocation.test_decide import as_shown
from tests.allocation.test_recompute import two_bets
from tests.factories import make_bet, make_member, make_portfolio, make_scaling_bet

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 30)


def guardrail(portfolio: Portfolio, **given: Any) -> Guardrail:
    terms = {"name": "Exploratory", "kind": "share", "maximum": "0.2", "scope": {}, "reason": "Ok."}
    return limits.create_guardrail(OFFICE, portfolio, {**terms, **given})


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def finance_of(portfolio: Portfolio) -> Client:
    return signed_in(make_member(portfolio, Role.FINANCE))


def text_of(answer: Any) -> str:
    """What can be read, with single blanks."""
    html = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", html.replace("&#x27;", "'"))


# --- the effect, before anything is saved ---------------------------------------------------------


def test_a_tighter_limit_costs_and_says_which_money_stays_where_it_is() -> None:
    portfolio, _, _ = two_bets()
    draft = Guardrail(portfolio=portfolio, name="Moved at once", kind="turnover", maximum=0)
    effect = effect_of(portfolio, Change.to(draft))
    assert effect is not None
    assert effect.gain < 0
    assert "new" in effect.binds_newly
    [first, *_] = effect.differences
    assert (first.title, first.without, first.with_it) == ("Sick", 0, 40_000)
    assert {row.title for row in effect.differences} <= {"Sick", "Well"}
    assert not Guardrail.objects.exists()


def test_a_limit_that_today_s_allocation_breaks_says_by_how_much() -> None:
    portfolio, _, _ = two_bets()
    draft = Guardrail(portfolio=portfolio, name="One bet", kind="bet_share", maximum=Decimal("0.5"))
    effect = effect_of(portfolio, Change.to(draft))
    assert effect is not None
    # 40,000 of an envelope of 70,000, of which one bet may hold 35,000.
    assert effect.breaks_by == pytest.approx(5_000)


def test_what_is_broken_already_is_not_news_and_looser_is_worth_something() -> None:
    portfolio, _, _ = two_bets()
    made = guardrail(portfolio, kind="turnover", maximum="0.1")
    made.maximum = Decimal("0.3")
    effect = effect_of(portfolio, Change.to(made))
    assert effect is not None
    assert effect.gain > 0
    assert effect.breaks_by == 0
    made.active = False
    out_of_force = effect_of(portfolio, Change.to(made))
    assert out_of_force is not None
    assert out_of_force.gain > effect.gain


def test_more_envelope_is_never_worth_less() -> None:
    portfolio, _, _ = two_bets(withdrawable=0)  # ten thousand are left for what is worth more
    more = effect_of(portfolio, Change(envelope=75_000.0))
    less = effect_of(portfolio, Change(reserve_floor=5_000.0))
    assert more is not None and less is not None
    assert more.gain > 0 > less.gain


def test_a_large_portfolio_is_solved_by_a_worker_and_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    portfolio, _, _ = two_bets()
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(limit_effect, "MOST_BETS_INLINE", 0)
    monkeypatch.setattr(limit_effect.celery, "ring", lambda *said: asked.append(said))
    change = Change(envelope=100_000.0)
    assert effect_of(portfolio, change) is None
    assert effect_of(portfolio, change) is None
    [(task, *arguments)] = asked  # once, however often the page asks
    assert task == limit_effect.TASK
    limit_effect.keep(*arguments)
    effect = effect_of(portfolio, change)
    assert effect is not None
    assert effect == limit_effect.work_out(
        portfolio.pk, limit_effect.snapshot_of(portfolio), change
    )
    cache.clear()


# --- the history ----------------------------------------------------------------------------------


def test_each_kind_measures_as_the_engine_does() -> None:
    portfolio, _, _ = two_bets()
    terms: dict[str, dict[str, Any]]
    terms = {
        "Share": {"maximum": "0.9"},
        "Of H2": {"maximum": "0.9", "scope": {"horizon": ["H2"]}},
        "Of H3": {"maximum": "0.9", "scope": {"horizon": ["H3"]}},
        "Amount": {"kind": "amount", "maximum": "60000"},
        "One bet": {"kind": "bet_share", "maximum": "0.9"},
        "Count": {"kind": "count", "maximum": "2"},
        "Reserve": {"kind": "reserve", "minimum": "1", "maximum": None},
    }
    made = [guardrail(portfolio, name=name, **given) for name, given in terms.items()]
    recompute(portfolio.pk)
    results = LatestRun.objects.get(portfolio=portfolio).limits["guardrails"]
    engine = {each["id"]: each["value_before"] for each in results}
    today = timezone.localdate()
    history = histories(portfolio, made, [today])
    for each in made:
        assert history[each.pk].values == [pytest.approx(engine[str(each.pk)])], each.name


def test_values_follow_the_ledger_and_limits_the_journal() -> None:
    portfolio = make_portfolio()
    bet = make_scaling_bet(portfolio, horizon="H3")
    ledger.set_envelope(portfolio.pk, Decimal(1_000), on=TODAY - timedelta(days=20))
    held = {bet.pk: (Decimal(100), Decimal(50))}
    ledger.open_positions(portfolio.pk, held, on=TODAY - timedelta(days=10))
    rail = guardrail(portfolio, scope={"horizon": ["H3"]})
    days = [TODAY - timedelta(days=n) for n in (30, 15, 5)]
    history = histories(portfolio, [rail], days)[rail.pk]
    assert history.values == [None, 0.0, 0.15]
    assert history.limits == [None, None, None]  # it was made after these days
    later = histories(portfolio, [rail], [timezone.localdate()])[rail.pk]
    assert later.shown_limit == 0.2


def test_the_days_run_from_the_opening_of_the_books_to_today() -> None:
    days = days_until(TODAY, TODAY - timedelta(days=100))
    assert (days[0], days[-1], len(days)) == (TODAY - timedelta(days=100), TODAY, 36)
    assert days == sorted(days)
    assert days_until(TODAY, TODAY - timedelta(days=9_999))[0] == TODAY - timedelta(days=730)


def test_a_scope_covers_bets_that_have_one_of_its_values_in_each_attribute() -> None:
    rail = Guardrail(kind="amount", scope={"horizon": ["H2", "H3"], "theme": [7]})
    assert covers(rail, {"horizon": "H3", "theme": "7"})
    assert not covers(rail, {"horizon": "H1", "theme": "7"})
    assert not covers(rail, {"horizon": "H3"})
    held = Held(envelope=100.0, working={1: 5.0, 2: 7.0}, entangled={1: 1.0})
    attributes = {1: {"horizon": "H3", "theme": "7"}, 2: {"horizon": "H1"}}
    assert value_of(rail, held, attributes) == 6.0


def test_a_limit_is_relaxed_by_more_of_its_most_or_less_of_its_least() -> None:
    assert loosened_by(0.2, None, 0.2) == "less"
    assert loosened_by(None, Decimal("0.5"), 0.5) == "more"
    assert loosened_by(0.2, 0.5, 0.21) == "less"
    assert loosened_by(0.2, 0.5, 0.49) == "more"
    assert loosened_by(0.2, 0.5, None) == "more"


# --- the pages ------------------------------------------------------------------------------------


def test_each_limit_stands_with_its_value_headroom_and_price_in_words() -> None:
    portfolio, _, _ = two_bets()
    guardrail(portfolio, name="Moved at once", kind="turnover", maximum="0.1")
    guardrail(portfolio, name="One bet", kind="bet_share", maximum="0.5")
    guardrail(portfolio, name="Reserve", kind="reserve", minimum="5000", maximum=None)
    proposal = recompute(portfolio.pk)
    assert proposal is not None
    text = text_of(signed_in(make_member(portfolio, Role.VIEWER)).get("/guardrails"))
    assert f"at its limit in proposal {proposal.number}" in text
    assert re.search(
        r"1 percentage point more Moved at once is worth €[\d.]+k over 24 months", text
    )
    assert "57.1% at most 50% −7.1%" in text
    assert "broken today by €5k/mo" in text
    assert "€10k/mo at least €5k/mo €5k/mo" in text
    assert re.search(r"More envelope €[1-9][\d.]*k? what €1k/mo more is worth over 24 months", text)
    assert "New guardrail" not in text
    assert "Change the envelope" not in text


def test_a_guardrail_that_has_not_been_computed_yet_says_so() -> None:
    portfolio = make_portfolio()
    guardrail(portfolio)
    assert "being computed" in text_of(finance_of(portfolio).get("/guardrails"))


def test_the_journal_tells_what_changed_in_words() -> None:
    portfolio, _, _ = two_bets()
    finance = make_member(portfolio, Role.FINANCE, name="Camille")
    made = guardrail(portfolio, scope={"horizon": ["H3"]})
    limits.change_guardrail(finance, made.pk, {"maximum": "0.25", "reason": "More ideas."})
    limits.change_guardrail(finance, made.pk, {"active": False, "reason": "A trial."})
    limits.change_envelope(finance, portfolio.pk, "80000", "A good year.")
    text = text_of(signed_in(finance).get("/guardrails"))
    assert "Envelope €70k/mo €80k/mo" in text
    assert "Most: 20% 25%" in text
    assert "taken out of force" in text
    assert "made: at most 20%, H3 exploratory" in text
    for reason in ("More ideas.", "A trial.", "A good year."):
        assert reason in text
    assert "Out of force: Exploratory" in text


def test_mandates_in_force_are_shown_to_all_with_what_is_used() -> None:
    portfolio = make_portfolio()
    lead, finance = make_member(portfolio, name="Lena"), make_member(portfolio, Role.FINANCE)
    Mandate.objects.create(
        portfolio=portfolio,
        user=lead,
        granted_by=finance,
        most_per_move=5_000,
        most_per_30_days=20_000,
        expires_at=datetime.now(UTC) + timedelta(days=30),
    )
    text = text_of(signed_in(lead).get("/guardrails"))
    assert "· Lena · all bets" in text and "€0/mo of €20k/mo" in text


def posted(client: Client, address: str, do: str = "effect", **typed: Any) -> Any:
    return client.post(address, {"do": do, **typed})


TYPED: dict[str, Any] = {
    "name": "H3",
    "kind": "share",
    "maximum": "20%",
    "scope_horizon": ["H3"],
    "reason": "Ok.",
}


def seen_in(answer: Any) -> str:
    found = re.search(r'name="seen" value="(\w+)" form="limit-form"', answer.content.decode())
    assert found
    return found[1]


def test_the_effect_is_shown_first_and_the_same_saved_next() -> None:
    portfolio, _, _ = two_bets()
    client = finance_of(portfolio)
    shown = posted(client, "/guardrails/new", **TYPED)
    assert shown.status_code == 200
    assert "What it would do" in text_of(shown)
    assert not Guardrail.objects.exists()
    saved = posted(client, "/guardrails/new", "save", seen=seen_in(shown), **TYPED)
    assert (saved.status_code, saved.headers["Location"]) == (302, "/guardrails")
    assert Guardrail.objects.get().maximum == Decimal("0.2")


def test_what_was_changed_after_its_effect_was_shown_is_shown_again_and_not_saved() -> None:
    portfolio, _, _ = two_bets()
    client = finance_of(portfolio)
    seen = seen_in(posted(client, "/guardrails/new", **TYPED))
    again = posted(client, "/guardrails/new", "save", seen=seen, **{**TYPED, "maximum": "30"})
    assert again.status_code == 200
    assert "What it would do" in text_of(again)
    assert seen_in(again) != seen
    assert not Guardrail.objects.exists()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"maximum": "120"}, "between 0 and 100 %"),
        ({"maximum": "a fifth"}, "Write a number"),
        ({"maximum": ""}, "limits nothing"),
        ({"kind": "turnover", "minimum": "5"}, "no minimum"),
        ({"kind": "reserve", "minimum": "5"}, "whole envelope"),
        ({"name": " "}, "Write something here"),
        ({"scope_horizon": ["H9"]}, "H9"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_typed_is_lost(
    typed: dict[str, Any], says: str
) -> None:
    portfolio, _, _ = two_bets()
    answer = posted(finance_of(portfolio), "/guardrails/new", **{**TYPED, **typed})
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert "Ok." in text_of(answer)
    assert "Save it" not in text_of(answer)


def test_a_guardrail_is_changed_from_its_page_and_a_second_change_is_a_conflict() -> None:
    portfolio, _, _ = two_bets()
    made = guardrail(portfolio, scope={"horizon": ["H3"]})
    client, address = finance_of(portfolio), f"/guardrails/{made.pk}"
    html = client.get(address).content.decode()
    assert 'value="20"' in html
    typed: dict[str, Any] = {"name": "H3", "maximum": "25", "active": "on", "scope_horizon": ["H3"]}
    typed |= {"version": "1", "reason": "More."}
    seen = seen_in(posted(client, address, **typed))
    assert posted(client, address, "save", seen=seen, **typed).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.maximum, made.version) == ("H3", Decimal("0.25"), 2)
    late = posted(client, address, "save", seen=seen, **typed)
    assert late.status_code == 409
    assert "has changed this guardrail since" in text_of(late)


def test_a_change_without_a_reason_is_not_saved() -> None:
    portfolio, _, _ = two_bets()
    client = finance_of(portfolio)
    typed = {**TYPED, "reason": ""}
    shown = posted(client, "/guardrails/new", **typed)
    assert shown.status_code == 200
    answer = posted(client, "/guardrails/new", "save", seen=seen_in(shown), **typed)
    assert answer.status_code == 422
    assert not Guardrail.objects.exists()


@pytest.mark.parametrize(("which", "name"), [("envelope", "envelope"), ("reserve-floor", "floor")])
def test_the_envelope_and_the_floor_are_changed_in_the_same_two_steps(
    which: str, name: str
) -> None:
    portfolio, _, _ = two_bets()
    client, address = finance_of(portfolio), f"/guardrails/set/{which}"
    typed = {"amount": "80k", "reason": "A good year."}
    shown = posted(client, address, **typed)
    assert "The best allocation" in text_of(shown)
    assert posted(client, address, "save", seen=seen_in(shown), **typed).status_code == 302
    assert LimitChange.objects.get().subject == name
    wrong = posted(client, address, amount="1.000", reason="?")
    assert wrong.status_code == 422
    assert client.get("/guardrails/set/moon").status_code == 404


def test_who_may_not_set_limits_sees_them_and_is_refused() -> None:
    portfolio, _, _ = two_bets()
    made = guardrail(portfolio)
    lead = signed_in(make_member(portfolio))
    page = lead.get(f"/guardrails/{made.pk}")
    assert page.status_code == 200
    assert "limit-form" not in page.content.decode()
    for address in ("/guardrails/new", "/guardrails/set/envelope"):
        assert lead.get(address).status_code == 403
    for address in ("/guardrails/new", f"/guardrails/{made.pk}", "/guardrails/set/envelope"):
        assert posted(lead, address, **TYPED).status_code == 403
    assert LimitChange.objects.count() == 1


def test_nothing_of_a_foreign_portfolio_answers() -> None:
    made = guardrail(make_portfolio())
    stranger = finance_of(make_portfolio())
    assert stranger.get(f"/guardrails/{made.pk}").status_code == 404
    assert posted(stranger, f"/guardrails/{made.pk}", **TYPED).status_code == 404


def test_the_page_takes_a_fixed_number_of_queries() -> None:
    portfolio, _, _ = two_bets()
    client = finance_of(portfolio)
    guardrail(portfolio)
    recompute(portfolio.pk)

    def queries() -> int:
        client.get("/guardrails")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/guardrails").status_code == 200
        return len(captured)

    few = queries()
    for number in range(8):
        made = guardrail(portfolio, name=f"Limit {number}")
        limits.change_guardrail(OFFICE, made.pk, {"maximum": "0.3", "reason": "More."})
        make_bet(portfolio)
    assert queries() == few <= 22


def test_the_page_of_an_approved_portfolio_tells_the_turnover_of_the_last_approval() -> None:
    portfolio, _, _ = two_bets()
    rail = guardrail(portfolio, name="Moved at once", kind="turnover", maximum="1")
    RecomputeRequest.objects.all().delete()
    proposal = recompute(portfolio.pk)
    assert proposal is not None
    approve(make_member(portfolio, Role.FINANCE), proposal.pk, as_shown(proposal))
    page = limits_page(portfolio, timezone.localdate())
    [row] = [each for each in page.rows if each.guardrail == rail]
    assert row.history is not None
    assert row.history.values[-1] == pytest.approx(float(proposal.out_of_bets) / 70_000)
