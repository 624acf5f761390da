"""Reading a site page by page, through the real library, from a real server."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bets.models import Bet
from evidence.jira import changes
from evidence.jira import pull as pulling
from evidence.models import JiraConnection, JiraIssue, JiraRun
from spm.errors import Invalid
from tests.evidence.jira.connected import connected
from tests.jira.data import BEGAN, Issue, many
from tests.jira.server import Jira

pytestmark = pytest.mark.django_db
FIVE = 5


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of five, so that few issues are many pages."""
    monkeypatch.setattr(pulling, "PAGE_SIZE", FIVE)


@pytest.mark.parametrize("kind", ["cloud", "server"])
def test_a_first_sync_makes_each_issue_a_bet_and_a_second_run_changes_nothing(kind: str) -> None:
    jira = Jira(kind, many(13))
    jira.pages = [5, 1, 4]  # short pages are not the last
    with connected(jira) as office:
        assert office.count == 13
        run = office.pull()
        assert (run.state, run.kind, run.seen, run.changed) == ("done", "first", 13, 13)
        assert run.total == 13 and run.pages > 3
        bet = office.bet("PAY-2")
        assert bet.title == "Issue 2" and bet.stage == "funnel"
        assert (bet.delivery_signal, bet.delivery_signal_source) == ("Done", "Jira")
        assert bet.belief is None and bet.thesis_status == "untested"
        key = bet.external_keys.get()
        assert key.url == f"{jira.url}/browse/PAY-2"

        versions = list(Bet.objects.order_by("id").values_list("id", "version"))
        changes.backfill(office.admin, office.connection.pk)
        again = office.pull()
        assert (again.kind, again.seen, again.changed) == ("backfill", 13, 0)
        assert list(Bet.objects.order_by("id").values_list("id", "version")) == versions


@pytest.mark.parametrize("kind", ["cloud", "server"])
def test_a_run_goes_on_from_the_page_after_which_it_was_killed(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jira = Jira(kind, many(20))
    with connected(jira) as office:
        real = pulling.take_news
        left = iter([7, 0, 5, 4])

        class Killed(BaseException):
            pass

        def die(*args: object) -> bool:
            nonlocal before
            before -= 1
            if before < 0:
                raise Killed
            return real(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(pulling, "take_news", die)
        for each in left:
            before = each
            with pytest.raises(Killed):
                office.pull()
        before = 1_000
        run = office.pull()
        assert run.state == "done" and run.seen == 20
        assert Bet.objects.count() == 20 == JiraIssue.objects.exclude(bet=None).count()
        assert JiraRun.objects.count() == 1
        # Each page was begun anew by whoever came after, and none that had been committed.
        assert len(jira.searches()) == 1 + (kind == "server") + 4 + 4


def test_only_what_has_changed_is_asked_for_in_the_clock_of_the_account() -> None:
    jira = Jira("cloud", many(3))
    jira.zone = "Pacific/Auckland"
    with connected(jira) as office:
        office.pull()
        jira.issues[1].summary = "Renamed"
        jira.issues[1].updated = timezone.now()
        run = office.later()
        assert (run.kind, run.seen, run.changed) == ("changes", 1, 1)
        assert office.bet("PAY-2").title == "Renamed"
        jira.zone = "UTC"  # the account's clock is not known: rather more than too little
        JiraConnection.objects.update(time_zone="Nowhere/Land")
        assert office.later().state == "done"


def test_an_hour_that_a_clock_shows_twice_is_asked_for_from_its_first_time_on() -> None:
    site = JiraConnection(time_zone="Europe/Berlin")
    twice = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)  # 02:20 for the second time
    site.synced_until = twice
    assert pulling._as_asked(site, twice + timedelta(days=1)) <= "2026-10-25 01:15"
    site.synced_until = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert pulling._as_asked(site, twice) == "2026-07-01 13:55"


def test_what_vanishes_between_two_pages_of_a_server_hides_nothing() -> None:
    jira = Jira("server", many(15))

    def remove(start: int) -> None:
        if start == FIVE and len(jira.issues) == 15:
            del jira.issues[:2]

    with connected(jira) as office:
        jira.on_page = remove
        run = office.pull()
        assert run.state == "done"
        known = set(JiraIssue.objects.values_list("key", flat=True))
        assert known == {f"PAY-{number}" for number in range(1, 16)}


def test_a_place_that_is_not_known_any_more_is_left_for_the_beginning() -> None:
    jira = Jira("cloud", many(7))
    with connected(jira) as office:
        run = office.connection.runs.get()
        pulling.read_page(run, pulling.open_site(office.connection))
        JiraRun.objects.update(token="made-up")
        assert office.pull().state == "done"
        assert Bet.objects.count() == 7


def test_a_site_that_is_busy_or_away_is_left_alone_for_as_long_as_it_says() -> None:
    jira = Jira("cloud", many(7))
    with connected(jira) as office:
        jira.answers = [(429, {"errorMessages": []}, {"Retry-After": "77"})]
        run = office.pull()
        assert run.state == "running" and office.connection.state == "active"
        waits = office.connection.not_before - timezone.now()
        assert timedelta(seconds=70) < waits <= timedelta(seconds=77)
        assert office.connection.problem == "Jira asks to wait for 77 seconds."
        asked = len(jira.asked)
        office.pull()
        assert len(jira.asked) == asked  # not before it is time

        jira.answers = [(502, "<html>Bad gateway</html>", {})]
        JiraConnection.objects.update(not_before=None)
        office.pull()
        assert "an error of its own (502)" in office.connection.problem
        assert "html" not in office.connection.problem
        JiraConnection.objects.update(not_before=None)
        assert office.pull().state == "done"
        assert (office.connection.problem, office.connection.failures_in_a_row) == ("", 0)


def test_a_token_that_is_not_taken_any_more_stops_it_until_there_is_another() -> None:
    jira = Jira("server", many(7))
    with connected(jira) as office:
        jira.answers = [(401, "<html>", {})]
        office.pull()
        assert office.connection.state == "stopped"
        assert "does not know this account" in office.connection.problem
        notice = office.admin.notices.get()
        assert notice.text.startswith("Nothing is read of the Jira site 127.0.0.1")
        changes.connect(office.admin, office.portfolio, jira.url, "", "a-token-of-tests")
        changes.resume(office.admin, office.connection.pk)
        assert office.pull().state == "done"
        assert Bet.objects.count() == 7


def test_an_answer_that_is_too_large_is_asked_for_in_smaller_pages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from evidence.jira import line

    issues = many(7)
    for issue in issues:
        issue.description = "d" * 2_000
    mapping = {"types": ["Epic"], "fields": {"description": "description"}}
    with connected(Jira("cloud", issues), mapping) as office:
        monkeypatch.setattr(line, "MOST_BYTES", 9_000)
        run = office.pull()
        assert run.state == "done" and run.page_size < FIVE
        assert len(office.bet("PAY-7").description) == 2_000


def test_a_pause_stops_it_after_the_page_and_nothing_that_came_is_lost_by_a_disconnection() -> None:
    jira = Jira("cloud", many(15))
    with connected(jira) as office:
        run, site = office.connection.runs.get(), pulling.open_site(office.connection)
        assert pulling.read_page(run, site)
        changes.pause(office.admin, office.connection.pk)
        assert not pulling.read_page(run, site)
        assert office.pull().seen == 10 == Bet.objects.count()
        office.begin()
        assert office.pull().state == "done"

        changes.disconnect(office.admin, office.connection.pk)
        office.connection.refresh_from_db()
        assert office.connection.sealed_token == office.connection.sealed_secret == ""
        assert Bet.objects.count() == 15 == JiraIssue.objects.count()
        with pytest.raises(changes.Conflict):
            changes.resume(office.admin, office.connection.pk)
        anew = changes.connect(
            office.admin, office.portfolio, jira.url, "mia@example.org", "a-token-of-tests"
        )
        assert anew.pk == office.connection.pk and anew.state == "active"
        assert office.later().changed == 0


def test_an_issue_like_no_other_is_kept_as_refused_and_holds_nothing_up() -> None:
    issues = many(4)
    issues[0].summary = "t" * 300 + "<b>"
    issues[1].type = "Story"
    issues[2].custom["customfield_10021"] = {"value": "No such theme"}
    mapping = {"types": ["epic"], "fields": {"theme": "customfield_10021"}}
    with connected(Jira("cloud", issues), mapping) as office:
        run = office.pull()
        assert (run.seen, run.refused) == (4, 1)
        assert len(office.bet("PAY-1").title) == 200
        assert not Bet.objects.filter(external_keys__key="PAY-2").exists()
        refused = JiraIssue.objects.exclude(problem="").get()
        assert refused.key == "PAY-3" and "Theme" in refused.problem
        assert office.bet("PAY-3").title == "Issue 3"  # all but the theme
        office.portfolio.themes.create(name="No such theme")
        assert changes.retry(office.admin, office.connection.pk) == 1
        assert str(office.bet("PAY-3").theme) == "No such theme"


def test_a_page_of_what_is_known_costs_a_fixed_number_of_queries() -> None:
    counts = []
    for size in (1, FIVE - 1):
        jira = Jira("cloud", [])
        jira.issues = many(size)
        with connected(jira) as office:
            office.pull()
            changes.backfill(office.admin, office.connection.pk)
            with CaptureQueriesContext(database) as seen:
                office.pull()
            counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("site", "account", "token", "field", "says"),
    [
        ("", "mia@example.org", "wrong", "token", "does not know this account"),
        ("", "", "a-token-of-tests", "account", "e-mail address"),
        ("/nowhere", "mia@example.org", "a-token-of-tests", "site", "no Jira at this address"),
        ("ftp://x", "a", "b", "site", "begins with https://"),
        ("https://127.0.0.1:1", "a", "b", "site", "not a public address"),
        ("http://example.org", "a", "b", "site", "begins with https://"),
    ],
)
def test_what_is_typed_is_tried_at_once(
    site: str, account: str, token: str, field: str, says: str
) -> None:
    with connected(Jira("cloud", many(1))) as office:
        typed = site if "://" in site else f"{office.jira.url}{site}"
        with pytest.raises(Invalid) as refused:
            changes.connect(office.admin, office.portfolio, typed, account, token)
        assert list(refused.value.fields) == [field]
        assert says in refused.value.fields[field]


@pytest.mark.parametrize(
    ("jql", "says"),
    [
        ("project = NOPE", "Jira says: The value 'nope' does not exist"),
        ("order by created", "Say which issues"),
        ("", "Write something here."),
    ],
)
def test_a_search_is_tried_at_once(jql: str, says: str) -> None:
    with connected(Jira("cloud", many(1))) as office:
        with pytest.raises(Invalid) as refused:
            changes.search(office.admin, office.connection.pk, jql)
        assert says in refused.value.fields["jql"]


def test_the_order_of_a_search_is_left_out_and_nothing_else() -> None:
    assert pulling.searched('summary ~ "order by" ORDER BY "Story Points"') == (
        'summary ~ "order by"'
    )


def test_a_link_back_is_written_once_where_it_is_wanted() -> None:
    from evidence.jira import links

    jira = Jira("cloud", many(3))
    with connected(jira) as office:
        mapping = office.connection.mapping
        changes.set_mapping(office.admin, office.connection.pk, mapping, True)
        office.pull()
        assert links.write_owed(office.connection.pk) == 3
        assert links.write_owed(office.connection.pk) == 0
        (link,) = jira.issue("PAY-1").links.values()
        assert link["object"]["url"].endswith(f"/bets/{office.bet('PAY-1').pk}")
        jira.may_link = False
        JiraIssue.objects.update(owes_link=True)
        links.write_owed(office.connection.pk)
        office.connection.refresh_from_db()
        assert office.connection.problem == links.NOT_ALLOWED
        assert not office.connection.writes_links


def test_an_old_path_of_cloud_is_never_asked() -> None:
    jira = Jira("cloud", [Issue(1, "PAY-1", "One", created=BEGAN)])
    with connected(jira) as office:
        office.pull()
        assert jira.searches() and all("/rest/api/3/search/jql" in each for each in jira.searches())
