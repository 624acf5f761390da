"""Every address of the product. Each app names its own; this file only puts them together."""

from django.http import HttpResponse
from django.urls import include, path

urlpatterns = [
    path("", include("reports.urls")),
    path("", include("bets.urls")),
    path("", include("evidence.urls")),
    path("", include("allocation.urls")),
    path("", include("spm.accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("api/", include("spm.api.urls")),
    path("healthz", lambda request: HttpResponse("ok", content_type="text/plain"), name="health"),
]
