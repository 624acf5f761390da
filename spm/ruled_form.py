"""A form that rules judge: what a rule refuses stands beside the field that it names."""

from collections.abc import Mapping
from typing import ClassVar

from django import forms


class RuledForm(forms.Form):
    """A form whose refusals stand beside the fields."""

    #: What rules call otherwise than the form does, by the name that they give it.
    other_names: ClassVar[Mapping[str, str]] = {}

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Put what a rule says beside the fields that it names, and the rest above them all."""
        for name, text in wrong.items():
            field = self.other_names.get(name, name)
            self.add_error(field if field in self.fields else None, text)
