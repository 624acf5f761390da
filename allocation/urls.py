"""Addresses of the pages and panels of the allocation."""

from django.urls import include, path, re_path

from allocation import limit_pages, views
from allocation.pages import (
    actuals,
    founding,
    ledger,
    mandates,
    proposal,
    settings,
    thresholds,
    unwinding,
)
from allocation.pages.comments import comments_panel
from allocation.pages.paper import proposal_pdf
from allocation.pages.part import part_panel

app_name = "allocation"

urlpatterns = [
    path("portfolios/new", founding.found_portfolio, name="found"),
    path("settings", settings.settings_page, name="settings"),
    path("settings/portfolio", settings.edit_portfolio, name="edit_portfolio"),
    path("settings/lending", settings.edit_lending, name="edit_lending"),
    path("settings/thresholds", thresholds.edit_thresholds, name="thresholds"),
    path("settings/members/new", settings.add_member, name="add_member"),
    path("settings/members/<int:member_id>", settings.edit_member, name="edit_member"),
    path("settings/members/<int:member_id>/remove", settings.remove_member, name="remove_member"),
    re_path(r"^settings/(?P<kind>theme|stream|team)s/new$", settings.edit_part, name="add_part"),
    re_path(
        r"^settings/(?P<kind>theme|stream|team)s/(?P<part_id>[0-9]{1,18})$",
        settings.edit_part,
        name="edit_part",
    ),
    re_path(
        r"^settings/(?P<kind>theme|stream|team)s/(?P<part_id>[0-9]{1,18})/remove$",
        settings.remove_part,
        name="remove_part",
    ),
    path("proposals", views.proposals_page, name="proposals"),
    path("proposals/list", views.proposals_panel, name="proposals_panel"),
    path("proposals/<int:proposal_id>", proposal.proposal_page, name="proposal"),
    path("proposals/<int:proposal_id>/body", proposal.proposal_body, name="proposal_body"),
    path("proposals/<int:proposal_id>/changes", proposal.other_changes, name="other_changes"),
    path("proposals/<int:proposal_id>/moves", proposal.moves_panel, name="moves"),
    path("proposals/<int:proposal_id>/compared", proposal.compared_panel, name="compared"),
    path("proposals/<int:proposal_id>/study", proposal.study_panel, name="study"),
    path("proposals/<int:proposal_id>/decide", views.decide_proposal, name="decide"),
    path("proposals/<int:proposal_id>/part", part_panel, name="part"),
    path("proposals/<int:proposal_id>/comments", comments_panel, name="comments"),
    path("proposals/<int:proposal_id>.pdf", proposal_pdf, name="proposal_pdf"),
    path("proposals/recompute", views.ask_for_recomputation, name="recompute"),
    path("ledger", ledger.ledger_page, name="ledger"),
    path("ledger/rows", ledger.ledger_rows, name="ledger_rows"),
    path("ledger/prove", ledger.prove_now, name="prove"),
    path("ledger/actuals", actuals.actuals_page, name="actuals"),
    path("ledger/actuals/rows", actuals.actuals_rows, name="actuals_rows"),
    path("ledger/actuals.csv", actuals.actuals_csv, name="actuals_csv"),
    path("ledger/actuals/files", actuals.hand_in_page, name="actuals_files"),
    path("ledger/actuals/files/<int:file_id>", actuals.file_page, name="actuals_file"),
    path(
        "ledger/actuals/files/<int:file_id>/columns", actuals.choose_columns, name="choose_actuals"
    ),
    path("ledger/actuals/files/<int:file_id>/take", actuals.take_file, name="take_actuals"),
    path(
        "ledger/actuals/files/<int:file_id>/refused.csv",
        actuals.refused_csv,
        name="refused_actuals",
    ),
    path("bets/<int:bet_id>/actuals", actuals.bet_panel, name="bet_actuals"),
    path("ledger.csv", ledger.ledger_csv, name="ledger_csv"),
    path("ledger.xlsx", ledger.ledger_xlsx, name="ledger_xlsx"),
    path("ledger/transfers/<int:transfer_id>", ledger.transfer_page, name="transfer"),
    path("", include("allocation.scenarios.urls")),
    path("guardrails", limit_pages.guardrails_page, name="guardrails"),
    path("guardrails/list", limit_pages.guardrails_panel, name="guardrails_panel"),
    path("guardrails/new", limit_pages.new_guardrail, name="new_guardrail"),
    path("guardrails/<int:guardrail_id>", limit_pages.one_guardrail, name="guardrail"),
    path("mandates", mandates.mandates_page, name="mandates"),
    path("mandates/new", mandates.new_mandate, name="new_mandate"),
    path("mandates/<int:mandate_id>", mandates.one_mandate, name="mandate"),
    path("mandates/<int:mandate_id>/revoke", mandates.revoke_mandate, name="revoke_mandate"),
    path("guardrails/set/<slug:which>", limit_pages.limit_amount, name="limit_amount"),
    path("bets/<int:bet_id>/unwind", unwinding.unwind_page, name="unwind"),
    path("", include("allocation.leaving.urls")),
    path("bets/<int:bet_id>/decisions", views.bet_decisions_panel, name="bet_decisions"),
]
