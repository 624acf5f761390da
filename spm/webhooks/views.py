"""The pages of webhooks, for administrators: which there are, what was sent, and changing them."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed
from spm.accounts.signing import FIELD, sign
from spm.errors import Conflict, Invalid
from spm.posted import posted
from spm.webhooks import changes
from spm.webhooks.forms import HookSigned, WebhookForm
from spm.webhooks.models import Webhook, WebhookDelivery
from spm.webhooks.reading import SHOWN, deliveries_of, webhooks_of

PAGE = "webhooks:webhooks"


@require_GET
def webhooks(request: PageRequest) -> HttpResponse:
    """All webhooks of the portfolio, and the newest deliveries; a fixed number of queries."""
    return render(request, "webhooks/webhooks.html", _context(request))


@require_GET
def body(request: PageRequest) -> HttpResponse:
    """The part of the page that follows what is sent."""
    return render(request, "webhooks/_webhooks.html", _context(request))


@require_http_methods(["GET", "POST"])
def add(request: PageRequest) -> HttpResponse:
    """Add one; its secret is shown once, on the page that answers."""
    _context(request)
    form = WebhookForm(request.user, posted(request), initial={"events": []})

    def save() -> HttpResponse:
        made = changes.add(request.user, request.portfolio.pk, **form.said())
        return _shown_once(request, *made)

    return _form_page(request, form, "A new webhook", save)


@require_http_methods(["GET", "POST"])
def change(request: PageRequest, webhook_id: int) -> HttpResponse:
    """Change where to, and of what."""
    hook = _hook(request, webhook_id)
    form = WebhookForm(request.user, posted(request), initial=WebhookForm.initial_of(hook))

    def save() -> HttpResponse:
        changes.change(request.user, hook.pk, **form.said())
        messages.success(request, "Saved.")
        return redirect(PAGE)

    return _form_page(request, form, "Change a webhook", save)


@require_http_methods(["GET", "POST"])
def rotate(request: PageRequest, webhook_id: int) -> HttpResponse:
    """A new secret, shown once."""
    hook = _hook(request, webhook_id)
    form = HookSigned(request.user, posted(request))

    def save() -> HttpResponse:
        return _shown_once(request, *changes.rotate(request.user, hook.pk))

    return _form_page(request, form, "A new secret", save, hook)


@require_POST
def act(request: PageRequest, webhook_id: int, what: str) -> HttpResponse:
    """Pause, let go on, remove, or send a test event."""
    hook = _hook(request, webhook_id)
    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "pause": (
            lambda: changes.change(request.user, hook.pk, active=False),
            "Nothing is sent to it until you let it go on.",
        ),
        "resume": (lambda: changes.change(request.user, hook.pk, active=True), "It goes on."),
        "remove": (lambda: changes.remove(request.user, hook.pk), "The webhook is removed."),
        "test": (lambda: changes.send_test(request.user, hook.pk), "A test event is on its way."),
    }
    return _done(request, *acts[what])


@require_POST
def redeliver(request: PageRequest, delivery_id: int) -> HttpResponse:
    """Send one delivery once more."""
    try:
        return _done(
            request,
            lambda: changes.redeliver(request.user, delivery_id),
            "It is sent once more, under the same id.",
        )
    except WebhookDelivery.DoesNotExist as error:
        raise Http404 from error
    except NotAllowed as error:
        raise PermissionDenied from error


# --- inside ---------------------------------------------------------------------------------------


def _context(request: PageRequest) -> dict[str, Any]:
    """What the page shows.

    Raises:
        Http404, PermissionDenied: there is no portfolio, or it is not theirs to administer.
    """
    if request.portfolio is None:
        raise Http404
    try:
        hooks = list(webhooks_of(request.user, request.portfolio.pk))
        deliveries = list(deliveries_of(request.user, request.portfolio.pk)[:SHOWN])
    except NotAllowed as error:
        raise PermissionDenied from error
    return {"webhooks": hooks, "deliveries": deliveries}


def _hook(request: PageRequest, webhook_id: int) -> Webhook:
    """One that the person may see; whether they may change it is asked when they do."""
    hook = Webhook.objects.visible_to(request.user).filter(pk=webhook_id).first()
    if hook is None:
        raise Http404
    try:
        webhooks_of(request.user, hook.portfolio_id)
    except NotAllowed as error:
        raise PermissionDenied from error
    turn_to(request, hook.portfolio_id)
    return hook


def _shown_once(request: PageRequest, hook: Webhook, secret: str) -> HttpResponse:
    return render(request, "webhooks/secret.html", {"hook": hook, "secret": secret})


def _form_page(
    request: PageRequest,
    form: HookSigned,
    heading: str,
    save: Callable[[], HttpResponse],
    hook: Webhook | None = None,
) -> HttpResponse:
    """The form, until it is signed and what it asks for can be done."""
    if form.is_valid():
        try:
            sign(request.user, form.cleaned_data[FIELD], request)
            return save()
        except Invalid as refusal:
            form.refuse(refusal.fields)
    status = 422 if form.is_bound else 200
    context = {"form": form, "heading": heading, "hook": hook}
    return render(request, "webhooks/form.html", context, status=status)


def _done(request: PageRequest, do: Callable[[], Any], said: str) -> HttpResponse:
    try:
        do()
        messages.success(request, said)
    except Conflict as conflict:
        messages.error(request, conflict.message)
    return redirect(PAGE)
