"""The pages of API keys: all of a portfolio for its administrators, their own for everybody."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from spm.accounts import keys as rules
from spm.accounts.key_forms import KeyForm, KeySigned, RotationForm
from spm.accounts.key_reading import changes_of, ends_soon, keys_of, state_of
from spm.accounts.middleware import turn_to
from spm.accounts.models import ApiKey, Scope
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.accounts.signed_form import SignedForm
from spm.accounts.signing import FIELD, sign
from spm.errors import Conflict, Invalid
from spm.posted import posted
from spm.ruled_form import RuledForm

#: How many changes the pages show; the API pages through all.
SHOWN = 30


@require_GET
def keys(request: PageRequest) -> HttpResponse:
    """Those that the person may see, those in force first; a fixed number of queries."""
    if request.portfolio is None:
        raise Http404
    rows = [_row(key) for key in keys_of(request.user, request.portfolio.pk)]
    context = {
        "rows": [row for row in rows if not row["is_over"]],
        "over": [row for row in rows if row["is_over"]],
        "changes": changes_of(request.user, request.portfolio.pk)[:SHOWN],
        "may_make": may(request.user, "administer", request.portfolio.pk),
    }
    return render(request, "accounts/keys.html", context)


@require_http_methods(["GET", "POST"])
def make(request: PageRequest) -> HttpResponse:
    """Make one; it is shown once, on the page that answers."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    if not may(request.user, "administer", portfolio.pk):
        raise PermissionDenied
    form = KeyForm(request.user, portfolio.pk, posted(request))

    def save() -> HttpResponse:
        return _shown_once(request, *rules.make(request.user, portfolio.pk, form.said()))

    return _form_page(request, form, "A new key", save, submit="Make the key")


@require_GET
def key(request: PageRequest, key_id: int) -> HttpResponse:
    """One key, what can be done with it, and what was."""
    found = _key(request, key_id)
    changes = changes_of(request.user, found.portfolio_id).filter(api_key=found)
    context = {**_row(found), "changes": changes[:SHOWN], **_may_do(request, found)}
    return render(request, "accounts/key.html", context)


@require_http_methods(["GET", "POST"])
def collect(request: PageRequest, key_id: int) -> HttpResponse:
    """Take over a key that was made in one's name; it is shown once."""
    found = _key(request, key_id)
    form = KeySigned(request.user, posted(request))

    def save() -> HttpResponse:
        return _shown_once(request, *rules.collect(request.user, found.pk))

    return _form_page(
        request, form, "Collect your key", save, found, "accounts/_before_collecting.html"
    )


@require_http_methods(["GET", "POST"])
def rotate(request: PageRequest, key_id: int) -> HttpResponse:
    """A new secret, shown once; the one before goes on for as long as the person chooses."""
    found = _key(request, key_id)
    form = RotationForm(request.user, posted(request))

    def save() -> HttpResponse:
        return _shown_once(request, *rules.rotate(request.user, found.pk, form.said()))

    return _form_page(request, form, "A new secret", save, found, submit="Rotate the key")


@require_http_methods(["GET", "POST"])
def revoke(request: PageRequest, key_id: int) -> HttpResponse:
    """End a key now, once it was read what that means."""
    found = _key(request, key_id)

    def save() -> HttpResponse:
        rules.revoke(request.user, found.pk)
        messages.success(request, f"The key {found.name} opens nothing any more.")
        return redirect("accounts:key", found.pk)

    before = "accounts/_before_revoking.html"
    form = RuledForm(posted(request))
    return _form_page(request, form, "Revoke a key", save, found, before, submit="Revoke it now")


# --- inside ---------------------------------------------------------------------------------------


def _key(request: PageRequest, key_id: int) -> ApiKey:
    """One that the person may see; its portfolio becomes the current one."""
    found = get_object_or_404(keys_of(request.user), pk=key_id)
    turn_to(request, found.portfolio_id)
    return found


def _row(key: ApiKey) -> dict[str, Any]:
    now = timezone.now()
    scopes = [Scope(each).label for each in key.scopes]
    return {
        "key": key,
        "scopes": scopes,
        "state": state_of(key, now),
        "ends_soon": ends_soon(key, now),
        "is_over": key.revoked_at is not None or key.expires_at <= now,
        "both_open": key.earlier_holds_at(now) and key.usable_at(now),
    }


def _may_do(request: PageRequest, key: ApiKey) -> dict[str, bool]:
    """What the page offers to do."""
    is_open = key.usable_at(timezone.now())
    return {
        "may_collect": key.awaits_owner and key.revoked_at is None and key.owner == request.user,
        "may_rotate": is_open and rules.may_rotate(request.user, key),
    }


def _shown_once(request: PageRequest, key: ApiKey, clear: str) -> HttpResponse:
    return render(request, "accounts/key_secret.html", {"key": key, "clear": clear})


def _form_page(
    request: PageRequest,
    form: RuledForm,
    heading: str,
    save: Callable[[], HttpResponse],
    key: ApiKey | None = None,
    before: str = "",
    submit: str = "Collect it",
) -> HttpResponse:
    """The form, until it is signed, where that is asked for, and what it asks for can be done."""
    if form.is_valid():
        try:
            if isinstance(form, SignedForm):
                sign(request.user, form.cleaned_data[FIELD], request)
            return save()
        except Invalid as refusal:
            form.refuse(refusal.fields)
        except (Conflict, NotAllowed) as refusal:
            form.refuse({"": str(refusal)})
    context = {"form": form, "heading": heading, "key": key, "before": before, "submit": submit}
    status = 422 if form.is_bound else 200
    return render(request, "accounts/key_form.html", context, status=status)
