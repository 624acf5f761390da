"""Saved views of the board: filters and lanes under a name, a person's own or shared by a lead.

The address of the page stays the truth: a view is a way to an address.
"""

from urllib.parse import parse_qsl

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from bets.kanban import Filters
from bets.models import BoardView, DefaultView, Portfolio
from spm.accounts.models import User
from spm.accounts.permissions import NotAllowed, Principal, may, person_behind, require
from spm.errors import Invalid

LONGEST_NAME = 60
LONGEST_QUERY = 1_000
MOST_VIEWS = 50


def views_of(person: User, portfolio: Portfolio) -> list[BoardView]:
    """A person's own views and those that are shared, by name; each knows ``is_default``."""
    return list(views_for(person).filter(portfolio=portfolio))


def views_for(principal: Principal) -> "QuerySet[BoardView]":
    """The views that a person, or whoever is behind a key, may use; each knows ``is_default``."""
    person = person_behind(principal)
    mine = DefaultView.objects.filter(person=person, view=OuterRef("pk"))
    rows: QuerySet[BoardView] = BoardView.objects.visible_to(principal)
    rows = rows.filter(Q(owner=person) | Q(is_shared=True)).select_related("owner")
    return rows.annotate(is_default=Exists(mine))


def view_for(principal: Principal, view_id: int) -> BoardView:
    """A view that the principal may use.

    Raises:
        BoardView.DoesNotExist: there is none such for them.
    """
    return views_for(principal).get(pk=view_id)


@transaction.atomic
def save_view(
    principal: Principal,
    portfolio: Portfolio,
    name: str,
    query: str,
    *,
    share: bool = False,
    opens: bool = False,
) -> BoardView:
    """Keep filters and lanes under a name.

    Args:
        principal: whose view; a key's is its owner's.
        portfolio: of which board.
        name: free among their own.
        query: the parameters of the address; what is no filter is left out.
        share: for everybody in the portfolio; a lead may.
        opens: whether the board opens in it for them from now on.
    """
    person = person_behind(principal)
    require(principal, "save_view", portfolio.pk)
    if share:
        require(principal, "share_view", portfolio.pk)
    if BoardView.objects.filter(owner=person, portfolio=portfolio).count() >= MOST_VIEWS:
        raise Invalid({"name": f"You have {MOST_VIEWS} views already. Delete one first."})
    kept = Filters.of(dict(parse_qsl(query))).query
    view = _named(BoardView(portfolio=portfolio, owner=person, query=kept, is_shared=share), name)
    return open_in(principal, view.pk, True) if opens else view


@transaction.atomic
def change_view(
    principal: Principal,
    view_id: int,
    *,
    name: str | None = None,
    share: bool | None = None,
    opens: bool | None = None,
) -> BoardView:
    """Several changes in one, or none of them; None leaves things as they are."""
    if name is not None:
        rename_view(principal, view_id, name)
    if share is not None:
        share_view(principal, view_id, share)
    if opens is not None:
        open_in(principal, view_id, opens)
    return view_for(principal, view_id)


def hold(principal: Principal, view_id: int, *, own: bool) -> None:
    """Lock a view until the transaction ends.

    Args:
        principal: who changes it.
        view_id: which, of those that they see.
        own: whether only whoever keeps it may change it so.

    Raises:
        BoardView.DoesNotExist, NotAllowed: as ``rename_view`` does.
    """
    view = (_own if own else view_for)(principal, view_id)
    BoardView.objects.select_for_update(no_key=True).get(pk=view.pk)


@transaction.atomic
def rename_view(principal: Principal, view_id: int, name: str) -> BoardView:
    """Give a view of one's own another name."""
    return _named(_own(principal, view_id), name)


@transaction.atomic
def delete_view(principal: Principal, view_id: int) -> BoardView:
    """Delete a view of one's own; whoever opened the board in it sees all cards again."""
    view = _own(principal, view_id)
    view.delete()
    return view


@transaction.atomic
def share_view(principal: Principal, view_id: int, share: bool) -> BoardView:
    """Give a view to everybody in the portfolio, or take it back; a lead may.

    A lead may take back what others share, and so keep the list short.
    """
    view = view_for(principal, view_id)
    require(principal, "share_view", view.portfolio_id)
    view.is_shared = share
    view.save(update_fields=["is_shared"])
    return view


@transaction.atomic
def open_in(principal: Principal, view_id: int, wanted: bool) -> BoardView:
    """Let the board open in a view for this person, or no longer."""
    view, person = view_for(principal, view_id), person_behind(principal)
    require(principal, "save_view", view.portfolio_id)
    if wanted:
        DefaultView.objects.update_or_create(
            person=person, portfolio_id=view.portfolio_id, defaults={"view": view}
        )
    else:
        DefaultView.objects.filter(person=person, view=view).delete()
    return view


def _own(principal: Principal, view_id: int) -> BoardView:
    view = view_for(principal, view_id)
    require(principal, "save_view", view.portfolio_id)
    if view.owner_id != person_behind(principal).pk:
        raise NotAllowed(f"‘{view}’ is a view of {view.owner}; only they may change it.")
    return view


def _named(view: BoardView, name: str) -> BoardView:
    short = name.strip()
    if not short or len(short) > LONGEST_NAME or not short.isprintable():
        raise Invalid({"name": f"A view has a name of 1 to {LONGEST_NAME} letters."})
    view.name = short
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise Invalid({"name": f"You have a view ‘{short}’ already."}) from error
    return view


def may_share(person: User, portfolio: Portfolio) -> bool:
    """Whether the person may give views to everybody."""
    return may(person, "share_view", portfolio.pk)
