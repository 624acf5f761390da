"""What bodies and addresses have in common: unknown names are refused, by name."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.http import QueryDict
from rest_framework import serializers

from spm import fields as columns
from spm.accounts.signing import LONGEST
from spm.api import fields
from spm.errors import Invalid


class StrictSerializer(serializers.Serializer[Any]):
    """A body in which every name is known."""

    def to_internal_value(self, data: Any) -> Any:
        """Check the names, then each value."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("Give an object: {...}.")
        known = [name for name, field in self.fields.items() if not field.read_only]
        unknown = {name: _unknown(known) for name in data if name not in known}
        if unknown:
            raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


class Terms(serializers.Serializer[Any]):
    """Describes a body that a rule reads by itself, so that nothing is checked twice."""

    def run_validation(self, data: Any = None) -> Any:
        """Not here."""
        raise NotImplementedError("a rule reads what is given; this only describes it")


class Signed(StrictSerializer):
    """What a signed-in person has to sign; a key is its own signature."""

    signature = fields.TextField(
        required=False,
        trim_whitespace=False,
        max_length=LONGEST,
        help_text="Your password, or a code of your app; a key needs none.",
    )


class FilterSerializer(StrictSerializer):
    """The parameters of a list. A misspelt one would silently filter nothing, so it is refused."""

    @classmethod
    def of(cls, query: QueryDict) -> dict[str, Any]:
        """The parameters that were given, each once.

        Raises:
            Invalid: one is unknown, given twice, or has no such value.
        """
        given = {name: values for name, values in query.lists() if name not in PAGING}
        twice = {name: "Give it once." for name, values in given.items() if len(values) > 1}
        if twice:
            raise Invalid(twice)
        serializer = cls(data={name: values[0] for name, values in given.items()})
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


PAGING = ("cursor", "page_size", "sort", "fields")


def _unknown(known: list[str]) -> str:
    return f"There is no such field. Those that can be given: {', '.join(known)}."


class ShownSerializer(serializers.ModelSerializer[Any]):
    """A row as it is shown: money as text, times in UTC, other rows by their id."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: fields.MomentField,
        models.URLField: serializers.CharField,  # which may be empty, and then is no address
    }

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        """The field for a column."""
        if isinstance(model_field, columns.MoneyField):
            return fields.MoneyField, {"allow_null": model_field.null}
        made, kwargs = super().build_standard_field(field_name, model_field)
        if "choices" in kwargs and model_field.blank:  # shown as it is, and so it is described
            kwargs["choices"] = [("", "None"), *kwargs["choices"]]
        return made, kwargs

    def include_extra_kwargs(self, kwargs: Any, extra_kwargs: Any) -> Any:
        """Where a word may be missing, the description says so of what is only shown, too."""
        may_be_empty = {"allow_blank": True} if kwargs.get("allow_blank") else {}
        return {**super().include_extra_kwargs(kwargs, extra_kwargs), **may_be_empty}

    def get_extra_kwargs(self) -> dict[str, Any]:
        """Nothing is written through what is shown."""
        return {name: {"read_only": True} for name in self.Meta.fields}


class FieldProblem(serializers.Serializer[Any]):
    """One field that is at fault."""

    field = serializers.CharField(
        allow_blank=True, help_text="Path of the field; empty for the whole."
    )
    problem = serializers.CharField(help_text="What is wrong, and what would be right.")


class Problem(serializers.Serializer[Any]):
    """A problem document (RFC 9457)."""

    type = serializers.CharField(help_text="Where this kind of problem is explained.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(allow_blank=True)
    errors = FieldProblem(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField(help_text="Name of the request in our logs.")
    changed = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="For a conflict: in which respects the world has changed.",
    )
