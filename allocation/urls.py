"""Addresses of the pages and panels of the allocation."""

from django.urls import include, path

from allocation import views

app_name = "allocation"

urlpatterns = [
    path("proposals", views.proposals_page, name="proposals"),
    path("proposals/list", views.proposals_panel, name="proposals_panel"),
    path("proposals/<int:proposal_id>", views.proposal_page, name="proposal"),
    path("proposals/<int:proposal_id>/body", views.proposal_body, name="proposal_body"),
    path("proposals/<int:proposal_id>/study", views.study_panel, name="study"),
    path("proposals/<int:proposal_id>/decide", views.decide_proposal, name="decide"),
    path("proposals/recompute", views.ask_for_recomputation, name="recompute"),
    path("ledger", views.ledger_page, name="ledger"),
    path("ledger/rows", views.ledger_rows, name="ledger_rows"),
    path("ledger.csv", views.ledger_csv, name="ledger_csv"),
    path("", include("allocation.scenarios.urls")),
    path("bets/<int:bet_id>/if-stopped", views.if_stopped_panel, name="if_stopped"),
    path("bets/<int:bet_id>/decisions", views.bet_decisions_panel, name="bet_decisions"),
]
