"""The page of a proposal: its rows, the part that they ask for, and the decision about it."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from allocation import ledger
from allocation.decide import approve
from allocation.left_out import left_out_of
from allocation.models import Decision, Proposal, RecomputeRequest
from allocation.pages.proposal import A_STEP, AT_FIRST
from allocation.part_typed import typed_part
from allocation.recompute import recompute
from bets.edit import OFFICE
from bets.models import Bet, Portfolio
from evidence.intake import NewEvidence, record, retract
from reports.proposal_picture import MOST_BARS, pictures_of, table_of
from spm.accounts.models import Role
from tests.allocation.test_decide import wrong_in_the_books
from tests.allocation.test_part import Office
from tests.factories import (
    PASSWORD,
    make_hypothesis,
    make_member,
    make_portfolio,
    make_scaling_bet,
)

BUTTON = 'name="decision" value="approve"'


def client_of(office: Office) -> Client:
    client = Client()
    client.force_login(office.finance)
    return client


def fields(office: Office, *left_out: str, **amounts: str) -> dict[str, str]:
    """What the page sends with these rows unticked, and these amounts typed."""
    sent = {"part_sha256": ""}
    for change in office.proposal.changes.select_related("bet"):
        name = change.bet.title.lower()
        if name not in left_out:
            sent[f"take-{change.bet_id}"] = "yes"
        sent[f"amount-{change.bet_id}"] = amounts.get(name, f"{change.working_after:f}")
    return sent


def asked(office: Office, *left_out: str, **amounts: str) -> Any:
    return typed_part(office.proposal, fields(office, *left_out, **amounts), ",")


@pytest.mark.django_db
def test_rows_that_stand_as_they_stood_ask_for_the_whole() -> None:
    office = Office()
    part = asked(office).part
    assert part is not None and part.is_whole
    assert typed_part(office.proposal, {}, ",").part == part


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["24000", "24.000,00", "24 000", "24k", "€24,000.00"])
def test_an_amount_is_read_as_elsewhere(text: str) -> None:
    office = Office()
    part = asked(office, "tired", sick=text).part
    assert part is not None
    assert part.amounts == {office.sick.pk: Decimal(24_000)}
    assert part.left_out == {office.tired.pk}


@pytest.mark.django_db
def test_what_cannot_be_read_or_lies_beyond_is_told_in_its_row_and_kept() -> None:
    office = Office()
    typed = asked(office, sick="much", well="1m")
    assert typed.part is None
    assert "Write a number" in typed.rows[office.sick.pk].problem
    assert "for another to decide" in typed.rows[office.well.pk].problem
    assert typed.rows[office.sick.pk].text == "much"


@pytest.mark.django_db
def test_the_amount_of_a_row_without_its_tick_counts_for_nothing() -> None:
    office = Office()
    part = asked(office, "sick", sick="much").part
    assert part is not None and part.left_out == {office.sick.pk} and not part.amounts


@pytest.mark.django_db
def test_taking_a_tick_away_shows_at_once_what_it_means() -> None:
    office = Office()
    client, address = client_of(office), f"/proposals/{office.proposal.pk}/part"
    shown = client.post(address, fields(office, "sick")).content.decode()
    found = office.worked_out(office.sick)
    of = office.proposal.changes.count()
    assert f"Approve these {len(found.after)} of {of}" in shown
    assert f'name="part_sha256" value="{found.sha256}"' in shown
    assert "less than the whole." in shown
    assert "stays at" in shown
    assert f"Approving books this part in the ledger, {len(found.moves)} move" in shown
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_what_was_shown_is_what_is_booked() -> None:
    office = Office()
    client, address = client_of(office), f"/proposals/{office.proposal.pk}"
    page = client.get(address).content.decode()
    assert page.count('class="take no-print"') == office.proposal.changes.count()
    sent = fields(office, "tired", sick="24000")
    sent |= {"version": str(office.proposal.version), "decision": "approve", "signature": PASSWORD}
    sent |= {"content_sha256": office.proposal.content_sha256, "reason": ""}
    unseen = client.post(f"{address}/decide", sent)
    assert unseen.status_code == 409
    told = unseen.content.decode()
    assert "The part is not the one that you saw." in told
    sha256 = office.worked_out(office.tired, sick=24_000).sha256
    assert f'name="part_sha256" value="{sha256}"' in told
    unticked = f'id="take-{office.tired.pk}" value="yes" form="decide-form" aria'
    assert unticked in told
    assert 'value="24000"' in told
    client.post(f"{address}/decide", sent | {"part_sha256": sha256})
    decision = Decision.objects.get()
    assert decision.part is not None
    assert (decision.kind, decision.part["sha256"]) == ("partial", sha256)


@pytest.mark.django_db
def test_an_amount_that_cannot_be_read_keeps_the_decision_back_and_what_was_typed() -> None:
    office = Office()
    sent = fields(office, sick="much") | {"version": "1", "decision": "approve", "reason": "So."}
    sent["content_sha256"] = office.proposal.content_sha256
    answer = client_of(office).post(f"/proposals/{office.proposal.pk}/decide", sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="much"' in page and "So." in page and "Write a number" in page
    assert not Decision.objects.exists()


@pytest.mark.django_db
def test_a_decided_part_says_on_both_pages_what_each_bet_was_left_with() -> None:
    office = Office()
    office.approve(office.tired, sick=24_000)
    client = client_of(office)
    page = " ".join(client.get(f"/proposals/{office.proposal.pk}").content.decode().split())
    assert "Approved in part" in page and 'class="take' not in page
    for said in ("stays at ", "ends at "):
        assert f"<span>{said}" in page
    panel = client.get(f"/bets/{office.sick.pk}/decisions").content.decode()
    assert "€24k/mo" in panel


@pytest.mark.django_db
def test_what_was_not_booked_stands_on_the_page_and_in_the_journal_with_why() -> None:
    office = Office()
    decision = office.approve(office.tired, sick=24_000)
    missing = {row.title: row for row in left_out_of([decision])[decision.pk]}
    assert missing["Tired"].why == "left out" and missing["Tired"].not_booked == -20_000
    assert missing["Sick"].why == "another amount was set"
    assert missing["Sick"].not_booked == -40_000 + 16_000
    assert missing.keys() - {"Sick", "Tired"}
    assert {row.why for title, row in missing.items() if title not in ("Sick", "Tired")} == {
        "followed from the rest"
    }
    client = client_of(office)
    page = client.get(f"/proposals/{office.proposal.pk}").content.decode()
    assert "What was not booked" in page and "counts as refused" in page
    assert page.count("followed from the rest") == len(missing) - 2
    journal = " ".join(strip_tags(client.get("/decisions").content.decode()).split())
    [_, told] = journal.split("Not booked: ")
    assert "Tired −€20k/mo, left out" in told and "another amount was set" in told
    assert "Tired -20000.00" in client.get("/decisions/decisions.csv").content.decode()


@pytest.mark.django_db
def test_what_a_lead_leaves_out_is_not_refused_but_proposed_again_for_those_who_may() -> None:
    office = Office()
    Portfolio.objects.filter(pk=office.portfolio.pk).update(finance_above=Decimal(20_000))
    lead = make_member(office.portfolio, Role.LEAD)
    office.proposal.refresh_from_db()
    found = office.worked_out(office.sick)
    decision = approve(lead, office.proposal.pk, office.shown(found), found.part)
    assert decision.part is not None and decision.part["refuses_rest"] is False
    assert not office.proposal.changes.filter(approved=False).exists()
    again = recompute(office.portfolio.pk)
    assert again is not None and again.changes.filter(bet=office.sick).exists()
    page = client_of(office).get(f"/proposals/{office.proposal.pk}").content.decode()
    assert "left to others" in page and "is proposed again, for those who may decide it" in page
    assert not wrong_in_the_books(office.portfolio)


@pytest.mark.django_db
def test_a_lead_takes_a_proposal_down_to_what_they_may_decide() -> None:
    """The whole moves 50,000 freed a month; without 'Sick' it is the 20,000 of 'Tired'."""
    office = Office()
    Portfolio.objects.filter(pk=office.portfolio.pk).update(finance_above=Decimal(20_000))
    decider = office.finance
    office.finance = make_member(office.portfolio, Role.LEAD)
    client, address = client_of(office), f"/proposals/{office.proposal.pk}"
    page = client.get(address).content.decode()
    assert "you may decide what moves at most" in page and 'class="take no-print"' in page
    assert "By your role, portfolio lead: a part that moves at most €20,000.00 per month." in page
    assert f"What you may not, others decide. This one may: {decider} (finance)." in page
    assert BUTTON not in page and 'value="refuse"' not in page
    part = client.post(f"{address}/part", fields(office, "sick")).content.decode()
    assert "You decide by this right: Role: portfolio lead." in part
    assert BUTTON in part and 'value="refuse"' not in part
    viewer = make_member(office.portfolio, Role.VIEWER)
    client.force_login(viewer)
    seen = client.get(address).content.decode()
    assert 'class="take no-print"' not in seen and "decide-form" not in seen
    assert f"{decider} (finance)" in seen


def learn_against(bet: Bet) -> None:
    """One event of each kind, and one taken back."""
    share, mean = make_hypothesis(bet), make_hypothesis(bet, metric="mean", threshold=10.0)
    measured = {"mean": 2.0, "standard_deviation": 1.0, "sample_size": 50}
    said = {
        share: [
            {"kind": "judgement", "direction": "against", "strength": "strong", "note": "Nobody."},
            {"kind": "measurement", "successes": 1, "trials": 100, "source": "Till"},
            {"kind": "ratio", "likelihood_ratio": 0.5},
        ],
        mean: [{"kind": "measurement", **measured}],
    }
    for hypothesis, events in said.items():
        for event in events:
            record(OFFICE, hypothesis.pk, NewEvidence(**event))
    retract(OFFICE, share.evidence.get(kind="ratio").pk, "Counted twice.")


def wide_office(pairs: int) -> Proposal:
    """A proposal that changes so many bets: half of them give what the other half takes.

    Of those that give, something of each kind has been learnt.
    """
    portfolio = make_portfolio()
    positions = {}
    for number in range(pairs):
        dead = make_scaling_bet(portfolio, title=f"Dead {number}", belief=0.02)
        learn_against(dead)
        positions[dead.pk] = (Decimal(20_000), Decimal(0))
        make_scaling_bet(portfolio, title=f"Well {number}", belief=0.9)
    ledger.set_envelope(portfolio.pk, Decimal(20_000 * pairs))
    ledger.open_positions(portfolio.pk, positions)
    proposal = recompute(portfolio.pk)
    assert proposal is not None
    RecomputeRequest.objects.all().delete()  # it has seen what was learnt
    return proposal


def queries_of(proposal: Proposal, address: str, sent: dict[str, str] | None = None) -> int:
    client = Client()
    client.force_login(make_member(proposal.portfolio, Role.FINANCE))
    client.get("/proposals")
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address) if sent is None else client.post(address, sent)
    assert answer.status_code == 200
    return len(asked)


@pytest.mark.django_db
def test_the_page_its_part_and_its_paper_ask_as_much_of_3_changes_as_of_30() -> None:
    few, many = wide_office(2), wide_office(15)
    assert many.changes.count() >= 25 > 5 > few.changes.count()
    for path in ("", "/body", "?all=1", "/moves", "/study", "/changes?after=1", ".pdf"):
        asked = queries_of(few, f"/proposals/{few.pk}{path}")
        assert asked == queries_of(many, f"/proposals/{many.pk}{path}"), path
        assert path or asked <= 17

    def part(proposal: Proposal) -> int:
        sent = {
            name: value
            for change in proposal.changes.all()
            for name, value in (
                (f"take-{change.bet_id}", "yes"),
                (f"amount-{change.bet_id}", f"{change.working_after:f}"),
            )
        }
        del sent[f"take-{proposal.changes.all()[0].bet_id}"]
        return queries_of(proposal, f"/proposals/{proposal.pk}/part", sent)

    assert part(few) == part(many)


def rows_in(page: str) -> list[int]:
    """The bets whose rows can be ticked, in their order."""
    return [int(bet_id) for bet_id in re.findall(r'name="take-(\d+)"', page)]


@pytest.mark.django_db
def test_a_page_with_many_changes_shows_some_and_takes_the_others_as_proposed() -> None:
    proposal = wide_office(25)
    bets = {change.bet_id for change in proposal.changes.all()}
    client = Client()
    client.force_login(make_member(proposal.portfolio, Role.FINANCE))
    address = f"/proposals/{proposal.pk}"
    page = client.get(address).content.decode()
    first = rows_in(page)
    assert len(first) == AT_FIRST and len(set(first)) == AT_FIRST
    assert f"The next {A_STEP} of {len(bets) - AT_FIRST} smaller changes" in page
    then = client.get(f"{address}/changes?after={AT_FIRST}").content.decode()
    rest = client.get(f"{address}/changes?after={AT_FIRST + A_STEP}").content.decode()
    assert len(rows_in(then)) == A_STEP and "other-changes" in then
    assert set(first + rows_in(then) + rows_in(rest)) == bets and "other-changes" not in rest
    assert len(first + rows_in(then) + rows_in(rest)) == len(bets)
    assert set(rows_in(client.get(f"{address}?all=1").content.decode())) == bets

    sent = {f"take-{bet_id}": "yes" for bet_id in first[1:]}
    sent |= {f"amount-{each.bet_id}": f"{each.working_after:f}" for each in proposal.changes.all()}
    sent = {name: text for name, text in sent.items() if int(name.split("-")[1]) in first}
    asked = typed_part(proposal, sent, ",").part
    assert asked is not None and asked.left_out == {first[0]}


@pytest.mark.django_db
def test_a_tick_that_is_taken_away_stays_so_where_its_row_is_not_on_the_page() -> None:
    proposal = wide_office(15)
    client = Client()
    client.force_login(make_member(proposal.portfolio, Role.FINANCE))
    address = f"/proposals/{proposal.pk}"
    shown = rows_in(client.get(address).content.decode())
    [hidden, typed_into] = sorted(
        change.bet_id for change in proposal.changes.all() if change.bet_id not in shown
    )[:2]
    sent = {"left_out": f"{hidden} 0 nonsense", f"amount-{typed_into}": "much"}
    sent |= {f"take-{typed_into}": "yes", "decision": "approve", "reason": "So."}
    sent |= {"version": "1", "content_sha256": proposal.content_sha256, "signature": PASSWORD}
    told = client.post(f"{address}/decide", sent)
    assert told.status_code == 422 and not Decision.objects.exists()
    page = told.content.decode()
    assert rows_in(page) == [*shown, typed_into] and 'value="much"' in page
    assert f'name="left_out" id="left-out" value="{hidden} "' in page
    assert f"changes?after={AT_FIRST}&amp;but={typed_into}+" in page
    more = client.get(f"{address}/changes?after={AT_FIRST}&but={typed_into}&left_out={hidden}")
    rows = more.content.decode()
    assert sorted([*shown, typed_into, *rows_in(rows)]) == sorted(
        proposal.changes.values_list("bet_id", flat=True)
    )
    assert (
        len(re.findall(r'value="yes" form="decide-form" checked', rows)) == len(rows_in(rows)) - 1
    )


@pytest.mark.django_db
def test_what_is_further_down_is_fetched_when_somebody_comes_to_it_or_without_a_script() -> None:
    office = Office()
    client, address = client_of(office), f"/proposals/{office.proposal.pk}"
    page, whole = (client.get(f"{address}{end}").content.decode() for end in ("", "?all=1"))
    for place, inside in (("moves", 'id="moves"'), ("study", "levers-title")):
        assert f'hx-get="{address}/{place}" hx-trigger="intersect once"' in page
        assert inside in client.get(f"{address}/{place}").content.decode()
        assert inside in whole and f'hx-get="{address}/{place}"' not in whole
    assert f'hx-get="{address}/comments?section"' in page and "comment-text" in whole


@pytest.mark.django_db
def test_the_waterfall_draws_the_largest_and_one_bar_for_the_rest_and_its_table_has_them_all() -> (
    None
):
    proposal = wide_office(15)
    wide, _ = pictures_of(proposal)
    gives = proposal.changes.filter(working_after__lt=F("working_before")).count()
    labels = [step.label for step in wide.steps]
    assert f"{gives - MOST_BARS} smaller ones" in labels
    assert len(labels) < proposal.changes.count()
    assert len(table_of(proposal).rows) > gives
    assert sum(step.width for step in wide.steps if step.kind == "out-of") == pytest.approx(
        sum(step.width for step in wide.steps if step.kind != "out-of")
    )
