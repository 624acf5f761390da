"""Reading a site page by page: what is owed and how far it is stand on disk.

A run goes on from the place that the last page committed, so it may be killed anywhere. Each page
is taken issue by issue; what is known already is not touched, so a second run changes nothing. The
order is that of creation, which no change disturbs. Where issues vanish meanwhile, a Server's
places move: then the run steps back by as many.
"""

import logging
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from evidence.jira import site as asking
from evidence.jira.facts import IssueSaid, Unreadable, id_of, read_comment, read_issue
from evidence.jira.known import learn, news_in
from evidence.jira.mapping import JiraMapping
from evidence.jira.mapping_fields import read_mapping
from evidence.jira.taking import take
from evidence.models import JiraConnection, JiraIssue, JiraKind, JiraRun, JiraState
from evidence.notices.jira import tell_of_stop
from spm import live
from spm.locks import only_one
from spm.sealed import Unreadable as NotOpened
from spm.sealed import unseal

logger = logging.getLogger(__name__)

LOCK_SPACE = 0x4A52
PAGE_SIZE = 50
EVERY = timedelta(minutes=3)
#: A search knows minutes alone, and may not know the newest changes yet.
OVERLAP = timedelta(minutes=5)
#: Then whatever else waits for the worker has its turn.
SECONDS_AT_ONE_GO = 10.0
#: How long is waited after something went wrong, doubled each time.
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
RETRIED_AFTER_A_RUN = 200
RUNS_KEPT = 200
#: Time zones differ by less.
ANY_ZONE = timedelta(hours=15)
_QUOTED = re.compile(r"""\"(?:\\.|[^"\\])*\"|'(?:\\.|[^'\\])*'""")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)
State, Kind = JiraRun.State, JiraRun.Kind


def pull(connection_id: int, seconds: float = SECONDS_AT_ONE_GO) -> bool:
    """Read what is due of a site, for at most so long; whether there is more to do at once."""
    with only_one(LOCK_SPACE, connection_id) as mine:
        run = _run_due(connection_id, timezone.now()) if mine else None
        if run is None:
            return False
        until = time.monotonic() + seconds
        try:
            site = open_site(run.connection)
            while run.state == State.RUNNING and time.monotonic() < until:
                if not read_page(run, site):
                    return False
        except asking.SiteError as error:
            note_trouble(run, error, timezone.now())
            return False
        except NotOpened:
            _stop(run, "The token cannot be read any more: give it anew.")
            return False
        return run.state == State.RUNNING


def begin(connection: JiraConnection, kind: str, now: datetime) -> JiraRun:
    """Begin a run. Nothing is asked yet; whoever calls has made sure that none is under way."""
    base = searched(connection.jql)
    if kind == Kind.CHANGES and connection.synced_until is not None:
        base = f'({base}) AND updated >= "{_as_asked(connection, now)}"'
    run: JiraRun = JiraRun.objects.create(
        connection=connection,
        kind=kind,
        jql=f"{base} ORDER BY created ASC, key ASC",
        page_size=PAGE_SIZE,
        started_at=now,
    )
    say(connection)
    return run


def read_page(run: JiraRun, site: asking.Site) -> bool:
    """Read one page, take it, and commit how far that is; False where the run was given up.

    Raises:
        SiteError: it could not be read; nothing has changed.
    """
    connection = run.connection
    mapping = read_mapping(connection.mapping)
    if run.pages == 0 and run.kind != Kind.CHANGES and site.is_cloud:
        run.total = _about(run, site)
    try:
        page = site.page(run.jql, mapping.asked_for, run.page_size, run.token, run.start_at)
    except asking.TooMuch:
        if run.page_size <= 1:
            raise
        run.page_size //= 2
        run.save(update_fields=["page_size"])
        return True
    except asking.NotTaken as refusal:
        if not run.token or refusal.status != 400:
            raise
        run.token = ""  # the place is not known there any more: from the beginning
        run.save(update_fields=["token"])
        return True
    said = [each for each in read_all(page.issues, mapping, site) if each is not None]
    news = news_in(connection, said)
    refused = sum(_take_or_keep(connection, mapping, each) for each in news)
    with transaction.atomic():
        goes_on = _go_on(run, page, len(news), refused)
    if run.state == State.DONE:
        _after(connection)
    return goes_on


def take_news(connection: JiraConnection, mapping: JiraMapping, said: IssueSaid) -> bool:
    """Put together and take one issue, in a transaction of its own; whether some was refused."""
    with transaction.atomic():
        issue = learn(connection, said)
        take(connection, mapping, issue)
    return bool(issue.problem)


def take_again(connection: JiraConnection, issues: Iterable[int]) -> int:
    """Try once more what could not be taken; how many of them are taken now."""
    mapping, taken = read_mapping(connection.mapping), 0
    for pk in issues:
        with transaction.atomic():
            issue: JiraIssue = JiraIssue.objects.select_for_update().get(pk=pk)
            take(connection, mapping, issue)
        taken += not issue.problem
    if taken:
        say(connection)
    return taken


def open_site(connection: JiraConnection) -> asking.Site:
    """The site, to be asked.

    Raises:
        spm.sealed.Unreadable: the token cannot be read.
    """
    is_cloud = connection.kind == JiraKind.CLOUD
    token = unseal(connection.sealed_token)
    return asking.Site(connection.site, is_cloud, connection.account, token)


def read_all(
    issues: Iterable[object], mapping: JiraMapping, site: asking.Site
) -> Iterable[IssueSaid | None]:
    """What issues of a page say, with all their comments where the mapping looks at them; None for
    what is no issue.
    """
    for issue in issues:
        try:
            said = read_issue(issue, mapping.names)  # type: ignore[arg-type]
        except Unreadable:
            yield None
            continue
        yield _with_comments(said, site) if mapping.marker and not said.has_all_comments else said


def searched(jql: str) -> str:
    """A search without the order that somebody gave it."""
    without_quotes = _QUOTED.sub(lambda found: "x" * len(found.group()), jql)
    order = _ORDER.search(without_quotes)
    return (jql[: order.start()] if order else jql).strip()


def say(connection: JiraConnection) -> None:
    """Tell open pages that something about the connection has changed."""
    live.say(connection.portfolio_id, f"jira:{connection.pk}", "jira")


def note_trouble(run: JiraRun, error: asking.SiteError, now: datetime) -> None:
    """Write down what went wrong, and when to try again, if ever."""
    connection = run.connection
    if isinstance(error, asking.NotLetIn | asking.NotTaken | asking.TooMuch):
        _stop(run, str(error))
        return
    wait = min(FIRST_WAIT * 2 ** min(connection.failures_in_a_row, 10), LONGEST_WAIT)
    if isinstance(error, asking.Busy):
        wait = timedelta(seconds=error.seconds)
    else:
        connection.failures_in_a_row = min(connection.failures_in_a_row + 1, 1_000)
    connection.problem, connection.not_before = str(error)[:500], now + wait
    with transaction.atomic():
        connection.save(update_fields=["problem", "not_before", "failures_in_a_row"])
        say(connection)
    logger.info("jira connection %s waits for %s", connection.pk, wait)


# --- inside ---------------------------------------------------------------------------------------


def _run_due(connection_id: int, now: datetime) -> JiraRun | None:
    """The run that is under way, else one that is begun because it is time."""
    rows = JiraConnection.objects.filter(pk=connection_id, state=JiraState.ACTIVE)
    connection = rows.select_related("portfolio").first()
    if connection is None or (connection.not_before and connection.not_before > now):
        return None
    run = connection.runs.filter(state=State.RUNNING).first()
    if run is not None:
        run.connection = connection
        return run
    last = connection.runs.order_by("-id").first()
    if last is not None and last.started_at > now - EVERY:
        return None
    with transaction.atomic():
        return begin(connection, Kind.CHANGES if connection.synced_until else Kind.FIRST, now)


def _about(run: JiraRun, site: asking.Site) -> int | None:
    """About how many issues there are, which Cloud does not say with its pages."""
    try:
        return site.count(run.jql)
    except asking.NotTaken:
        return None


def _take_or_keep(connection: JiraConnection, mapping: JiraMapping, said: IssueSaid) -> bool:
    """Take one issue, or keep it as refused: one alone must not hold up the rest."""
    try:
        return take_news(connection, mapping, said)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the page is read again
    except Exception as error:
        logger.exception("an issue of jira connection %s was left", connection.pk)
        problem = f"It could not be taken ({type(error).__name__})."
        JiraIssue.objects.update_or_create(
            connection=connection, issue_id=said.issue_id, defaults={"problem": problem}
        )
        return True


def _with_comments(said: IssueSaid, site: asking.Site) -> IssueSaid:
    """The issue with all its comments, where the search has not shown all of them."""
    read = [read_comment(row, said.issue_id) for row in site.comments(said.issue_id) if id_of(row)]
    return IssueSaid(
        said.issue_id,
        said.moment,
        said.facts,
        tuple(each for each in read if each is not None),
        has_all_comments=True,
    )


def _go_on(run: JiraRun, page: asking.Page, changed: int, refused: int) -> bool:
    """Commit the place; False where the connection was paused or given up meanwhile."""
    connection = JiraConnection.objects.select_for_update().get(pk=run.connection_id)
    now, shrunk = timezone.now(), 0
    if page.total is not None:
        shrunk = max((run.total or 0) - page.total, 0) if run.pages else 0
        run.total = page.total
    # Where issues have vanished, as many have moved to places that were read before.
    start_at = max(run.start_at - shrunk, 0) if shrunk else page.start_at
    run.token, run.start_at = page.token, start_at
    run.pages, run.seen = run.pages + 1, run.seen + len(page.issues)
    run.changed, run.refused = run.changed + changed, run.refused + refused
    if page.is_last and not shrunk:
        run.state, run.finished_at, run.token = State.DONE, now, ""
        connection.synced_until = max(run.started_at, connection.synced_until or run.started_at)
    run.save()
    connection.problem, connection.not_before, connection.failures_in_a_row = "", None, 0
    connection.save(update_fields=["problem", "not_before", "failures_in_a_row", "synced_until"])
    say(connection)
    return connection.state == JiraState.ACTIVE


def _after(connection: JiraConnection) -> None:
    """Once a run is done: try again what was refused, and forget runs of long ago."""
    refused = connection.issues.exclude(problem="").order_by("id")
    take_again(connection, list(refused.values_list("id", flat=True)[:RETRIED_AFTER_A_RUN]))
    kept = connection.runs.order_by("-id").values("id")[:RUNS_KEPT]
    connection.runs.exclude(id__in=kept).delete()


def _stop(run: JiraRun, problem: str) -> None:
    """Ask nothing more until somebody has put it right; the run goes on from where it is then."""
    with transaction.atomic():
        JiraRun.objects.filter(pk=run.pk).update(problem=problem[:500])
        was_read = JiraConnection.objects.filter(pk=run.connection_id, state=JiraState.ACTIVE)
        if was_read.update(state=JiraState.STOPPED, problem=problem[:500]):
            tell_of_stop(run.connection, problem)
        say(run.connection)


def _as_asked(connection: JiraConnection, now: datetime) -> str:
    """The moment since which changes are asked for, as the account's clock shows it.

    An hour that the clock shows twice is asked for from its first time on.
    """
    since = min(connection.synced_until or now, now) - OVERLAP
    try:
        zone = ZoneInfo(connection.time_zone or "?")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"{(since - ANY_ZONE).astimezone(UTC):%Y-%m-%d %H:%M}"
    shown = since.astimezone(zone)
    around = {(since + timedelta(hours=h)).astimezone(zone).utcoffset() for h in (-3, 0, 3)}
    if len(around) > 1:
        shown -= timedelta(hours=2)
    return f"{shown:%Y-%m-%d %H:%M}"
