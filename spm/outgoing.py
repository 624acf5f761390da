"""Requests to addresses that somebody has typed: the one client for all of them.

It is asked to fetch what a person named, from inside a network that the person may not see, so it
trusts nothing about the address: https alone, a name resolved once, every address it has public,
the connection made to the very address that was checked (with the name for TLS and ``Host``), no
redirect followed, no proxy from the environment, and an end to time and size. What the
installation lists in ``SPM_OUTGOING_ALLOW`` may be reached without TLS and at a private address.
"""

import http.client
import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

CONNECT_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
MOST_BYTES: Final = 1_000_000
LONGEST_URL: Final = 2_000
AGENT: Final = "strategic-portfolio-office"
#: The part of IPv6 that is given out to the public.
PUBLIC_V6: Final = ipaddress.ip_network("2000::/3")
#: Addresses of IPv6 behind which another address hides: 6to4 and Teredo.
TUNNELS: Final = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))

#: One of the addresses of a name, as the system resolves it: family, and what ``connect`` takes.
Place = tuple[int, Any]

_resolvers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolver")


class Refused(Exception):
    """The address may not be asked; nothing was sent. The text says why, in a sentence."""


class NoAnswer(Exception):
    """It was asked, and gave no answer that can be taken; the text says why, in a few words."""


class TooLarge(NoAnswer):
    """An answer began, and was larger than is read."""

    def __init__(self) -> None:
        super().__init__("the answer is too large")


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status; a redirect is an answer like any other.

    Names of headers are in small letters.
    """

    status: int
    body: bytes
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """Where a request goes, as far as it can be said without asking anybody."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def allowed(self) -> bool:
        """Whether the installation lists it, with or without its port."""
        listed = {entry.lower() for entry in settings.OUTGOING_ALLOW}
        return self.host in listed or self.with_port in listed

    @property
    def with_port(self) -> str:
        """Host and port, as an entry of the list names them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def host_header(self) -> str:
        """Host and port, as the header has them: without a port that goes without saying."""
        usual = 443 if self.secure else 80
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == usual else self.with_port


def target_of(url: str, longest: int = LONGEST_URL) -> Target:
    """Where an address leads, if it may be asked at all.

    Args:
        url: the address.
        longest: how many characters it may have; more than people type where a search is in it.

    Raises:
        Refused: it is no address, or none that may be asked.
    """
    if len(url) > longest or not url.isascii() or any(sign <= " " for sign in url):
        raise Refused(f"Give an address of at most {longest} plain characters, without blanks.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused("This is no address. An example: https://example.org/hooks/7") from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise Refused("Give a whole address that begins with https://")
    if parts.username is not None or parts.password is not None:
        raise Refused("An address with a name or a password in it is not asked.")
    return _allowed_target(parts, port)


def send(
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    method: str = "POST",
    *,
    most_bytes: int = MOST_BYTES,
    longest_url: int = LONGEST_URL,
) -> Answer:
    """Make one request.

    Args:
        url: where.
        headers: what is said beside what every request says.
        body: what is sent.
        method: how.
        most_bytes: how large an answer is read.
        longest_url: how many characters the address may have.

    Raises:
        Refused: the address may not be asked.
        NoAnswer: nobody was there, or no answer came in time, or one that is too large or none.
    """
    began = time.monotonic()
    target = target_of(url, longest_url)
    places = _resolve(target)
    line = _connect(target, places, began + TOTAL_SECONDS, most_bytes)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = line
    said = {
        "Host": target.host_header,
        "User-Agent": AGENT,
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    try:
        connection.request(method, target.path, body=body, headers=said)
        response = connection.getresponse()
        # One byte more than may be, so that what is too large is known as that.
        answered = response.read(most_bytes + 1)
    except _TooMuch as error:
        raise TooLarge from error
    except (TimeoutError, ssl.SSLError, OSError, http.client.HTTPException) as error:
        raise NoAnswer(_in_words(error)) from error
    finally:
        line.hang_up()
    if len(answered) > most_bytes:
        raise TooLarge
    said_back = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, answered, time.monotonic() - began, said_back)


# --- which address --------------------------------------------------------------------------------


def _allowed_target(parts: SplitResult, port: int | None) -> Target:
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = (parts.hostname or "").rstrip(".")
    target = Target(secure, host, port or (443 if secure else 80), path)
    if not host:
        raise Refused("Give a whole address that begins with https://")
    if not secure and not target.allowed:
        raise Refused("Give an address that begins with https://; what is sent has to be secret.")
    return target


def _resolve(target: Target) -> list[Place]:
    """All addresses of the name, each of which may be connected to."""
    asked = _resolvers.submit(socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM)
    try:
        found = asked.result(timeout=CONNECT_SECONDS)
    except TooLate as error:
        raise NoAnswer("the name was not resolved in time") from error
    except (OSError, UnicodeError) as error:
        raise NoAnswer("the name is not known") from error
    if not found or not all(_may_reach(target, str(row[4][0])) for row in found):
        raise Refused(
            f"{target.host} is not a public address. Whoever runs this installation can list it "
            "in SPM_OUTGOING_ALLOW."
        )
    return [(int(row[0]), row[4]) for row in found]


def _may_reach(target: Target, address: str) -> bool:
    """Whether an address is public, or the installation lists the target.

    This machine itself is reached only where the list names the port: what else listens here,
    such as the database, is nobody's business.
    """
    number = ipaddress.ip_address(address)
    if is_public(number):
        return True
    mapped = getattr(number, "ipv4_mapped", None) or number
    if mapped.is_loopback or mapped.is_unspecified:
        return target.with_port in settings.OUTGOING_ALLOW
    return target.allowed


def is_public(number: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address belongs to the public internet, and to nothing behind it.

    Private, loopback, link-local, shared, documentation and multicast ranges do not; nor do those
    of IPv6 that stand for one of IPv4 (mapped, NAT64, 6to4, Teredo).
    """
    if number.is_multicast or not number.is_global:
        return False
    if isinstance(number, ipaddress.IPv6Address):
        return number in PUBLIC_V6 and not any(number in tunnel for tunnel in TUNNELS)
    return not number.is_reserved


# --- the line -------------------------------------------------------------------------------------


class _TooMuch(OSError):
    """More came than is read."""


class _Line:
    """A connected socket for ``http.client`` that keeps to one end of time and one size."""

    def __init__(self, connected: socket.socket, until: float, most_bytes: int) -> None:
        self.connected, self.until, self.most_bytes = connected, until, most_bytes

    def sendall(self, data: Any) -> None:
        """Send, or time out."""
        self.connected.settimeout(_left(self.until))
        self.connected.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What ``http.client`` reads the answer from."""
        return io.BufferedReader(_Reading(self))

    def close(self) -> None:
        """``http.client`` hangs up before it has read the answer; whoever dialled does, after."""

    def hang_up(self) -> None:
        """It is over."""
        self.connected.close()


class _Reading(io.RawIOBase):
    """Reads that all end at the same time: an answer in drops takes no longer than one at once."""

    def __init__(self, line: _Line) -> None:
        self.line, self.read_bytes = line, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some of what has come."""
        self.line.connected.settimeout(_left(self.line.until))
        count = self.line.connected.recv_into(buffer)
        self.read_bytes += count
        if self.read_bytes > 2 * self.line.most_bytes:  # heads and chunks count too
            raise _TooMuch
        return count


def _connect(target: Target, places: Sequence[Place], until: float, most_bytes: int) -> _Line:
    """A line to the first address that takes one."""
    problem: Exception = OSError()
    by = time.monotonic() + CONNECT_SECONDS
    for place in places:
        try:
            connected = _dial(place, _left(by))
            secured = _secured(connected, target, by) if target.secure else connected
            return _Line(secured, until, most_bytes)
        except OSError as error:
            problem = error
    raise NoAnswer(_in_words(problem)) from problem


def _dial(place: Place, seconds: float) -> socket.socket:
    """Connect to an address; nothing is resolved again."""
    family, address = place
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.settimeout(seconds)
        connected.connect(address)
    except BaseException:
        connected.close()
        raise
    return connected


def _secured(connected: socket.socket, target: Target, by: float) -> ssl.SSLSocket:
    """The line under TLS, with the certificate of the name, whatever the address."""
    connected.settimeout(_left(by))
    try:
        return ssl.create_default_context().wrap_socket(connected, server_hostname=target.host)
    except BaseException:
        connected.close()
        raise


def _left(until: float) -> float:
    """Seconds until then.

    Raises:
        TimeoutError: it is over.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _in_words(error: Exception) -> str:
    """What went wrong, without anything that an answer said."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate is not that of this name"
    if isinstance(error, ssl.SSLError):
        return "no secure line could be made"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, http.client.HTTPException):
        return "what came back is no HTTP answer"
    return "the line was cut"
