"""What the owner of an API key is told: that one was made in their name, that one ends soon, and
which go on when the password or the second factor behind them is another."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator

from evidence.models import Because, NoticeKind
from evidence.notices.tell import News, in_brief, tell
from spm import formats
from spm.accounts.key_reading import SOON
from spm.accounts.models import ApiKey, User
from spm.accounts.permissions import visible_portfolio_ids

MOST_NAMED, LONGEST_NAME = 5, 40


def on_key_made(sender: Any, key: ApiKey, by: User | None, **kwargs: Any) -> None:
    """Signal receiver: tell the owner, unless they made it themselves."""
    if by is None or by == key.owner:
        return
    waits = " It opens nothing until you collect it." if key.awaits_owner else ""
    may = ", ".join(key.scopes)
    text = f"{in_brief(str(by))} made the key {in_brief(key.name)} in your name: {may}.{waits}"
    tell([_news(key, f"key:{key.pk}:made", text)])


def on_sign_in_changed(sender: Any, user: User, **kwargs: Any) -> None:
    """Signal receiver: whoever signs in by something new hears which keys still open."""
    now = timezone.now()
    held = ApiKey.objects.filter(
        owner=user,
        revoked_at=None,
        awaits_owner=False,
        expires_at__gt=now,
        portfolio_id__in=visible_portfolio_ids(user),
    )
    of_portfolio: dict[int, list[str]] = defaultdict(list)
    for key in held.order_by("-id"):  # what somebody else has made is among the newest
        of_portfolio[key.portfolio_id].append(Truncator(key.name).chars(LONGEST_NAME))
    tell(_going_on(user, portfolio_id, names, now) for portfolio_id, names in of_portfolio.items())


def _going_on(user: User, portfolio_id: int, names: list[str], now: datetime) -> News:
    shown = ", ".join(names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    text = (
        f"How you sign in was changed. In your name go on: {shown}{more}. "
        "Revoke what you do not know."
    )
    return News(
        kind=NoticeKind.KEY,
        about=f"keys:{portfolio_id}:sign-in:{now.isoformat()}",
        text=text,
        url=reverse("accounts:keys"),
        portfolio_id=portfolio_id,
        to={user.pk: Because.KEY},
    )


def tell_of_keys(now: datetime) -> None:
    """Tell of each key in force once when it ends within two weeks; again after a rotation."""
    ending = ApiKey.objects.filter(
        revoked_at=None,
        awaits_owner=False,
        expires_at__gt=now,
        expires_at__lte=now + SOON,
    )
    tell((_ending(key) for key in ending.select_related("owner").order_by("id")), now)


def _ending(key: ApiKey) -> News:
    day = formats.full_moment(key.expires_at.date())
    text = f"The key {in_brief(key.name)} ends on {day}. Rotate it before, or its program stops."
    return _news(key, f"key:{key.pk}:ends:{key.expires_at:%Y%m%d}", text)


def _news(key: ApiKey, about: str, text: str) -> News:
    return News(
        kind=NoticeKind.KEY,
        about=about,
        text=text,
        url=reverse("accounts:key", args=[key.pk]),
        portfolio_id=key.portfolio_id,
        to={key.owner_id: Because.KEY},
    )
