"""What administrators do with a connection: connect, say what is read, pause, retry, disconnect.

Whatever leads to another site or shows a secret is signed; pages do that before they call here.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db import transaction
from django.utils import timezone

from bets.models import Portfolio
from evidence.jira import hooks
from evidence.jira import site as asking
from evidence.jira.mapping import JiraMapping
from evidence.jira.mapping_fields import as_json, read_mapping
from evidence.jira.pull import begin, open_site, say, searched, take_again
from evidence.models import JiraBody, JiraConnection, JiraKind, JiraRun, JiraState
from spm import celery, outgoing, reading, valkey
from spm.accounts.permissions import Principal, person_behind, require
from spm.errors import Conflict, Invalid
from spm.sealed import seal

PULL_TASK = "jira.pull"
MOST = 10
MOST_RETRIED = 50
LONGEST_JQL = 1_500
Kind, State = JiraRun.Kind, JiraState


def connect(
    principal: Principal, portfolio: Portfolio, site: str, account: str, token: str
) -> JiraConnection:
    """Connect a site, or give one that is connected another account or token; it is asked at once.

    What was read of a site that had been disconnected is known again.

    Raises:
        NotAllowed: the principal may not.
        Invalid: the site cannot be asked, is no Jira, or does not take the account.
    """
    require(principal, "administer", portfolio.pk)
    address, account = _site(site), reading.text(200)(account, "account")
    token = reading.text(1_000, required=True)(token, "token")
    rows = JiraConnection.objects.filter(portfolio=portfolio)
    if rows.exclude(site=address).exclude(state=State.DISCONNECTED).count() >= MOST:
        raise Invalid({"site": f"There are {MOST} sites here already; disconnect one first."})
    is_cloud, person, offers = _tried(address, account, token)
    with transaction.atomic():
        known = rows.select_for_update().filter(site=address).first()
        connection = known or JiraConnection(
            portfolio=portfolio,
            site=address,
            mapping=as_json(JiraMapping()),
            created_by=person_behind(principal),
            created_at=timezone.now(),
        )
        connection.kind = JiraKind.CLOUD if is_cloud else JiraKind.SERVER
        connection.account, connection.sealed_token = account, seal(token)
        connection.time_zone, connection.offers = person.time_zone, offers
        connection.problem, connection.not_before, connection.failures_in_a_row = "", None, 0
        if not connection.sealed_secret:
            connection.sealed_secret = seal(secrets.token_urlsafe(32))
        if connection.state in (State.STOPPED, State.DISCONNECTED):
            connection.state = State.ACTIVE if connection.synced_until else State.SETUP
        connection.save()
        say(connection)
        if connection.state == State.ACTIVE:
            transaction.on_commit(lambda: ring_pull(connection.pk))
    return connection


def search(principal: Principal, connection_id: int, jql: str) -> int | None:
    """Say which issues are read; it is tried at once.

    Returns:
        About how many issues that are, or None where the site does not say.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
        Invalid: it finds all or nothing that can be read, or Jira does not take it.
    """
    connection = _held(principal, connection_id)
    text = reading.text(LONGEST_JQL, required=True)(jql, "jql")
    if not searched(text):
        raise Invalid({"jql": "Say which issues, such as: project = PAY AND issuetype = Epic"})
    with _beside("jql"):
        site = open_site(connection)
        site.page(f"{searched(text)} ORDER BY created ASC", ["summary"], 1)
        count = site.count(searched(text))
        offers = site.offers()
    with transaction.atomic():
        connection = _held(principal, connection_id)
        is_new = searched(connection.jql) != searched(text)
        connection.jql, connection.offers = text, offers
        connection.save(update_fields=["jql", "offers"])
        if is_new:
            _read_anew(connection, "The search was changed.")
        say(connection)
    return count


@transaction.atomic
def set_mapping(
    principal: Principal, connection_id: int, given: Mapping[str, Any], writes_links: bool
) -> None:
    """Say what becomes of issues. Where anything changes, everything is read again.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
        Invalid: see ``mapping.read_mapping``.
    """
    connection = _held(principal, connection_id)
    mapping = as_json(read_mapping(given))
    if writes_links and not connection.writes_links:
        connection.issues.filter(bet__isnull=False).update(owes_link=True)
    is_new = mapping != connection.mapping
    connection.mapping, connection.writes_links = mapping, writes_links
    connection.save(update_fields=["mapping", "writes_links"])
    if is_new:
        _read_anew(connection, "The mapping was changed.")
    say(connection)


@transaction.atomic
def resume(principal: Principal, connection_id: int) -> None:
    """Begin, or go on with, reading a site.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
        Conflict: it is disconnected, or nobody has said yet which issues are read.
    """
    connection = _held(principal, connection_id)
    if connection.state == State.DISCONNECTED:
        raise Conflict("This site is disconnected: connect it anew, with a token.")
    if not connection.jql:
        raise Conflict("Say first which issues are read.")
    connection.state, connection.problem = State.ACTIVE, ""
    connection.not_before, connection.failures_in_a_row = None, 0
    connection.save()
    if not _is_under_way(connection):
        begin(connection, Kind.CHANGES if connection.synced_until else Kind.FIRST, timezone.now())
    _ring_both_after_commit(connection)
    say(connection)


@transaction.atomic
def pause(principal: Principal, connection_id: int) -> None:
    """Ask nothing and take nothing for now; webhooks that come are kept.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
        Conflict: nothing is read.
    """
    connection = _held(principal, connection_id)
    if connection.state not in (State.ACTIVE, State.STOPPED):
        raise Conflict("Nothing is read of this site.")
    connection.state = State.PAUSED
    connection.save(update_fields=["state"])
    say(connection)


@transaction.atomic
def backfill(principal: Principal, connection_id: int) -> None:
    """Read everything again; what is known already stays as it is.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
        Conflict: the site is not being read, or a run of that kind is under way.
    """
    connection = _held(principal, connection_id)
    if connection.state != State.ACTIVE:
        raise Conflict("Let it go on first: nothing is read of this site now.")
    under_way = connection.runs.filter(state=JiraRun.State.RUNNING).first()
    if under_way is not None and under_way.kind != Kind.CHANGES:
        raise Conflict("Everything is being read already.")
    _read_anew(connection, "Everything is read again instead.")


@transaction.atomic
def disconnect(principal: Principal, connection_id: int) -> None:
    """Forget the token and the secret. Bets, evidence and what is known of issues stay.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
    """
    connection = _held(principal, connection_id)
    _break_off(connection, "The site was disconnected.")
    connection.sealed_token, connection.sealed_secret = "", ""
    connection.account, connection.problem, connection.not_before = "", "", None
    connection.state = State.DISCONNECTED
    connection.save()
    say(connection)


@transaction.atomic
def new_secret(principal: Principal, connection_id: int) -> str:
    """Another secret for webhooks, in clear; that of before holds no longer.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
        Conflict: the site is disconnected.
    """
    connection = _held(principal, connection_id)
    if connection.state == State.DISCONNECTED:
        raise Conflict("This site is disconnected.")
    secret = secrets.token_urlsafe(32)
    connection.sealed_secret = seal(secret)
    connection.save(update_fields=["sealed_secret"])
    return secret


def retry(principal: Principal, connection_id: int) -> int:
    """Try once more what could not be taken; how many issues are taken now.

    So many issues as somebody can wait for; a worker tries more after each run, and all webhooks.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
        Conflict: the site is disconnected or paused.
    """
    connection = _held(principal, connection_id, lock=False)
    if connection.state not in (State.ACTIVE, State.STOPPED):
        raise Conflict("Let it go on first: nothing is taken of this site now.")
    refused = connection.issues.exclude(problem="").order_by("id")
    taken = take_again(connection, list(refused.values_list("id", flat=True)[:MOST_RETRIED]))
    with transaction.atomic():
        again = connection.bodies.filter(
            outcome__in=(JiraBody.Outcome.DEAD, JiraBody.Outcome.BROKEN)
        )
        again.update(outcome=JiraBody.Outcome.WAITING, problem="")
        transaction.on_commit(lambda: hooks.ring(connection.pk))
        say(connection)
    return taken


def ring_pull(connection_id: int) -> None:
    """Tell a worker; if the message is lost, beat's sweep rings again."""
    with suppress(valkey.Away), valkey.asked():
        celery.ring(PULL_TASK, connection_id)


# --- inside ---------------------------------------------------------------------------------------


@contextmanager
def _beside(field: str) -> Iterator[None]:
    """Say what a site answers beside a field."""
    try:
        yield
    except asking.SiteError as error:
        raise Invalid({field: str(error)}) from error


def _tried(site: str, account: str, token: str) -> tuple[bool, asking.Person, dict[str, Any]]:
    """Which product it is, under whom we ask it, and what it offers."""
    with _beside("site"):
        is_cloud = asking.Site(site, False, account, token).says_that_it_is_cloud()
    if is_cloud and not account:
        raise Invalid({"account": "Jira Cloud asks for the e-mail address that the token is of."})
    asked = asking.Site(site, is_cloud, account, token)
    with _beside("token"):
        return is_cloud, asked.person(), asked.offers()


def _site(text: str) -> str:
    """The address of a site, as it is stored: scheme, host, and a path if it has one."""
    typed = reading.text(200, required=True)(text, "site")
    if "://" not in typed:
        typed = f"https://{typed}"
    try:
        parts = urlsplit(typed)
        outgoing.target_of(typed)
    except (ValueError, outgoing.Refused) as refusal:
        said = str(refusal) if isinstance(refusal, outgoing.Refused) else "This is no address."
        raise Invalid({"site": said}) from refusal
    path = parts.path.rstrip("/")
    for known in ("/jira/software", "/browse", "/secure", "/projects", "/rest"):
        path = path.split(known)[0]
    if parts.netloc.lower().endswith(".atlassian.net"):
        path = ""
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, "", ""))


def _held(principal: Principal, connection_id: int, lock: bool = True) -> JiraConnection:
    """The connection, if the principal may change it."""
    rows = JiraConnection.objects.visible_to(principal).select_related("portfolio")
    connection: JiraConnection = rows.get(pk=connection_id)
    require(principal, "administer", connection.portfolio_id)
    if lock and transaction.get_connection().in_atomic_block:
        JiraConnection.objects.select_for_update().get(pk=connection_id)
        connection.refresh_from_db()
    return connection


def _is_under_way(connection: JiraConnection) -> bool:
    return connection.runs.filter(state=JiraRun.State.RUNNING).exists()


def _break_off(connection: JiraConnection, because: str) -> None:
    connection.runs.filter(state=JiraRun.State.RUNNING).update(
        state=JiraRun.State.FAILED, problem=because, finished_at=timezone.now()
    )


def _read_anew(connection: JiraConnection, because: str) -> None:
    """Begin with everything, if the site is being read; else the next run will."""
    _break_off(connection, because)
    was_read = connection.synced_until is not None
    connection.synced_until = None
    connection.save(update_fields=["synced_until"])
    if connection.state == State.ACTIVE:
        begin(connection, Kind.BACKFILL if was_read else Kind.FIRST, timezone.now())
        _ring_both_after_commit(connection)


def _ring_both_after_commit(connection: JiraConnection) -> None:
    transaction.on_commit(lambda: ring_pull(connection.pk))
    transaction.on_commit(lambda: hooks.ring(connection.pk))
