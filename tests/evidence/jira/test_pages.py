"""The pages of Jira: a site is connected in four steps, and its page says how it stands."""

from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evidence.jira import changes
from evidence.jira.reading import preview
from evidence.models import Evidence, JiraConnection
from spm.accounts.models import Role
from spm.sealed import unseal
from tests.evidence.jira.connected import connected, told
from tests.factories import PASSWORD, make_hypothesis, make_member, make_portfolio
from tests.jira.data import BEGAN, RESULT, THEME, Comment, Issue, many
from tests.jira.server import ACCOUNT, TOKEN, Jira

pytestmark = pytest.mark.django_db
NASTY = "<img src=x onerror=alert(1)> & “payouts”"
TYPED = {"types": ["Epic"], "marker": "#evidence", "hypothesis": "1"}


def signed_in(person: Any) -> Client:
    """A browser of theirs."""
    client = Client()
    client.force_login(person)
    return client


def an_issue() -> Issue:
    """One that holds all that a mapping can take."""
    return Issue(
        1,
        "PAY-1",
        NASTY,
        description="Line one\n{code}x{code}\n[here|https://example.org]",
        custom={RESULT: {"value": "Validated"}, THEME: [{"value": "Growth"}]},
        comments=[
            Comment(7, "#evidence against strong H2: nobody came back", BEGAN),
            Comment(8, "#evidence what a day", BEGAN, author=None),
            Comment(9, "Nice.", BEGAN),
        ],
    )


def test_a_site_is_connected_in_four_steps_each_tried_at_once(settings: Any) -> None:
    portfolio = make_portfolio()
    browser = signed_in(make_member(portfolio, Role.ADMIN))
    assert b"No Jira site yet" in browser.get("/settings/jira").content
    with Jira("cloud", many(12)) as jira:
        settings.OUTGOING_ALLOW = [jira.at]
        typed = {"site": f"{jira.url}/browse/PAY-1", "account": ACCOUNT, "token": "no"}
        refused = browser.post("/settings/jira/new", {**typed, "signature": PASSWORD})
        assert refused.status_code == 422
        assert b"does not know this account with this token" in refused.content
        assert f'value="{typed["site"]}"' in refused.content.decode()  # what was typed stays
        unsigned = browser.post("/settings/jira/new", {**typed, "token": TOKEN})
        assert b"Sign with your password" in unsigned.content
        taken = {**typed, "token": TOKEN, "signature": PASSWORD}
        answer = browser.post("/settings/jira/new", taken, follow=True)
        connection = JiraConnection.objects.get()
        assert (connection.site, connection.state) == (jira.url, "setup")
        assert unseal(connection.sealed_token) == TOKEN not in connection.sealed_token
        page = answer.content.decode()
        assert "Jira Cloud answers." in page and 'aria-label="Step 2 of 4"' in page

        at = f"/settings/jira/{connection.pk}"
        wrong = browser.post(f"{at}/search", {"jql": "project = NOPE"})
        assert wrong.status_code == 422 and b"does not exist for the field" in wrong.content
        answer = browser.post(f"{at}/search", {"jql": "project = PAY"}, follow=True)
        page = answer.content.decode()
        assert "That is about 12 issues." in page and "What becomes of issues" in page
        shown = browser.get(f"{at}/preview").content.decode()
        assert shown.count("A new bet in the Funnel") == 10
        answer = browser.post(f"{at}/mapping", TYPED, follow=True)
        assert "Begin the first sync" in answer.content.decode()
        answer = browser.post(f"{at}/resume", follow=True)
        assert "<progress" in answer.content.decode()
        assert connection.runs.get().kind == "first"


def test_a_mapping_is_typed_and_shown_with_what_would_come_of_it() -> None:
    with connected(Jira("cloud", [an_issue()])) as office:
        browser, at = signed_in(office.admin), f"/settings/jira/{office.connection.pk}"
        typed = {
            **TYPED,
            "status-2": "Not begun",
            "take-description": "description",
            "take-theme": THEME,
            "rule-0-field": RESULT,
            "rule-0-hypothesis": "1",
            "rule-0-words": "validated = for strong\nRefuted = against decisive",
        }
        shown = browser.post(f"{at}/preview", typed).content.decode()
        assert "Strong against, on hypothesis 2: nobody came back" in shown
        assert "Strong for, on hypothesis 1" in shown
        assert "does not say ‘for’ or ‘against’" in shown
        assert "theme: Growth" in shown and "<q>Not begun</q>" in shown
        assert "&lt;img src=x" in shown and "<img" not in shown
        assert not JiraConnection.objects.get().mapping["marker"]

        wrong = browser.post(f"{at}/mapping", {**typed, "rule-0-words": "Validated: yes"})
        assert wrong.status_code == 422 and "Say ‘for’ or ‘against’" in wrong.content.decode()
        assert "Validated: yes" in wrong.content.decode()
        assert browser.post(f"{at}/mapping", typed).status_code == 302
        page = browser.get(f"{at}/mapping").content.decode()
        assert "validated = for strong" in page and 'value="Not begun"' in page


def test_what_the_mapping_names_becomes_evidence_once_and_a_status_moves_no_belief() -> None:
    theme_and_words = {
        "types": ["Epic"],
        "marker": "#evidence",
        "fields": {"theme": THEME, "description": "description"},
        "signals": {"To Do": "Not begun"},
        "evidence_fields": [
            {"field": RESULT, "hypothesis": 1, "words": {"Validated": ["for", "strong"]}}
        ],
    }
    jira = Jira("server", [an_issue()])
    with connected(jira, theme_and_words) as office:
        office.portfolio.themes.create(name="Growth")
        office.pull()
        bet = office.bet()
        assert bet.title == NASTY and str(bet.theme) == "Growth"
        assert bet.description == "Line one\nx\nhere (https://example.org)"
        assert bet.delivery_signal == "Not begun" and bet.belief is None
        refused = office.connection.issues.get().problem
        assert "hypothesis 1" in refused and "hypothesis 2" in refused
        assert "comment of somebody" in refused

        first, second = make_hypothesis(bet), make_hypothesis(bet)
        office.later()
        assert {e.note for e in Evidence.objects.all()} >= {"Experiment result says: Validated"}
        told_of = {e.hypothesis_id: e for e in Evidence.objects.all()}
        assert (told_of[first.pk].direction, told_of[second.pk].direction) == ("for", "against")
        assert told_of[second.pk].note == "nobody came back\n\nMia Krystof in PAY-1"
        assert str(told_of[second.pk].source) == "Jira"
        assert told_of[second.pk].link == f"{jira.url}/browse/PAY-1"

        bet.refresh_from_db()
        before = bet.belief, bet.stage
        jira.issue("PAY-1").status = "Done"
        office.send(told(jira.issue("PAY-1"), change=9))
        office.take()
        changes.backfill(office.admin, office.connection.pk)
        office.pull()
        bet.refresh_from_db()
        assert bet.delivery_signal == "Done" and (bet.belief, bet.stage) == before
        assert Evidence.objects.count() == 2

        page = signed_in(make_member(office.portfolio)).get(f"/bets/{bet.pk}").content.decode()
        assert f'<a href="{jira.url}/browse/PAY-1" rel="noopener noreferrer">Jira PAY-1</a>' in page
        assert "&lt;img src=x" in page and "<img src=x" not in page


def test_evidence_that_the_mapping_does_not_look_at_any_more_stays() -> None:
    with connected(Jira("cloud", [an_issue()]), {"types": ["Epic"], "marker": "#evidence"}) as (
        office
    ):
        office.pull()
        for _ in range(2):
            make_hypothesis(office.bet())
        office.later()
        assert Evidence.objects.count() == 1
        changes.set_mapping(office.admin, office.connection.pk, {"types": ["Epic"]}, False)
        office.pull()
        assert Evidence.objects.count() == 1


def test_a_title_that_was_put_right_here_stays_until_it_changes_there() -> None:
    from bets.edit import OFFICE, change_bet

    jira = Jira("cloud", [an_issue()])
    with connected(jira) as office:
        office.pull()
        change_bet(OFFICE, office.bet().pk, {"title": "Instant payouts"})
        jira.issue("PAY-1").status = "Done"
        office.send(told(jira.issue("PAY-1"), change=2))
        office.take()
        assert office.bet().title == "Instant payouts"
        jira.issue("PAY-1").summary = "Payouts at once"
        office.send(told(jira.issue("PAY-1"), change=3))
        office.take()
        assert office.bet().title == "Payouts at once"


def test_the_page_of_a_site_costs_a_fixed_number_of_queries_and_holds_no_secret() -> None:
    jira = Jira("cloud", many(3))
    jira.issues[0].custom[THEME] = {"value": NASTY}
    mapping = {"types": ["Epic"], "fields": {"theme": THEME}}
    with connected(jira, mapping) as office:
        browser, at = signed_in(office.admin), f"/settings/jira/{office.connection.pk}"
        counts: list[int] = []
        browser.get(at)
        for _ in range(2):
            office.later()
            office.send(b"{" + b" " * len(counts))
            office.take()
            with CaptureQueriesContext(database) as seen:
                page = browser.get(at).content.decode()
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 16
        assert "Try again" in page and "What webhooks brought" in page
        assert TOKEN not in page and unseal(office.connection.sealed_secret) not in page
        with CaptureQueriesContext(database) as seen:
            browser.get("/settings/jira")
        assert len(seen) <= 10

        assert browser.post(f"{at}/secret", {"signature": "wrong"}).status_code == 422
        shown = browser.post(f"{at}/secret", {"signature": PASSWORD}).content.decode()
        assert unseal(office.connection.sealed_secret) in shown
        browser.post(f"{at}/secret", {"signature": PASSWORD, "new": "1"})
        office.connection.refresh_from_db()
        assert unseal(office.connection.sealed_secret) not in shown

        for what, state in (("pause", "paused"), ("resume", "active"), ("disconnect",) * 2):
            browser.post(f"{at}/{what}")
            office.connection.refresh_from_db()
            assert office.connection.state.startswith(state)
        again = browser.post(f"{at}/resume", follow=True).content.decode()
        assert "connect it anew" in again
        assert "Connect anew" in browser.get(at).content.decode()


def test_a_preview_says_why_there_is_none() -> None:
    jira = Jira("cloud", many(1))
    with connected(jira) as office:
        from evidence.jira.mapping import JiraMapping

        jira.answers = [(500, None, {})]
        issues, problem = preview(office.admin, office.connection.pk, JiraMapping())
        assert issues == [] and "an error of its own (500)" in problem
