"""The Celery application: a bell. What is owed stands in PostgreSQL."""

import os
from typing import Any

from celery import Celery
from kombu import Connection
from kombu.pools import producers

from spm.valkey import ANSWER_SECONDS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")

app = Celery("spm")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_bell: Connection | None = None


def ring(task: str, *arguments: Any) -> None:
    """Send a task while somebody waits: at once, or not at all; belongs inside ``valkey.asked``.

    Celery's own producers try for six seconds where nobody listens, and for ever where somebody
    listens but does not answer. Workers have to be that patient; people need not.
    """
    global _bell
    if _bell is None:
        impatient = {
            "max_retries": 0,
            "interval_max": 0,
            "socket_timeout": ANSWER_SECONDS,
            "socket_connect_timeout": ANSWER_SECONDS,
        }
        _bell = app.connection_for_write(transport_options=impatient)
    with producers[_bell].acquire(block=True, timeout=ANSWER_SECONDS) as producer:
        app.send_task(task, args=arguments, producer=producer, retry=False)
