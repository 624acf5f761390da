"""Which notices a person still wants, and may still have, by e-mail."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from evidence.models import Because, MailWhen, Notice
from evidence.notices.concerned import OFFICE_ROLES
from evidence.notices.wants import Wants
from spm.accounts.models import Membership, Role, User

Roles = frozenset[str]

#: What a floor above has to be asked before mailing what it tells, by ``Because``: whether the
#: reason for telling the person still holds.
asked_again: dict[str, Callable[[Notice], bool]] = {}


@dataclass(frozen=True)
class Sifted:
    """Those that are to be mailed, oldest first, and those that need not be."""

    wanted: list[Notice]
    idle: list[Notice]


def sift(person: User, notices: Iterable[Notice], wants: Wants) -> Sifted:
    """Leave what was read, what the person does not want, and what no longer concerns them.

    Whoever has lost the role, the bet or the account gets nothing. One query, and what the floors
    above ask for theirs.
    """
    rows = list(notices)
    members = Membership.objects.filter(user=person, user__is_active=True)
    roles = {member.portfolio_id: member.roles for member in members}
    wanted = [
        row
        for row in rows
        if row.read_at is None and wants.mail[row.kind] != MailWhen.NEVER and _may(row, roles)
    ]
    kept = {row.pk for row in wanted}
    return Sifted(wanted, [row for row in rows if row.pk not in kept])


def _may(row: Notice, roles: Mapping[int, Roles]) -> bool:
    own = roles.get(row.portfolio_id)
    if own is None:
        return False
    if row.because in asked_again:
        return asked_again[row.because](row)
    if row.because == Because.OWNER:
        is_owner = row.bet is not None and row.bet.owner_id == row.person_id
        return is_owner or bool(own & set(OFFICE_ROLES))
    if row.because == Because.KEEPS:
        return Role.ADMIN in own
    return row.because != Because.OFFICE or bool(own & set(OFFICE_ROLES))
