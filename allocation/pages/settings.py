"""What a portfolio is made of: everybody in it sees it, administrators and finance change it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from allocation.settings_forms import (
    LendingForm,
    MemberForm,
    PortfolioForm,
    StreamForm,
    TeamForm,
    ThemeForm,
)
from bets import structure
from bets.forms import SeenForm, decimal_sign_of, per_cent
from bets.models import Fungibility, Portfolio, Team, Theme, ValueStream
from spm.accounts.middleware import turn_to
from spm.accounts.models import Membership, Role
from spm.accounts.page_request import PageRequest
from spm.accounts.people import change_role, dismiss, invite
from spm.accounts.permissions import Action, NotAllowed, may, visible_portfolio_ids
from spm.errors import Invalid
from spm.posted import posted
from spm.reading import id_of

#: The parts that are named in addresses: model, form, and the rule that saves one.
PARTS: dict[str, tuple[Any, Any, Callable[[Any, Any], Any]]] = {
    "theme": (Theme, ThemeForm, structure.change_theme),
    "stream": (ValueStream, StreamForm, structure.change_stream),
    "team": (Team, TeamForm, structure.change_team),
}


@require_GET
def settings_page(request: PageRequest) -> HttpResponse:
    """All of it on one page; a fixed number of queries."""
    portfolio = request.portfolio
    if portfolio is None:
        return render(request, "allocation/settings.html", {})
    members = list(
        Membership.objects.filter(portfolio=portfolio)
        .select_related("user")
        .prefetch_related("teams")
        .order_by("user__name", "user__email")
    )
    context = {
        "members": members,
        "has_finance": any(member.role == Role.FINANCE for member in members),
        "lending": Fungibility.objects.filter(from_team__portfolio=portfolio)
        .select_related("from_team", "to_team")
        .order_by("from_team__name", "to_team__name"),
        "themes": portfolio.themes.all(),
        "streams": portfolio.streams.prefetch_related("teams"),
        "teams": portfolio.teams.select_related("stream"),
    }
    return render(request, "allocation/settings.html", context)


@require_http_methods(["GET", "POST"])
def edit_portfolio(request: PageRequest) -> HttpResponse:
    """Its name, intent and horizon."""
    portfolio = _portfolio(request, "administer")
    form = PortfolioForm(posted(request), initial=PortfolioForm.initial_of(portfolio))

    def save() -> None:
        structure.change_portfolio(portfolio, form.cleaned_data)

    return _form_page(request, form, "The portfolio", save)


@require_http_methods(["GET", "POST"])
def edit_part(request: PageRequest, kind: str, part_id: int | None = None) -> HttpResponse:
    """Add or change a theme, a value stream or a team."""
    model, form_class, change = PARTS[kind]
    part = (
        _part(request, kind, part_id)
        if part_id
        else model(portfolio=_portfolio(request, "administer"))
    )
    initial = form_class.initial_of(part) if part_id else {}
    arguments = [part.portfolio] if kind == "team" else []
    form = form_class(*arguments, posted(request), initial=initial)

    def save() -> None:
        change(part, form.fields_given())

    heading = str(part) if part_id else f"A new {model._meta.verbose_name}"
    remove_url = reverse("allocation:remove_part", args=[kind, part_id]) if part_id else ""
    return _form_page(request, form, heading, save, remove_url=remove_url)


@require_POST
def remove_part(request: PageRequest, kind: str, part_id: int) -> HttpResponse:
    """Remove a theme, a value stream or a team that nothing belongs to."""
    part = _part(request, kind, part_id)
    name = str(part)
    try:
        structure.remove(part)
        messages.success(request, f"‘{name}’ is removed.")
    except Invalid as refusal:
        messages.error(request, str(refusal))
    return redirect("allocation:settings")


@require_http_methods(["GET", "POST"])
def edit_lending(request: PageRequest) -> HttpResponse:
    """How well one team can take over what is freed in another; of a pair that is named, or any."""
    portfolio = _portfolio(request, "administer")
    named = {name: request.GET.get(name, "") for name in ("from_team", "to_team")}
    form = LendingForm(portfolio, posted(request), initial={**named, **_lent(portfolio, named)})

    def save() -> None:
        typed = form.cleaned_data
        share = typed["efficiency"]
        efficiency = None if share is None else float(share)
        structure.set_fungibility(typed["from_team"], typed["to_team"], efficiency)

    return _form_page(request, form, "What teams lend each other", save)


@require_http_methods(["GET", "POST"])
def add_member(request: PageRequest) -> HttpResponse:
    """Bring somebody in; a made-up password is shown once."""
    portfolio = _portfolio(request, "administer")
    form = MemberForm(portfolio, None, posted(request))

    def save() -> HttpResponse:
        typed = form.cleaned_data
        sign_in = invite(
            request.user,
            portfolio.pk,
            typed["email"],
            typed["role"],
            name=typed["name"],
            team_ids=form.team_ids(),
        )
        context = {"sign_in": sign_in, "role_in_words": Role(sign_in.role).label}
        return render(request, "allocation/member_added.html", context)

    return _form_page(request, form, "Bring somebody in", save, anchor="#people")


@require_http_methods(["GET", "POST"])
def edit_member(request: PageRequest, member_id: int) -> HttpResponse:
    """Another role for a member, or other teams."""
    member = _member(request, member_id)
    form = MemberForm(member.portfolio, member, posted(request))

    def save() -> None:
        change_role(request.user, member, form.cleaned_data["role"], form.team_ids())

    remove_url = reverse("allocation:remove_member", args=[member_id])
    heading = f"The role of {member.user}"
    return _form_page(request, form, heading, save, remove_url=remove_url, anchor="#people")


@require_POST
def remove_member(request: PageRequest, member_id: int) -> HttpResponse:
    """Take a member's role away."""
    member = _member(request, member_id)
    try:
        dismiss(request.user, member)
        messages.success(request, f"{member.user} has no role here any more.")
    except (Invalid, NotAllowed) as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("allocation:settings") + "#people")


# --- inside ---------------------------------------------------------------------------------------


def _portfolio(request: PageRequest, action: Action) -> Portfolio:
    """The current portfolio, if the person may do this in it."""
    portfolio: Portfolio | None = request.portfolio
    if portfolio is None:
        raise Http404
    if not may(request.user, action, portfolio.pk):
        raise PermissionDenied
    return portfolio


def _part(request: PageRequest, kind: str, part_id: int) -> Any:
    rows = PARTS[kind][0].objects.visible_to(request.user).select_related("portfolio")
    return _administered(request, get_object_or_404(rows, pk=part_id))


def _member(request: PageRequest, member_id: int) -> Membership:
    rows = Membership.objects.filter(portfolio_id__in=visible_portfolio_ids(request.user))
    member = get_object_or_404(rows.select_related("user", "portfolio"), pk=member_id)
    administered: Membership = _administered(request, member)
    return administered


def _administered(request: PageRequest, thing: Any) -> Any:
    """What they may see, if they administer its portfolio, which becomes the current one."""
    if not may(request.user, "administer", thing.portfolio_id):
        raise PermissionDenied
    turn_to(request, thing.portfolio_id)
    return thing


def _lent(portfolio: Portfolio, named: dict[str, str]) -> dict[str, str]:
    """What stands between two teams that are named in the address."""
    if any(id_of(text) is None for text in named.values()):
        return {}
    rows = Fungibility.objects.filter(from_team__portfolio=portfolio)
    pair = rows.filter(from_team=int(named["from_team"]), to_team=int(named["to_team"])).first()
    return {"efficiency": per_cent(pair.efficiency)} if pair else {}


def _form_page(
    request: PageRequest,
    form: SeenForm,
    heading: str,
    save: Callable[[], HttpResponse | None],
    *,
    remove_url: str = "",
    anchor: str = "",
) -> HttpResponse:
    """The form; once it is saved the settings again, unless saving has something to show."""
    form.use_decimal_sign(decimal_sign_of(request), request.portfolio.currency)
    if form.is_bound and form.is_valid():
        try:
            answer = save()
        except Invalid as refusal:
            form.refuse(refusal.fields)
        except NotAllowed as refusal:
            form.refuse({"": str(refusal)})
        else:
            if answer is not None:
                return answer
            messages.success(request, "Saved.")
            return redirect(reverse("allocation:settings") + anchor)
    context = {"form": form, "heading": heading, "remove_url": remove_url}
    status = 422 if form.is_bound else 200
    return render(request, "allocation/settings_form.html", context, status=status)
