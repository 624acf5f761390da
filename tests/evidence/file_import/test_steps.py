"""The steps of a file against the database: handed in, looked over, imported, taken back."""

from typing import Any

import pytest

from bets.models import Bet, Portfolio
from evidence.file_import import steps
from evidence.file_import.refused import refused_rows
from evidence.models import Evidence, EvidenceImport
from spm.accounts.models import Membership, Role, User
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio, make_team

pytestmark = pytest.mark.django_db

RATED = (
    "project;rating;comment;when\n"
    "Bridge;Green;fine – “really”;2026-03-01\n"
    "Tunnel;Red;wet;01.04.2026\n"
    "Tunnel;Exempt;;01.04.2026\n"
    "Pier;Red;gone;2026-03-01\n"
).encode("cp1252")
WORDS = {"word.green": "for weak", "word.red": "against strong", "word.exempt": "nothing"}


def office() -> tuple[Portfolio, User]:
    portfolio = make_portfolio()
    for title in ("Bridge", "Tunnel"):
        make_hypothesis(make_bet(portfolio, title=title))
    return portfolio, make_member(portfolio)


def looked_over(portfolio: Portfolio, lead: User, **more: str) -> EvidenceImport:
    file = steps.hand_in(lead, portfolio, "report.csv", RATED)
    steps.run_owed(file.pk)
    file.refresh_from_db()
    grid, mapping = steps.grid_of(file), steps.mapping_of(file)
    steps.choose(lead, file, {**steps.form_of(mapping, grid), **WORDS, **more})
    return file


def imported(portfolio: Portfolio, lead: User, **more: str) -> EvidenceImport:
    file = looked_over(portfolio, lead, **more)
    steps.begin(lead, file)
    steps.run_owed(file.pk)
    file.refresh_from_db()
    return file


def test_a_file_as_it_is_becomes_evidence_and_every_row_is_accounted_for() -> None:
    portfolio, lead = office()
    file = imported(portfolio, lead)
    assert file.status == "done"
    assert (file.rows, file.taken, file.silent, file.refused) == (4, 2, 1, 1)
    assert file.problems[0]["line"] == 5
    bridge = Evidence.objects.get(bet__title="Bridge")
    assert bridge.note == "fine – “really”"
    assert bridge.observed_at.isoformat() == "2026-03-01T12:00:00+00:00"
    assert Bet.objects.get(title="Tunnel").belief < 0.5


def test_the_same_file_again_changes_nothing() -> None:
    portfolio, lead = office()
    imported(portfolio, lead)
    again = imported(portfolio, lead)
    assert (again.taken, again.repeated) == (0, 2)
    assert Evidence.objects.count() == 2


def test_refused_rows_come_back_corrected_and_only_they_are_new() -> None:
    portfolio, lead = office()
    file = imported(portfolio, lead)
    refused = refused_rows(steps.grid_of(file), file.problems, ";")
    assert "no bet called 'Pier'" in refused
    again = steps.hand_in(lead, portfolio, "again.csv", refused.replace("Pier", "Bridge").encode())
    steps.run_owed(again.pk)
    again.refresh_from_db()
    assert again.recognised["is_remembered"]
    steps.begin(lead, again)
    steps.run_owed(again.pk)
    again.refresh_from_db()
    assert (again.taken, again.refused) == (1, 0)


def test_bets_that_are_not_there_are_made_once() -> None:
    portfolio, lead = office()
    more = {"missing": "create", "constant.hypothesis": "It delivers"}
    file = imported(portfolio, lead, **more)
    assert (file.new_bets, file.taken, file.refused) == (1, 3, 0)
    assert Bet.objects.get(title="Pier").stage == "funnel"
    again = imported(portfolio, lead, **more)
    assert (again.new_bets, again.repeated) == (0, 3)


def test_a_whole_file_is_taken_back_by_retractions() -> None:
    portfolio, lead = office()
    file = imported(portfolio, lead)
    steps.undo(lead, file)
    steps.run_owed(file.pk)
    file.refresh_from_db()
    assert file.status == "undone"
    assert Evidence.objects.filter(kind="retraction").count() == 2
    assert Bet.objects.get(title="Tunnel").belief == pytest.approx(0.5)


def test_a_worker_that_was_killed_half_way_begins_again_without_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    portfolio, lead = office()
    file = looked_over(portfolio, lead)
    steps.begin(lead, file)
    monkeypatch.setattr(steps, "ROWS_AT_ONCE", 1)
    real, calls = steps.record_many, []

    def killed(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(steps, "record_many", killed)
    with pytest.raises(KeyboardInterrupt):
        steps.run_owed(file.pk)
    assert Evidence.objects.count() == 1
    steps.run_owed(file.pk)
    file.refresh_from_db()
    assert (file.status, file.taken, file.repeated) == ("done", 2, 0)


def test_a_file_is_imported_once_however_often_the_button_is_pressed() -> None:
    portfolio, lead = office()
    file = looked_over(portfolio, lead)
    steps.begin(lead, file)
    with pytest.raises(Conflict):
        steps.begin(lead, file)
    with pytest.raises(Conflict):
        steps.choose(lead, file, {})


def test_a_mapping_that_says_nothing_cannot_be_imported() -> None:
    portfolio, lead = office()
    file = looked_over(portfolio, lead)
    steps.choose(lead, file, {"column.0": "bet"})
    with pytest.raises(Invalid, match="for or against"):
        steps.begin(lead, file)


def test_a_file_that_cannot_be_used_says_so_and_keeps_nothing() -> None:
    portfolio, lead = office()
    file = steps.hand_in(lead, portfolio, "report.csv", b"%PDF-1.7")
    steps.run_owed(file.pk)
    file.refresh_from_db()
    assert (file.status, file.content) == ("unusable", None)
    assert "is a PDF" in file.fault


def test_who_may_log_no_evidence_hands_in_no_file() -> None:
    portfolio, _ = office()
    with pytest.raises(NotAllowed):
        steps.hand_in(make_member(portfolio, Role.FINANCE), portfolio, "report.csv", RATED)


def test_rows_on_bets_of_other_teams_are_refused_one_by_one() -> None:
    portfolio, _ = office()
    team = make_team(portfolio)
    make_hypothesis(make_bet(portfolio, {team: 1.0}, title="Pier"))
    file = imported(portfolio, make_member(portfolio, Role.CONTRIBUTOR, (team,)))
    assert (file.taken, file.refused) == (1, 2)
    assert "may not log evidence" in file.problems[0]["reason"]


def test_who_lost_the_role_meanwhile_takes_nothing_in() -> None:
    portfolio, lead = office()
    file = looked_over(portfolio, lead)
    steps.begin(lead, file)
    Membership.objects.filter(user=lead).update(role=Role.VIEWER)
    steps.run_owed(file.pk)
    file.refresh_from_db()
    assert (file.status, file.taken) == ("stopped", 0)
    assert "may not log evidence" in file.fault
