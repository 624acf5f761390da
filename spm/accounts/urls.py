"""Addresses of the accounts: choosing a portfolio, and who else is there."""

from django.urls import path

from spm.accounts import key_pages, views

app_name = "accounts"

urlpatterns = [
    path("portfolios/<int:portfolio_id>/choose", views.choose_portfolio, name="choose_portfolio"),
    path("present", views.present, name="present"),
    path("settings/keys", key_pages.keys, name="keys"),
    path("settings/keys/new", key_pages.make, name="make_key"),
    path("settings/keys/<int:key_id>", key_pages.key, name="key"),
    path("settings/keys/<int:key_id>/collect", key_pages.collect, name="collect_key"),
    path("settings/keys/<int:key_id>/rotate", key_pages.rotate, name="rotate_key"),
    path("settings/keys/<int:key_id>/revoke", key_pages.revoke, name="revoke_key"),
]
