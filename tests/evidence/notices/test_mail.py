"""One digest and no flood: when it goes, what is in it, who gets none, and a server that fails."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.core.mail.backends.locmem import EmailBackend

from evidence.models import Because, Notice, NoticeMail
from evidence.notices.mail import collect, mail_what_is_due, send
from evidence.notices.message import subject_of
from evidence.notices.tell import Details
from evidence.notices.wants import choose, wants_of
from spm.accounts.models import Membership, Role, User
from tests.evidence.notices.test_who_is_told import World
from tests.factories import make_portfolio

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def minutes(count: float) -> datetime:
    """So many minutes after nine."""
    return NINE + timedelta(minutes=count)


def noted(world: World, person: User, at: float = 0, kind: str = "break", **fields: Any) -> Notice:
    """A notice that a person got so many minutes after nine."""
    number = Notice.objects.count()
    values = {
        "because": Because.OFFICE,
        "about": f"turn:{number}",
        "text": f"{world.bet.title}: notice {number}.",
        "url": f"/bets/{world.bet.pk}",
        "bet": world.bet,
        "portfolio": world.portfolio,
        **fields,
    }
    moment = minutes(at)
    return Notice.objects.create(
        person=person, kind=kind, created_at=moment, owed_since=moment, **values
    )


def sent() -> list[Any]:
    """The e-mails that went out."""
    return list(outbox.outbox)


def test_a_break_goes_within_five_minutes_with_what_came_meanwhile() -> None:
    world = World()
    noted(world, world.lead, 0)
    noted(world, world.lead, 3, kind="revival")
    assert mail_what_is_due(minutes(3.5)) == 0
    assert mail_what_is_due(minutes(4.5)) == 1
    (message,) = sent()
    assert message.to == [world.lead.email]
    assert message.subject == "Parcel lockers: notice 0. (and 1 more)"
    assert set(Notice.objects.values_list("mailed_at", "mail_owed")) == {(minutes(4.5), False)}


def test_after_that_one_digest_an_hour_at_most() -> None:
    world = World()
    for minute in range(180):
        noted(world, world.lead, minute)
        mail_what_is_due(minutes(minute))
    assert [row.settled_at for row in NoticeMail.objects.order_by("id")] == [
        minutes(4),
        minutes(64),
        minutes(124),
    ]
    assert len(sent()) == 3


def test_what_is_no_break_waits_for_the_hour() -> None:
    world = World()
    noted(world, world.lead, 0, kind="silence")
    assert mail_what_is_due(minutes(58)) == 0
    assert mail_what_is_due(minutes(59)) == 1


def test_each_person_gets_their_own() -> None:
    world = World()
    noted(world, world.lead)
    noted(world, world.finance)
    assert mail_what_is_due(minutes(5)) == 2
    assert {address for message in sent() for address in message.to} == {
        world.lead.email,
        world.finance.email,
    }


class Away(EmailBackend):
    """A mail server that refuses."""

    def send_messages(self, messages: Any) -> int:
        """Refuse."""
        raise ConnectionRefusedError("nobody there")


def test_a_server_that_fails_is_asked_again_later_and_nothing_is_lost_or_doubled(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    noted(world, world.lead)
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    for minute in (5, 5.5, 6, 7, 8):
        assert mail_what_is_due(minutes(minute)) == 0
    row = NoticeMail.objects.get()
    assert row.tries == 3 and row.next_try_at == minutes(12)
    assert "was not taken at try 3" in caplog.text
    noted(world, world.lead, 9)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert mail_what_is_due(minutes(11)) == 0
    assert mail_what_is_due(minutes(12)) == 1
    assert mail_what_is_due(minutes(71)) == 0
    assert mail_what_is_due(minutes(72)) == 1
    assert mail_what_is_due(minutes(200)) == 0
    bodies = [message.body for message in sent()]
    assert ["notice 0" in body for body in bodies] == [True, False]
    assert ["notice 1" in body for body in bodies] == [False, True]


def test_what_is_sent_again_after_a_crash_has_the_same_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    noted(world, world.lead)
    row = collect(world.lead.pk, minutes(5))
    assert row is not None

    def crash(*args: Any, **kwargs: Any) -> None:
        raise SystemError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(NoticeMail, "save", crash)
        with pytest.raises(SystemError):
            send(row.pk, minutes(5))
    assert NoticeMail.objects.get().settled_at is None
    assert mail_what_is_due(minutes(6)) == 1
    assert mail_what_is_due(minutes(7)) == 0
    first, second = sent()
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert first.extra_headers["Message-ID"] == row.message_id


def test_who_lost_the_role_the_portfolio_or_the_account_gets_nothing() -> None:
    world = World()
    for person in (world.lead, world.finance, world.owner, world.colleague):
        noted(world, person)
    Membership.objects.filter(user=world.lead).update(role=Role.VIEWER)
    Membership.objects.filter(user=world.finance).delete()
    User.objects.filter(pk=world.colleague.pk).update(is_active=False)
    assert mail_what_is_due(minutes(5)) == 0
    assert not Notice.objects.filter(mail_owed=True).exists()
    assert not Notice.objects.exclude(mailed_at=None).exists()


def test_who_lost_the_role_after_it_was_collected_gets_nothing_either() -> None:
    world = World()
    noted(world, world.lead)
    row = collect(world.lead.pk, minutes(5))
    assert row is not None
    Membership.objects.filter(user=world.lead).delete()
    assert not send(row.pk, minutes(5))
    row.refresh_from_db()
    assert row.settled_at and not row.was_sent and sent() == []


def test_an_owner_who_gave_the_bet_away_gets_nothing() -> None:
    world = World()
    noted(world, world.owner, because=Because.OWNER)
    world.bet.owner = world.colleague
    world.bet.save(update_fields=["owner"])
    assert mail_what_is_due(minutes(5)) == 0


def chosen(person: User, **changes: Any) -> None:
    """Let a person want something else than what holds by default."""
    wants = wants_of(person)
    mail = {**wants.mail, **changes.pop("mail", {})}
    choose(person, replace(wants, mail=mail, **changes))


def test_people_choose_for_each_kind_whether_it_is_mailed_at_once_later_or_never() -> None:
    world = World()
    chosen(world.lead, mail={"break": "never", "deadline": "at_once"})
    noted(world, world.lead, 0)
    noted(world, world.lead, 0, kind="deadline")
    assert mail_what_is_due(minutes(5)) == 1
    assert "notice 1" in sent()[0].body and "notice 0" not in sent()[0].body
    # What was not wanted then does not come later.
    chosen(world.lead, mail={"break": "at_once"})
    assert mail_what_is_due(minutes(500)) == 0


def test_a_daily_digest_waits_for_its_hour_where_the_person_is() -> None:
    world = World()
    # Nine in UTC is ten in Zurich, in winter.
    chosen(world.lead, digest="daily", digest_hour=12, time_zone="Europe/Zurich")
    noted(world, world.lead, 0, kind="silence")
    noted(world, world.lead, 1, kind="break")
    assert mail_what_is_due(minutes(5)) == 1
    assert "notice 1" in sent()[0].body and "notice 0" not in sent()[0].body
    assert mail_what_is_due(minutes(119)) == 0
    assert mail_what_is_due(minutes(120)) == 1
    noted(world, world.lead, 121, kind="silence")
    assert mail_what_is_due(minutes(119 + 24 * 60)) == 0
    assert mail_what_is_due(minutes(120 + 24 * 60)) == 1


def test_nothing_is_mailed_in_quiet_hours_and_all_of_it_in_the_first_e_mail_after() -> None:
    world = World()
    night = {"quiet_from": time(18, 0), "quiet_until": time(10, 0), "time_zone": "Europe/Zurich"}
    chosen(world.lead, **night)
    for _ in range(3):
        noted(world, world.lead, -60)
    noted(world, world.lead, -30, kind="silence")
    assert mail_what_is_due(minutes(-1)) == 0
    assert mail_what_is_due(minutes(0)) == 1
    assert sent()[0].subject.endswith("(and 3 more)")


def test_an_e_mail_that_a_server_did_not_take_is_not_tried_again_in_quiet_hours(
    settings: Any,
) -> None:
    world = World()
    noted(world, world.lead)
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    mail_what_is_due(minutes(5))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    chosen(world.lead, quiet_from=time(9, 0), quiet_until=time(10, 0))
    assert mail_what_is_due(minutes(20)) == 0
    assert mail_what_is_due(minutes(60)) == 1


def test_an_e_mail_has_both_forms_and_leads_to_where_one_says_what_is_mailed(settings: Any) -> None:
    settings.PUBLIC_ADDRESS = "https://office.example.org"
    world = World()
    details = Details([("Really freed", "€30k/mo")], ("From", "To"), [("Sick", "<b>Well</b>")], "")
    noted(world, world.lead, kind="proposal", details=asdict(details))
    mail_what_is_due(minutes(5))
    message = sent()[0].message()
    assert message["List-Unsubscribe"] == "<https://office.example.org/notices/settings>"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.get_payload()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "  Really freed: €30k/mo\n  From | To\n  Sick | <b>Well</b>\n" in sent()[0].body
    ((shown, _),) = sent()[0].alternatives
    assert "&lt;b&gt;Well" in shown and "<img" not in shown and "<script" not in shown


def test_what_was_read_on_the_page_is_not_mailed() -> None:
    world = World()
    noted(world, world.lead, read_at=minutes(1))
    assert mail_what_is_due(minutes(5)) == 0


def test_no_title_gets_into_the_head_of_an_e_mail(settings: Any) -> None:
    settings.PUBLIC_ADDRESS = "https://office.example.org"
    world = World("Lockers\r\nBcc: thief@example.org\x01 <script>alert(1)</script>")
    noted(world, world.lead)
    assert mail_what_is_due(minutes(5)) == 1
    (message,) = sent()
    raw = message.message()
    assert raw["Bcc"] is None and "\n" not in message.subject
    assert raw["To"] == world.lead.email
    ((html, kind),) = message.alternatives
    assert kind == "text/html" and "<script>" not in html
    for body in (message.body, html):
        assert f"https://office.example.org/bets/{world.bet.pk}" in body
        assert "https://office.example.org/notices/settings" in body


def test_a_long_list_is_cut_and_a_break_comes_first() -> None:
    world = World()
    for _ in range(30):
        noted(world, world.lead, kind="deadline")
    noted(world, world.lead, text="X" * 400)
    assert mail_what_is_due(minutes(5)) == 1
    (message,) = sent()
    assert message.subject.startswith("XXX") and message.subject.endswith("… (and 30 more)")
    assert len(message.subject) == 120
    assert "And 11 more" in message.body


def test_a_subject_is_one_line() -> None:
    world = World()
    assert subject_of([noted(world, world.lead, text="A\u2028B\tC")]) == "A B C"


def test_people_of_two_portfolios_get_one_digest_of_both() -> None:
    world = World()
    second = make_portfolio(name="Second")
    Membership.objects.create(user=world.lead, portfolio=second, role=Role.LEAD)
    noted(world, world.lead)
    noted(world, world.lead, portfolio=second, bet=None)
    assert mail_what_is_due(minutes(5)) == 1
    assert "(Second)" in sent()[0].body
