"""Decisions, changes of limits and transfers are as they were written, or the proof names them."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connections, models

from allocation import guardrails, ledger, limits
from allocation.decide import approve, refuse
from allocation.guardrails import Limit
from allocation.models import Decision, LedgerHead, LimitChange, Seal, Transfer
from allocation.recompute import recompute
from allocation.sealing import seal_what_was_there
from allocation.verify import Finding, chains, verify
from bets.edit import OFFICE
from bets.models import Bet, Portfolio
from spm.accounts.models import Role
from tests.allocation.test_decide import as_shown, proposed
from tests.at_once import at_once
from tests.factories import make_member, make_portfolio, make_scaling_bet, make_user

SEED = 20_261_127
CHANGES = 100


def office() -> Portfolio:
    """Books in which somebody has decided twice, and limits have changed four times."""
    portfolio, _, _, proposal = proposed()
    cfo = make_member(portfolio, Role.FINANCE)
    approve(cfo, proposal.pk, as_shown(proposal), reason="The thesis is broken.")
    [guardrail] = guardrails.create(portfolio, [Limit("H3", "share", maximum=Decimal("0.2"))])
    limits.change_guardrail(cfo, guardrail.pk, {"maximum": "0.3", "reason": "A trial."})
    limits.change_envelope(cfo, portfolio.pk, Decimal(140_000), "The board gave more.")
    limits.change_reserve_floor(cfo, portfolio.pk, Decimal(1_000), "For the winter.")
    make_scaling_bet(portfolio, title="New", belief=0.9)
    again = recompute(portfolio.pk)
    assert again is not None
    refuse(cfo, again.pk, as_shown(again), "Not before the board has met.")
    # What the factories say of beliefs, no evidence does.
    Bet.objects.filter(portfolio=portfolio).update(belief=None, thesis_status="untested")
    return portfolio


@contextmanager
def owner_unhindered(*tables: str) -> Iterator[Any]:
    """The owner of the database, with every trigger out of the way."""
    with connections["owner"].cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield cursor
        finally:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def names_of(row: models.Model) -> set[str]:
    """How the proof may name a row."""
    if isinstance(row, Transfer):
        return {f"transfer {row.sequence}"}
    if isinstance(row, Seal):
        return {f"seal {row.sequence}"}
    of = "decision" if isinstance(row, Decision) else "change of a limit"
    return {f"{of} {row.pk}"}


def another(field: models.Field, value: Any, chance: random.Random) -> str:
    """SQL for another value of a column."""
    column = f'"{field.column}"'
    kind = field.get_internal_type()
    if isinstance(field, models.ForeignKey):
        others = field.related_model._base_manager.exclude(pk=value).values_list("pk", flat=True)
        return str(chance.choice([*others, "NULL"]))
    if kind == "DateTimeField":
        return f"{column} + interval '{chance.randint(1, 10**9)} microseconds'"
    if kind == "DateField":
        return f"{column} + {chance.randint(1, 900)}"
    if kind == "JSONField":
        return f"""'{{"other": {chance.randint(1, 99)}}}'"""
    if kind in ("CharField", "TextField"):
        limit = min(getattr(field, "max_length", None) or 64, 64)
        return f"'{chance.getrandbits(256):064x}'" if limit == 64 else f"'{value[:-1]}~'"
    return f"{column} + {chance.randint(1, 500)}"


def test_of_a_hundred_changes_behind_the_product_a_hundred_are_found_and_the_row_is_named(
    committed_db: None,
) -> None:
    portfolio = office()
    make_portfolio()
    make_user()
    assert verify(portfolio) == []
    chance, done = random.Random(SEED), 0
    rows: list[Any] = [
        *Transfer.objects.filter(portfolio=portfolio),
        *Decision.objects.filter(portfolio=portfolio),
        *LimitChange.objects.filter(portfolio=portfolio),
        *Seal.objects.filter(portfolio=portfolio),
    ]
    tables = sorted({row._meta.db_table for row in rows})
    with owner_unhindered(*tables) as cursor:
        while done < CHANGES:
            row = chance.choice(rows)
            field = chance.choice([f for f in row._meta.concrete_fields if not f.primary_key])
            table, column = row._meta.db_table, field.column
            value = another(field, getattr(row, field.attname), chance)
            here = f"WHERE id = {row.pk}"
            cursor.execute(f'CREATE TEMP TABLE before AS SELECT "{column}" FROM {table} {here}')
            try:
                cursor.execute(
                    f'UPDATE {table} SET "{column}" = {value} {here} '
                    f'AND "{column}" IS DISTINCT FROM {value}'
                )
                changed = cursor.rowcount
            except DatabaseError:  # the database itself refuses it
                changed = 0
            if changed:
                found = [
                    each for portfolio in Portfolio.objects.all() for each in chains(portfolio)
                ]
                names = names_of(row) | names_of(type(row)._base_manager.get(pk=row.pk))
                assert names & {each.row for each in found}, (row, column, value, found)
                old = f'(SELECT "{column}" FROM before)'
                cursor.execute(f'UPDATE {table} SET "{column}" = {old} {here}')
                done += 1
            cursor.execute("DROP TABLE before")
    assert verify(portfolio) == []


FLOOR = "allocation_limitchange WHERE reason = 'For the winter.'"
SAME = "portfolio_id, subject, before, after, changed_at"
FORGED = (
    f"INSERT INTO allocation_limitchange ({SAME}, reason) SELECT {SAME}, 'Forged.' FROM {FLOOR}"
)


@pytest.mark.parametrize(
    ("statement", "row", "problem"),
    [
        (f"DELETE FROM {FLOOR}", "change of a limit", "is not there any more"),
        ("DELETE FROM allocation_seal WHERE sequence = 3", "seal 4", "missing"),
        ("DELETE FROM allocation_seal WHERE sequence = 6", "end of the seals", "the last is 5"),
        (FORGED, "change of a limit", "has no seal"),
    ],
)
def test_a_row_that_was_taken_away_or_put_in_is_found(
    committed_db: None, statement: str, row: str, problem: str
) -> None:
    portfolio = office()
    with owner_unhindered("allocation_limitchange", "allocation_seal") as cursor:
        cursor.execute(statement)
    found: list[Finding] = verify(portfolio)
    assert any(each.row.startswith(row) and problem in each.problem for each in found), found


@pytest.mark.django_db
def test_every_decision_and_change_of_a_limit_is_sealed_as_it_is_written() -> None:
    portfolio = office()
    sealed = list(Seal.objects.order_by("sequence").values_list("of", "row"))
    first, last = (("decision", row.pk) for row in Decision.objects.order_by("id"))
    changes = [("limit", row.pk) for row in LimitChange.objects.order_by("id")]
    assert sealed == [first, *changes, last]
    head = LedgerHead.objects.get(portfolio=portfolio)
    assert (head.seals, head.seals_sha256) == (6, Seal.objects.latest("sequence").sha256)


def test_what_was_written_before_there_were_seals_is_sealed_when_they_come(
    committed_db: None,
) -> None:
    portfolio = office()
    said = set(Seal.objects.values_list("of", "row", "content_sha256"))
    with owner_unhindered("allocation_seal") as cursor:
        cursor.execute("DELETE FROM allocation_seal")
        cursor.execute("UPDATE allocation_ledgerhead SET seals = 0, seals_sha256 = ''")
    assert len(verify(portfolio)) == 6
    seal_what_was_there(apps, SimpleNamespace(connection=connections["owner"]))
    assert set(Seal.objects.values_list("of", "row", "content_sha256")) == said
    assert verify(portfolio) == []


def test_two_who_change_limits_at_once_make_one_chain(committed_db: None) -> None:
    portfolio = make_portfolio()
    ledger.set_envelope(portfolio.pk, Decimal(10_000))
    moves = [
        lambda: limits.change_envelope(OFFICE, portfolio.pk, Decimal(20_000), "More."),
        lambda: limits.change_reserve_floor(OFFICE, portfolio.pk, Decimal(5), "Floor."),
        lambda: guardrails.create(portfolio, [Limit("H3", "share", maximum=Decimal("0.2"))]),
    ]
    at_once(moves)
    assert Seal.objects.filter(portfolio=portfolio).count() == 3
    assert [each for each in verify(portfolio) if "seal" in each.row] == []
