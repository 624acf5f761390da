"""A signed line outside of the database finds what ties out within it and is not what was."""

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from allocation import ledger
from allocation.models import Transfer
from bets.models import Portfolio
from tests.allocation.test_sealing import office, owner_unhindered
from tests.factories import make_portfolio


def run(file: Path) -> str:
    out = StringIO()
    call_command("verify", checkpoint=file, stdout=out, stderr=out)
    return out.getvalue()


def wrong(file: Path) -> str:
    """What the command says where it does not tie out; nothing is added then."""
    before, out = file.read_text(), StringIO()
    with pytest.raises(CommandError, match="do not tie out"):
        call_command("verify", checkpoint=file, stdout=out, stderr=out)
    assert file.read_text() == before
    return out.getvalue()


def make_anew(portfolio: Portfolio, keep: int, note: str = "") -> None:
    """What an owner could do who knows how the chain is made: shorten it, or write it again."""
    with owner_unhindered("allocation_transfer") as cursor:
        cursor.execute("DELETE FROM allocation_transfer WHERE sequence > %s", [keep])
        previous = ""
        for transfer in Transfer.objects.filter(portfolio=portfolio).order_by("sequence"):
            transfer.previous_sha256, transfer.note = previous, transfer.note or note
            previous = ledger.digest(transfer)
            cursor.execute(
                "UPDATE allocation_transfer SET previous_sha256 = %s, sha256 = %s, note = %s "
                "WHERE id = %s",
                [transfer.previous_sha256, previous, transfer.note, transfer.pk],
            )
        cursor.execute(
            "UPDATE allocation_ledgerhead SET sequence = %s, sha256 = %s", [keep, previous]
        )


def small() -> Portfolio:
    """Books of one transfer."""
    portfolio = make_portfolio(name="Office")
    ledger.set_envelope(portfolio.pk, Decimal(1000))
    return portfolio


@pytest.mark.django_db
def test_each_run_holds_the_chains_against_the_last_line_and_adds_one(tmp_path: Path) -> None:
    office()
    file = tmp_path / "checkpoints"
    first = run(file)
    assert "is new" in first and "1 checkpoints added" in first
    assert "is new" not in run(file)
    [line, again] = [json.loads(each) for each in file.read_text().splitlines()]
    assert line["transfers"] == again["transfers"] == Transfer.objects.count()
    assert (line["seals"] == 6 and line["hmac"] != again["hmac"]) or line["at"] == again["at"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_chain_that_was_shortened_and_ties_out_in_itself_is_found(
    committed_db: None, tmp_path: Path
) -> None:
    portfolio, file = small(), tmp_path / "checkpoints"
    ledger.set_envelope(portfolio.pk, Decimal(1500))
    run(file)
    make_anew(portfolio, keep=1)
    with owner_unhindered() as cursor:
        cursor.execute("UPDATE allocation_account SET booked = sign(booked) * 1000")
        cursor.execute("UPDATE allocation_account SET available = booked, effective = booked")
        cursor.execute("UPDATE bets_portfolio SET envelope = 1000, reserve = 1000")
    call_command("verify", stdout=StringIO())
    assert "Office: transfer 2: was the last one on" in wrong(file)


def test_a_chain_that_was_written_again_is_found(committed_db: None, tmp_path: Path) -> None:
    portfolio, file = small(), tmp_path / "checkpoints"
    run(file)
    make_anew(portfolio, keep=1, note="Nothing to see.")
    call_command("verify", stdout=StringIO())
    assert "transfer 1: is another one than on" in wrong(file)


@pytest.mark.django_db
def test_a_line_that_was_changed_is_named_and_one_of_an_older_key_still_counts(
    tmp_path: Path,
) -> None:
    small()
    file = tmp_path / "checkpoints"
    run(file)
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[_key()]):
        run(file)
    with override_settings(SECRET_KEY="another"):
        assert "checkpoints: line 1: was not signed" in wrong(file)
    file.write_text(file.read_text().replace('"transfers": 1', '"transfers": 0') + "no json\n")
    said = wrong(file)
    assert all(f"line {number}: was not signed" in said for number in (1, 2, 3))


def _key() -> str:
    from django.conf import settings

    return settings.SECRET_KEY


@pytest.mark.django_db
def test_a_portfolio_that_is_not_there_any_more_is_missed(tmp_path: Path) -> None:
    small()
    empty = make_portfolio(name="Gone")
    file = tmp_path / "checkpoints"
    run(file)
    empty.delete()
    assert "Gone: portfolio: was there on" in wrong(file)


@pytest.mark.django_db
@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_used_ends_with_2_and_says_why(
    tmp_path: Path, content: bytes | None
) -> None:
    small()
    file = tmp_path / "checkpoints"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(CommandError, match="cannot be read") as error:
        run(file)
    assert error.value.returncode == 2
