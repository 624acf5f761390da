"""The page of a proposal: its rows, the part that they ask for, and the decision about it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from allocation import ledger
from allocation.models import Decision, Proposal
from allocation.part_typed import typed_part
from allocation.recompute import recompute
from bets.models import Portfolio
from spm.accounts.models import Role
from tests.allocation.test_part import Office
from tests.factories import PASSWORD, make_member, make_portfolio, make_scaling_bet


def client_of(office: Office) -> Client:
    client = Client()
    client.force_login(office.finance)
    return client


def fields(office: Office, *left_out: str, **amounts: str) -> dict[str, str]:
    """What the page sends with these rows unticked, and these amounts typed."""
    sent = {"rows": "shown", "part_sha256": ""}
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
def test_a_lead_takes_a_proposal_down_to_what_they_may_decide() -> None:
    """The whole moves 50,000 freed a month; without 'Sick' it is the 20,000 of 'Tired'."""
    office = Office()
    Portfolio.objects.filter(pk=office.portfolio.pk).update(finance_above=Decimal(20_000))
    office.finance = make_member(office.portfolio, Role.LEAD)
    client, address = client_of(office), f"/proposals/{office.proposal.pk}"
    page = client.get(address).content.decode()
    assert "you may decide what moves at most" in page and 'class="take no-print"' in page
    part = client.post(f"{address}/part", fields(office, "sick")).content.decode()
    assert "You decide by this right: Role: portfolio lead." in part
    viewer = make_member(office.portfolio, Role.VIEWER)
    client.force_login(viewer)
    assert 'class="take no-print"' not in client.get(address).content.decode()


def wide_office(pairs: int) -> Proposal:
    """A proposal that changes so many bets: half of them give what the other half takes."""
    portfolio = make_portfolio()
    positions = {}
    for number in range(pairs):
        dead = make_scaling_bet(portfolio, title=f"Dead {number}", belief=0.02)
        positions[dead.pk] = (Decimal(20_000), Decimal(0))
        make_scaling_bet(portfolio, title=f"Well {number}", belief=0.9)
    ledger.set_envelope(portfolio.pk, Decimal(20_000 * pairs))
    ledger.open_positions(portfolio.pk, positions)
    proposal = recompute(portfolio.pk)
    assert proposal is not None
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
    for path in ("", "/body", ".pdf"):
        assert queries_of(few, f"/proposals/{few.pk}{path}") == queries_of(
            many, f"/proposals/{many.pk}{path}"
        )

    def part(proposal: Proposal) -> int:
        first = proposal.changes.all()[0].bet_id
        taken = {f"take-{each.bet_id}": "yes" for each in proposal.changes.exclude(bet_id=first)}
        return queries_of(proposal, f"/proposals/{proposal.pk}/part", {"rows": "shown", **taken})

    assert part(few) == part(many)


@pytest.mark.django_db
def test_a_page_with_many_changes_comes_with_the_first_ones_and_takes_the_others_as_proposed() -> (
    None
):
    proposal = wide_office(15)
    client = Client()
    client.force_login(make_member(proposal.portfolio, Role.FINANCE))
    page = client.get(f"/proposals/{proposal.pk}").content.decode()
    others = client.get(f"/proposals/{proposal.pk}/changes").content.decode()
    for change in proposal.changes.all():
        row, as_proposed = (
            f'id="take-{change.bet_id}"',
            f'type="hidden" name="take-{change.bet_id}"',
        )
        assert (row in page) != (row in others)
        assert (as_proposed in page) == (row in others)
    assert page.count('class="take') == 12
    whole = client.get(f"/proposals/{proposal.pk}?all=1").content.decode()
    assert whole.count('class="take') == proposal.changes.count()
