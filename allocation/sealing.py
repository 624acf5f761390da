"""Seals: decisions, consents and changes of limits are chained by digest, as transfers are.

The runtime role cannot change such a row. Whoever can, the owner of the database, would have to
make every later seal anew to hide it, and the signed checkpoints outside of it as well
(``allocation.checkpoint``).
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from allocation.models import Consent, Decision, LedgerHead, LimitChange, Seal

Row = Consent | Decision | LimitChange

SEALED: dict[str, type[Row]] = {
    Seal.Of.DECISION: Decision,
    Seal.Of.CONSENT: Consent,
    Seal.Of.LIMIT_CHANGE: LimitChange,
}
KINDS = {model._meta.label: kind for kind, model in SEALED.items()}


def seal(rows: Sequence[Row]) -> None:
    """Seal rows of one kind that were just written, in the transaction that wrote them.

    It locks the end of the portfolio's chains, which a booking locks before anything else: whoever
    writes such a row together with locking accounts, bets or the portfolio holds the books first.
    """
    by_portfolio: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_portfolio[row.portfolio_id].append(row)
    with transaction.atomic():
        for portfolio_id in sorted(by_portfolio):
            LedgerHead.objects.get_or_create(portfolio_id=portfolio_id)
            head = LedgerHead.objects.select_for_update().get(portfolio_id=portfolio_id)
            stored = _stored(by_portfolio[portfolio_id])
            Seal.objects.bulk_create(_next(head, row) for row in stored)
            head.save(update_fields=["seals", "seals_sha256"])


def _stored(rows: Sequence[Row]) -> list[Any]:
    """The rows as the database holds them, which is what the proof will read."""
    model: Any = type(rows[0])
    found = model.objects.in_bulk([row.pk for row in rows])
    return [found[row.pk] for row in rows]


def _next(head: Any, row: Any, make: Any = Seal) -> Any:
    """The seal on a row; moves the head along."""
    made = make(
        portfolio_id=head.portfolio_id,
        sequence=head.seals + 1,
        of=KINDS[row._meta.label],
        row=row.pk,
        content_sha256=content_digest(row),
        previous_sha256=head.seals_sha256,
    )
    made.sha256 = digest(made)
    head.seals, head.seals_sha256 = made.sequence, made.sha256
    return made


def seal_what_was_there(apps: Any, schema_editor: Any) -> None:
    """Seal the rows of a database that was kept before there were seals; for its migration."""
    using = schema_editor.connection.alias

    def rows_of(name: str) -> Any:
        return apps.get_model("allocation", name).objects.using(using)

    make = apps.get_model("allocation", "Seal")
    rows = [row for model in SEALED.values() for row in rows_of(model.__name__).all()]
    heads: dict[int, Any] = {}
    for row in sorted(rows, key=_written_at):
        if row.portfolio_id not in heads:
            heads[row.portfolio_id], _ = rows_of("LedgerHead").get_or_create(
                portfolio_id=row.portfolio_id
            )
        _next(heads[row.portfolio_id], row, make).save(using=using)
    for head in heads.values():
        head.save(using=using, update_fields=["seals", "seals_sha256"])


def _written_at(row: Any) -> tuple[datetime, int]:
    names = ("decided_at", "given_at", "changed_at")
    return next(getattr(row, name) for name in names if hasattr(row, name)), row.pk


def on_created(sender: Any, instance: Row, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """Signal receiver: seal what was written one at a time; ``bulk_create`` says nothing."""
    if created and not raw:
        seal([instance])


def content_digest(row: Any) -> str:
    """SHA-256 over every column of a row that says anything.

    What is empty, nought or no is left out, so that a column which a later version adds leaves the
    seals of before as they are.
    """
    said = {
        field.attname: _plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if getattr(row, field.attname)
    }
    text = json.dumps([row._meta.model_name, said], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        utc = value.astimezone(timezone.get_default_timezone())
        return utc.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def digest(made: Any) -> str:
    """SHA-256 over everything that a seal says, the digest of the one before it included."""
    said = [made.portfolio_id, made.sequence, str(made.of), made.row]
    content = json.dumps([*said, made.content_sha256, made.previous_sha256])
    return hashlib.sha256(content.encode()).hexdigest()


# --- the proof ------------------------------------------------------------------------------------


def check(portfolio_id: int) -> Iterator[tuple[str, str]]:
    """Each thing that does not tie out, as (which row, how)."""
    seals = list(Seal.objects.filter(portfolio=portfolio_id).order_by("sequence"))
    yield from _chain(portfolio_id, seals)
    rows = {kind: _rows(kind, portfolio_id, seals) for kind in SEALED}
    sealed = set()
    for made in seals:
        sealed.add((made.of, made.row))
        row = rows.get(made.of, {}).get(made.row)
        if row is None:
            yield _name(made.of, made.row), "was sealed and is not there any more"
        elif content_digest(row) != made.content_sha256:
            yield _name(made.of, made.row), "was changed after it was written"
    for kind, found in rows.items():
        for pk in sorted(found):
            if (kind, pk) not in sealed:
                yield _name(kind, pk), "was written past the product: it has no seal"


def _chain(portfolio_id: int, seals: Iterable[Seal]) -> Iterator[tuple[str, str]]:
    previous, expected = "", 1
    for made in seals:
        row = f"seal {made.sequence}"
        if made.sequence != expected:
            yield row, f"follows seal {expected - 1}: one or more are missing"
        if made.previous_sha256 != previous:
            yield row, "does not carry the digest of the seal before it"
        if digest(made) != made.sha256:
            yield row, "was changed after it was set"
        previous, expected = made.sha256, made.sequence + 1
    head = LedgerHead.objects.filter(portfolio=portfolio_id).first()
    end = (head.seals, head.seals_sha256) if head else (0, "")
    if end != (expected - 1, previous):
        yield "end of the seals", f"should be seal {end[0]}, but the last is {expected - 1}"


def _rows(kind: str, portfolio_id: int, seals: Iterable[Seal]) -> dict[int, Any]:
    """The rows of a kind that are of the portfolio, or were when they were sealed."""
    model: Any = SEALED[kind]
    pks = [made.row for made in seals if made.of == kind]
    of_portfolio = model.objects.filter(portfolio=portfolio_id)
    return {row.pk: row for row in of_portfolio | model.objects.filter(pk__in=pks)}


def _name(kind: str, pk: int) -> str:
    label = Seal.Of(kind).label.lower() if kind in SEALED else f"row of '{kind}'"
    return f"{label} {pk}"
