"""The pages of Jira, for administrators: sites, connecting one in steps, and how it stands."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.jira import changes
from evidence.jira.forms import JiraSigned, MappingForm, SearchForm, SiteForm
from evidence.jira.mapping_fields import read_mapping
from evidence.jira.reading import Previewed, connections_of, hook_address, preview, shown
from evidence.models import JiraConnection, JiraState
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed
from spm.accounts.signing import FIELD, sign
from spm.errors import Conflict, Invalid
from spm.posted import posted
from spm.ruled_form import RuledForm
from spm.sealed import Unreadable, unseal

STEPS = ("Site", "Issues", "What becomes of them", "First sync")


@require_GET
def sites(request: PageRequest) -> HttpResponse:
    """The sites of the portfolio; a fixed number of queries."""
    return render(request, "evidence/jira/sites.html", {"connections": _connections(request)})


@require_http_methods(["GET", "POST"])
def connect(request: PageRequest) -> HttpResponse:
    """Step 1: a site, an account and a token, tried at once. Also for a new token."""
    _connections(request)
    site = request.GET.get("site", "")[:200]
    form = SiteForm(request.user, posted(request), initial={"site": site})
    if form.is_valid():
        said = form.cleaned_data
        try:
            sign(request.user, said[FIELD], request)
            made = changes.connect(
                request.user, request.portfolio, said["site"], said["account"], said["token"]
            )
            messages.success(request, f"{made.get_kind_display()} answers. The token is taken.")
            is_new = made.state == JiraState.SETUP
            return redirect("evidence:jira_search" if is_new else "evidence:jira_site", made.pk)
        except Invalid as refusal:
            form.refuse(refusal.fields)
    return _step(request, form, 1, {"heading": "Connect a Jira site", "submit": "Try it"})


@require_http_methods(["GET", "POST"])
def search(request: PageRequest, connection_id: int) -> HttpResponse:
    """Step 2: which issues are read, tried at once."""
    connection = _connection(request, connection_id)
    form = SearchForm(posted(request), initial={"jql": connection.jql})
    if form.is_valid():
        try:
            count = changes.search(request.user, connection.pk, form.cleaned_data["jql"])
            about = "The search works." if count is None else f"That is about {count:,} issues."
            messages.success(request, about)
            return redirect("evidence:jira_mapping", connection.pk)
        except Invalid as refusal:
            form.refuse(refusal.fields)
    more = {"heading": "Which issues are read", "submit": "Try it", "connection": connection}
    return _step(request, form, 2, more)


@require_http_methods(["GET", "POST"])
def mapping(request: PageRequest, connection_id: int) -> HttpResponse:
    """Step 3: what becomes of them, with ten real issues beside it."""
    connection = _connection(request, connection_id)
    form = _mapping_form(request, connection)
    if form.is_valid():
        try:
            links = form.cleaned_data["writes_links"]
            changes.set_mapping(request.user, connection.pk, form.given(), links)
            messages.success(request, "Saved.")
            return redirect("evidence:jira_site", connection.pk)
        except Invalid as refusal:
            form.refuse(refusal.fields)
    context = {"form": form, "connection": connection, "steps": _steps(connection), "current": 3}
    status = 422 if form.is_bound else 200
    return render(request, "evidence/jira/mapping.html", context, status=status)


@require_http_methods(["GET", "POST"])
def previewed(request: PageRequest, connection_id: int) -> HttpResponse:
    """What the mapping, as it is or as it was typed, would make of ten issues as they are now."""
    connection = _connection(request, connection_id)
    form, problem = _mapping_form(request, connection), ""
    issues: list[Previewed] = []
    try:
        if not form.is_bound:
            wanted = read_mapping(connection.mapping)
        elif form.is_valid():
            wanted = read_mapping(form.given())
        else:
            raise Invalid({"": "Put right what is said beside the fields, and look again."})
        issues, problem = preview(request.user, connection.pk, wanted)
    except Invalid as refusal:
        problem = " ".join(refusal.fields.values())
    context = {"issues": issues, "problem": problem, "connection": connection}
    return render(request, "evidence/jira/_preview.html", context)


@require_GET
def site(request: PageRequest, connection_id: int) -> HttpResponse:
    """How a connection stands; a fixed number of queries."""
    return render(request, "evidence/jira/site.html", _shown(request, connection_id))


@require_GET
def state(request: PageRequest, connection_id: int) -> HttpResponse:
    """The part of the page that follows what is read."""
    return render(request, "evidence/jira/_site.html", _shown(request, connection_id))


@require_POST
def act(request: PageRequest, connection_id: int, what: str) -> HttpResponse:
    """Begin or go on, pause, read everything again, try again, disconnect."""
    connection = _connection(request, connection_id)
    person, pk = request.user, connection.pk
    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "resume": (lambda: changes.resume(person, pk), "It is being read."),
        "pause": (lambda: changes.pause(person, pk), "Nothing is read until you let it go on."),
        "backfill": (lambda: changes.backfill(person, pk), "Everything is read again."),
        "retry": (lambda: changes.retry(person, pk), "It was tried again."),
        "disconnect": (
            lambda: changes.disconnect(person, pk),
            "The token is forgotten. Everything that came stays.",
        ),
    }
    do, said = acts[what]
    try:
        do()
        messages.success(request, said)
    except Conflict as conflict:
        messages.error(request, conflict.message)
    return redirect("evidence:jira_site", pk)


@require_http_methods(["GET", "POST"])
def secret(request: PageRequest, connection_id: int) -> HttpResponse:
    """Where webhooks go and what they are known by, shown to somebody who signs for it."""
    connection = _connection(request, connection_id)
    form = JiraSigned(request.user, posted(request))
    if form.is_valid():
        try:
            sign(request.user, form.cleaned_data[FIELD], request)
            said = _secret_of(request, connection)
            context = {
                "connection": connection,
                "secret": said,
                "address": hook_address(connection),
                "address_with_secret": hook_address(connection, said),
            }
            return render(request, "evidence/jira/secret.html", context)
        except Invalid as refusal:
            form.refuse(refusal.fields)
        except Conflict as conflict:
            form.refuse({"": conflict.message})
    more = {"heading": "Webhooks of this site", "submit": "Show", "connection": connection}
    return _step(request, form, 0, {**more, "is_secret": True})


# --- inside ---------------------------------------------------------------------------------------


def _connections(request: PageRequest) -> list[JiraConnection]:
    """The portfolio's.

    Raises:
        Http404, PermissionDenied: there is no portfolio, or it is not theirs to administer.
    """
    if request.portfolio is None:
        raise Http404
    try:
        return list(connections_of(request.user, request.portfolio.pk))
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error


def _connection(request: PageRequest, connection_id: int) -> JiraConnection:
    """One that the person may see, of a portfolio that they administer; else as above."""
    rows = JiraConnection.objects.visible_to(request.user).select_related("portfolio")
    connection: JiraConnection | None = rows.filter(pk=connection_id).first()
    if connection is None:
        raise Http404
    try:
        connections_of(request.user, connection.portfolio_id)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    turn_to(request, connection.portfolio_id)
    return connection


def _shown(request: PageRequest, connection_id: int) -> dict[str, Any]:
    try:
        found = shown(request.user, connection_id)
    except JiraConnection.DoesNotExist as error:
        raise Http404 from error
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    turn_to(request, found.connection.portfolio_id)
    return {"shown": found, "connection": found.connection}


def _mapping_form(request: PageRequest, connection: JiraConnection) -> MappingForm:
    known = read_mapping(connection.mapping)
    return MappingForm(known, connection.offers, connection.writes_links, posted(request))


def _secret_of(request: PageRequest, connection: JiraConnection) -> str:
    """The secret, or a new one where one is asked for."""
    if "new" not in request.POST and connection.sealed_secret:
        try:
            return unseal(connection.sealed_secret)
        except Unreadable:
            pass  # by a key that is not here any more: it needs a new one
    return changes.new_secret(request.user, connection.pk)


def _steps(connection: JiraConnection | None) -> list[Any] | None:
    """The way in steps, while a site is being set up; None afterwards."""
    return list(STEPS) if connection is None or connection.state == JiraState.SETUP else None


def _step(
    request: PageRequest, form: RuledForm, current: int, more: dict[str, Any]
) -> HttpResponse:
    steps = _steps(more.get("connection")) if current else None
    context = {"form": form, "current": current, "steps": steps, **more}
    status = 422 if form.is_bound else 200
    return render(request, "evidence/jira/form.html", context, status=status)
