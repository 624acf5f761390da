from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from allocation import ledger
from allocation.models import Account, ImportedPeriod, Proposal, RecomputeRequest, Transfer
from allocation.portfolio_import.apply import Applied, apply_plan
from allocation.portfolio_import.identity import identify
from allocation.portfolio_import.mapping_file import mapping_from
from allocation.portfolio_import.plan import plan_of
from allocation.verify import verify
from bets.bulk import place_bets
from bets.edit import OFFICE, change_bet
from bets.models import Bet, ExternalKey, Portfolio, StageChange
from evidence.models import Evidence, Source, ThesisBreak
from spm.accounts.models import Membership, User
from spm.sheets.problems import Unusable
from tests.allocation.portfolio_import.status_rows import line, mapping, rows_of, settings
from tests.factories import make_portfolio, make_user

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 21)


def imported(
    *lines: str,
    replay: bool = True,
    roles: tuple[tuple[str, str], ...] = (),
    **tables: dict[str, Any],
) -> Applied:
    terms = mapping(**tables)
    plan = plan_of(identify(rows_of(*lines, terms=terms), terms), terms)
    return apply_plan(plan, terms, replay=replay, roles=list(roles), today=TODAY)


def held(title: str) -> Decimal:
    return Account.objects.get(bet__title=title, kind=Account.Kind.WORKING).booked


TWO_YEARS = (
    line("Bridge", 2018, rating="Red"),
    line("Tunnel", 2018, rating="Green", department="DFT"),
    line("Bridge Programme", 2019, rating="Red", forecast="24"),
    line("Tunnel", 2019, rating="Green", department="DFT"),
)


def test_a_year_becomes_bets_with_money_and_evidence() -> None:
    applied = imported(line("Bridge", 2018, rating="Red", department="DECC"))
    bet = Bet.objects.get()
    assert (bet.title, bet.stage, bet.working) == ("Bridge", "scaling", Decimal("1000000.00"))
    assert (str(bet.stream), str(bet.theme)) == ("BEIS", "Other work")
    assert bet.hypotheses.get().statement == "Bridge pays"
    piece = Evidence.objects.get()
    assert (piece.direction, piece.strength, piece.reliability) == ("against", "strong", 0.9)
    assert piece.observed_at == datetime(2018, 9, 30, 12, tzinfo=UTC)
    assert (applied.bets_created, applied.evidence_created) == (1, 1)


def test_the_rating_is_kept_word_for_word_as_the_delivery_signal() -> None:
    imported(line("Bridge", 2018, rating="Amber"))
    bet = Bet.objects.get()
    assert (bet.delivery_signal, bet.delivery_signal_source) == ("Amber", "Reviewers")
    assert bet.delivery_signal_at == datetime(2018, 9, 30, 12, tzinfo=UTC)
    assert not Evidence.objects.exists()


def test_the_same_file_again_changes_nothing() -> None:
    imported(*TWO_YEARS)
    counted = (Bet, Evidence, Transfer, StageChange, ExternalKey, ThesisBreak, Proposal, Source)
    before = [model.objects.count() for model in counted]
    versions = list(Bet.objects.order_by("id").values_list("version", "stage", "working"))
    again = imported(*TWO_YEARS)
    assert [model.objects.count() for model in counted] == before
    assert list(Bet.objects.order_by("id").values_list("version", "stage", "working")) == versions
    assert (again.bets_created, again.bets_changed, again.evidence_created) == (0, 0, 0)
    assert (again.transfers, again.periods) == (0, [])


def test_the_same_file_again_tells_the_same_years() -> None:
    first, again = imported(*TWO_YEARS), imported(*TWO_YEARS)
    assert [year.period for year in again.years] == [2018, 2019]
    assert again.years == first.years
    assert again.most_after_break == first.most_after_break


def test_the_same_file_again_takes_back_nothing_that_people_did() -> None:
    imported(*TWO_YEARS)
    bet = Bet.objects.get(title="Tunnel")
    change_bet(OFFICE, bet.pk, {"title": "Great tunnel"})
    on = datetime(2020, 1, 1, tzinfo=UTC)
    place_bets(bet.portfolio, {bet.pk: "sustaining"}, on, "agreed")
    imported(*TWO_YEARS)
    bet.refresh_from_db()
    assert (bet.title, bet.stage) == ("Great tunnel", "sustaining")


def test_a_file_that_has_grown_by_a_year_adds_that_year() -> None:
    imported(*TWO_YEARS)
    grown = imported(*TWO_YEARS, line("BRIDGE", 2020, forecast="36"), line("Canal", 2020))
    assert grown.periods == [2020]
    assert grown.bets_created == 1
    assert held("BRIDGE") == Decimal("3000000.00")
    assert Bet.objects.get(title="Tunnel").stage == "stopped"


def test_a_year_that_comes_after_the_portfolio_has_lived_on_is_taken_in_as_of_today() -> None:
    imported(*TWO_YEARS)
    portfolio = Portfolio.objects.get()
    ledger.mature(portfolio.pk, date(2026, 10, 1))
    grown = imported(*TWO_YEARS, line("Bridge", 2020, forecast="36", rating="Red"))
    newest = Transfer.objects.order_by("-id").first()
    assert newest is not None
    assert newest.effective_on == TODAY
    assert grown.evidence_created == 1
    assert any("closed up to 2026-10-01" in said for said in grown.said)
    assert verify(portfolio) == []


def test_a_year_that_has_not_come_yet_is_not_played() -> None:
    with pytest.raises(Unusable, match="2027 lies in the future"):
        imported(*TWO_YEARS, line("Bridge", 2027))


def test_the_books_of_a_replay_tie_out_and_carry_the_dates_of_its_years() -> None:
    imported(*TWO_YEARS)
    days = set(Transfer.objects.values_list("effective_on", flat=True))
    assert days == {date(2018, 4, 1), date(2019, 4, 1)}
    portfolio = Portfolio.objects.get()
    assert portfolio.envelope == Decimal("3333333.33")
    assert held("Bridge Programme") == Decimal("2000000.00")
    assert verify(portfolio) == []


def test_a_thesis_breaks_in_the_year_of_its_evidence_and_the_money_after_it_is_counted() -> None:
    applied = imported(
        line("Bridge", 2018, rating="Red"),
        line("Bridge", 2019, rating="Amber", forecast="24"),
        line("Bridge", 2020, rating="Amber", forecast="24"),
    )
    broke = ThesisBreak.objects.get()
    assert broke.at == datetime(2018, 9, 30, 12, tzinfo=UTC)
    first, second, _ = applied.years
    assert (first.breaks, first.broken, first.spent_after_break) == (1, 1, 0.0)
    assert (second.breaks, second.broken) == (0, 1)
    # 183 days at a million a month, then 182 days at two million.
    expected = (183 * 1_000_000 + 182 * 2_000_000) / 30.4375
    assert second.spent_after_break == pytest.approx(expected, abs=1)
    assert applied.most_after_break[0].title == "Bridge"


def test_after_each_year_the_engine_says_what_it_would_have_moved() -> None:
    applied = imported(*TWO_YEARS)
    assert applied.years[0].proposal == "new no. 1"
    assert applied.years[0].moves > 0
    assert applied.years[0].gain > 0
    proposal = Proposal.objects.order_by("id").first()
    assert proposal is not None
    assert proposal.created_at == datetime(2018, 9, 30, 12, tzinfo=UTC)
    bridge = Bet.objects.get(title="Bridge Programme")
    change = proposal.changes.get(bet=bridge)
    assert change.working_after < change.working_before


def test_nothing_is_approved_by_a_replay() -> None:
    imported(*TWO_YEARS)
    kinds = set(Transfer.objects.values_list("kind", flat=True))
    assert kinds <= {"opening", "envelope", "correction"}
    assert not Proposal.objects.exclude(status__in=["open", "superseded", "withdrawn"]).exists()
    assert not RecomputeRequest.objects.exists()


def test_without_a_replay_the_portfolio_is_opened_today_as_the_last_year_says() -> None:
    applied = imported(*TWO_YEARS, replay=False)
    assert set(Transfer.objects.values_list("effective_on", flat=True)) == {TODAY}
    assert held("Bridge Programme") == Decimal("2000000.00")
    assert Evidence.objects.count() == 4
    assert applied.years == []
    assert not Proposal.objects.exists()
    assert RecomputeRequest.objects.exists()


def test_without_a_replay_every_bet_has_a_belief_even_without_evidence() -> None:
    imported(line("Bridge", 2018), line("Tunnel", 2019, rating="Red"), replay=False)
    beliefs = dict(Bet.objects.values_list("title", "belief"))
    assert beliefs["Bridge"] == pytest.approx(0.45)
    assert beliefs["Tunnel"] is not None


def test_without_a_replay_the_same_file_again_changes_nothing() -> None:
    imported(*TWO_YEARS, replay=False)
    again = imported(*TWO_YEARS, replay=False)
    assert (again.bets_created, again.evidence_created, again.transfers) == (0, 0, 0)


def test_a_portfolio_that_was_opened_today_cannot_be_replayed() -> None:
    imported(*TWO_YEARS, replay=False)
    with pytest.raises(Unusable, match="imported without --replay"):
        imported(*TWO_YEARS)


def test_an_import_that_fails_has_written_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("allocation.portfolio_import.apply.after_break", fail)
        with pytest.raises(KeyboardInterrupt):
            imported(*TWO_YEARS)
    assert not Portfolio.objects.exists()
    assert imported(*TWO_YEARS).periods == [2018, 2019]


def test_an_existing_portfolio_in_another_currency_is_not_touched() -> None:
    make_portfolio(slug="ministry", currency="EUR")
    with pytest.raises(Unusable, match="is kept in EUR, not in GBP"):
        imported(*TWO_YEARS)


def test_people_are_given_their_roles_and_keep_those_that_they_have() -> None:
    lead, finance = make_user(), make_user()
    roles = ((lead.email, "lead"), (finance.email, "finance"))
    imported(*TWO_YEARS, roles=roles)
    imported(*TWO_YEARS, roles=((lead.email, "finance"),))
    assert dict(Membership.objects.values_list("user_id", "role")) == {
        lead.pk: "lead",
        finance.pk: "finance",
    }


def test_the_people_of_the_demo_see_what_is_imported_beside_it() -> None:
    cfo = User.objects.create_user(email="cfo@demo.example")
    imported(*TWO_YEARS)
    assert Membership.objects.get().user == cfo
    assert Membership.objects.get().role == "finance"


def test_a_role_for_nobody_is_refused() -> None:
    with pytest.raises(Unusable, match="nobody with this address"):
        imported(*TWO_YEARS, roles=(("nobody@example.org", "lead"),))


def test_guardrails_name_streams_and_themes() -> None:
    rail = {"name": "Defence", "kind": "share", "scope": {"stream": ["mod"]}, "maximum": 0.4}
    terms = mapping_from({**settings(), "guardrail": [rail]})
    plan = plan_of(identify(rows_of(*TWO_YEARS, terms=terms), terms), terms)
    applied = apply_plan(plan, terms, replay=True, roles=[], today=TODAY)
    guardrail = applied.portfolio.guardrails.get()
    stream = applied.portfolio.streams.get(name="MOD")
    assert guardrail.scope == {"stream": [str(stream.pk)]}


def test_bets_that_an_earlier_import_took_for_one_are_left_out_and_told() -> None:
    lines = line("Successor", 2018), line("Dreadnought", 2019)
    imported(*lines, bet={"same": [["Successor", "Dreadnought"]]})
    again = imported(*lines)
    assert Bet.objects.count() == 1
    assert any("imported before as one with" in said for said in again.said)


def test_a_judgement_that_the_file_has_changed_since_is_told_and_not_taken_twice() -> None:
    imported(line("Bridge", 2018, rating="Red"))
    again = imported(line("Bridge", 2018, rating="Green"))
    assert Evidence.objects.get().direction == "against"
    assert any("imported before with another judgement" in said for said in again.said)


def test_a_bet_costs_an_import_a_handful_of_statements(
    django_assert_max_num_queries: Any,
) -> None:
    lines = [line(f"Work number {number}", 2018, rating="Red") for number in range(60)]
    with django_assert_max_num_queries(60 * 5 + 150):
        imported(*lines)


def test_each_period_is_remembered_with_what_was_found() -> None:
    imported(*TWO_YEARS)
    kept = ImportedPeriod.objects.get(period=2019)
    assert kept.replayed
    assert kept.figures["funded"] == 3_000_000.0
