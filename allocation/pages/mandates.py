"""The Mandates page: who may decide what without finance, and the forms to grant and to revoke."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from allocation import granting
from allocation.guardrails import known_values
from allocation.limit_changes import changes_of_mandate
from allocation.limits import LONGEST_REASON
from allocation.mandate_reading import mandate_rows, row_of
from allocation.mandates import ATTRIBUTES
from allocation.models import Mandate
from bets.forms import SeenForm, TypedMoneyField, decimal_sign_of
from bets.models import Portfolio
from spm.accounts.middleware import turn_to
from spm.accounts.models import ApiKey, Membership, Scope
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid
from spm.posted import posted

USUAL = timedelta(days=180)
END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


def _sum(label: str, help_text: str) -> TypedMoneyField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return TypedMoneyField(label=label, required=False, help_text=help_text, widget=widget)


class MandateForm(SeenForm):
    """What is granted to whom; the rules are ``allocation.granting``'s."""

    holder = forms.ChoiceField(
        label="Holder",
        required=False,
        help_text="A member, or a key with the scope 'decide'; never yourself.",
    )
    most_per_move = _sum("At most a move, a month", "The most that one move may be.")
    most_per_30_days = _sum("At most in 30 days, a month", "What all moves under it may come to.")
    expires_on = forms.DateField(
        label="Until the end of",
        required=False,
        help_text="At most a year from now.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reversible_only = forms.BooleanField(
        label="Only what can be left within two quarters: stock and property",
        required=False,
        initial=True,
    )
    books_at_once = forms.BooleanField(
        label="Book at once whatever is proposed inside it, and announce it", required=False
    )
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=LONGEST_REASON,
        help_text="Kept with the mandate, for whoever asks later.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, portfolio: Portfolio, person_id: int, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holder: Any = self.fields["holder"]
        holder.choices = [("", "Choose…"), *_holders(portfolio, person_id)]
        known = known_values(portfolio)
        for attribute in ATTRIBUTES:
            self.fields[f"scope_{attribute}"] = forms.MultipleChoiceField(
                label="Value stream" if attribute == "stream" else attribute.capitalize(),
                choices=list((known[attribute] or {}).items()),
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
        self.fields["expires_on"].initial = timezone.localdate() + USUAL

    @property
    def scope_fields(self) -> list[forms.BoundField]:
        """The fields that say which bets it covers."""
        return [self[f"scope_{attribute}"] for attribute in ATTRIBUTES]

    def given(self) -> dict[str, Any]:
        """What was typed, as ``allocation.granting`` takes it."""
        said = self.cleaned_data
        kind, _, number = said["holder"].partition(":")
        day = said["expires_on"]
        return {
            **({kind: int(number)} if kind else {}),
            "scope": {name: said[f"scope_{name}"] for name in ATTRIBUTES if said[f"scope_{name}"]},
            "most_per_move": said["most_per_move"],
            "most_per_30_days": said["most_per_30_days"],
            "expires_at": datetime.combine(day, END_OF_DAY) if day else None,
            "reversible_only": said["reversible_only"],
            "books_at_once": said["books_at_once"],
            "reason": said["reason"],
        }

    def refuse(self, wrong: Any) -> None:
        """What is wrong with a holder or the end stands beside the field of this form."""
        named = {"user": "holder", "api_key": "holder", "expires_at": "expires_on"}
        super().refuse({named.get(name, name): text for name, text in wrong.items()})


def _holders(portfolio: Portfolio, person_id: int) -> list[tuple[str, str]]:
    """Who can be granted one: the other members, and others' keys that may decide."""
    members = Membership.objects.filter(portfolio=portfolio, user__is_active=True)
    people = members.exclude(user_id=person_id).select_related("user")
    keys = ApiKey.objects.filter(
        portfolio=portfolio,
        revoked_at=None,
        expires_at__gt=timezone.now(),
        scopes__contains=[Scope.DECIDE],
    ).exclude(owner_id=person_id)
    return [
        *(
            (f"user:{each.user_id}", f"{each.user}, {each.get_role_display().lower()}")
            for each in people.order_by("user__name", "user__email")
        ),
        *(
            (f"api_key:{key.pk}", f"Key ‘{key.name}’ of {key.owner}")
            for key in keys.select_related("owner").order_by("name", "pk")
        ),
    ]


@require_GET
def mandates_page(request: PageRequest) -> HttpResponse:
    """Every mandate, with what is used of it."""
    portfolio = request.portfolio
    if portfolio is None:
        return render(request, "allocation/mandates.html", {"rows": None})
    rows = mandate_rows(portfolio, timezone.now())
    context = {
        "rows": [row for row in rows if not row.use.state],
        "over": [row for row in rows if row.use.state],
        "may_set": may(request.user, "set_limits", portfolio.pk),
    }
    return render(request, "allocation/mandates.html", context)


@require_http_methods(["GET", "POST"])
def new_mandate(request: PageRequest) -> HttpResponse:
    """Grant one; what cannot be granted stands beside its field."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    if not may(request.user, "set_limits", portfolio.pk):
        raise PermissionDenied
    form = MandateForm(portfolio, request.user.pk, posted(request))
    form.use_decimal_sign(decimal_sign_of(request), portfolio.currency)
    if form.is_bound and form.is_valid():
        try:
            made = granting.grant(request.user, portfolio, form.given())
        except Invalid as refusal:
            form.refuse(refusal.fields)
        else:
            messages.success(request, f"{made} is granted to {made.holder}.")
            return redirect("allocation:mandates")
    status = 422 if form.is_bound else 200
    return render(request, "allocation/new_mandate.html", {"form": form}, status=status)


def _mandate(request: PageRequest, mandate_id: int) -> Mandate:
    visible = Mandate.objects.visible_to(request.user)
    rows = visible.select_related("portfolio", "user", "api_key__owner", "granted_by")
    mandate: Mandate = get_object_or_404(rows, pk=mandate_id)
    turn_to(request, mandate.portfolio_id)
    return mandate


@require_GET
def one_mandate(request: PageRequest, mandate_id: int) -> HttpResponse:
    """One mandate: what it covers, its journal, and for those who may the form that revokes it."""
    return _page(request, _mandate(request, mandate_id))


@require_POST
def revoke_mandate(request: PageRequest, mandate_id: int) -> HttpResponse:
    """Take it back, with a reason."""
    mandate, reason = _mandate(request, mandate_id), request.POST.get("reason", "")
    try:
        granting.revoke(request.user, mandate.pk, reason)
    except Invalid as refusal:
        return _page(request, mandate, status=422, wrong=refusal.fields["reason"], typed=reason)
    except Conflict as conflict:
        return _page(request, mandate, status=409, problem=conflict.message)
    except NotAllowed as refusal:
        return _page(request, mandate, status=403, problem=str(refusal))
    messages.success(request, f"{mandate} is revoked.")
    return redirect("allocation:mandates")


def _page(
    request: PageRequest, mandate: Mandate, status: int = 200, **context: Any
) -> HttpResponse:
    context |= {
        "row": row_of(mandate, timezone.now()),
        "changes": changes_of_mandate(mandate),
        "may_set": may(request.user, "set_limits", mandate.portfolio_id),
    }
    return render(request, "allocation/mandate.html", context, status=status)
