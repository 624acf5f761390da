"""The settings as a site with TLS runs on them."""

import os
import subprocess
import sys

from django.core.management.utils import get_random_secret_key


def test_djangos_own_deployment_check_finds_nothing_to_say_about_a_site_with_tls() -> None:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("SPM_")}
    environment |= {
        "DJANGO_SETTINGS_MODULE": "spm.settings",
        "SPM_TLS": "1",
        "SPM_SECRET_KEY": get_random_secret_key(),
        "SPM_ALLOWED_HOSTS": "office.example.org",
    }
    check = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stderr
    assert "no issues (0 silenced)" in check.stdout
