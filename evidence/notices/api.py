"""The API's paths for what a person is told: their notices, and which of them they want where."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from bets.serializers import PortfolioFilter
from evidence.models import MailWhen, Notice, NoticeKind
from evidence.notices.reading import mark_read
from evidence.notices.wants import Digest, Wants, choose, hold, wants_of
from spm.accounts.permissions import person_behind, require_person, visible_portfolio_ids
from spm.api import fields
from spm.api.schema import ETAG, IF_MATCH
from spm.api.serializers import ShownSerializer, StrictSerializer
from spm.api.views import ApiView, ListView, require_as_read, tagged


class NoticeShown(ShownSerializer):
    """Something that you were told; ``url`` is the path of a page."""

    class Meta:
        model = Notice
        fields = [
            "id",
            "portfolio",
            "kind",
            "because",
            "bet",
            "text",
            "url",
            "created_at",
            "read_at",
        ]


class NoticeListFilter(PortfolioFilter):
    """Of a portfolio, of a kind, unread."""

    kind = fields.ChoiceField(required=False, choices=NoticeKind.choices)
    unread = fields.ChoiceField(required=False, choices=[("yes", "Only what was not read.")])


class ReadTerms(StrictSerializer):
    """Up to which notice."""

    newest = fields.WholeField(help_text="The id of the newest that was seen.")


class MarkedShown(serializers.Serializer[Any]):
    """How many notices were unread before."""

    marked = serializers.IntegerField()


class MailTerms(StrictSerializer):
    """When each kind of notice is mailed."""

    def get_fields(self) -> dict[str, Any]:
        """One field for each kind."""
        return {
            kind.value: fields.ChoiceField(
                choices=MailWhen.choices, required=False, help_text=str(kind.label)
            )
            for kind in NoticeKind
        }


class PageTerms(StrictSerializer):
    """Whether each kind of notice is shown on the page."""

    def get_fields(self) -> dict[str, Any]:
        """One field for each kind."""
        return {
            kind.value: fields.YesNoField(required=False, help_text=str(kind.label))
            for kind in NoticeKind
        }


class NoticeSettingsTerms(StrictSerializer):
    """What you want to be told, where and when."""

    mail = MailTerms(required=False)
    on_page = PageTerms(required=False)
    digest = fields.ChoiceField(required=False, choices=Digest.choices)
    digest_hour = fields.WholeField(
        required=False, max_value=23, help_text="Of a daily digest, in your time zone."
    )
    quiet_from = fields.ClockField(
        required=False, allow_null=True, help_text="Nothing is mailed from then, such as 22:00."
    )
    quiet_until = fields.ClockField(required=False, allow_null=True)
    time_zone = fields.TextField(required=False, max_length=64, help_text="Such as Europe/Zurich.")


class NoticeSettingsShown(NoticeSettingsTerms):
    """What you are told, where and when."""


class Notices(ListView):
    """What you were told."""

    @extend_schema(
        parameters=[NoticeListFilter], responses=NoticeShown(many=True), summary="List notices"
    )
    def get(self, request: Request) -> Any:
        """Your own, newest first; a key's are those of its owner, in its portfolio."""
        wanted = NoticeListFilter.of(request.query_params)
        rows = _own_notices(self)
        if wanted.pop("unread", ""):
            rows = rows.unread()
        return self.page(rows.filter(**wanted), NoticeShown)


class ReadNotices(ApiView):
    """Notices that were read."""

    @extend_schema(
        request=ReadTerms,
        responses=MarkedShown,
        parameters=[PortfolioFilter],
        summary="Mark notices as read",
    )
    def post(self, request: Request) -> Response:
        """All of your own up to one of them; the same twice changes nothing."""
        said = self.read_body(ReadTerms)
        wanted = PortfolioFilter.of(request.query_params)
        which = _own_notices(self).filter(pk__lte=said["newest"], **wanted)
        ids = list(which.values_list("pk", flat=True))
        return Response({"marked": mark_read(person_behind(self.principal), pk__in=ids)})


class Settings(ApiView):
    """What you are told of, where and when."""

    problems = (412, 428)

    @extend_schema(responses=NoticeSettingsShown, parameters=[ETAG], summary="Show notice settings")
    def get(self, request: Request) -> Response:
        """Your own, with what holds where you chose nothing; a key's are those of its owner."""
        return tagged(_as_shown(wants_of(person_behind(self.principal))))

    @extend_schema(
        request=NoticeSettingsTerms,
        responses=NoticeSettingsShown,
        parameters=[IF_MATCH, ETAG],
        summary="Change notice settings",
    )
    @transaction.atomic
    def patch(self, request: Request) -> Response:
        """What is not given stays. For people alone: a key that leaks is to silence nothing."""
        require_person(self.principal, "say what its owner is told")
        said, person = self.read_body(NoticeSettingsTerms), person_behind(self.principal)
        hold(person)
        wants = wants_of(person)
        require_as_read(request, _as_shown(wants))
        shown_kinds = said.pop("on_page", {})
        hidden = {kind for kind, shown in shown_kinds.items() if not shown}
        wanted = replace(
            wants,
            mail={**wants.mail, **said.pop("mail", {})},
            off_page=(wants.off_page - shown_kinds.keys()) | hidden,
            **said,
        )
        choose(person, wanted)
        return tagged(_as_shown(wanted))


def _as_shown(wants: Wants) -> dict[str, Any]:
    on_page = {kind.value: kind not in wants.off_page for kind in NoticeKind}
    return dict(NoticeSettingsShown({**vars(wants), "on_page": on_page}).data)


def _own_notices(view: ApiView) -> Any:
    """The notices of the person behind the request, in the portfolios that it may see."""
    rows = Notice.objects.of(person_behind(view.principal))
    return rows.filter(portfolio_id__in=visible_portfolio_ids(view.principal))


urlpatterns = [
    path("notices", Notices.as_view(), name="api-notices"),
    path("notices/read", ReadNotices.as_view(), name="api-read-notices"),
    path("notice-settings", Settings.as_view(), name="api-notice-settings"),
]
