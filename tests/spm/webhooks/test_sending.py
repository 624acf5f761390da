"""Deliveries: signed, at least once, tried again later and later, given up in the end."""

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from allocation.decide import refuse
from allocation.propose import publish
from bets.edit import OFFICE
from evidence.intake import NewEvidence, record
from evidence.models import Evidence, Notice
from spm import outgoing
from spm.accounts.models import Role, User
from spm.webhooks import changes, sending
from spm.webhooks.events import Happening, owe, owe_all
from spm.webhooks.models import Event, Webhook, WebhookDelivery
from spm.webhooks.tasks import send
from tests.allocation.test_decide import as_shown, proposed
from tests.factories import make_bet, make_hypothesis, make_member, make_portfolio
from tests.spm.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A real server on this machine that the installation lists."""
    with Receiver() as running:
        settings.OUTGOING_ALLOW = [running.at]
        yield running


class Hooked:
    """A portfolio with an administrator and a webhook that wants everything."""

    def __init__(self, receiver: Receiver, portfolio: Any = None) -> None:
        self.portfolio = portfolio or make_portfolio()
        self.admin: User = make_member(self.portfolio, Role.ADMIN)
        self.hook, self.secret = changes.add(
            self.admin, self.portfolio.pk, receiver.url, Event.values
        )

    def owe(self, count: int = 1) -> None:
        """Owe some events, due at ``NOW``."""
        for number in range(count):
            owe(self.portfolio.pk, Event.THESIS_BROKEN, {"bet": number})
        WebhookDelivery.objects.update(next_try_at=NOW)

    def send(self, **later: float) -> int:
        """Send what is due so much after ``NOW``."""
        return sending.send_due(self.hook.pk, NOW + timedelta(**later))

    def delivery(self) -> WebhookDelivery:
        """The only one."""
        return WebhookDelivery.objects.get()


def signature(secret: str, got: Any) -> str:
    """As the specification of Standard Webhooks says, worked out here from what arrived."""
    head = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, head + got.body, hashlib.sha256)).decode()


def test_a_delivery_is_signed_and_says_what_came_back(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    hooked.owe()
    assert hooked.send() == 1
    (got,) = receiver.got
    assert got.headers["webhook-signature"] == signature(hooked.secret, got)
    assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert got.headers["Content-Type"] == "application/json"
    said = json.loads(got.body)
    assert said["type"] == "thesis.broken"
    assert said["data"] == {"portfolio": hooked.portfolio.pk, "bet": 0}
    row = hooked.delivery()
    assert (row.outcome, row.last_status, row.tries) == ("delivered", 200, 1)
    assert row.last_seconds is not None and row.message_id == got.headers["webhook-id"]


def test_the_signature_is_that_of_the_specification() -> None:
    # The example in the reference libraries of Standard Webhooks.
    from spm.webhooks.signing import signature_of

    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = '{"test": 2432232314}'
    said = signature_of(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_failed_is_tried_again_under_the_same_id(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    hooked.owe()
    receiver.answers = [(500, {}, b"secret words"), (200, {}, b"")]
    assert hooked.send() == 0
    row = hooked.delivery()
    assert (row.outcome, row.last_status, row.tries) == ("waiting", 500, 1)
    assert NOW + timedelta(seconds=8) <= row.next_try_at <= NOW + timedelta(seconds=10)
    assert hooked.send(seconds=7) == 0 and len(receiver.got) == 1
    assert hooked.send(seconds=11) == 1
    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert b"secret words" not in repr(hooked.delivery().__dict__).encode()


def test_a_crash_after_sending_sends_it_again_under_the_same_id(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked = Hooked(receiver)
    hooked.owe()

    def crash(*args: Any) -> None:
        raise SystemError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_note", crash)
        with pytest.raises(SystemError):
            hooked.send()
    assert hooked.send() == 1
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1 and len(receiver.got) == 2


def test_eight_tries_take_less_than_a_day_and_then_it_is_given_up(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    hooked.owe()
    receiver.answers = [(503, {}, b"")]
    for _ in range(20):
        sending.send_due(hooked.hook.pk, hooked.delivery().next_try_at)
    row = hooked.delivery()
    assert (row.outcome, row.tries, len(receiver.got)) == ("dead", 8, 8)
    assert row.last_tried_at is not None and row.last_tried_at - NOW <= timedelta(hours=24)
    hooked.hook.refresh_from_db()
    assert hooked.hook.active and hooked.hook.dead_in_a_row == 1


def test_who_has_taken_nothing_three_times_is_sent_nothing_more_until_somebody_says_so(
    receiver: Receiver,
) -> None:
    hooked = Hooked(receiver)
    receiver.answers = [(500, {}, b"")]
    hooked.owe(3)
    WebhookDelivery.objects.update(tries=7)
    for minute in range(0, 10, 2):
        hooked.send(minutes=minute)
    hooked.hook.refresh_from_db()
    assert not hooked.hook.active and "3 events in a row" in hooked.hook.disabled_because
    (told_of,) = Notice.objects.all()
    assert (told_of.person, told_of.url) == (hooked.admin, "/settings/webhooks")
    assert "Nothing is sent to the webhook at 127.0.0.1 any more." in told_of.text
    owe(hooked.portfolio.pk, Event.THESIS_BROKEN, {})
    assert WebhookDelivery.objects.count() == 3  # nothing is written for one that is stopped
    changes.change(hooked.admin, hooked.hook.pk, active=True)
    hooked.hook.refresh_from_db()
    assert (hooked.hook.active, hooked.hook.disabled_because) == (True, "")
    assert hooked.hook.dead_in_a_row == 0


def test_something_delivered_between_makes_it_no_row(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    Webhook.objects.update(dead_in_a_row=2)
    hooked.owe()
    hooked.send()
    hooked.hook.refresh_from_db()
    assert hooked.hook.dead_in_a_row == 0


def test_who_answers_gone_is_believed(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    hooked.owe()
    receiver.answers = [(410, {}, b"")]
    hooked.send()
    hooked.hook.refresh_from_db()
    assert not hooked.hook.active and "410" in hooked.hook.disabled_because


def test_one_that_hangs_is_left_alone_for_a_minute(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.2)
    hooked = Hooked(receiver)
    hooked.owe(5)
    receiver.hang()
    assert hooked.send() == 0 and len(receiver.got) == 1
    first = WebhookDelivery.objects.earliest("id")
    assert (first.last_status, first.last_problem) == (None, "no answer in time")
    rest = WebhookDelivery.objects.exclude(pk=first.pk)
    assert set(rest.values_list("tries", "next_try_at")) == {(0, NOW + timedelta(minutes=1))}


@pytest.mark.parametrize(
    ("answer", "problem", "status"),
    [
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "", 302),
        ((200, {}, b"a" * (outgoing.MOST_BYTES + 1)), "the answer is too large", None),
    ],
)
def test_a_redirect_and_an_answer_without_end_are_no_deliveries(
    answer: Any, problem: str, status: int | None, receiver: Receiver
) -> None:
    hooked = Hooked(receiver)
    hooked.owe()
    receiver.answers = [answer]
    assert hooked.send() == 0
    row = hooked.delivery()
    assert (row.last_problem, row.last_status, len(receiver.got)) == (problem, status, 1)


def test_an_address_that_is_private_by_now_is_not_asked(receiver: Receiver, settings: Any) -> None:
    settings.OUTGOING_ALLOW = []
    portfolio = make_portfolio()
    address = f"https://127.0.0.1:{receiver.port}/"
    hook, _ = changes.add(
        make_member(portfolio, Role.ADMIN), portfolio.pk, address, [Event.THESIS_BROKEN]
    )
    owe(portfolio.pk, Event.THESIS_BROKEN, {})
    assert sending.send_due(hook.pk, timezone.now()) == 0
    assert "127.0.0.1 is not a public address" in WebhookDelivery.objects.get().last_problem
    assert receiver.got == []


def test_a_new_secret_signs_beside_the_one_before_for_a_day(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    _, secret = changes.rotate(hooked.admin, hooked.hook.pk)
    assert secret not in repr(Webhook.objects.get().__dict__)
    hooked.owe(2)
    now = timezone.now()
    sending.send_due(hooked.hook.pk, now)
    both, _ = receiver.got
    said = both.headers["webhook-signature"].split()
    assert said == [signature(secret, both), signature(hooked.secret, both)]
    owe(hooked.portfolio.pk, Event.THESIS_BROKEN, {})
    sending.send_due(hooked.hook.pk, now + timedelta(hours=25))
    alone = receiver.got[-1]
    assert alone.headers["webhook-signature"] == signature(secret, alone)


def test_sent_again_by_hand_it_is_the_same_message(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    hooked.owe()
    hooked.send()
    changes.redeliver(hooked.admin, hooked.delivery().pk)
    send(hooked.hook.pk)
    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_what_is_undone_is_told_to_nobody_and_each_gets_what_it_wants(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    changes.add(hooked.admin, hooked.portfolio.pk, receiver.url, [Event.PROPOSAL_DECIDED])
    with transaction.atomic():
        owe(hooked.portfolio.pk, Event.THESIS_BROKEN, {})
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()
    owe(hooked.portfolio.pk, Event.THESIS_BROKEN, {})
    owe(make_portfolio().pk, Event.THESIS_BROKEN, {})
    assert [row.webhook for row in WebhookDelivery.objects.all()] == [hooked.hook]


def told() -> dict[str, Any]:
    """What was owed last, by its event."""
    return {row.event: json.loads(row.body)["data"] for row in WebhookDelivery.objects.all()}


def test_theses_that_break_and_revive_are_told_without_a_word_of_evidence(
    receiver: Receiver,
) -> None:
    hooked = Hooked(receiver)
    bet = make_bet(hooked.portfolio, title="Parcel lockers", working=50_000)
    hypothesis = make_hypothesis(bet)
    no = NewEvidence(kind="ratio", likelihood_ratio=0.001, note="The secret words.")
    record(OFFICE, hypothesis.pk, no)
    yes = NewEvidence(kind="ratio", likelihood_ratio=1_000_000.0)
    record(OFFICE, hypothesis.pk, yes)
    said = told()
    assert said["thesis.broken"]["bet"] == bet.pk and said["thesis.broken"]["belief"] < 0.01
    assert said["thesis.broken"]["working"] == "50000.00"
    assert said["thesis.broken"]["evidence"] == Evidence.objects.earliest("id").pk
    assert said["thesis.broken"]["url"].endswith(f"/bets/{bet.pk}")
    assert said["thesis.revived"]["belief"] > 0.9
    bodies = " ".join(WebhookDelivery.objects.values_list("body", flat=True))
    assert "secret words" not in bodies and "lockers" not in bodies


def test_many_theses_that_break_at_once_cost_no_more_queries(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    told_of = [Happening(Event.THESIS_BROKEN, {"bet": number}) for number in range(50)]
    counts = []
    for some in (told_of[:2], told_of):
        with CaptureQueriesContext(connection) as queries:
            owe_all(hooked.portfolio.pk, some)
        counts.append(len(queries))
    assert counts[0] == counts[1] and WebhookDelivery.objects.count() == 52


def test_proposals_are_told_when_published_and_decided_but_not_the_past(
    receiver: Receiver,
) -> None:
    portfolio, _, _, proposal = proposed()
    Hooked(receiver, portfolio)
    finance = make_member(portfolio, Role.FINANCE)
    drawn_up = publish(
        portfolio, proposal.snapshot, proposal.solution, timezone.now(), drawn_up_by=finance
    )
    refuse(finance, proposal.pk, as_shown(proposal), "The secret reason.")
    said = told()
    assert said["proposal.published"]["proposal"] == drawn_up.pk
    assert said["proposal.published"]["freed"] == "30000.00"
    assert said["proposal.decided"]["kind"] == "refused"
    assert said["proposal.decided"]["decided_by"] == finance.pk
    assert said["proposal.decided"]["transfers"] == 0
    assert "secret reason" not in str(said)
    count = WebhookDelivery.objects.count()
    then = timezone.now() - timedelta(days=40)
    publish(portfolio, proposal.snapshot, proposal.solution, then, drawn_up_by=finance)
    assert WebhookDelivery.objects.count() == count


def test_what_was_settled_a_month_ago_is_forgotten(receiver: Receiver) -> None:
    hooked = Hooked(receiver)
    hooked.owe(2)
    first = WebhookDelivery.objects.earliest("id")
    WebhookDelivery.objects.filter(pk=first.pk).update(outcome="delivered")
    later = timezone.now() + sending.KEPT_FOR
    assert sending.forget_old(later) == 1
    assert hooked.delivery().outcome == "waiting"


def test_the_receiver_in_the_documents_takes_what_is_ours_and_nothing_else(
    settings: Any, tmp_path: Path
) -> None:
    page = (settings.BASE_DIR / "docs" / "webhooks.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.OUTGOING_ALLOW = [f"127.0.0.1:{port}"]
    portfolio = make_portfolio()
    admin = make_member(portfolio, Role.ADMIN)
    address = f"http://127.0.0.1:{port}/hook"
    hook, secret = changes.add(admin, portfolio.pk, address, [Event.THESIS_BROKEN])
    (tmp_path / "receiver.py").write_text(
        f"{code.rsplit('HTTPServer(', 1)[0]}\nimport sys\n"
        "server = HTTPServer(('127.0.0.1', int(os.environ['PORT'])), Hook)\n"
        "print('listening', flush=True)\nserver.serve_forever()\n"
    )
    environment = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)}
    command = [sys.executable, str(tmp_path / "receiver.py")]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            assert running.stdout is not None and running.stdout.readline() == "listening\n"
            changes.send_test(admin, hook.pk)
            assert sending.send_due(hook.pk, timezone.now()) == 1
            row = WebhookDelivery.objects.get()
            assert running.stdout.readline() == f"{row.message_id} webhook.test\n"
            # An old one, as somebody would replay it, and one that another secret has signed.
            changes.send_test(admin, hook.pk)
            old = timezone.now() - timedelta(minutes=10)
            WebhookDelivery.objects.update(next_try_at=old)
            assert sending.send_due(hook.pk, old) == 0
            for _ in range(2):
                changes.rotate(admin, hook.pk)
            again = timezone.now() + timedelta(minutes=1)
            assert sending.send_due(hook.pk, again) == 0
            assert WebhookDelivery.objects.latest("id").last_status == 401
        finally:
            running.terminate()
