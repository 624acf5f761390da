"""Capital after break with its timeline: worked out by hand, shown, drawn and handed out."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from allocation.actuals import Said, record
from allocation.models import Proposal
from bets.edit import OFFICE
from evidence.intake import NewEvidence
from evidence.intake import record as take
from evidence.models import ThesisBreak
from reports.broken.report import AfterBreakReport, BrokenBet
from reports.broken.spending import Actual
from reports.figures.after_break import NARROW, WIDE
from spm.accounts.models import Role
from tests.api_client import client_of
from tests.evidence.test_log_pages import signed_in, text_of
from tests.factories import make_hypothesis, make_member, make_portfolio
from tests.reports.journal.history import NOW, Office, noon

pytestmark = pytest.mark.django_db


def broken_office() -> Office:
    """A bet of 1,000 a month breaks on 1 March; one proposal of four to leave it is approved."""
    office = Office(sick=1000, well=100)
    office.turned("sick", "break", noon(3, 1))
    replaced = closed(office, "superseded", 3, 11, "Newer evidence is in.")
    refused = office.proposal(noon(3, 15))
    for proposal in (replaced, refused):
        office.change(proposal, "sick", 1000, 400)
    office.decided(refused, "refused", noon(3, 31), reason="Wait for the tender.")
    early = closed(office, "withdrawn", 2, 20, "Drawn up anew.")
    office.change(early, "sick", 1000, 900)  # closed before the break
    more = closed(office, "expired", 4, 5, "Nobody decided it in time.")
    office.change(more, "sick", 1000, 1200)  # would have given it money
    office.approve(noon(4, 30), {"sick": (1000, 400)}, [("sick", "reserve", 600)])
    return office


def closed(office: Office, status: str, month: int, day: int, why: str) -> Proposal:
    at = noon(month, day)
    fields = {"status": status, "closed_at": at, "closed_because": why}
    return office.proposal(at - timedelta(days=2), **fields)


def only(office: Office) -> BrokenBet:
    report = AfterBreakReport(office.portfolio, NOW)
    (broken,) = report.histories(report.rows)
    return broken


def test_each_event_says_what_was_spent_on_the_broken_thesis_since() -> None:
    broken = only(broken_office())
    assert [(event.kind, event.day) for event in broken.events] == [
        ("break", date(2026, 3, 1)),
        ("ignored", date(2026, 3, 11)),
        ("refused", date(2026, 3, 31)),
        ("approved", date(2026, 4, 30)),
    ]
    # From each until 30 April at 1,000, then until 1 July (62 days) at 400 a month of 30.4375 days:
    # 60, 50, 30 and no days at 1,000, and 24,800 ÷ 30.4375 = 814.78 from there on.
    assert broken.since == [
        Decimal("2786.04"),
        Decimal("2457.49"),
        Decimal("1800.41"),
        Decimal("814.78"),
    ]
    assert (broken.row.spent, broken.row.rate) == (broken.since[0], Decimal(400))
    assert (broken.ignored, broken.refused) == (1, 1)
    replaced, refused = broken.events[1:3]
    assert replaced.why == "Newer evidence is in."
    assert (refused.who, refused.why) == ("Grace Hopper", "Wait for the tender.")
    assert refused.text == "Proposal 2, to withdraw €600/mo"


def test_a_revival_stops_what_is_counted_and_a_new_break_starts_it_again() -> None:
    office = broken_office()
    office.turned("sick", "revival", noon(5, 10))
    office.turned("sick", "break", noon(6, 21))
    broken = only(office)
    assert broken.spells == [
        (date(2026, 3, 1), date(2026, 5, 10)),
        (date(2026, 6, 21), date(2026, 7, 1)),
    ]
    # 60 days at 1,000 and 10 at 400, then 10 at 400: 60,000 + 4,000 in the first spell, 4,000 in
    # the second, each divided by 30.4375 and rounded by itself.
    assert broken.row.spent == Decimal("2102.67") + Decimal("131.42")
    assert [event.kind for event in broken.events[-2:]] == ["revival", "break"]
    assert broken.since[-1] == Decimal("131.42")


def test_the_evidence_that_broke_a_thesis_stands_before_the_break() -> None:
    office = Office(sick=1000)
    hypothesis = make_hypothesis(office.bets["sick"], half_life_days=None, prior=0.3)
    said = NewEvidence(
        kind="judgement", direction="against", strength="decisive", note="The pilot failed.",
        observed_at=noon(3, 1),
    )  # fmt: skip
    take(make_member(office.portfolio), hypothesis.pk, said)
    assert ThesisBreak.objects.get().evidence is not None
    evidence, turn = only(office).events
    assert (evidence.kind, evidence.text) == ("against", "Decisive judgement against")
    assert (evidence.why, turn.kind) == ("The pilot failed.", "break")


def test_the_timeline_has_room_for_its_words_and_marks_each_event() -> None:
    office = broken_office()
    report = AfterBreakReport(office.portfolio, NOW)
    (broken,) = report.histories(report.rows)
    for width in (WIDE, NARROW):
        figure = report.picture(broken, width)
        assert [mark.kind for mark in figure.marks] == ["ignored", "refused", "approved"]
        assert all(0 <= mark.x <= width for mark in figure.marks)
        assert [turn.word for turn in figure.turns] == ["thesis broke"]
        ((start, length),) = figure.spells
        assert start == figure.turns[0].x and start + length == pytest.approx(figure.right)
    assert figure.summary.startswith("The thesis was broken for 122 days and is still. Proposal ig")


def test_the_page_tells_totals_and_each_timeline_and_narrows_to_one_bet() -> None:
    office = broken_office()
    office.turned("well", "break", noon(3, 1))
    office.turned("well", "revival", noon(3, 2))
    client = signed_in(make_member(office.portfolio, Role.VIEWER))
    page = text_of(client.get(reverse("reports:after_break")))
    assert "€400/mo 1 bet broken today" in page and "2 bets that ever broke" in page
    assert "Proposal refused : Proposal 2, to withdraw €600/mo , by Grace Hopper" in page
    assert "its thesis has revived, it holds €100/mo, in Scaling. No proposal to withdraw" in page
    assert "Of the proposals to withdraw its money, 1 was ignored and 1 was refused." in page
    today = text_of(client.get(reverse("reports:after_break"), {"broken": "now"}))
    assert "its thesis has revived" not in today
    one = {"bet": str(office.bets["well"].pk)}
    assert "Grace Hopper" not in text_of(client.get(reverse("reports:after_break"), one))


def test_what_broke_is_there_as_csv_bet_by_bet_and_event_by_event() -> None:
    office = broken_office()
    client = signed_in(make_member(office.portfolio))
    bets = client.get(reverse("reports:after_break_csv")).content.decode().splitlines()
    assert bets[1].startswith("sick,2026-03-01,400.00,")
    sick = office.bets["sick"].pk
    events = client.get(reverse("reports:after_break_bet_csv", args=[sick])).content.decode()
    assert '2026-03-31,Proposal refused,"Proposal 2, to withdraw €600/mo",Grace Hopper' in events
    assert len(events.splitlines()) == 5
    elsewhere = signed_in(make_member(make_portfolio()))
    assert elsewhere.get(reverse("reports:after_break_bet_csv", args=[sick])).status_code == 404
    assert "No thesis has broken." in text_of(elsewhere.get(reverse("reports:after_break")))


def test_more_bets_cost_no_more_queries_and_come_ten_to_a_page() -> None:
    counts = []
    for many in (2, 12):
        office = Office(**{f"bet{number}": 100 + number for number in range(many)})
        for title in office.bets:
            office.turned(title, "break", noon(3, 1))
            proposal = closed(office, "expired", 4, 1, "Nobody decided it in time.")
            office.change(proposal, title, 100, 50)
        client = signed_in(make_member(office.portfolio))
        client.get(reverse("evidence:stream"))
        with CaptureQueriesContext(connection) as queries:
            page = client.get(reverse("reports:after_break"))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24
    assert len(page.context["rows"]) == 10
    older = client.get(page.context["older_url"])
    assert {row["broken"].bet.title for row in older.context["rows"]} == {"bet0", "bet1"}


def test_what_was_really_spent_stands_beside_what_the_ledger_says() -> None:
    office = broken_office()
    sick = office.bets["sick"].pk
    for month, amount in ((2, 900), (3, 1100), (4, 930)):
        said = Said(date(2026, month, 1), Decimal(amount))
        record(OFFICE, sick, said)
    report = AfterBreakReport(office.portfolio, NOW)
    # February was before the break; March and April are two of the four broken months to 1 July.
    assert report.actual[sick] == Actual(Decimal("2030.00"), 2, 4)
    assert report.actual_spent == Decimal("2030.00")
    client = signed_in(make_member(office.portfolio))
    page = text_of(client.get(reverse("reports:after_break")))
    assert "€2.03k" in page and ", really €2.03k in 2 of its" in page
    row = client_of(make_member(office.portfolio), office.portfolio).get("/reports/after-break")
    assert row.json()["results"][0]["actual_spent"] == "2030.00"


def test_a_program_reads_the_same() -> None:
    office = broken_office()
    client = client_of(make_member(office.portfolio), office.portfolio)
    read = client.get("/reports/after-break?broken=now").json()
    (row,) = read["results"]
    assert (row["id"], row["rate"], read["rate"]) == (office.bets["sick"].pk, "400.00", "400.00")
    assert row["spent"] == read["spent"] and read["next"] is None
    assert [event["kind"] for event in row["events"]] == [
        "break",
        "ignored",
        "refused",
        "approved",
    ]
    assert client.get(f"/reports/after-break?bet={office.bets['well'].pk}").json()["results"] == []
    assert client.get("/reports/after-break?broken=ever").status_code == 400
