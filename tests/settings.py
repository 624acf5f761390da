"""The product's settings, on PostgreSQL and Valkey servers that only this test run uses.

The servers start when these settings are first read, in a temporary home, whatever
`DATABASE_URL` and `REDIS_URL` say outside: a test run must never meet a real portfolio. Processes
that tests start (a worker, a site) inherit the addresses and start nothing. Where several processes
share the tests (pytest-xdist), each has servers of its own.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from spm.embedded.services import EmbeddedServices
from tests import chromium
from tests.prepared import put_prepared

TEST_HOME_VARIABLE = "SPM_TEST_HOME"
# Which of the processes that share the tests the home belongs to.
SHARER_VARIABLE = "SPM_TEST_SHARER"
SHARER = os.environ.get("PYTEST_XDIST_WORKER", "alone")


def _start_servers() -> None:
    home = Path(tempfile.mkdtemp(prefix="spm-test-"))
    put_prepared(home)
    services = EmbeddedServices(home, disposable=True)
    services.start()
    (home / "static").mkdir()
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    atexit.register(services.stop)
    for name in set(os.environ) - {chromium.VARIABLE}:
        if name.startswith("SPM_"):
            del os.environ[name]
    os.environ.update(services.urls)
    os.environ.update(
        {TEST_HOME_VARIABLE: str(home), "SPM_HOME": str(home), SHARER_VARIABLE: SHARER}
    )
    os.environ["SPM_SECRET_KEY"] = services.home.secret("secret-key")


if os.environ.get(SHARER_VARIABLE) != SHARER:
    _start_servers()

from spm.settings import *  # noqa: E402, F403

# A slow hash is right for people and wrong for hundreds of sign-ins in a test run.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Files straight from static/, so that no test run collects them first.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
