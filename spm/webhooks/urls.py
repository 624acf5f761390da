"""Addresses of the pages of webhooks."""

from django.urls import path, re_path

from spm.webhooks import views

app_name = "webhooks"

urlpatterns = [
    path("settings/webhooks", views.webhooks, name="webhooks"),
    path("settings/webhooks/body", views.body, name="body"),
    path("settings/webhooks/new", views.add, name="add"),
    path("settings/webhooks/<int:webhook_id>", views.change, name="change"),
    path("settings/webhooks/<int:webhook_id>/secret", views.rotate, name="rotate"),
    re_path(
        r"^settings/webhooks/(?P<webhook_id>[0-9]{1,18})/(?P<what>pause|resume|remove|test)$",
        views.act,
        name="act",
    ),
    path(
        "settings/webhooks/deliveries/<int:delivery_id>/redeliver",
        views.redeliver,
        name="redeliver",
    ),
]
