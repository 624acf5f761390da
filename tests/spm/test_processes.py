"""Telling a process from its namesakes, on Linux and elsewhere."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from spm.embedded import postgresql, processes
from spm.embedded.processes import Identity


@pytest.fixture(params=["as on Linux", "as elsewhere"])
def _system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    linux = processes.LINUX and request.param == "as on Linux"
    monkeypatch.setattr(processes, "LINUX", linux)
    monkeypatch.setattr(postgresql, "LINUX", linux)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing."""
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


@pytest.mark.usefixtures("_system")
def test_a_process_is_known_by_its_pid_and_start(sleeper: subprocess.Popen[bytes]) -> None:
    identity = Identity.of(sleeper.pid)
    assert identity == Identity.of(sleeper.pid)
    assert identity
    assert identity.alive()
    assert not Identity(sleeper.pid, "another start").alive()


@pytest.mark.usefixtures("_system")
def test_a_process_that_has_ended_is_gone_before_anyone_has_asked_how(
    sleeper: subprocess.Popen[bytes],
) -> None:
    identity = Identity.of(sleeper.pid)
    assert identity
    sleeper.kill()
    while identity.alive():  # it becomes a zombie in a moment, and is never waited for
        time.sleep(0.01)
    assert Identity.of(sleeper.pid) is None


@pytest.mark.usefixtures("_system")
def test_a_process_is_ended_with_ever_stronger_signals() -> None:
    with subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]) as stubborn:
        time.sleep(0.2)
        identity = Identity.of(stubborn.pid)
        assert identity
        assert processes.end([identity], [(15, 0.3)]) == [identity]
        assert processes.end([identity], [(15, 0.1), (9, 5.0)]) == []
