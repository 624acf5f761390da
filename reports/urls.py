"""Addresses of the pages that look across everything, and of their pictures."""

from django.urls import path

from reports import tour_pages, views
from reports.broken import pages as broken
from reports.journal import pages as journal

app_name = "reports"

urlpatterns = [
    path("", views.allocation_page, name="allocation"),
    path("tour", tour_pages.tour, name="tour"),
    path("tour/<int:number>", tour_pages.tour_step, name="tour_step"),
    path("tour/end", tour_pages.tour_end, name="tour_end"),
    path("tour/decline", tour_pages.decline_tour, name="decline_tour"),
    path("allocation/numbers", views.numbers_panel, name="numbers"),
    path("allocation/sankey", views.sankey_panel, name="sankey"),
    path("allocation/sankey.csv", views.sankey_csv, name="sankey_csv"),
    path("allocation/learned", views.learned_panel, name="learned"),
    path("bets/<int:bet_id>/belief-over-money", views.belief_over_money, name="belief_over_money"),
    path(
        "bets/<int:bet_id>/belief-over-money.csv",
        views.belief_over_money_csv,
        name="belief_over_money_csv",
    ),
    path("reports/after-break", broken.after_break_page, name="after_break"),
    path("reports/after-break/rows", broken.after_break_rows, name="after_break_rows"),
    path("reports/after-break.csv", broken.after_break_csv, name="after_break_csv"),
    path(
        "reports/after-break/<int:bet_id>.csv",
        broken.after_break_bet_csv,
        name="after_break_bet_csv",
    ),
    path("reports/calibration", views.calibration_page, name="calibration"),
    path("reports/calibration/<slug:part>.csv", views.calibration_csv, name="calibration_csv"),
    path("decisions", journal.journal_page, name="decisions"),
    path("decisions/rows", journal.journal_rows, name="decisions_rows"),
    path("decisions/learned", journal.use_learned_terms, name="use_learned"),
    path("decisions/<slug:part>.csv", journal.journal_csv, name="decisions_csv"),
    path("flow", views.flow_page, name="flow"),
    path("flow/<slug:part>.csv", views.flow_csv, name="flow_csv"),
    path("proposals/<int:proposal_id>/waterfall", views.waterfall, name="waterfall"),
    path(
        "scenarios/value-against-turnover",
        views.value_against_turnover,
        name="value_against_turnover",
    ),
    path(
        "scenarios/value-against-turnover.csv",
        views.value_against_turnover_csv,
        name="value_against_turnover_csv",
    ),
    path("proposals/<int:proposal_id>/frontier", views.frontier, name="frontier"),
    path("proposals/<int:proposal_id>/frontier.csv", views.frontier_csv, name="frontier_csv"),
    path("evidence/next", views.learn_next_page, name="learn_next"),
    path("evidence/next/rows", views.learn_next_rows, name="learn_next_rows"),
    path("evidence/next.csv", views.learn_next_csv, name="learn_next_csv"),
    path("proposals/<int:proposal_id>/waterfall.csv", views.waterfall_csv, name="waterfall_csv"),
]
