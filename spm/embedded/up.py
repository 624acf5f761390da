"""Bringing everything up: what `manage.py up` becomes.

    python -m spm.embedded.up [--port 8000] [--host 127.0.0.1] [--no-demo]

It runs without Django, which would cost the supervisor ten times its memory; what needs Django
(migrations, static files, the demo portfolio) is done by `manage.py prepare` in a process of its
own.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import http.client
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence

from spm.embedded.home import EmbeddedError, Home, write_private
from spm.embedded.parts import PROJECT, environment_of, our_parts
from spm.embedded.processes import Identity, start
from spm.embedded.services import EmbeddedServices
from spm.embedded.supervisor import StopSignal, Supervisor

EXIT_REFUSED, EXIT_STOPPED_EARLY = 1, 130
DEMO_MARK, SIGN_INS = "demo", "sign-ins.txt"


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring everything up and keep it up.

    Returns:
        The exit code: 0 after a stop that was asked for, 1 if it could not start.
    """
    options = parse(arguments)
    stop = StopSignal()
    try:
        bring_up(options, stop)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        return EXIT_STOPPED_EARLY
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; `manage.py up` declares the same."""
    parser.add_argument("--port", type=_port, default=8000, help="port of the site (8000)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine only)"
    )
    parser.add_argument(
        "--no-demo", action="store_true", help="begin with an empty database on the first start"
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="manage.py up", description="Run everything: database, broker, worker, beat and site."
    )
    add_arguments(parser)
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port: give a number from 1 to 65535")
    return int(text)


def bring_up(options: argparse.Namespace, stop: StopSignal) -> None:
    """Start the servers, prepare the database, then supervise until told to stop.

    Raises:
        EmbeddedError: with one line on what to do.
    """
    home = Home(os.environ.get("SPM_HOME") or PROJECT / ".spm")
    services = EmbeddedServices(home, given=os.environ)
    services.claim()
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(services.stop)
        refuse_careless(options.host)
        listener = cleanup.enter_context(listen(options.host, options.port))
        address = address_of(options.host, options.port)
        os.environ["SPM_LISTENS_AT"] = address  # for links in e-mails
        if not os.environ.get("SPM_SECRET_KEY"):
            home.secret("secret-key")
        if not os.environ.get("SPM_DATA_KEY"):
            home.secret("data-key")
        services.start(address)
        prepare(services, with_demo=wants_demo(services, declined=options.no_demo))
        ours = our_parts(home, services.urls, listener.fileno())
        stop.quiet = True
        Supervisor(services, ours, say).run(stop, announcement(home, address, options))


def say(line: str) -> None:
    """One line for the operator."""
    print(line, flush=True)


def refuse_careless(host: str) -> None:
    """Refuse what must never be: pages for developers, open to the network.

    Raises:
        EmbeddedError: if debug pages would be served to other machines.
    """
    debug = os.environ.get("SPM_DEBUG", "").lower() in ("1", "true", "yes", "on", "y", "t", "ok")
    if debug and not _is_loopback(host):
        raise EmbeddedError(
            f"SPM_DEBUG shows secrets on error pages and must not be on while listening on {host}: "
            "unset SPM_DEBUG, or leave --host away."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """Take the port, before anything else is started.

    Raises:
        EmbeddedError: if it is taken, or the address is not one of this machine's.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except PermissionError as error:
        raise EmbeddedError(
            f"Port {port} is reserved for root: choose another with --port 8000 "
            "(make run PORT=8000)."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else 8000
            raise EmbeddedError(
                f"Port {port} on {host} is taken: stop what uses it, or choose another with "
                f"--port {other} (make run PORT={other})."
            ) from error
        raise EmbeddedError(
            f"Cannot listen on {host} ({error.strerror}): give --host an address of this machine."
        ) from error


def address_of(host: str, port: int) -> str:
    """The address to open in a browser."""
    unspecified = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    reachable = unspecified.get(host, host)
    return f"http://[{reachable}]:{port}/" if ":" in reachable else f"http://{reachable}:{port}/"


def wants_demo(services: EmbeddedServices, *, declined: bool) -> bool:
    """Whether this start loads the demo portfolio: the first one of an embedded database.

    A home that was begun without it never gets it by itself, nor does a database of one's own;
    `manage.py demo` loads it at any time.
    """
    mark = services.home.path / DEMO_MARK
    if declined and not mark.exists():
        write_private(mark, "declined\n")
    return services.postgresql is not None and not mark.exists()


def prepare(services: EmbeddedServices, *, with_demo: bool) -> None:
    """Migrate as the owner, collect static files and load the demo, in a process with Django.

    Raises:
        EmbeddedError: if that fails, with the last line of its log.
    """
    home = services.home
    log = home.log("prepare")
    if with_demo:
        say("First start: creating the tables and the demo portfolio ...")
    sign_ins = ["--demo", os.fspath(home.path / SIGN_INS)] if with_demo else []
    process = start(
        [sys.executable, "manage.py", "prepare", *sign_ins],
        log=log,
        death_signal=signal.SIGKILL,
        environment=environment_of(home, services.urls),
        directory=PROJECT,
    )
    try:
        if identity := Identity.of(process.pid):
            services.note("prepare", identity)
        code = process.wait()
    finally:
        process.kill()
        process.wait()
        services.forget("prepare")
    if code:
        last = log.read_text("utf-8", "replace").strip().splitlines()[-1:] or ["no reason given"]
        raise EmbeddedError(f"The database could not be prepared ({last[0].strip()}): see {log}")
    if with_demo:
        write_private(home.path / DEMO_MARK, "loaded\n")


def announcement(home: Home, address: str, options: argparse.Namespace) -> Callable[[], bool]:
    """What is said once the site answers.

    Returns:
        A function that asks the site and, when it answers, says so and returns true.
    """

    def announce() -> bool:
        if not _answers(options.host, options.port):
            return False
        say(f"Strategic portfolio office: {address}")
        sign_ins = home.path / SIGN_INS
        if sign_ins.exists():
            for line in sign_ins.read_text("utf-8").splitlines():
                say(line)
        say(f"Logs: {home.logs}/*.log. Stop with Ctrl-C.")
        return True

    return announce


def _answers(host: str, port: int) -> bool:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(target, port, timeout=1.0)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
