"""Every address of the product. Each app names its own; this file only puts them together."""

from django.http import HttpResponse
from django.urls import include, path

from spm import design

urlpatterns = [
    path("", include("reports.urls")),
    path("", include("bets.urls")),
    path("", include("evidence.urls")),
    path("", include("allocation.urls")),
    path("", include("spm.accounts.urls")),
    path("", include("spm.webhooks.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("api/v1/", include("bets.api")),
    path("api/v1/", include("bets.structure_api")),
    path("api/v1/", include("bets.moves_api")),
    path("api/v1/", include("bets.board_api")),
    path("api/v1/", include("evidence.api")),
    path("api/v1/", include("evidence.more_api")),
    path("api/v1/", include("evidence.notices.api")),
    path("api/v1/", include("allocation.api")),
    path("api/v1/", include("allocation.books_api")),
    path("api/v1/", include("allocation.authority_api")),
    path("api/v1/", include("allocation.comment_api")),
    path("api/v1/", include("allocation.in_words_api")),
    path("api/v1/", include("allocation.leaving.api")),
    path("api/v1/", include("allocation.scenarios.api")),
    path("api/v1/", include("spm.accounts.key_api")),
    path("api/v1/", include("spm.accounts.member_api")),
    path("api/v1/", include("spm.webhooks.api")),
    path("api/v1/", include("reports.api")),
    path("api/v1/", include("reports.tables_api")),
    path("api/v1/", include("reports.thesis_api")),
    path("api/v1/", include("spm.api.urls")),
    path("design", design.design, name="design"),
    path("design/side", design.side, name="design-side"),
    path("healthz", lambda request: HttpResponse("ok", content_type="text/plain"), name="health"),
]

handler400 = "spm.api.problems.bad_request"
handler403 = "spm.api.problems.forbidden"
handler404 = "spm.api.problems.not_found"
handler500 = "spm.api.problems.fault"
