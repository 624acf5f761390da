"""The pages of scenarios: cells, buttons, forms, links, and a fixed number of queries."""

import re
from itertools import product
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from allocation.models import Proposal, Scenario
from allocation.scenarios import edit
from bets.models import Bet
from spm.accounts.models import Role, User
from tests.allocation.scenarios.whatifs import World, make_world
from tests.factories import make_member, make_portfolio, make_scaling_bet

pytestmark = pytest.mark.django_db

# One less where the session still stands in the cache.
QUERIES_OF_THE_PAGE = 6


def browser_of(user: User, language: str = "en") -> Client:
    """Somebody's browser."""
    client = Client(headers={"Accept-Language": language})
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def text_of(answer: Any) -> str:
    """What can be read on a page, blanks in a row as one."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def address(world: World, part: str = "") -> str:
    return f"/scenarios/{world.scenario.pk}{part}"


def save(world: World, value: str, kind: str = "belief", language: str = "en", **more: str) -> Any:
    """Type into a cell of the lead's browser, and leave it."""
    said = {"kind": kind, "target": str(world.sick.pk), "part": "", "sheet": "bets", **more}
    client = browser_of(world.lead, language)
    return client.post(address(world, "/cell"), {**said, "value": value})


def test_a_cell_is_saved_by_itself_and_keeps_what_stood_there() -> None:
    world = make_world()
    answer = save(world, "62,5", language="de")
    assert answer.status_code == 200
    assert "was 5" in text_of(answer)
    assert 'value="62,5"' in answer.content.decode()
    world.scenario.refresh_from_db()
    assert world.scenario.changes[0]["to"] == 0.625


def test_what_cannot_be_read_is_said_in_the_cell_with_what_was_typed() -> None:
    world = make_world()
    answer = save(world, "quite likely")
    assert answer.status_code == 422
    assert "Write a number such as" in text_of(answer)
    assert 'value="quite likely"' in answer.content.decode()
    assert save(world, "160").status_code == 422
    world.scenario.refresh_from_db()
    assert world.scenario.changes == []


def test_typing_what_stood_there_is_no_change() -> None:
    world = make_world()
    save(world, "40")
    assert "was" not in text_of(save(world, "5"))
    world.scenario.refresh_from_db()
    assert world.scenario.changes == []


def test_what_no_page_of_ours_would_send_breaks_nothing() -> None:
    world = make_world()
    client = browser_of(world.lead)
    parts, kinds = ("cell", "turn", "undo", "add"), ("belief", "stop", "bet", "guardrail", "colour")
    for part, kind, target in product(parts, kinds, ("", "new-1", "1>2", "\x00")):
        sheet = "bets" if kind == "belief" else "no sheet"
        said = {"kind": kind, "target": target, "sheet": sheet, "part": "x", "value": "1"}
        answer = client.post(address(world, f"/{part}?sheet={sheet}"), said)
        assert answer.status_code in (302, 404, 422), (part, said)
    for sheet in ("guardrails", "bets"):
        said = {"kind": "stop", "target": str(world.guardrail.pk), "sheet": sheet, "value": "1"}
        assert client.post(address(world, "/cell"), said).status_code == 404


def test_a_bet_is_stopped_and_goes_on() -> None:
    world = make_world()
    client, said = (
        browser_of(world.lead),
        {"kind": "stop", "target": world.sick.pk, "sheet": "bets"},
    )
    assert "Go on" in text_of(client.post(address(world, "/turn"), said))
    assert "Stop" in text_of(client.post(address(world, "/turn"), said))
    world.scenario.refresh_from_db()
    assert world.scenario.changes == []


def test_a_guardrail_is_dropped_brought_back_and_added() -> None:
    world = make_world()
    client = browser_of(world.lead)
    said = {"kind": "guardrail", "target": world.guardrail.pk, "sheet": "guardrails"}
    assert "Bring back" in text_of(client.post(address(world, "/turn"), said))
    page = client.get(address(world, "?sheet=guardrails"))
    assert "Guardrail One bet dropped (was at most 90%)" in text_of(page)
    assert "Drop" in text_of(client.post(address(world, "/turn"), said))
    new = {"name": "Few", "limits": "count", "scope": "", "low": "", "high": "1"}
    client.post(address(world, "/add?sheet=guardrails"), new)
    assert "New guardrail Few: at most 1" in text_of(client.get(address(world)))


def test_a_bet_is_added_and_what_cannot_be_taken_stands_beside_its_field() -> None:
    world = make_world()
    client = browser_of(world.lead)
    new = {"title": "Trains", "belief": "50", "value": "2m", "low": "3m", "full_funding": "50k"}
    refused = client.post(address(world, "/add?sheet=bets"), new)
    assert refused.status_code == 422
    assert "a low, a middle and a high value that rise" in text_of(refused)
    assert 'value="Trains"' in refused.content.decode()
    client.post(address(world, "/add?sheet=bets"), {**new, "low": "1m"})
    page = text_of(client.get(address(world)))
    assert "New bet Trains: belief 50%, value €2M" in page
    assert "added here" in page


def test_somebody_elses_scenario_can_be_read_and_duplicated_but_not_changed() -> None:
    world = make_world()
    client = browser_of(make_member(world.portfolio, Role.FINANCE))
    page = client.get(address(world)).content.decode()
    assert "Somebody else has made this scenario" in page
    assert "cell__field" not in page
    said = {"kind": "belief", "target": world.sick.pk, "sheet": "bets", "value": "40"}
    assert (
        client.post(address(world, "/cell"), said, headers={"HX-Request": "true"}).status_code
        == 403
    )
    client.post("/scenarios/new", {"parent": world.scenario.pk})
    assert Scenario.objects.filter(parent=world.scenario).count() == 1


def test_the_link_works_for_whoever_may_see_the_portfolio_and_nobody_else() -> None:
    world = make_world()
    world.solved()
    stranger = browser_of(make_member(make_portfolio(), Role.LEAD))
    viewer = browser_of(make_member(world.portfolio, Role.VIEWER))
    compared = f"/scenarios/compare?ids={world.scenario.pk}"
    picture = f"/scenarios/value-against-turnover?ids={world.scenario.pk}"
    parts = ["", "/head", "/details", "/since", "/propose"]
    for path in [*(address(world, part) for part in parts), compared, picture]:
        assert viewer.get(path).status_code == 200, path
        assert stranger.get(path).status_code == 404, path
    for part in ("cell", "turn", "add", "undo", "describe", "rebase", "solve", "propose"):
        assert stranger.post(address(world, f"/{part}")).status_code == 404


def test_the_page_says_when_the_world_has_moved_on_and_rebases() -> None:
    world = make_world()
    save(world, "40")
    client = browser_of(world.lead)
    assert "moved on" not in text_of(client.get(address(world, "/since")))
    Bet.objects.filter(pk=world.well.pk).update(belief=0.5)
    told = text_of(client.get(address(world, "/since")))
    assert "The world has moved on" in told
    assert "Belief in Well 90% → 50%" in told
    client.post(address(world, "/rebase"))
    assert "moved on" not in text_of(client.get(address(world, "/since")))
    assert "Belief in Sick 5% → 40%" in text_of(client.get(address(world)))


def test_the_answer_is_told_without_a_word_of_optimisation() -> None:
    world = make_world()
    edit.change(world.lead, world.scenario.pk, "stop", str(world.sick.pk), True)
    world.solved()
    page = text_of(browser_of(world.lead).get(address(world)))
    assert "Under these assumptions it is best to move €40k/mo out of 1 bet into 1 bet" in page
    for word in ("shadow", "dual", "objective", "optim", "solver", "constraint", "infeasible"):
        assert word not in page.lower(), word


def test_a_proposal_is_drawn_up_or_refused_with_what_stands_in_the_way() -> None:
    world = make_world()
    edit.change(world.lead, world.scenario.pk, "stop", str(world.sick.pk), True)
    world.solved()
    client = browser_of(world.lead)
    Bet.objects.filter(pk=world.sick.pk).update(withdrawable=0)
    refused = client.post(address(world, "/propose"))
    assert refused.status_code == 409
    assert "Sick must keep at least €40k/mo for now." in text_of(refused)
    Bet.objects.filter(pk=world.sick.pk).update(withdrawable=1)
    answer = client.post(address(world, "/propose"))
    proposal = Proposal.objects.get(drawn_up_by=world.lead)
    assert answer["Location"] == f"/proposals/{proposal.pk}"


def test_scenarios_are_compared_sorted_and_exported() -> None:
    world = make_world()
    world.solved()
    other = edit.create(world.lead, world.portfolio, "Other")
    client = browser_of(world.lead)
    query = f"ids={world.scenario.pk}&ids={other.pk}"
    page = text_of(client.get(f"/scenarios/compare?{query}&sort=-today&all=1"))
    assert "Other: queued" in page
    assert page.index("Sick") < page.index("Well")
    export = client.get(f"/scenarios/compare.csv?{query}")
    assert export["Content-Type"] == "text/csv; charset=utf-8"
    assert "Sick,currency per month,40000.0" in export.content.decode()
    assert client.get("/scenarios/compare?ids=999999").status_code == 404


def test_the_list_filters_sorts_and_hides_what_was_put_away() -> None:
    world = make_world()
    edit.create(make_member(world.portfolio, Role.LEAD), world.portfolio, "Theirs")
    edit.describe(world.lead, world.scenario.pk, archived=True)
    client = browser_of(world.lead)
    assert "Theirs" in text_of(client.get("/scenarios?sort=name"))
    assert "Theirs" not in text_of(client.get("/scenarios?whose=mine"))
    assert "What if" in text_of(client.get("/scenarios?archived=1"))


@pytest.mark.parametrize("count", [2, 300])
def test_a_scenario_of_few_or_many_bets_takes_the_same_queries(
    count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world = make_world()
    for _ in range(count - 2):
        make_scaling_bet(world.portfolio)
    scenario = edit.create(world.lead, world.portfolio, "Large")
    client = browser_of(world.lead)
    client.get("/scenarios")
    with django_assert_max_num_queries(QUERIES_OF_THE_PAGE):
        page = client.get(f"/scenarios/{scenario.pk}").content.decode()
    assert page.count('data-kind="belief"') == count
