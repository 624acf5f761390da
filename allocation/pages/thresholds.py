"""Above which sums finance, and two people, decide: the form that finance changes them with."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from allocation import thresholds
from allocation.thresholds import LONGEST_REASON
from bets.forms import SeenForm, TypedMoneyField, decimal_sign_of, plain
from bets.models import Portfolio
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import may
from spm.errors import Invalid
from spm.posted import posted


def _figures() -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


class ThresholdsForm(SeenForm):
    """The two sums, currency per month, and why they are set so."""

    finance_above = TypedMoneyField(
        label="Portfolio leads decide up to, a month",
        required=False,
        widget=_figures(),
        help_text="What a decision moves in all. 0 or nothing: finance decides always.",
    )
    two_people_above = TypedMoneyField(
        label="Two people decide above, a month",
        required=False,
        widget=_figures(),
        help_text="Two different people then approve the same. Nothing: one always suffices.",
    )
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=LONGEST_REASON,
        help_text="Kept with the change, for whoever asks later.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    @staticmethod
    def initial_of(portfolio: Portfolio) -> dict[str, Any]:
        """The present sums."""
        return {
            "finance_above": plain(portfolio.finance_above),
            "two_people_above": plain(portfolio.two_people_above),
        }


@require_http_methods(["GET", "POST"])
def edit_thresholds(request: PageRequest) -> HttpResponse:
    """Change the sums; what cannot be taken stands beside its field."""
    portfolio = request.portfolio
    if portfolio is None:
        raise Http404
    if not may(request.user, "set_limits", portfolio.pk):
        raise PermissionDenied
    form = ThresholdsForm(posted(request), initial=ThresholdsForm.initial_of(portfolio))
    form.use_decimal_sign(decimal_sign_of(request), portfolio.currency)
    if form.is_bound and form.is_valid():
        try:
            thresholds.change(request.user, portfolio.pk, form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal.fields)
        else:
            messages.success(request, "Saved.")
            return redirect(reverse("allocation:settings") + "#deciding")
    context = {"form": form, "heading": "Who decides above which sum"}
    status = 422 if form.is_bound else 200
    return render(request, "allocation/settings_form.html", context, status=status)
