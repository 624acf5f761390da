"""Bringing people in: an account with a made-up password, and a role in a portfolio."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from spm.accounts.models import Membership, Role, User
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
