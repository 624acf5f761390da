"""The API's paths for keys: people manage them, signed in; a key sees itself alone."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from spm.accounts import keys
from spm.accounts.key_reading import changes_of, keys_of, state_of
from spm.accounts.models import LONGEST_KEY_DAYS, ApiKey, KeyChange, Scope
from spm.accounts.permissions import require
from spm.accounts.signing import FIELD
from spm.api import fields
from spm.api.idempotency import Answer, once
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.serializers import FilterSerializer, ShownSerializer, Signed, StrictSerializer
from spm.api.views import ApiView, ListView, respond, signed

#: What of an answer is said this once.
SECRET = ("key",)


class KeyShown(ShownSerializer):
    """A key; never its secret. ``state`` says in words how it stands."""

    state = serializers.SerializerMethodField()
    scopes: Any = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))

    class Meta:
        model = ApiKey
        fields = [
            "id",
            "portfolio",
            "owner",
            "name",
            "identifier",
            "scopes",
            "state",
            "created_at",
            "made_by",
            "expires_at",
            "last_used_at",
            "revoked_at",
            "awaits_owner",
            "earlier_until",
            "earlier_used_at",
        ]

    def get_state(self, key: ApiKey) -> str:
        """Such as 'is in force' or 'ends soon'."""
        return state_of(key, timezone.now())


class ClearKeyShown(serializers.Serializer[Any]):
    """A key in clear, which is shown this once."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    key = serializers.CharField(
        allow_null=True,
        help_text="Keep it. Null where its owner has to collect it, and in a repetition.",
    )
    expires_at = fields.MomentField()
    earlier_until = fields.MomentField(
        allow_null=True, help_text="Until when the secret of before opens as well."
    )


class KeyChangeShown(ShownSerializer):
    """One change of a key: ``terms`` are those on which it stood afterwards."""

    terms = serializers.DictField()

    class Meta:
        model = KeyChange
        fields = ["id", "portfolio", "api_key", "kind", "at", "by", "terms"]


class NewKey(Signed):
    """A new key; ``portfolio`` may be left out where there is only one."""

    portfolio = fields.WholeField(required=False)
    owner = fields.WholeField(help_text="The id of the member in whose name it acts.")
    name = fields.TextField(max_length=keys.LONGEST_NAME, help_text="What it is for.")
    scopes = serializers.ListField(
        child=fields.ChoiceField(choices=Scope.choices), allow_empty=False
    )
    days = fields.WholeField(required=False, min_value=1, max_value=LONGEST_KEY_DAYS)


class Rotation(Signed):
    """How long both secrets open, and how long the key lives from now on."""

    overlap_hours = fields.WholeField(max_value=keys.LONGEST_OVERLAP_HOURS)
    days = fields.WholeField(required=False, min_value=1, max_value=LONGEST_KEY_DAYS)


class NoTerms(StrictSerializer):
    """Nothing has to be said."""


class KeyFilter(FilterSerializer):
    """Which keys, or changes of keys, are listed."""

    portfolio = fields.QueryWholeField(required=False)


class KeyChangeFilter(KeyFilter):
    """Which changes of keys are listed."""

    api_key = fields.QueryWholeField(required=False)
    kind = fields.ChoiceField(choices=KeyChange.Kind.choices, required=False)


class Keys(ListView):
    """Keys."""

    @extend_schema(parameters=[KeyFilter], responses=KeyShown(many=True), summary="List keys")
    def get(self, request: Request) -> Response:
        """Newest first: all of the portfolios that you administer, and your own; a key, itself."""
        wanted = KeyFilter.of(request.query_params)
        return self.page(keys_of(self.principal, wanted.get("portfolio")), KeyShown)

    @extend_schema(
        request=NewKey,
        responses={201: ClearKeyShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Make a key",
    )
    def post(self, request: Request) -> Response:
        """For people alone. The answer holds the key, this once."""
        body = self.read_body(NewKey)
        portfolios: Any = apps.get_model("bets", "Portfolio").objects
        portfolio = portfolios.meant_by(self.principal, body.pop("portfolio", None))
        require(self.principal, "administer", portfolio.pk)
        signature = {FIELD: body.pop(FIELD, "")}

        def act() -> Answer:
            signed(self, signature)
            person: Any = self.principal  # a key never gets this far
            return Answer(201, _clear(*keys.make(person, portfolio.pk, body)))

        return respond(once(request, act, said_once=SECRET))


class OneKey(ApiView):
    """One key."""

    @extend_schema(responses=KeyShown, summary="Show a key")
    def get(self, request: Request, key_id: int) -> Response:
        """As it stands; never its secret."""
        return Response(KeyShown(keys_of(self.principal).get(pk=key_id)).data)


class Collect(ApiView):
    """Collect a key."""

    problems = (409,)

    @extend_schema(
        request=Signed,
        responses=ClearKeyShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Collect a key",
    )
    def post(self, request: Request, key_id: int) -> Response:
        """By its owner; the answer holds the key, this once. From then on it opens."""
        return _given_out(self, Signed, lambda said: keys.collect(self.principal, key_id))


class Rotate(ApiView):
    """Rotate a key."""

    problems = (409,)

    @extend_schema(
        request=Rotation,
        responses=ClearKeyShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Rotate a key",
    )
    def post(self, request: Request, key_id: int) -> Response:
        """By its owner or an administrator; the answer holds the new secret, this once."""
        return _given_out(self, Rotation, lambda said: keys.rotate(self.principal, key_id, said))


class Revoke(ApiView):
    """Revoke a key."""

    problems = (409,)

    @extend_schema(
        request=NoTerms, responses=KeyShown, parameters=[IDEMPOTENCY_KEY], summary="Revoke a key"
    )
    def post(self, request: Request, key_id: int) -> Response:
        """By its owner or an administrator; the next request by it is refused."""
        self.read_body(NoTerms)

        def act() -> Answer:
            keys.revoke(self.principal, key_id)
            return Answer(200, dict(KeyShown(keys_of(self.principal).get(pk=key_id)).data))

        return respond(once(request, act))


class KeyChanges(ListView):
    """The journal of keys."""

    @extend_schema(
        parameters=[KeyChangeFilter],
        responses=KeyChangeShown(many=True),
        summary="List changes of keys",
    )
    def get(self, request: Request) -> Response:
        """Newest first; of the keys that you may see."""
        wanted = KeyChangeFilter.of(request.query_params)
        rows = changes_of(self.principal, wanted.pop("portfolio", None))
        return self.page(rows.filter(**wanted), KeyChangeShown)


def _given_out(
    view: ApiView, form: type[Signed], act: Callable[[dict[str, Any]], tuple[ApiKey, str]]
) -> Response:
    """Answer with the key in clear, once it is signed; a repetition need not be signed anew."""
    said = view.read_body(form)
    signature = {FIELD: said.pop(FIELD, "")}

    def give() -> Answer:
        signed(view, signature)
        return Answer(200, _clear(*act(said)))

    return respond(once(view.request, give, said_once=SECRET))


def _clear(key: ApiKey, clear: str) -> dict[str, Any]:
    return dict(ClearKeyShown({**vars(key), "key": clear or None}).data)


urlpatterns = [
    path("keys", Keys.as_view(), name="api-keys"),
    path("keys/<int:key_id>", OneKey.as_view(), name="api-key"),
    path("keys/<int:key_id>/collect", Collect.as_view(), name="api-collect-key"),
    path("keys/<int:key_id>/rotate", Rotate.as_view(), name="api-rotate-key"),
    path("keys/<int:key_id>/revoke", Revoke.as_view(), name="api-revoke-key"),
    path("key-changes", KeyChanges.as_view(), name="api-key-changes"),
]
