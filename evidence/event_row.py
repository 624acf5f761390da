"""An event and the row that it becomes: who may log it, and whether it was taken before."""

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter

from django.db.models import QuerySet

from bets.edit import Editor, Office
from bets.models import Bet, Hypothesis
from evidence import belief
from evidence.belief.retraction import live_retractions
from evidence.digest import content_digest
from evidence.history import BetHistory
from evidence.models import Evidence, Source
from evidence.said import Said
from spm.accounts.models import ApiKey, User
from spm.accounts.permissions import require
from spm.errors import Invalid, Reused

_in_order = itemgetter(*(field.attname for field in Evidence._meta.concrete_fields))


def visible_hypotheses(principal: Editor) -> "QuerySet[Hypothesis]":
    """The hypotheses that the principal may see, with their bets."""
    rows = Hypothesis.objects.select_related("bet")
    if not isinstance(principal, Office):
        rows = rows.visible_to(principal)
    return rows


def require_intake(principal: Editor, bet: Bet) -> None:
    """Raise NotAllowed unless the principal may log evidence on this bet."""
    if not isinstance(principal, Office):
        # Lazily: only a contributor's teams matter.
        teams = bet.bet_teams.values_list("team_id", flat=True)
        require(principal, "log_evidence", bet.portfolio_id, teams)


def row_of(
    principal: Editor,
    hypothesis: Hypothesis,
    bet: Bet,
    said: Said,
    source: Source | None,
    moment: datetime,
    recorded_at: datetime,
) -> Evidence:
    """The row that an event becomes, with its digest; not saved. Files it has none yet."""
    reliability = said.reliability
    if reliability is None:
        reliability = source.reliability if source else 1.0
    columns = {
        **said.columns,
        "id": None,
        "portfolio_id": bet.portfolio_id,
        "bet_id": bet.pk,
        "hypothesis_id": hypothesis.pk,
        "source_id": source.pk if source else None,
        "external_id": said.external_id,
        "retracts_id": said.columns["retracts"],
        "reliability": reliability,
        "observed_at": said.observed_at or moment,
        "recorded_at": recorded_at,
        "recorded_by_id": principal.pk if isinstance(principal, User) else None,
        "api_key_id": principal.pk if isinstance(principal, ApiKey) else None,
        "content_sha256": "",
    }
    # In the table's order, which Django takes in half the time of names.
    row = Evidence(*_in_order(columns))
    row.content_sha256 = content_digest(row)
    return row


def already_taken(
    portfolio_id: int, source: Source | None, external_id: str | None
) -> Evidence | None:
    """The event that this source delivered under this name before, if it did."""
    name = (source.pk if source else None, external_id)
    return known_events(portfolio_id, [name]).get(name)


def known_events(
    portfolio_id: int, names: Iterable[tuple[int | None, str | None]]
) -> dict[tuple[int | None, str | None], Evidence]:
    """Which of these events, by source and the source's name for it, were taken before; one query.

    What has no name is not known.
    """
    named = {each for each in names if each[1] is not None}
    if not named:
        return {}
    with_source = [each for each in named if each[0] is not None]
    # As arrays: thousands of names in an IN cost the driver more than the database.
    rows = Evidence.objects.raw(
        _KNOWN,
        [
            [source for source, _ in with_source],
            [name for _, name in with_source],
            portfolio_id,
            portfolio_id,
            [name for source, name in named if source is None],
        ],
    )
    return {(row.source_id, row.external_id): row for row in rows}


_KNOWN = """
    SELECT event.* FROM unnest(%s::bigint[], %s::varchar[]) AS named(source, name)
    JOIN evidence_evidence AS event
    ON event.source_id = named.source AND event.external_id = named.name
    WHERE event.portfolio_id = %s
    UNION ALL
    SELECT * FROM evidence_evidence
    WHERE portfolio_id = %s AND source_id IS NULL AND external_id = ANY(%s::varchar[])
"""


def refuse_unless_same(known: Evidence, hypothesis_id: int, said: Said) -> None:
    """Raise Reused unless the event says what was taken before; what it leaves open is not held
    against it.
    """
    now = {**said.columns, "retracts_id": said.columns["retracts"], "hypothesis_id": hypothesis_id}
    del now["retracts"]
    if said.reliability is not None:
        now["reliability"] = said.reliability
    if said.observed_at is not None:
        now["observed_at"] = said.observed_at
    differing = sorted(
        name.removesuffix("_id") for name, value in now.items() if getattr(known, name) != value
    )
    if differing:
        names = ", ".join(name.replace("_", " ") for name in differing)
        raise Reused(
            f"The event {known.external_id!r} was taken before and said something else: {names}. "
            "Retract it, and log what is right under another external id.",
            differing,
        )


def refuse_idle_retraction(history: BetHistory, hypothesis_id: int, target: int) -> None:
    """Raise Invalid unless there is something to take back."""
    items = history.hypotheses[hypothesis_id].evidence
    retractions = [item for item in items if isinstance(item, belief.Retraction)]
    if any(each.retracts == target for each in live_retractions(retractions)):
        raise Invalid({"retracts": "It has been taken back already."})
    on_record = Evidence.objects.filter(pk=target, hypothesis_id=hypothesis_id)
    if all(item.id != target for item in items) and not on_record.exists():
        raise Invalid({"retracts": "There is no such evidence on this hypothesis."})
