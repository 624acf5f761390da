"""The pages of notices and requests."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evidence.asking import ask, requests_of
from evidence.models import EvidenceRequest, Notice, NoticeChoice, NoticeKind
from evidence.notices.reading import count_unread
from evidence.notices.wants import by_default, choose, wants_of
from spm.accounts.models import Membership, Role
from tests.evidence.notices.test_asking import wanted
from tests.evidence.notices.test_mail import noted
from tests.evidence.notices.test_who_is_told import World
from tests.evidence.test_log_pages import signed_in, text_of
from tests.factories import make_member, make_portfolio

pytestmark = pytest.mark.django_db


def test_notices_are_shown_unread_first_counted_filtered_and_marked() -> None:
    world = World()
    browser = signed_in(world.lead)
    assert "Nothing has happened yet." in text_of(browser.get("/notices"))
    old = noted(world, world.lead, text="Old break")
    noted(world, world.lead, kind="deadline", text="Deadline", read_at=timezone.now())
    noted(world, world.finance, text="Of somebody else")
    page = browser.get("/notices").content.decode()
    assert page.index("Old break") < page.index("Deadline<")
    assert 'aria-label="Notices: 1 unread"' in page and "Of somebody else" not in page
    assert "Deadline<" not in browser.get("/notices?unread=on").content.decode()
    assert "Old break" not in browser.get("/notices?kind=deadline").content.decode()
    back = "/notices?kind=break"
    done = browser.post(f"/notices/{old.pk}/read", {"back": back})
    assert (done.status_code, done["Location"]) == (302, back)
    assert 'aria-label="Notices"' in browser.get("/notices/count").content.decode()
    assert Notice.objects.unread().count() == 1


def test_the_count_is_that_of_the_unread_rows_that_are_shown() -> None:
    world = World()
    noted(world, world.lead)
    noted(world, world.lead, kind="silence")
    noted(world, world.lead, kind="deadline", read_at=timezone.now())
    noted(world, world.finance)
    portfolios = [world.portfolio.pk, make_portfolio().pk]
    assert count_unread(world.lead.pk, []) == 0
    assert count_unread(world.lead.pk, portfolios[1:]) == 0
    assert count_unread(world.lead.pk, portfolios) == 2
    choose(world.lead, replace(wants_of(world.lead), off_page=frozenset({"silence"})))
    assert count_unread(world.lead.pk, portfolios) == 1
    assert Notice.objects.of(world.lead).unread().count() == 1


def test_all_are_read_that_were_there_and_only_ones_own() -> None:
    world = World()
    first, second = noted(world, world.lead), noted(world, world.lead)
    browser = signed_in(world.lead)
    theirs = noted(world, world.finance)
    later = noted(world, world.lead)
    browser.post("/notices/read", {"newest": second.pk, "back": "https://example.org/"})
    unread = set(Notice.objects.unread())
    assert unread == {theirs, later} and first not in unread
    assert browser.post(f"/notices/{theirs.pk}/read").status_code == 404
    elsewhere = browser.post("/notices/read", {"newest": "x", "back": "//example.org/notices"})
    assert elsewhere["Location"] == "/notices"


def test_what_one_may_not_see_any_more_is_neither_shown_nor_counted() -> None:
    world = World()
    noted(world, world.lead, text="Secret")
    Membership.objects.filter(user=world.lead).delete()
    Membership.objects.create(user=world.lead, portfolio=make_portfolio(), role=Role.LEAD)
    page = signed_in(world.lead).get("/notices").content.decode()
    assert "Secret" not in page and 'aria-label="Notices"' in page


def test_more_notices_cost_no_more_queries_and_go_on_to_the_next_page() -> None:
    world = World()
    browser = signed_in(world.lead)
    browser.get("/notices")
    counts = []
    for many in (2, 60):
        for _ in range(many):
            noted(world, world.lead)
        with CaptureQueriesContext(connection) as queries:
            page = browser.get("/notices")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    older = page.context["older_url"]
    assert len(browser.get(older).context["rows"]) == 12
    assert browser.get("/notices?before=x&kind=y").status_code == 200


def as_typed(**changes: str) -> dict[str, str]:
    """The form of settings as it stands for somebody who has chosen nothing, and what differs."""
    kinds = [kind.value for kind in NoticeKind]
    typed = {f"mail_{kind}": by_default(kind) for kind in kinds}
    typed |= {f"page_{kind}": "on" for kind in kinds}
    times = {"digest": "hourly", "digest_hour": "8", "quiet_from": "", "quiet_until": ""}
    typed |= {**times, "time_zone": "UTC", **changes}
    return {name: value for name, value in typed.items() if value != "off"}


def test_people_say_what_they_are_told_where_and_when() -> None:
    world = World()
    browser = signed_in(world.lead)
    url = "/notices/settings"
    typed = as_typed(mail_break="never", page_silence="off", time_zone="Europe/Zurich")
    typed |= {"quiet_from": "19:00", "quiet_until": "07:30", "digest": "daily", "digest_hour": "7"}
    assert browser.post(url, typed).status_code == 302
    wants = wants_of(world.lead)
    assert (wants.mail["break"], wants.mail["proposal"]) == ("never", "at_once")
    assert wants.off_page == {"silence"} and wants.digest_hour == 7
    assert (wants.quiet_from, wants.quiet_until) == (time(19, 0), time(7, 30))
    page = browser.get(url).content.decode()
    assert '<option value="Europe/Zurich" selected>' in page and 'value="19:00"' in page


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mail_break": "loud"}, "not one of the available choices"),
        ({"time_zone": "Mars/Olympus"}, "not one of the available choices"),
        ({"quiet_from": "19:00"}, "Give both ends of the quiet hours, or neither."),
        ({"quiet_from": "7:00", "quiet_until": "7:00"}, "end at another time than they begin"),
        ({"digest": ""}, "Choose one of these."),
        ({"digest_hour": "24"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_wanted_is_refused_and_what_was_typed_stays(
    changes: dict[str, str], says: str
) -> None:
    world = World()
    typed = as_typed(page_silence="off", **changes)
    answer = signed_in(world.lead).post("/notices/settings", typed)
    page = answer.content.decode()
    assert answer.status_code == 422 and says in page
    assert not answer.context["form"]["page_silence"].value()
    assert not NoticeChoice.objects.exists()


def test_a_kind_that_is_not_wanted_on_the_page_is_neither_shown_nor_counted() -> None:
    world = World()
    noted(world, world.lead, kind="silence", text="Silent")
    browser = signed_in(world.lead)
    assert 'aria-label="Notices: 1 unread"' in browser.get("/notices/count").content.decode()
    choose(world.lead, replace(wants_of(world.lead), off_page=frozenset({"silence"})))
    page = browser.get("/notices").content.decode()
    assert "Silent" not in page and 'aria-label="Notices"' in page


def test_evidence_is_asked_for_and_withdrawn_on_the_page() -> None:
    world = World()
    browser = signed_in(world.lead)
    url = f"/hypotheses/{world.hypothesis.pk}/ask"
    assert "Ask for evidence" in text_of(browser.get(f"/bets/{world.bet.pk}/evidence"))
    form = browser.get(url).content.decode()
    assert f'<option value="{world.owner.pk}" selected>' in form
    typed = {"asked_of": world.owner.pk, "due_on": "2020-01-01", "what_would_help": "Interviews"}
    refused = browser.post(url, typed)
    assert refused.status_code == 422 and b"Interviews" in refused.content
    assert b"lies in the past" in refused.content
    due = (timezone.now() + timedelta(days=3)).date().isoformat()
    assert browser.post(url, {**typed, "due_on": due}).status_code == 302
    page = text_of(browser.get("/evidence/requests"))
    assert "Interviews" in page and "Open" in page and "Withdraw" in page
    assert "Interviews" not in text_of(browser.get("/evidence/requests?state=answered"))
    row = EvidenceRequest.objects.get()
    assert "Log evidence" in text_of(signed_in(world.owner).get("/evidence/requests"))
    assert browser.post(f"/evidence/requests/{row.pk}/withdraw").status_code == 302
    assert requests_of(world.portfolio).get().state == "withdrawn"


ADDRESSES = ["/hypotheses/{hypothesis}/ask", "/evidence/requests/{request}/withdraw"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_may_what(address: str) -> None:
    world = World()
    row = ask(world.lead, world.hypothesis.pk, wanted())
    path = address.format(hypothesis=world.hypothesis.pk, request=row.pk)
    stranger = make_member(make_portfolio())
    assert signed_in(stranger).post(path).status_code == 404
    for role in (Role.VIEWER, Role.ADMIN):
        assert signed_in(make_member(world.portfolio, role)).post(path).status_code == 403
    outsider = make_member(world.portfolio, Role.CONTRIBUTOR)
    assert signed_in(outsider).post(path).status_code == 403
    allowed = signed_in(world.lead).post(path).status_code
    assert allowed in (302, 422)


def test_nothing_of_another_portfolio_is_listed() -> None:
    world = World("Secret bet")
    ask(world.lead, world.hypothesis.pk, wanted())
    stranger = signed_in(make_member(make_portfolio()))
    for path in ("/evidence/requests", "/evidence/requests/rows", "/notices", "/notices/rows"):
        assert b"Secret bet" not in stranger.get(path).content
