"""Addresses of the pages and the panel of ending a bet."""

from django.urls import path

from allocation.leaving import views

urlpatterns = [
    path("bets/<int:bet_id>/if-stopped", views.if_stopped_panel, name="if_stopped"),
    path("bets/<int:bet_id>/stop", views.stop_page, name="stop"),
    path("bets/<int:bet_id>/pivot", views.pivot_page, name="pivot"),
]
