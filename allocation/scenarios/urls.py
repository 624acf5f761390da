"""Addresses of the pages and panels of scenarios."""

from django.urls import path

from allocation.scenarios import views

urlpatterns = [
    path("scenarios", views.scenarios_page, name="scenarios"),
    path("scenarios/list", views.scenarios_panel, name="scenarios_panel"),
    path("scenarios/new", views.new, name="new_scenario"),
    path("scenarios/compare", views.compare_page, name="compare_scenarios"),
    path("scenarios/compare.csv", views.compare_csv, name="compare_scenarios_csv"),
    path("scenarios/<int:scenario_id>", views.scenario_page, name="scenario"),
    path("scenarios/<int:scenario_id>/head", views.head_panel, name="scenario_head"),
    path("scenarios/<int:scenario_id>/details", views.details_panel, name="scenario_details"),
    path("scenarios/<int:scenario_id>/since", views.since_panel, name="scenario_since"),
    path("scenarios/<int:scenario_id>/cell", views.cell, name="scenario_cell"),
    path("scenarios/<int:scenario_id>/turn", views.turn, name="scenario_turn"),
    path("scenarios/<int:scenario_id>/add", views.add, name="scenario_add"),
    path("scenarios/<int:scenario_id>/undo", views.undo, name="scenario_undo"),
    path("scenarios/<int:scenario_id>/describe", views.describe, name="scenario_describe"),
    path("scenarios/<int:scenario_id>/rebase", views.rebase, name="scenario_rebase"),
    path("scenarios/<int:scenario_id>/solve", views.solve_again, name="scenario_solve"),
    path("scenarios/<int:scenario_id>/propose", views.propose, name="scenario_propose"),
]
