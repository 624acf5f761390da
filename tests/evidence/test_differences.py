"""Evidence that somebody with the owner's rights has changed is found, and the row named."""

import pytest
from django.db import connections

from bets.edit import OFFICE
from evidence.beliefs import differences
from evidence.intake import NewEvidence, record
from tests.factories import make_bet, make_hypothesis, make_portfolio


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("note", "'better'"),
        ("strength", "'decisive'"),
        ("reliability", "0.5"),
        ("observed_at", "observed_at + interval '1 microsecond'"),
        ("recorded_at", "recorded_at - interval '1 day'"),
        ("external_id", "'another'"),
    ],
)
def test_a_row_of_evidence_that_an_owner_changed_is_named(
    committed_db: None, column: str, value: str
) -> None:
    hypothesis = make_hypothesis(make_bet(make_portfolio()))
    event = NewEvidence(kind="judgement", direction="for", strength="weak")
    row = record(OFFICE, hypothesis.pk, event).evidence
    assert differences() == []
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE evidence_evidence DISABLE TRIGGER USER")
        cursor.execute(f"UPDATE evidence_evidence SET {column} = {value}")
        cursor.execute("ALTER TABLE evidence_evidence ENABLE TRIGGER USER")
    found = [str(difference) for difference in differences()]
    assert any(f"evidence {row.pk}: content digest" in text for text in found)
