"""The form in which a person says what they want to be told, where and when."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from evidence.models import MailWhen, NoticeKind, NoticeSettings
from evidence.notices.wants import Wants, time_zones
from spm.ruled_form import RuledForm

HOURS = [(hour, f"{hour:02d}:00") for hour in range(24)]


class NoticeSettingsForm(RuledForm):
    """Two fields for each kind, ``mail_…`` and ``page_…``, then when anything may be mailed."""

    digest = forms.ChoiceField(
        label="The digest is mailed",
        choices=NoticeSettings.Digest.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of these."},
    )
    digest_hour = forms.TypedChoiceField(label="A daily digest at", choices=HOURS, coerce=int)
    quiet_from = forms.TimeField(
        label="Nothing by e-mail from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="What happens meanwhile comes in the first e-mail after. "
        "Leave both empty for no quiet hours.",
    )
    quiet_until = forms.TimeField(
        label="until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    time_zone = forms.ChoiceField(label="Your time zone")

    def __init__(self, data: Any, wants: Wants) -> None:
        own = {name: getattr(wants, name) for name in self.base_fields}
        chosen = {f"mail_{kind.value}": wants.mail[kind] for kind in NoticeKind}
        shown = {f"page_{kind.value}": kind not in wants.off_page for kind in NoticeKind}
        super().__init__(data, initial={**own, **chosen, **shown})
        zones: Any = self.fields["time_zone"]
        zones.choices = [(name, name.replace("_", " ")) for name in time_zones()]
        for kind in NoticeKind:
            self.fields[f"mail_{kind.value}"] = forms.ChoiceField(
                label=f"{kind.label}, by e-mail", choices=MailWhen.choices
            )
            self.fields[f"page_{kind.value}"] = forms.BooleanField(
                label=f"{kind.label}, on the page", required=False
            )

    def kinds(self) -> list[tuple[str, BoundField, BoundField]]:
        """Each kind in words with its two fields."""
        return [
            (kind.label, self[f"mail_{kind.value}"], self[f"page_{kind.value}"])
            for kind in NoticeKind
        ]

    def times(self) -> list[BoundField]:
        """The fields that say when."""
        return [self[name] for name in self.base_fields]

    def wants(self) -> Wants:
        """What was typed, once the form is valid."""
        typed = self.cleaned_data
        mail = {kind.value: typed[f"mail_{kind.value}"] for kind in NoticeKind}
        off_page = frozenset(kind.value for kind in NoticeKind if not typed[f"page_{kind.value}"])
        return Wants(mail, off_page, **{name: typed[name] for name in self.base_fields})
