"""Files of actual spend as they really are: recognised, looked over, taken but for the bad rows."""

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from allocation.actuals import spent_by_month
from allocation.actuals_file import choose, hand_in, month_of, plan_for, recognised, take
from allocation.models import ActualsFile, ActualSpend
from bets.models import Bet, ExternalKey
from spm.accounts.models import Role
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from spm.sheets.cells import Unreadable
from spm.sheets.grid import read_grid
from tests.allocation.test_actuals import office
from tests.allocation.test_limit_pages import signed_in, text_of
from tests.factories import make_bet, make_member, make_portfolio
from tests.spm.sheets.workbooks import workbook

pytestmark = pytest.mark.django_db

TODAY = date(2026, 6, 15)
LONG = """Project;Period;Cost element;Actual cost
Checkout;03.2026;Salaries;"12.000,50"
checkout;2026-03-31;Cloud;1.500,00
PAY-7;04/2026;Salaries;800,00
Unknown;04/2026;Salaries;1,00
Checkout;soon;Salaries;1,00
Checkout;12/2099;Salaries;1,00
Checkout;04/2026;Salaries;plenty
;04/2026;Salaries;1,00
"""
WIDE: list[list[Any]] = [
    ["Initiative", "Owner", "Jan 2026", "Feb 2026", "Total"],
    ["Checkout", "A", 100.1, "", 100.1],
]


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocation.actuals_file.read_apart", read_grid)


def with_key() -> tuple[Any, Bet, Bet, Any]:
    portfolio, bet, cfo = office()
    other = make_bet(portfolio, title="Payments")
    ExternalKey.objects.create(portfolio=portfolio, bet=other, source="jira", key="PAY-7")
    return portfolio, bet, other, cfo


def test_rows_of_the_same_bet_and_month_are_added_up_and_the_bad_ones_are_named() -> None:
    portfolio, bet, other, cfo = with_key()
    file = hand_in(cfo, portfolio, "march.csv", LONG.encode(), "SAP")
    assert file.columns == {"bet": "Project", "month": "Period", "amount": "Actual cost"}
    plan = plan_for(file, TODAY)
    assert plan.amounts == {
        (bet.pk, date(2026, 3, 1)): Decimal("13500.50"),
        (other.pk, date(2026, 4, 1)): Decimal("800.00"),
    }
    assert [(each.line, each.column) for each in plan.problems] == [
        (5, "Project"),
        (6, "Period"),
        (7, "Period"),
        (8, "Actual cost"),
        (9, "Project"),
    ]
    done = take(cfo, file)
    assert (done.taken, done.repeated, len(done.refused)) == (2, 0, 5)
    assert spent_by_month([bet.pk], TODAY)[bet.pk] == {date(2026, 3, 1): Decimal("13500.50")}
    assert {row.source for row in ActualSpend.objects.all()} == {"SAP"}


def test_the_same_file_again_adds_nothing_and_one_file_is_taken_once() -> None:
    portfolio, _, _, cfo = with_key()
    file = hand_in(cfo, portfolio, "march.csv", LONG.encode())
    take(cfo, file)
    with pytest.raises(Conflict, match="already"):
        take(cfo, file)
    again = take(cfo, hand_in(cfo, portfolio, "march (1).csv", LONG.encode()))
    assert (again.taken, again.repeated) == (0, 2)


def test_a_spreadsheet_with_a_column_for_each_month_is_read_as_such() -> None:
    portfolio, bet, cfo = office()
    file = hand_in(cfo, portfolio, "year.xlsx", workbook(WIDE))
    assert file.columns == {"bet": "Initiative"}
    plan = plan_for(file, TODAY)
    assert plan.amounts == {(bet.pk, date(2026, 1, 1)): Decimal("100.10")}
    assert (plan.cells, plan.problems) == (1, [])


def test_a_title_of_two_bets_names_neither() -> None:
    portfolio, _, cfo = office()
    make_bet(portfolio, title="CHECKOUT")
    plan = plan_for(hand_in(cfo, portfolio, "x.csv", b"bet,month,amount\nCheckout,2026-03,1\n"))
    assert "names 2 bets" in plan.problems[0].reason and not plan.amounts


def test_columns_that_are_not_recognised_are_asked_for_and_kept() -> None:
    portfolio, bet, cfo = office()
    content = b"Was,Wann,Wieviel\nCheckout,2026-03,7\n"
    file = hand_in(cfo, portfolio, "x.csv", content)
    assert set(plan_for(file).wrong) == {"bet", "month"}
    with pytest.raises(Invalid, match="which column"):
        take(cfo, file)
    with pytest.raises(Invalid, match="no column"):
        choose(cfo, file, {"bet": "Wer"})
    choose(cfo, file, {"bet": "Was", "month": "Wann"})
    assert plan_for(file).wrong == {"amount": "Say which column holds the amount."}
    choose(cfo, file, {"bet": "Was", "month": "Wann", "amount": "Wieviel"})
    assert plan_for(file).amounts == {(bet.pk, date(2026, 3, 1)): 7}


MARCHES = "2026-03|202603|2026/03|03.2026|03/2026|003.2026|Mar 2026|March 2026|Mar-26|14.03.2026"


@pytest.mark.parametrize("text", MARCHES.split("|"))
def test_a_month_is_read_however_it_is_written(text: str) -> None:
    assert month_of(text) == date(2026, 3, 1)


@pytest.mark.parametrize("text", ["", "13/2026", "Q1", "2026", "202613"])
def test_what_names_no_month_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match="is not a month"):
        month_of(text)


def test_the_column_of_a_name_that_fits_best_is_taken() -> None:
    grid = read_grid(b"Project name,Project,Posting date,Amount in EUR\na,b,2026-03-01,1\n")
    assert recognised(grid) == {
        "bet": "Project",
        "month": "Posting date",
        "amount": "Amount in EUR",
    }


def test_others_hand_in_nothing() -> None:
    portfolio, _, _ = office()
    with pytest.raises(NotAllowed):
        hand_in(make_member(portfolio, Role.LEAD), portfolio, "x.csv", LONG.encode())


def test_a_file_is_handed_in_looked_over_taken_and_what_was_refused_comes_back() -> None:
    portfolio, _, _, cfo = with_key()
    client = signed_in(cfo)
    upload = SimpleUploadedFile("march.csv", LONG.encode())
    answer = client.post("/ledger/actuals/files", {"file": upload, "source": "SAP"})
    path = answer["Location"]
    page = text_of(client.get(path))
    assert "3 cells come to 2 amounts of 2 bets, Mar 2026 to Apr 2026, €14,300.50 together" in page
    assert "'Unknown' is neither the title nor a key of a bet here" in page
    assert client.post(f"{path}/take").status_code == 302
    done = text_of(client.get(path))
    assert "2 amounts of a bet and a month" in done and "Not taken" in done
    refused = client.get(f"{path}/refused.csv").content.decode()
    assert (
        refused.splitlines()[0]
        == "Project;Period;Cost element;Actual cost;problem;line in the file"
    )
    assert len(refused.splitlines()) == 6
    assert client.post(f"{path}/take").status_code == 409
    elsewhere = signed_in(make_member(make_portfolio(), Role.FINANCE))
    assert elsewhere.get(path).status_code == 404
    lead = signed_in(make_member(portfolio, Role.LEAD))
    assert lead.post(f"{path}/take").status_code == 403


def test_what_is_no_table_is_refused_with_the_reason() -> None:
    portfolio, _, cfo = office()
    client = signed_in(cfo)
    for content in (b"", b"%PDF-1.7 x"):
        upload = SimpleUploadedFile("x.csv", content or b" ")
        answer = client.post("/ledger/actuals/files", {"file": upload, "source": "S<b>"})
        assert answer.status_code == 422 and 'value="S&lt;b&gt;"' in answer.content.decode()
    assert client.post("/ledger/actuals/files", {}).status_code == 422
    assert not ActualsFile.objects.filter(portfolio=portfolio).exists()


def test_the_command_records_names_what_it_could_not_and_ends_with_1(tmp_path: Path) -> None:
    _, bet, _, cfo = with_key()
    file, out, err = tmp_path / "march.csv", StringIO(), StringIO()
    file.write_text(LONG)
    with pytest.raises(CommandError, match="5 rows were not taken"):
        call_command("actuals", "office", file, by=cfo.email, source="SAP", stdout=out, stderr=err)
    assert "2 amounts recorded" in out.getvalue() and "line 5, Project" in err.getvalue()
    assert ActualSpend.objects.filter(bet=bet).count() == 1
    with pytest.raises(CommandError, match="There is no portfolio"):
        call_command("actuals", "elsewhere", file, by=cfo.email)
