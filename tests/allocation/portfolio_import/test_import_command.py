from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from bets.models import Bet, Portfolio
from tests.allocation.portfolio_import.status_rows import MAPPING, file_of, line
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mapping_file(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING)
    return path


def run(content: bytes, mapping_file: Path, *options: str) -> str:
    path = mapping_file.with_name("rows.csv")
    path.write_bytes(content)
    out = StringIO()
    call_command(
        "import_portfolio", str(path), "--mapping", str(mapping_file), *options, stdout=out
    )
    return out.getvalue()


def test_an_import_says_what_it_took_and_what_not(mapping_file: Path) -> None:
    said = run(
        file_of(line("Bridge", 2018, rating="Red"), line("Tunnel", "soon"), line("Canal", 2018)),
        mapping_file,
        "--replay",
    )
    assert "3 rows read (utf-8, separated by ,): 2 taken, 1 left out." in said
    assert "line 3, year: 'soon' is not a year, such as 2020 or 2019/20 (left out)" in said
    assert "2 bets new" in said
    assert "1 pieces of evidence new" in said
    assert "Nobody can see this portfolio yet" in said


def test_a_second_import_says_that_nothing_is_new(mapping_file: Path) -> None:
    content = file_of(line("Bridge", 2018, rating="Red"))
    run(content, mapping_file, "--replay")
    said = run(content, mapping_file, "--replay", "--lead", make_user().email)
    assert "0 bets new, 0 changes to bets, 0 pieces of evidence new, 0 transfers, 0 periods" in said
    assert "is now lead of this portfolio" in said
    assert "Nobody can see" not in said


def test_a_dry_run_writes_nothing(mapping_file: Path) -> None:
    said = run(
        file_of(line("Bridge", 2018), line("BRIDGE Programme", 2019)), mapping_file, "--dry-run"
    )
    assert "2 rows are 1 bets." in said
    assert "Bridge  =  BRIDGE Programme" in said
    assert not Portfolio.objects.exists()


def test_what_cannot_be_used_ends_with_two_and_one_line(mapping_file: Path) -> None:
    with pytest.raises(CommandError, match="Missing: 'project'") as raised:
        run(b"year,title\n2018,Bridge\n", mapping_file)
    assert raised.value.returncode == 2
    assert not Bet.objects.exists()


def test_a_file_without_a_usable_row_makes_no_portfolio(mapping_file: Path) -> None:
    with pytest.raises(CommandError, match="No row of the file can be used"):
        run(file_of(line("Tunnel", "soon")), mapping_file)
    assert not Portfolio.objects.exists()


def test_a_file_that_is_not_there_is_named(mapping_file: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv: No such file") as raised:
        call_command("import_portfolio", "nowhere.csv", "--mapping", str(mapping_file))
    assert raised.value.returncode == 2
