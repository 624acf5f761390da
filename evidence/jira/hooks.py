"""Webhooks of a site: known by their secret, kept as they came, taken by a worker.

A site shows that a body is its own by a signature over it (``X-Hub-Signature``), or, where it signs
nothing, by the secret in the address that it was given.
"""

import hashlib
import hmac
import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from evidence.jira.bodies import read_body
from evidence.jira.facts import Unreadable
from evidence.jira.mapping import JiraMapping
from evidence.jira.mapping_fields import read_mapping
from evidence.jira.pull import say, take_news
from evidence.models import JiraBody, JiraConnection, JiraState
from spm import celery, valkey
from spm.locks import only_one
from spm.sealed import Unreadable as NotOpened
from spm.sealed import unseal

logger = logging.getLogger(__name__)

TASK = "jira.take_bodies"
LOCK_SPACE = 0x4A42
AT_ONE_GO = 200
KEPT_FOR = timedelta(days=30)
ALGORITHM = "sha256="
Outcome = JiraBody.Outcome


class NotTheirs(Exception):
    """Nothing shows that it comes from the site."""


def take_in(
    connection_id: int, raw: bytes, signature: str, secret: str, now: datetime | None = None
) -> None:
    """Keep a body for a worker, if it comes from the site; the same once more only counts.

    Args:
        connection_id: as the address names it.
        raw: the bytes.
        signature: the header, or nothing.
        secret: what stands in the address, or nothing.
        now: when it came; now by default.

    Raises:
        NotTheirs: there is no such connection, or neither signature nor secret is right.
    """
    connection = JiraConnection.objects.filter(pk=connection_id).first()
    if connection is None or not _is_theirs(connection, raw, signature, secret):
        raise NotTheirs
    moment, digest = now or timezone.now(), hashlib.sha256(raw).hexdigest()
    body = JiraBody(connection=connection, digest=digest, body=raw, first_at=moment, last_at=moment)
    with transaction.atomic():
        JiraBody.objects.bulk_create([body], ignore_conflicts=True)
        kept = JiraBody.objects.filter(connection=connection, digest=digest)
        kept.update(times=F("times") + 1, last_at=moment)
        if kept.filter(outcome=Outcome.WAITING).exists():
            transaction.on_commit(lambda: ring(connection.pk))


def take_waiting(connection_id: int) -> int:
    """Take the bodies that wait, oldest first; how many were."""
    done = 0
    with only_one(LOCK_SPACE, connection_id) as mine:
        rows = JiraConnection.objects.select_related("portfolio").filter(
            pk=connection_id, state__in=(JiraState.ACTIVE, JiraState.STOPPED)
        )
        connection = rows.first() if mine else None
        if connection is None:
            return 0
        mapping = read_mapping(connection.mapping)
        waiting = connection.bodies.filter(outcome=Outcome.WAITING).order_by("id")
        for body_id in list(waiting.values_list("id", flat=True)[:AT_ONE_GO]):
            _take(connection, mapping, JiraBody.objects.get(pk=body_id))
            done += 1
        if done:
            say(connection)
    return done


def waiting_connections() -> list[int]:
    """The connections of which bodies wait and may be taken."""
    rows = JiraBody.objects.filter(
        outcome=Outcome.WAITING, connection__state__in=(JiraState.ACTIVE, JiraState.STOPPED)
    )
    return list(rows.order_by().values_list("connection_id", flat=True).distinct())


def forget_old(now: datetime) -> int:
    """Remove bodies that were settled long ago; how many."""
    settled = JiraBody.objects.exclude(outcome__in=(Outcome.WAITING, Outcome.DEAD))
    removed, _ = settled.filter(last_at__lt=now - KEPT_FOR).delete()
    return removed


def ring(connection_id: int) -> None:
    """Tell a worker; if the message is lost, beat's sweep rings again."""
    with suppress(valkey.Away), valkey.asked():
        celery.ring(TASK, connection_id)


def _is_theirs(connection: JiraConnection, raw: bytes, signature: str, secret: str) -> bool:
    if not connection.sealed_secret:
        return False
    try:
        ours = unseal(connection.sealed_secret).encode()
    except NotOpened:
        return False
    if signature:
        expected = ALGORITHM + hmac.new(ours, raw, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.strip().lower().encode())
    return hmac.compare_digest(ours, secret.encode(errors="replace"))


def _take(connection: JiraConnection, mapping: JiraMapping, body: JiraBody) -> None:
    """Take one, and write down what became of it."""
    problem = ""
    try:
        read = read_body(bytes(body.body), mapping.names, timezone.now())
        body.event = read.event
        outcome = Outcome.UNKNOWN
        if read.said is not None:
            take_news(connection, mapping, read.said)
            outcome = Outcome.TAKEN
    except Unreadable as fault:
        outcome, problem = Outcome.BROKEN, str(fault)
    except (OperationalError, InterfaceError):
        raise  # the database is away, and nothing wrong with the body: it waits
    except Exception as error:
        logger.exception("a body of jira connection %s was left", connection.pk)
        outcome = Outcome.DEAD
        problem = f"It could not be taken ({type(error).__name__}). It is kept."
    JiraBody.objects.filter(pk=body.pk).update(
        outcome=outcome, event=body.event, problem=problem[:500]
    )
