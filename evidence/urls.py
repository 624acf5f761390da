"""Addresses of the pages of this app."""

from django.urls import path

from evidence.views import (
    asking,
    attachments,
    file_import,
    jira_hook,
    log,
    notices,
    pick,
    resolve,
    stream,
)

app_name = "evidence"

urlpatterns = [
    path("evidence", stream.stream_page, name="stream"),
    path("evidence/rows", stream.stream_rows, name="stream_rows"),
    path("evidence.csv", stream.stream_csv, name="stream_csv"),
    path("evidence/log", pick.pick, name="pick"),
    path("evidence/attachments", attachments.take_in, name="attachments"),
    path("evidence/attachments/<int:attachment_id>", attachments.download, name="attachment"),
    path("evidence/import", file_import.hand_in_page, name="imports"),
    path("evidence/import/sample.csv", file_import.sample_csv, name="import_sample"),
    path("evidence/import/<int:import_id>", file_import.file_page, name="import"),
    path("evidence/import/<int:import_id>/state", file_import.state, name="import_state"),
    path("evidence/import/<int:import_id>/mapping", file_import.choose, name="import_mapping"),
    path("evidence/import/<int:import_id>/begin", file_import.begin, name="import_begin"),
    path("evidence/import/<int:import_id>/undo", file_import.undo, name="import_undo"),
    path(
        "evidence/import/<int:import_id>/refused.csv",
        file_import.refused_csv,
        name="import_refused",
    ),
    path("notices", notices.notices, name="notices"),
    path("notices/rows", notices.rows, name="notice_rows"),
    path("notices/count", notices.count, name="notice_count"),
    path("notices/read", notices.read_all, name="notices_read"),
    path("notices/settings", notices.settings, name="notice_settings"),
    path("notices/<int:notice_id>/read", notices.read_one, name="notice_read"),
    path("evidence/requests", asking.requests, name="requests"),
    path("evidence/requests/rows", asking.request_rows, name="request_rows"),
    path("evidence/requests/<int:request_id>/withdraw", asking.withdraw, name="withdraw"),
    path("hypotheses/<int:hypothesis_id>/ask", asking.ask, name="ask"),
    path("evidence/sources", resolve.sources, name="sources"),
    path("evidence/sources/<int:source_id>", resolve.source, name="source"),
    path("hypotheses/<int:hypothesis_id>/resolve", resolve.resolve, name="resolve"),
    path("evidence/<int:evidence_id>/retract", log.take_back, name="retract"),
    path("hooks/jira/<int:connection_id>", jira_hook.hook, name="jira_hook"),
    path("hooks/jira/<int:connection_id>/<str:secret>", jira_hook.hook, name="jira_hook_secret"),
    path("bets/<int:bet_id>/evidence", log.panel, name="panel"),
    path("bets/<int:bet_id>/evidence/weighed", log.weighed_list, name="weighed"),
    path("bets/<int:bet_id>/evidence/newest", log.newest_list, name="newest"),
    path("bets/<int:bet_id>/evidence/form", log.form_for, name="form"),
    path("hypotheses/<int:hypothesis_id>/evidence", log.log, name="log"),
    path("hypotheses/<int:hypothesis_id>/evidence/effect", log.effect, name="effect"),
]
