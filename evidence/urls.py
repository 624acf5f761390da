"""Addresses of the pages of this app."""

from django.urls import path

from evidence.views import log, stream

app_name = "evidence"

urlpatterns = [
    path("evidence", stream.stream_page, name="stream"),
    path("evidence/rows", stream.stream_rows, name="stream_rows"),
    path("evidence.csv", stream.stream_csv, name="stream_csv"),
    path("evidence/<int:evidence_id>/retract", log.take_back, name="retract"),
    path("bets/<int:bet_id>/evidence", log.panel, name="panel"),
    path("bets/<int:bet_id>/evidence/weighed", log.weighed_list, name="weighed"),
    path("bets/<int:bet_id>/evidence/newest", log.newest_list, name="newest"),
    path("bets/<int:bet_id>/evidence/form", log.form_for, name="form"),
    path("hypotheses/<int:hypothesis_id>/evidence", log.log, name="log"),
    path("hypotheses/<int:hypothesis_id>/evidence/effect", log.effect, name="effect"),
]
