"""Addresses of the accounts: choosing a portfolio, and who else is there."""

from django.urls import path

from spm.accounts import views

app_name = "accounts"

urlpatterns = [
    path("portfolios/<int:portfolio_id>/choose", views.choose_portfolio, name="choose_portfolio"),
    path("present", views.present, name="present"),
]
