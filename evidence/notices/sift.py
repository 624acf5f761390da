"""Which notices a person still wants, and may still have, by e-mail."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from evidence.models import Because, Notice, NoticeKind, NoticeSettings
from evidence.notices.concerned import OFFICE_ROLES
from spm.accounts.models import Membership, User


@dataclass(frozen=True)
class Sifted:
    """Those that are to be mailed, oldest first, and those that need not be."""

    wanted: list[Notice]
    idle: list[Notice]


def sift(person: User, notices: Iterable[Notice]) -> Sifted:
    """Leave what was read, what the person does not want, and what no longer concerns them.

    Whoever has lost the role, the bet or the account gets nothing. Two queries.
    """
    rows = list(notices)
    kinds = _kinds(person)
    roles = dict(
        Membership.objects.filter(user=person, user__is_active=True).values_list(
            "portfolio_id", "role"
        )
    )
    wanted = [row for row in rows if row.read_at is None and row.kind in kinds and _may(row, roles)]
    kept = {row.pk for row in wanted}
    return Sifted(wanted, [row for row in rows if row.pk not in kept])


def mail_wanted(person: User) -> str:
    """What the person wants by e-mail; everything, until they say else."""
    row = NoticeSettings.objects.filter(person=person).first()
    return row.mail if row else NoticeSettings.Mail.ALL.value


def _kinds(person: User) -> Collection[str]:
    wanted = mail_wanted(person)
    if wanted == NoticeSettings.Mail.NONE:
        return ()
    return (NoticeKind.BREAK,) if wanted == NoticeSettings.Mail.BREAKS else NoticeKind.values


def _may(row: Notice, roles: Mapping[int, str]) -> bool:
    role = roles.get(row.portfolio_id)
    if role is None:
        return False
    if row.because == Because.OWNER:
        is_owner = row.bet is not None and row.bet.owner_id == row.person_id
        return is_owner or role in OFFICE_ROLES
    return row.because != Because.OFFICE or role in OFFICE_ROLES
