"""The worker and the site that other tests run beside themselves."""

import subprocess
import urllib.request

from tests.running import Site


def test_the_live_site_answers_its_health_check(live_site: Site) -> None:
    with urllib.request.urlopen(f"{live_site.url}/healthz", timeout=5) as answer:
        assert answer.status == 200
        assert answer.read() == b"ok"


def test_a_task_that_is_sent_is_taken_by_the_worker(
    celery_worker: subprocess.Popen[bytes],
) -> None:
    from spm.celery import app

    answers = app.control.ping(timeout=5, limit=1)
    assert [answer for worker in answers for answer in worker.values()] == [{"ok": "pong"}]
