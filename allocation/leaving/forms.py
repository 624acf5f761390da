"""What people fill in to end a bet; the consequences follow from it before anything is proposed."""

from decimal import Decimal
from typing import Any

from django import forms

from allocation.leaving.draw_up import LONGEST_REASON, propose_pivot, propose_stop
from allocation.leaving.plan import Plan, read_plan
from allocation.models import Proposal
from bets.models import Bet
from spm.accounts.permissions import Principal
from spm.amounts import money_as_typed
from spm.errors import Invalid
from spm.reading import id_of
from spm.ruled_form import RuledForm


class StopForm(RuledForm):
    """Why, and what is stopped with it.

    ``seen`` is the digest of the figures on the page: nothing is proposed that nobody has seen.
    """

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        help_text="Who decides reads it; it is kept with the proposal and with the card.",
        error_messages={"required": "Say why; who decides reads it, and it is kept."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, bet: Bet, data: Any = None, sign: str = "") -> None:
        super().__init__(data)
        self.bet, self.sign = bet, sign
        named = data.getlist("stop_with") if data is not None else []
        self.with_ids = [number for text in named if (number := id_of(text)) is not None]

    def plan(self) -> Plan:
        """What is meant, as far as it can be read; what is wrong stands beside its field."""
        try:
            return read_plan(self.bet, with_ids=self.with_ids, **self.further())
        except Invalid as refusal:
            self.refuse(refusal.fields)
            return Plan(self.bet)

    def further(self) -> dict[str, Any]:
        """What else is asked of this way of ending it."""
        return {}

    def propose(self, principal: Principal) -> Proposal:
        """Draw the proposal up; raises what ``draw_up`` raises."""
        return propose_stop(
            principal,
            self.bet.pk,
            self.cleaned_data["reason"],
            with_ids=self.with_ids,
            seen=self.cleaned_data["seen"],
        )

    def only_looked_at(self) -> None:
        """Nothing is proposed yet, so that no reason is missing yet."""
        self.errors.pop("reason", None)


class PivotForm(StopForm):
    """The same, with the successor and what of the money goes over to it."""

    successor = forms.TypedChoiceField(
        label="Goes on in",
        coerce=int,
        help_text="A bet that names this one as its predecessor, with a changed hypothesis.",
        error_messages={"required": "Choose the successor, or create one."},
    )
    amount = forms.CharField(
        label="Goes over to it, a month",
        required=False,
        max_length=40,
        help_text="Empty for as much as is freed and it may take. The rest goes to the reserve.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    field_order = ("seen", "successor", "amount", "reason")

    def __init__(self, bet: Bet, data: Any = None, sign: str = "") -> None:
        super().__init__(bet, data, sign)
        choices = list(bet.successors.order_by("-id").values_list("id", "title"))
        field: Any = self.fields["successor"]
        field.choices = choices
        self.latest = choices[0][0] if choices else None
        self.fields["amount"].widget.attrs["data-money"] = bet.portfolio.currency

    def further(self) -> dict[str, Any]:
        """The successor that was chosen, or the latest, and the amount as it was typed."""
        if not self.is_bound:
            return {"successor_id": self.latest}
        chosen = self.cleaned_data.get("successor", self.latest)
        return {"successor_id": chosen, "amount": self._amount()}

    def _amount(self) -> Decimal | None:
        text = self.cleaned_data.get("amount", "").strip()
        return money_as_typed(text, "amount", self.sign) if text else None

    def propose(self, principal: Principal) -> Proposal:
        """Draw the proposal up; raises what ``draw_up`` raises."""
        return propose_pivot(
            principal,
            self.bet.pk,
            self.cleaned_data["reason"],
            successor_id=self.cleaned_data["successor"],
            amount=self._amount(),
            with_ids=self.with_ids,
            seen=self.cleaned_data["seen"],
        )
