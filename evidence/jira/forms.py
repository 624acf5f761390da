"""The forms of Jira: they read what people type; ``changes`` and ``mapping`` judge it."""

from collections.abc import Mapping
from typing import Any

from django import forms

from evidence.jira.changes import LONGEST_JQL
from evidence.jira.mapping import TAKEN, JiraMapping
from evidence.jira.mapping_fields import MOST_HYPOTHESES
from spm.accounts.signed_form import SignedForm
from spm.accounts.signing import FIELD
from spm.ruled_form import RuledForm

#: How many fields of Jira can be named as evidence on the page; the stored mapping takes more.
RULES_SHOWN = 3
STATUS, TAKE, RULE = "status-", "take-", "rule-"


class JiraSigned(SignedForm):
    """What is asked for about a connection by somebody who signs it."""

    signed_because = "a connection reaches out of the office."


class SiteForm(JiraSigned):
    """Which site, under which account."""

    field_order = ("site", "account", "token", FIELD)

    site = forms.CharField(
        label="Address of the site",
        max_length=200,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        help_text="As its start page has it, such as https://example.atlassian.net",
        error_messages={"required": "Give the address of the site."},
    )
    account = forms.CharField(
        label="Account",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Cloud: the e-mail address that the token is of. Server and Data Center: leave "
        "it empty for a personal access token.",
    )
    token = forms.CharField(
        label="Token",
        max_length=1_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="An API token (Cloud) or a personal access token. It is stored encrypted and "
        "never shown again. One that may only read is enough.",
        error_messages={"required": "Give a token."},
    )


class SearchForm(RuledForm):
    """Which issues are read."""

    jql = forms.CharField(
        label="Issues (JQL)",
        max_length=LONGEST_JQL,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Such as: project = PAY AND issuetype = Epic. An ORDER BY is left out.",
        error_messages={"required": "Say which issues, such as: project = PAY"},
    )


class MappingForm(RuledForm):
    """What becomes of issues, with what the site has to choose from.

    Args:
        mapping: as it is now.
        offers: types, statuses and fields of the site.
        writes_links: whether links back are written now.
        data: what was typed, or None.
    """

    types = forms.MultipleChoiceField(
        label="Issues of these types become bets",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    marker = forms.CharField(
        label="Comments that begin with",
        max_length=40,
        required=False,
        help_text="are evidence: <q>#evidence against strong: nobody came back</q>. Empty: none.",
    )
    hypothesis = forms.IntegerField(
        label="on hypothesis number",
        min_value=1,
        max_value=MOST_HYPOTHESES,
        help_text="of their bet, unless they name another themselves (<q>#evidence for H2</q>).",
    )
    writes_links = forms.BooleanField(label="Show the bet on each issue, as a link", required=False)

    def __init__(
        self,
        mapping: JiraMapping,
        offers: Mapping[str, Any],
        writes_links: bool,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.statuses = list(offers.get("statuses") or mapping.signals)
        initial: dict[str, Any] = {
            "types": list(mapping.types),
            "marker": mapping.marker,
            "hypothesis": mapping.hypothesis,
            "writes_links": writes_links,
        }
        super().__init__(data, initial=initial)
        types = sorted({*offers.get("types", ()), *mapping.types})
        self._typed_field("types").choices = [(each, each) for each in types]
        named = mapping.names
        fields = [tuple(each) for each in offers.get("fields", ())]
        fields += [(each, each) for each in sorted(named - {name for name, _ in fields})]
        for number, status in enumerate(self.statuses):
            self.fields[f"{STATUS}{number}"] = forms.CharField(
                label=status, max_length=120, required=False, initial=mapping.signals.get(status)
            )
        for name, label in TAKEN.items():
            self.fields[f"{TAKE}{name}"] = forms.ChoiceField(
                label=label,
                choices=[("", "Not from Jira"), *fields],
                required=False,
                initial=mapping.fields.get(name),
            )
        for number in range(RULES_SHOWN):
            self._add_rule(number, mapping, fields)

    def given(self) -> dict[str, Any]:
        """What was typed, as ``mapping.read_mapping`` takes it."""
        said = self.cleaned_data
        rules = [
            {
                "field": said[f"{RULE}{number}-field"],
                "hypothesis": said[f"{RULE}{number}-hypothesis"] or 1,
                "words": _words(said[f"{RULE}{number}-words"]),
            }
            for number in range(RULES_SHOWN)
            if said[f"{RULE}{number}-field"]
        ]
        return {
            "types": said["types"],
            "marker": said["marker"],
            "hypothesis": said["hypothesis"],
            "signals": {
                status: said[f"{STATUS}{number}"] for number, status in enumerate(self.statuses)
            },
            "fields": {name: said[f"{TAKE}{name}"] for name in TAKEN},
            "evidence_fields": rules,
        }

    def refuse(self, wrong: Mapping[str, str]) -> None:
        """What is wrong with a rule of a field stands beside the first that is given."""
        fields = dict(wrong)
        if "evidence_fields" in fields:
            fields[f"{RULE}0-words"] = fields.pop("evidence_fields")
        super().refuse(fields)

    def status_fields(self) -> list[Any]:
        """The fields in which a status is put into other words."""
        return [self[f"{STATUS}{number}"] for number in range(len(self.statuses))]

    def taken_fields(self) -> list[Any]:
        """The fields that say where a field of a bet comes from."""
        return [self[f"{TAKE}{name}"] for name in TAKEN]

    def rules(self) -> list[list[Any]]:
        """The fields of each rule: field, hypothesis, words."""
        parts = ("field", "hypothesis", "words")
        return [[self[f"{RULE}{number}-{part}"] for part in parts] for number in range(RULES_SHOWN)]

    def _typed_field(self, name: str) -> Any:
        return self.fields[name]

    def _add_rule(self, number: int, mapping: JiraMapping, fields: list[Any]) -> None:
        known = mapping.evidence_fields[number] if number < len(mapping.evidence_fields) else None
        said = known.words.items() if known else ()
        self.fields[f"{RULE}{number}-field"] = forms.ChoiceField(
            label="Field",
            choices=[("", "None"), *fields],
            required=False,
            initial=known.field if known else "",
        )
        self.fields[f"{RULE}{number}-hypothesis"] = forms.IntegerField(
            label="On hypothesis number",
            min_value=1,
            max_value=MOST_HYPOTHESES,
            required=False,
            initial=known.hypothesis if known else 1,
        )
        self.fields[f"{RULE}{number}-words"] = forms.CharField(
            label="Values that are evidence",
            required=False,
            max_length=5_000,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text="One a line: <q>Validated = for strong</q>",
            initial="\n".join(f"{value} = {way} {how}" for value, (way, how) in said),
        )


def _words(text: str) -> dict[str, list[str]]:
    """``Validated = for strong`` in each line, as a mapping takes it."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        value, _, judged = line.rpartition("=")
        found[value.strip() or line] = judged.lower().split() if value else []
    return found
