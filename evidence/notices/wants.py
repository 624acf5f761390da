"""What a person wants: which kinds of notices where, and when they may be mailed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction

from evidence.models import MailWhen, NoticeChoice, NoticeKind, NoticeSettings
from spm.accounts.models import User
from spm.errors import Invalid

#: What is mailed at once unless the person says else: somebody has to act, or money is at work on
#: a thesis that broke. Anything else comes in the digest.
URGENT = frozenset({NoticeKind.BREAK, NoticeKind.PROPOSAL, NoticeKind.CONSENT, NoticeKind.PROOF})
HOURLY_WAITS = timedelta(minutes=59)
Digest = NoticeSettings.Digest


@dataclass(frozen=True)
class Wants:
    """One person's choices, what holds by default among them."""

    mail: Mapping[str, str] = field(default_factory=lambda: {k: by_default(k) for k in NoticeKind})
    off_page: frozenset[str] = frozenset()
    time_zone: str = "UTC"
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest: str = Digest.HOURLY.value
    digest_hour: int = 8

    def is_quiet(self, now: datetime) -> bool:
        """Whether nothing may be mailed now."""
        begin, end = self.quiet_from, self.quiet_until
        if begin is None or end is None:
            return False
        here = now.astimezone(ZoneInfo(self.time_zone)).time()
        return begin <= here < end if begin < end else here >= begin or here < end

    def digest_is_due(self, since: datetime, now: datetime) -> bool:
        """Whether a digest goes that holds something owed since a moment."""
        if self.digest == Digest.HOURLY:
            return since <= now - HOURLY_WAITS
        return since < self._last_digest(now)

    def _last_digest(self, now: datetime) -> datetime:
        """The newest moment, not after now, at which a daily digest is due."""
        here = now.astimezone(ZoneInfo(self.time_zone))
        today = here.replace(hour=self.digest_hour, minute=0, second=0, microsecond=0)
        # Arithmetic on the wall clock: a day is a day where the clocks change in between.
        latest = today if today <= here else today - timedelta(days=1)
        return latest.astimezone(UTC)


def by_default(kind: str) -> str:
    """When a kind is mailed to who has said nothing."""
    return MailWhen.AT_ONCE if kind in URGENT else MailWhen.DIGEST


def wants_of(person: User) -> Wants:
    """What a person wants; two queries."""
    chosen = list(NoticeChoice.objects.filter(person=person))
    mail = {kind.value: str(by_default(kind)) for kind in NoticeKind}
    mail |= {row.kind: row.mail for row in chosen}
    off_page = frozenset(row.kind for row in chosen if not row.on_page)
    row = NoticeSettings.objects.filter(person=person).first() or NoticeSettings()
    return Wants(
        mail,
        off_page,
        row.time_zone,
        row.quiet_from,
        row.quiet_until,
        row.digest,
        row.digest_hour,
    )


def hold(person: User) -> None:
    """Let nobody else choose for a person until the transaction ends."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)


@transaction.atomic
def choose(person: User, wants: Wants) -> None:
    """Set what a person wants.

    Raises:
        Invalid: something is no choice; each field says what would be right.
    """
    wrong = _wrong(wants)
    if wrong:
        raise Invalid(wrong)
    hold(person)
    for kind in NoticeKind:
        NoticeChoice.objects.update_or_create(
            person=person,
            kind=kind,
            defaults={"mail": wants.mail[kind], "on_page": kind not in wants.off_page},
        )
    NoticeSettings.objects.update_or_create(
        person=person,
        defaults={
            "time_zone": wants.time_zone,
            "quiet_from": wants.quiet_from,
            "quiet_until": wants.quiet_until,
            "digest": wants.digest,
            "digest_hour": wants.digest_hour,
        },
    )


@cache
def time_zones() -> Sequence[str]:
    """Names of time zones that people live in, such as 'Europe/Zurich'; read once, from files."""
    areas = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    named = [name for name in available_timezones() if name.split("/")[0] in areas]
    return ("UTC", *sorted(named))


def _wrong(wants: Wants) -> dict[str, str]:
    wrong = {}
    for kind in NoticeKind:
        if wants.mail.get(kind) not in MailWhen.values:
            wrong[f"mail_{kind.value}"] = f"Say one of {', '.join(MailWhen.values)}."
    if wants.time_zone not in time_zones():
        wrong["time_zone"] = "There is no such time zone. An example: Europe/Zurich."
    if (wants.quiet_from is None) != (wants.quiet_until is None):
        empty = "quiet_from" if wants.quiet_from is None else "quiet_until"
        wrong[empty] = "Give both ends of the quiet hours, or neither."
    elif wants.quiet_from is not None and wants.quiet_from == wants.quiet_until:
        wrong["quiet_until"] = "Quiet hours end at another time than they begin."
    if wants.digest not in Digest.values:
        wrong["digest"] = f"Say one of {', '.join(Digest.values)}."
    if not 0 <= wants.digest_hour <= 23:
        wrong["digest_hour"] = "Give a whole hour from 0 to 23."
    return wrong
