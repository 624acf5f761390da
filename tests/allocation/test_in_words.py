"""A proposal in words through the API, and what of it lies inside a mandate."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allocation import decide
from allocation.models import Proposal
from allocation.proposal_paper import paper_of
from allocation.still_so import Shown
from bets.models import Portfolio
from spm.accounts.models import Role, User
from tests.allocation.test_decide import proposed
from tests.allocation.test_mandates import granted
from tests.api_client import client_of
from tests.factories import make_member, make_team


@pytest.mark.django_db
def test_a_program_reads_the_sentences_of_the_page_with_the_figures_behind_them() -> None:
    portfolio, sick, well, proposal = proposed()
    client = client_of(make_member(portfolio, Role.VIEWER), portfolio)
    words = client.get(f"/proposals/{proposal.pk}/in-words").json()
    assert words["sentence"].startswith("Move €40k/mo out of 1 bet into 1, worth +€638k")
    assert (words["version"], words["content_sha256"]) == (1, proposal.content_sha256)
    by_bet = {change["bet"]: change for change in words["changes"]}
    assert set(by_bet) == {sick.pk, well.pk}
    assert by_bet[sick.pk]["costs"].startswith("frees €30k/mo, €10k/mo stays entangled, notice 2 m")
    assert by_bet[sick.pk]["moves"] == "€40k/mo → €0/mo"
    assert {move["from_bet"] for move in words["moves"]} == {"Sick"}
    assert words["decision"] is None
    assert {"name": "Really freed", "amount": "€30k/mo"} in words["figures"]


@pytest.mark.django_db
def test_the_words_and_the_paper_name_the_teams_that_are_at_their_limit() -> None:
    portfolio, _, _, proposal = proposed()
    team = make_team(portfolio, name="Rails")
    load = {"load_before": 60_000.0, "load_after": 90_000.0, "capacity": 90_000.0}
    breach = {"breach_before": 0.0, "breach_after": 0.0, "shadow_price": 2.5}
    solution = {**proposal.solution, "teams": [{"id": str(team.pk), **load, **breach}]}
    Proposal.objects.filter(pk=proposal.pk).update(solution=solution)
    client = client_of(make_member(portfolio, Role.VIEWER), portfolio)
    assert client.get(f"/proposals/{proposal.pk}/in-words").json()["teams"] == [
        {
            "name": "Rails",
            "before": "€60k/mo",
            "after": "€90k/mo",
            "limit": "at most €90k/mo",
            "worth": "+€2.5k for 1k a month",
        }
    ]
    assert paper_of(proposal).startswith(b"%PDF")


def inside(holder: User, portfolio: Portfolio, proposal: Proposal) -> Any:
    return client_of(holder, portfolio).get(f"/proposals/{proposal.pk}/inside-mandate").json()


@pytest.mark.django_db
def test_a_program_hears_what_of_a_proposal_lies_in_its_mandate() -> None:
    portfolio, _, _, proposal = proposed()
    whole = granted(portfolio)
    assert inside(whole.user, portfolio, proposal) == {
        "mandate": whole.pk,
        "is_whole": True,
        "left_out": [],
        "part": None,
    }
    stranger = make_member(portfolio, Role.FINANCE)
    nothing: dict[str, Any] = {"mandate": None, "is_whole": False, "left_out": [], "part": None}
    assert inside(stranger, portfolio, proposal) == nothing
    none_of_it = granted(portfolio, most_per_move=Decimal(1), most_per_30_days=Decimal(1))
    assert inside(none_of_it.user, portfolio, proposal) == nothing

    shown = Shown(proposal.version, proposal.content_sha256)
    decide.refuse(stranger, proposal.pk, shown, "No.")
    assert inside(whole.user, portfolio, proposal) == nothing


@pytest.mark.django_db
def test_the_words_cost_the_same_however_many_bets_change() -> None:
    portfolio, _, _, proposal = proposed()
    client = client_of(make_member(portfolio, Role.VIEWER), portfolio)
    client.get(f"/proposals/{proposal.pk}/in-words")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(f"/proposals/{proposal.pk}/in-words")
    assert len(asked) <= 22, [query["sql"][:90] for query in asked]
