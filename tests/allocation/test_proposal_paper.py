"""A proposal on paper: what it says, and that no text in it is ever markup."""

import json
from typing import Any

import pytest
import typst
from django.test import Client

from allocation.models import Proposal
from allocation.paper import TEMPLATES
from allocation.proposal_paper import facts_of, paper_of
from bets.models import Bet, Portfolio
from tests.allocation.test_part import Office

HOSTILE = '#import "x" $ #eval("1") *bold* _it_ @ref <a> \\u{41} [x] = Head'


def titles_on(facts: dict[str, Any]) -> set[str]:
    """The names of bets as Typst has set them, each as one plain text."""
    said = {"facts": json.dumps(facts)}
    found = json.loads(typst.query(str(TEMPLATES / "proposal.typ"), "strong", sys_inputs=said))
    return {each["body"]["text"] for each in found}


@pytest.mark.django_db
def test_a_title_that_looks_like_markup_is_set_letter_by_letter() -> None:
    """Were any of it read as markup, setting it would fail or ``panic``."""
    office = Office()
    Bet.objects.filter(pk=office.sick.pk).update(title=HOSTILE)
    Portfolio.objects.filter(pk=office.portfolio.pk).update(name='#panic("no") $x$')
    proposal = Proposal.objects.get(pk=office.proposal.pk)
    assert HOSTILE in titles_on(facts_of(proposal))
    assert paper_of(proposal).startswith(b"%PDF-")


@pytest.mark.django_db
def test_the_paper_says_what_the_page_says() -> None:
    office = Office()
    client = Client()
    client.force_login(office.finance)
    answer = client.get(f"/proposals/{office.proposal.pk}.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    facts = facts_of(office.proposal)
    assert {row["title"] for row in facts["changes"]} >= {"Sick", "Tired"}
    assert facts["decision"] is None
    sick = next(row for row in facts["changes"] if row["title"] == "Sick")
    assert "€10k/mo stays entangled" in sick["costs"] and "notice 2 months" in sick["costs"]


@pytest.mark.django_db
def test_a_decided_paper_says_by_whom_and_which_part() -> None:
    office = Office()
    office.approve(office.tired, sick=24_000)
    facts = facts_of(Proposal.objects.get(pk=office.proposal.pk))
    assert facts["decision"]["text"].startswith("Approved in part ")
    tired = next(row for row in facts["changes"] if row["title"] == "Tired")
    assert tired["moves"].endswith(", not approved")
    sick = next(row for row in facts["changes"] if row["title"] == "Sick")
    assert sick["moves"].endswith(", approved to €24k/mo")
