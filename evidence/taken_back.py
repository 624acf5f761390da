"""Which of some events are taken back now, and by what; one that was restored is not."""

from collections.abc import Sequence

from django.db import connection

from evidence import belief
from evidence.belief.retraction import live_retractions
from evidence.models import Evidence

#: Retractions can be retracted in turn: the whole chain in one query.
_CHAINS = """
    WITH RECURSIVE chain AS (
        SELECT id, retracts_id, observed_at FROM evidence_evidence WHERE retracts_id = ANY(%s)
        UNION
        SELECT later.id, later.retracts_id, later.observed_at
        FROM evidence_evidence later JOIN chain ON later.retracts_id = chain.id
    )
    SELECT id, retracts_id, observed_at FROM chain
"""


def taken_back_by(evidence_ids: Sequence[int]) -> dict[int, Evidence]:
    """The newest retraction that holds, for each of these events that is taken back.

    Two queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHAINS, [list(evidence_ids)])
        chain = [
            belief.Retraction(id=pk, retracts=target, observed_at=at)
            for pk, target, at in cursor.fetchall()
        ]
    asked = set(evidence_ids)
    live = [int(each.id) for each in live_retractions(chain) if each.retracts in asked]
    rows = Evidence.objects.filter(pk__in=live).order_by("id")
    return {row.retracts_id: row for row in rows if row.retracts_id is not None}
