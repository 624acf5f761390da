"""Bringing people in: an account with a made-up password, and a role in a portfolio."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from spm.accounts.models import Membership, Role, User
from spm.accounts.permissions import NotAllowed, require
from spm.errors import Invalid

# Words that are hard to mishear; five of 48 make about 28 bits, and sign-in is rate-limited.
WORDS = (
    "acorn", "anchor", "barley", "birch", "cedar", "cobalt", "copper", "coral", "delta",
    "ember", "falcon", "fjord", "garnet", "ginger", "granite", "harbour", "hazel", "heron",
    "indigo", "island", "ivory", "jasper", "juniper", "kestrel", "lantern", "linen", "maple",
    "marble", "meadow", "nimbus", "olive", "orchard", "otter", "pebble", "quarry", "raven",
    "russet", "saffron", "sparrow", "tandem", "timber", "topaz", "umber", "velvet", "walnut",
    "willow", "wren", "zephyr",
)  # fmt: skip
PASSWORD_WORDS = 5


@dataclass(frozen=True)
class SignIn:
    """How somebody signs in; ``password`` is empty for an account that was there already."""

    role: str
    email: str
    password: str


def made_up_password() -> str:
    """Words that a person can type from paper."""
    return "-".join(secrets.choice(WORDS) for _ in range(PASSWORD_WORDS))


@transaction.atomic
def bring_in(
    portfolio_id: int,
    email: str,
    role: str,
    *,
    name: str = "",
    password: str = "",
    team_ids: Sequence[int] = (),
) -> SignIn:
    """Give somebody a role in a portfolio, with an account if they have none.

    Args:
        portfolio_id: where.
        email: what they sign in with.
        role: one of ``Role``; replaces the one that they had there.
        name: how pages call them.
        password: for a new account; made up if empty.
        team_ids: on whose bets a contributor may act.

    Raises:
        Invalid: the address is none, or there is no such role.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Invalid({"email": f"'{email}' is no address such as ada@example.org."}) from error
    if role not in Role.values:
        raise Invalid({"role": f"There is no role '{role}'. There are: {', '.join(Role.values)}."})
    user = User.objects.filter(email=address).first()
    secret = ""
    if user is None:
        secret = password or made_up_password()
        user = User.objects.create_user(email=address, password=secret, name=name)
    membership, _ = Membership.objects.update_or_create(
        user=user, portfolio_id=portfolio_id, defaults={"role": role}
    )
    membership.teams.set(team_ids)
    return SignIn(role, address, secret)


# --- by somebody who administers the portfolio ----------------------------------------------------


def invite(
    by: User,
    portfolio_id: int,
    email: str,
    role: str,
    *,
    name: str = "",
    team_ids: Sequence[int] = (),
) -> SignIn:
    """Bring somebody in who has no role in the portfolio yet; see ``bring_in``.

    Raises:
        NotAllowed: the other may not say who does what.
        Invalid: as ``bring_in``, or they have a role already.
    """
    require(by, "administer", portfolio_id)
    known = Membership.objects.filter(portfolio_id=portfolio_id, user__email=email.strip().lower())
    if known.exists():
        raise Invalid({"email": f"{email.strip()} has a role here already: change it in the list."})
    return bring_in(portfolio_id, email, role, name=name.strip(), team_ids=team_ids)


@transaction.atomic
def change_role(
    by: User, membership: Membership, role: str, team_ids: Sequence[int] = ()
) -> Membership:
    """Give a member another role, or a contributor other teams.

    Raises:
        NotAllowed: the other may not, or it is their own role: nobody gives themselves a say.
        Invalid: there is no such role, or nobody would be left who administers.
    """
    _require_over(by, membership)
    if role not in Role.values:
        raise Invalid({"role": f"There is no role '{role}'. There are: {', '.join(Role.values)}."})
    if role != Role.ADMIN:
        _keep_one_who_administers(membership, "role")
    membership.role, membership.administers = role, False
    membership.save(update_fields=["role", "administers"])
    membership.teams.set(team_ids if role == Role.CONTRIBUTOR else ())
    return membership


@transaction.atomic
def dismiss(by: User, membership: Membership) -> None:
    """Take a member's role in the portfolio away; what they did stays on record.

    Raises:
        NotAllowed, Invalid: as ``change_role``.
    """
    _require_over(by, membership)
    _keep_one_who_administers(membership, "")
    membership.delete()


def _require_over(by: User, membership: Membership) -> None:
    require(by, "administer", membership.portfolio_id)
    if membership.user_id == by.pk:
        raise NotAllowed("Your own role is for another to change: nobody gives themselves a say.")


def _keep_one_who_administers(membership: Membership, field: str) -> None:
    """Lock the portfolio's members, and refuse to lose the last who may say who does what."""
    members = Membership.objects.select_for_update().filter(portfolio_id=membership.portfolio_id)
    others = [each for each in members.order_by("id") if each.pk != membership.pk]
    if not any(Role.ADMIN in each.roles for each in others):
        raise Invalid({field: "Nobody would be left to say who does what here."})
