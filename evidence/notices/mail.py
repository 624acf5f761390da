"""E-mail: one digest to a person instead of a flood.

What is wanted at once is mailed within five minutes, together with all that came meanwhile;
anything else in the hourly or daily digest; never two e-mails to a person within an hour, and none
in their quiet hours. What is to be mailed is first tied to a ``NoticeMail`` and committed, then
sent, then marked. A mail server that fails is asked again, later and later, with the same e-mail
under the same ``Message-ID``; a crash between sending and marking sends that once more (at least
once, never lost), by which mail programs know the two as one.
"""

import logging
import uuid
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db import transaction

from evidence.models import MailWhen, Notice, NoticeMail
from evidence.notices.message import message_of
from evidence.notices.sift import sift
from evidence.notices.wants import Digest, Wants, wants_of
from spm.accounts.models import User

logger = logging.getLogger(__name__)

#: How long what is urgent waits for what else comes; with half a minute between two looks, under 5.
URGENT_WAITS = timedelta(minutes=4)
APART = timedelta(hours=1)
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=6)


def mail_what_is_due(now: datetime) -> int:
    """Send what is due at a moment; how many e-mails went out."""
    owed = Notice.objects.filter(mail_owed=True, mail=None).order_by("person_id")
    for person_id in owed.values_list("person_id", flat=True).distinct():
        collect(person_id, now)
    waiting = NoticeMail.objects.filter(settled_at=None, next_try_at__lte=now)
    return sum(
        send(mail_id, now) for mail_id in waiting.order_by("id").values_list("id", flat=True)
    )


@transaction.atomic
def collect(person_id: int, now: datetime) -> NoticeMail | None:
    """Tie what a person is owed to one e-mail, if it is due; nothing is sent yet."""
    # Two workers collect one after the other: the second finds nothing left.
    person = User.objects.select_for_update(no_key=True).get(pk=person_id)
    wants = wants_of(person)
    if wants.is_quiet(now):
        return None
    owed = Notice.objects.filter(person=person, mail_owed=True, mail=None)
    sifted = sift(person, owed.select_related("bet").order_by("id"), wants)
    Notice.objects.filter(pk__in=[row.pk for row in sifted.idle]).update(mail_owed=False)
    due = _due(person, sifted.wanted, wants, now)
    if not due:
        return None
    mail: NoticeMail = NoticeMail.objects.create(
        person=person, message_id=_message_id(), created_at=now, next_try_at=now
    )
    Notice.objects.filter(pk__in=[row.pk for row in due]).update(mail=mail)
    return mail


@transaction.atomic
def send(mail_id: int, now: datetime) -> bool:
    """Send one e-mail and mark it, unless another worker is at it; whether it went out."""
    rows = NoticeMail.objects.select_for_update(skip_locked=True, of=("self",))
    waiting = rows.filter(pk=mail_id, settled_at=None, next_try_at__lte=now)
    mail = waiting.select_related("person").first()
    if mail is None:
        return False
    wants = wants_of(mail.person)
    if wants.is_quiet(now):
        return False
    notices = mail.notices.select_related("bet", "portfolio").order_by("id")
    wanted = sift(mail.person, notices, wants).wanted
    if wanted and not _handed_over(mail, wanted, now):
        return False
    Notice.objects.filter(mail=mail).update(mail_owed=False)
    Notice.objects.filter(pk__in=[row.pk for row in wanted]).update(mailed_at=now)
    mail.settled_at, mail.was_sent = now, bool(wanted)
    mail.save(update_fields=["settled_at", "was_sent"])
    return mail.was_sent


def _handed_over(mail: NoticeMail, wanted: list[Notice], now: datetime) -> bool:
    """Whether the mail server took it; if not, it is tried again later."""
    mail.tries += 1
    try:
        message_of(mail, wanted).send()
    except Exception:
        wait = min(FIRST_RETRY * 2 ** min(mail.tries - 1, 10), LONGEST_RETRY)
        mail.next_try_at = now + wait
        mail.save(update_fields=["tries", "next_try_at"])
        logger.exception("e-mail %s was not taken at try %s", mail.pk, mail.tries)
        return False
    mail.save(update_fields=["tries"])
    return True


def _due(person: User, wanted: list[Notice], wants: Wants, now: datetime) -> list[Notice]:
    """What goes in an e-mail now: nothing, what is urgent, or all of it."""
    if not wanted or _had_one_lately(person, now):
        return []
    urgent = [row for row in wanted if wants.mail[row.kind] == MailWhen.AT_ONCE]
    rest = [row.owed_since for row in wanted if wants.mail[row.kind] == MailWhen.DIGEST]
    if rest and wants.digest_is_due(min(rest), now):
        return wanted
    if not urgent or min(row.owed_since for row in urgent) > now - URGENT_WAITS:
        return []
    return wanted if wants.digest == Digest.HOURLY else urgent


def _had_one_lately(person: User, now: datetime) -> bool:
    """Whether an e-mail is under way to the person, or went out within the hour."""
    mails = NoticeMail.objects.filter(person=person)
    lately = mails.filter(was_sent=True, settled_at__gt=now - APART)
    return mails.filter(settled_at=None).exists() or lately.exists()


def _message_id() -> str:
    """A name for one e-mail, given once and for all its tries."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<notices-{uuid.uuid4().hex}@{domain}>"
