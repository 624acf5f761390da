"""Finding the hypothesis that somebody wants to log evidence on."""

from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet

from bets.models import Hypothesis
from bets.models.bet import EXITS
from bets.open_to import bets_open_to
from evidence.models import Evidence
from spm.accounts.models import User

#: How many are offered; more are found by typing.
MOST_OFFERED = 20
#: How far back a person's own evidence is looked through for what they used last.
LOOKED_BACK = 200
LONGEST_TEXT = 200
_HAS_ENDED = ExpressionWrapper(Q(bet__stage__in=EXITS), output_field=BooleanField())


def to_pick_from(person: User, portfolio_id: int, text: str = "") -> list[Hypothesis]:
    """The hypotheses with all words of ``text`` in statement or bet that the person may log on.

    Those that they logged on themselves stand first, last used first; then those of bets with the
    freshest evidence; ended bets last. A fixed number of queries.
    """
    rows = Hypothesis.objects.filter(bet__in=bets_open_to(person, "log_evidence", portfolio_id))
    wanted = _with_words(rows.select_related("bet", "belief_now"), text)
    used = _last_used(person, portfolio_id)
    own = {row.pk: row for row in wanted.filter(pk__in=used)}
    first = [own[pk] for pk in used if pk in own][:MOST_OFFERED]
    others = wanted.exclude(pk__in=used).order_by(
        _HAS_ENDED,
        F("bet__freshest_evidence_at").desc(nulls_last=True),
        "bet__title",
        "id",
    )
    return [*first, *others[: MOST_OFFERED - len(first)]]


def _with_words(rows: "QuerySet[Hypothesis]", text: str) -> "QuerySet[Hypothesis]":
    for word in text[:LONGEST_TEXT].split():
        rows = rows.filter(Q(statement__icontains=word) | Q(bet__title__icontains=word))
    return rows


def _last_used(person: User, portfolio_id: int) -> list[int]:
    rows = Evidence.objects.filter(portfolio_id=portfolio_id, recorded_by=person, imported=None)
    newest = rows.order_by("-id").values_list("hypothesis_id", flat=True)
    return list(dict.fromkeys(newest[:LOOKED_BACK]))
