"""The embedded servers: their home, their secrets, their settings."""

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from spm.embedded.home import EmbeddedError, Home
from spm.embedded.noted import noted_services
from spm.embedded.services import EmbeddedServices


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServices]:
    """Servers with real settings (not the disposable ones of the test run)."""
    with EmbeddedServices(tmp_path_factory.mktemp("home") / "x") as services:
        yield services


def setting(services: EmbeddedServices, name: str) -> str:
    with psycopg.connect(services.urls["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        assert row
        return str(row[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synchronous_commit", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", ""),
        ("password_encryption", "scram-sha-256"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
    ],
)
def test_commits_are_durable_and_nothing_listens_on_the_network(
    services: EmbeddedServices, name: str, value: str
) -> None:
    assert setting(services, name) == value


def test_neither_role_is_a_superuser_and_the_runtime_role_owns_nothing(
    services: EmbeddedServices,
) -> None:
    with psycopg.connect(services.urls["DATABASE_OWNER_URL"]) as owner:
        roles = owner.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'spm%' ORDER BY rolname"
        ).fetchall()
        database = owner.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'spm'"
        ).fetchone()
    assert roles == [("spm", False, False, False), ("spm_owner", False, False, False)]
    assert database == ("spm_owner",)


def test_a_wrong_password_opens_neither(services: EmbeddedServices) -> None:
    secret = services.home.secret("password-spm")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(services.urls["DATABASE_URL"].replace(secret, "wrong"))
    with (
        redis.Redis.from_url(services.urls["REDIS_URL"].replace("password=", "password=x")) as bad,
        pytest.raises(redis.AuthenticationError),
    ):
        bad.ping()


def test_valkey_never_throws_a_message_away(services: EmbeddedServices) -> None:
    with redis.Redis.from_url(services.urls["REDIS_URL"]) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_secrets_and_sockets_are_ours_alone(services: EmbeddedServices) -> None:
    home = services.home
    for name in ("password-spm", "password-spm_owner", "password-valkey", "services.env"):
        assert stat.S_IMODE((home.path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700
    for part in services.parts:
        assert stat.S_IMODE((home.socket_directory() / part.name).stat().st_mode) == 0o700


def test_no_secret_is_among_the_arguments_of_a_process(services: EmbeddedServices) -> None:
    for part in services.parts:
        assert part.process
        arguments = str(part.process.args)
        assert not any(
            services.home.secret(f"password-{name}") in arguments
            for name in ("postgres", "spm", "spm_owner", "valkey")
        )


def test_the_same_home_cannot_be_started_twice(services: EmbeddedServices) -> None:
    with pytest.raises(EmbeddedError, match=r"Already running in .* as pid"):
        EmbeddedServices(services.home.path).start()


def test_other_commands_find_the_running_servers(services: EmbeddedServices) -> None:
    assert noted_services(services.home.path) == services.urls


def test_a_home_in_which_nothing_runs_names_no_servers(tmp_path: Path) -> None:
    assert noted_services(tmp_path / "nowhere") == {}


def test_given_servers_are_used_instead_of_our_own(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://db/spm", "REDIS_URL": "redis://valkey"}
    with EmbeddedServices(tmp_path / "home", given=given) as services:
        assert services.parts == []
        assert services.urls == given


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
@pytest.mark.parametrize("uid", [65534, 54321], ids=["nobody", "a user without a name"])
def test_it_runs_as_an_ordinary_user_and_as_one_without_a_name(uid: int) -> None:
    script = (
        "import sys, psycopg; from spm.embedded.services import EmbeddedServices\n"
        "with EmbeddedServices(sys.argv[1], disposable=True) as services:\n"
        "    with psycopg.connect(services.urls['DATABASE_URL']) as connection:\n"
        "        print(connection.execute('SELECT current_user').fetchone()[0])"
    )
    with tempfile.TemporaryDirectory(prefix="spm-other-user-") as directory:
        os.chown(directory, uid, uid)
        answer = subprocess.run(
            ["/usr/bin/env", "python3", "-c", script, directory],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": ":".join(filter(None, sys.path))},
            user=uid,
            group=uid,
            extra_groups=[],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if "Permission denied" in answer.stderr and "python" in answer.stderr:
            pytest.skip("this Python cannot be reached by other users")
    assert (answer.stdout, answer.stderr) == ("spm\n", "")


def test_a_secret_is_long_random_and_kept(tmp_path: Path) -> None:
    first, second = Home(tmp_path), Home(tmp_path / "other")
    first.prepare()
    second.prepare()
    assert len(first.secret("secret-key")) >= 50
    assert first.secret("secret-key") == Home(tmp_path).secret("secret-key")
    assert first.secret("secret-key") != second.secret("secret-key")
