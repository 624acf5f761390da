"""Cards as they are shown, rendered once for each state of a bet and kept in the cache.

The key holds everything that a card shows and that its version does not cover: what it waits for,
how long ago things were, whether this person may move it. So nothing ever has to be thrown away.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cache as remembered
from functools import cached_property
from pathlib import Path
from typing import Any

from django.core.cache import cache
from django.template import loader
from django.utils import timezone
from django.utils.safestring import SafeString

from bets.kanban import AGES, WRITTEN, Place
from bets.models import Bet, BetTeam, Dependency, Portfolio, Stage, Team
from bets.models.bet import EXITS, FUNDABLE
from bets.stays import patience_in, unusually_long
from spm import formats
from spm.accounts.models import Membership, Role, User
from spm.accounts.permissions import ROLES_FOR, membership_of

KEEP_SECONDS = 86_400
MARK_LETTERS = 10
TEMPLATE = "bets/_card.html"
WHAT_IS_KEPT_IS_MADE_OF = (
    TEMPLATE,
    "bets/_board.html",
    "bets/_column.html",
    "bets/_head.html",
    "bets/_more.html",
    "bets/_stay.html",
    "bets/_teams.html",
    "bets/_views.html",
    "bets/_wsjf.html",
    "components/belief.html",
    "components/empty.html",
    "components/funding_bar.html",
)

Waits = list[tuple[int, str]]
Overloads = list[tuple[int, str, Decimal]]


class Movers:
    """On which cards a person may act: none, all, or those of their teams."""

    def __init__(
        self, user: User, portfolio: Portfolio, membership: Membership | None = None
    ) -> None:
        """``membership`` is the person's in the portfolio, if it has been read already."""
        self.membership = membership or membership_of(user, portfolio.pk)
        self.role = self.membership.role if self.membership else None
        self.may_any = self.role in ROLES_FOR["move_card"]

    @cached_property
    def bet_ids(self) -> set[int] | None:
        """The bets that they may act on, or None if it is all or none."""
        if self.membership is None or self.role != Role.CONTRIBUTOR:
            return None
        own = Bet.objects.filter(bet_teams__team__in=self.membership.teams.all())
        return set(own.values_list("pk", flat=True))

    @property
    def whose(self) -> tuple[str | None, int | None]:
        """What tells one person's board from another's: the role, and who, if it is by teams."""
        person = self.membership.user_id if self.membership else None
        return self.role, person if self.role == Role.CONTRIBUTOR else None

    def may_move(self, bet_id: int) -> bool:
        """Whether this card may be moved."""
        return self.may_any and (self.bet_ids is None or bet_id in self.bet_ids)


def cards_for(places: Iterable[Place], portfolio: Portfolio, movers: Movers) -> dict[int, str]:
    """The card of each bet, by its id: from the cache, or rendered now and kept."""
    waits, overloads = waiting_for(portfolio.pk), overloads_of(portfolio.pk)
    keys = _keys(places, waits, overloads, portfolio, movers)
    kept = cache.get_many(keys.values())
    missing = {bet_id: key for bet_id, key in keys.items() if key not in kept}
    fresh = _rendered(missing, waits, portfolio, movers)
    if fresh:
        cache.set_many({keys[bet_id]: html for bet_id, html in fresh.items()}, KEEP_SECONDS)
    # What comes out of the cache was escaped by the template when it went in.
    return {
        bet_id: SafeString(kept[key] if key in kept else fresh.get(bet_id, ""))
        for bet_id, key in keys.items()
    }


def marks_for(places: Iterable[Place], portfolio: Portfolio, movers: Movers) -> dict[int, str]:
    """The mark that each card carries on the page, by the id of its bet; it changes with it."""
    waits, overloads = waiting_for(portfolio.pk), overloads_of(portfolio.pk)
    keys = _keys(places, waits, overloads, portfolio, movers)
    return {bet_id: _mark(key) for bet_id, key in keys.items()}


def card_of(bet: Bet, movers: Movers) -> str:
    """One card, as it is now."""
    now = timezone.now()
    ages = [formats.ago(getattr(bet, moment), now) for moment in AGES]
    limit = unusually_long(bet, patience_in(bet.portfolio_id, now), now)
    if limit is not None:
        ages.append(str(limit.days))
    written = Bet.objects.filter(pk=bet.pk).annotate(written=WRITTEN).values_list("written")
    place = Place(bet.pk, f"{bet.pk}:{written.get()[0]}:{':'.join(ages)}")
    return cards_for([place], bet.portfolio, movers)[bet.pk]


def waiting_for(portfolio_id: int) -> dict[int, Waits]:
    """The bets, as (id, title), that each bet needs and that hold no working money."""
    waits: dict[int, Waits] = defaultdict(list)
    links = Dependency.objects.filter(bet__portfolio_id=portfolio_id, needs__working__lte=0)
    for bet_id, needs_id, title in links.order_by("bet_id", "needs_id").values_list(
        "bet_id", "needs_id", "needs__title"
    ):
        waits[bet_id].append((needs_id, title))
    return dict(waits)


def overloads_of(portfolio_id: int) -> dict[int, Overloads]:
    """The teams of each bet that hold more than they can absorb, as (id, name, rate over it)."""
    overloads: dict[int, Overloads] = defaultdict(list)
    links = BetTeam.objects.filter(bet__portfolio_id=portfolio_id, team__overload__gt=0)
    for bet_id, team_id, name, rate in links.order_by("bet_id", "team_id").values_list(
        "bet_id", "team_id", "team__name", "team__overload"
    ):
        overloads[bet_id].append((team_id, name, rate))
    return dict(overloads)


def _keys(
    places: Iterable[Place],
    waits: dict[int, Waits],
    overloads: dict[int, Overloads],
    portfolio: Portfolio,
    movers: Movers,
) -> dict[int, str]:
    return {
        place.bet_id: _key(
            place,
            waits.get(place.bet_id, []),
            overloads.get(place.bet_id, []),
            portfolio,
            movers,
        )
        for place in places
    }


def _mark(key: str) -> str:
    return key.rpartition(":")[2][:MARK_LETTERS]


def _key(
    place: Place, waits: Waits, overloads: Overloads, portfolio: Portfolio, movers: Movers
) -> str:
    may_move = movers.may_move(place.bet_id)
    return cache_key("card", place.mark, portfolio.currency, may_move, waits, overloads)


def cache_key(kind: str, *state: Any) -> str:
    """The key of something rendered from ``state``, and from the templates as they are now."""
    digest = hashlib.blake2b(repr((template_digest(), state)).encode(), digest_size=16)
    return f"{kind}:{digest.hexdigest()}"


@remembered
def template_digest() -> str:
    """Changes when the look of the board does, so that an update of the product shows at once."""
    templates: list[Any] = [loader.get_template(name) for name in WHAT_IS_KEPT_IS_MADE_OF]
    sources = [Path(template.origin.name) for template in templates]
    return hashlib.blake2b(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def _rendered(
    keys: dict[int, str],
    waits: dict[int, Waits],
    portfolio: Portfolio,
    movers: Movers,
) -> dict[int, str]:
    if not keys:
        return {}
    template = loader.get_template(TEMPLATE)
    now = timezone.now()
    patience = patience_in(portfolio.pk, now)
    bets = Bet.objects.filter(pk__in=keys).select_related("theme", "owner")
    return {
        bet.pk: template.render(
            {
                "bet": bet,
                "mark": _mark(keys[bet.pk]),
                "portfolio": portfolio,
                "waits": waits.get(bet.pk, []),
                "may_move": movers.may_move(bet.pk),
                "shows_limit": bet.stage in FUNDABLE and bet.funding_limit is not None,
                "unusual": unusually_long(bet, patience, now),
                "no_room": no_room_for(bet),
            }
        )
        for bet in bets.prefetch_related("bet_teams__team")
    }


def no_room_for(bet: Bet) -> list[Team]:
    """The teams that have no room for a bet that is ready to be pulled."""
    if bet.stage != Stage.READY:
        return []
    return [link.team for link in bet.bet_teams.all() if link.team.overload > 0]


def destinations(bet: Bet) -> list[tuple[Stage, bool]]:
    """The stages that a bet could be moved to, in the order of the board, and whether each is an
    exit.
    """
    return [(stage, stage in EXITS) for stage in Stage if stage != bet.stage]
