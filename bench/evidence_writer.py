"""Somebody who logs evidence without a pause, and says what was acknowledged.

    python -m bench.evidence_writer NAME

Every line on its output is the external id of a piece of evidence whose commit has returned. It
speaks for and against the demo's hypotheses by turns, so that theses break, proposals come and go,
and workers have something to do. It ends when the database does.
"""

import sys
from itertools import count

import django


def main(name: str) -> None:
    """Log evidence until the database is gone."""
    django.setup()
    from django.db import Error

    from bets.edit import OFFICE
    from bets.models import Hypothesis
    from evidence.intake import NewEvidence, record

    hypotheses = list(Hypothesis.objects.order_by("pk").values_list("pk", flat=True))
    try:
        for number in count():
            event = NewEvidence(
                kind="judgement",
                direction="against" if number % 3 else "for",
                strength="strong",
                source="hard kills",
                external_id=f"{name}-{number}",
                note="Logged to see whether it survives.",
            )
            record(OFFICE, hypotheses[number % len(hypotheses)], event)
            print(event.external_id, flush=True)
    except Error:
        return


if __name__ == "__main__":
    main(sys.argv[1])
