"""A form that rules judge: what a rule refuses stands beside the field that it names."""

from collections.abc import Mapping

from django import forms


class RuledForm(forms.Form):
    """A form whose refusals stand beside the fields."""

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """Put what a rule says beside the fields that it names."""
        for name, text in wrong.items():
            self.add_error(name if name in self.fields else None, text)
