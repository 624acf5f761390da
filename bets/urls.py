"""Addresses of the pages of this app."""

from django.urls import path

from bets.views import bet, first_bets, kanban, limits, look, saved, scores, together

app_name = "bets"

urlpatterns = [
    path("kanban", kanban.kanban, name="kanban"),
    path("kanban/changes", kanban.changes, name="changes"),
    path("kanban/teams", kanban.teams, name="teams"),
    path("kanban/columns/<slug:stage>", kanban.column, name="column"),
    path("kanban/add", kanban.quick_add, name="quick_add"),
    path("kanban/limits/<slug:stage>", limits.limits, name="limits"),
    path("kanban/together", together.together, name="together"),
    path("kanban/views", saved.views, name="views"),
    path("kanban/views/<int:view_id>/<slug:action>", saved.change_view, name="change_view"),
    path("first-bets", first_bets.first_bets, name="first_bets"),
    path("bets/new", bet.new, name="new"),
    path("bets/<int:bet_id>", bet.bet, name="bet"),
    path("bets/<int:bet_id>/card", kanban.card, name="card"),
    path("bets/<int:bet_id>/facts", bet.facts, name="facts"),
    path("bets/<int:bet_id>/look", look.look, name="look"),
    path("bets/<int:bet_id>/look/facts", look.look_facts, name="look_facts"),
    path("bets/<int:bet_id>/scores", scores.scores, name="scores"),
    path("bets/<int:bet_id>/move", kanban.move_card, name="move"),
    path("bets/<int:bet_id>/edit", bet.edit, name="edit"),
    path("bets/<int:bet_id>/hypotheses/new", bet.add_hypothesis, name="add_hypothesis"),
    path("hypotheses/<int:hypothesis_id>/edit", bet.edit_hypothesis, name="edit_hypothesis"),
]
