"""Requests to addresses that somebody typed: where they go, and where they never go."""

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from spm import outgoing
from tests.spm.webhooks.receiver import Receiver


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A real server on this machine that the installation lists."""
    with Receiver() as running:
        settings.OUTGOING_ALLOW = [running.at]
        yield running


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name have these addresses; what is asked is noted."""
    asked: list[str] = []

    def answer(host: str, port: int, **kwargs: Any) -> list[Any]:
        asked.append(host)
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:93.184.216.34",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "ff02::1",
    ],
)
def test_what_is_not_the_public_internet_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not outgoing.is_public(ipaddress.ip_address(address))
    resolving_to(monkeypatch, "93.184.216.34", address)
    with pytest.raises(outgoing.Refused, match="is not a public address"):
        outgoing.send("https://hooks.example.org/", {})


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248::1"])
def test_the_public_internet_is_public(address: str) -> None:
    assert outgoing.is_public(ipaddress.ip_address(address))


def test_the_connection_is_made_to_the_address_that_was_checked_and_the_name_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = resolving_to(monkeypatch, "93.184.216.34")
    reached: list[Any] = []

    def dial(place: Any, seconds: float) -> Any:
        # A name server that now answers otherwise is not asked again.
        resolving_to(monkeypatch, "127.0.0.1")
        reached.append(place[1])
        raise ConnectionRefusedError

    monkeypatch.setattr(outgoing, "_dial", dial)
    with pytest.raises(outgoing.NoAnswer, match="nobody listens there"):
        outgoing.send("https://hooks.example.org/", {})
    assert (asked, reached) == (["hooks.example.org"], [("93.184.216.34", 443)])


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "example.org",
        "https://",
        "https://./",
        "https://name:secret@example.org/",
        "https://example.org:port/",
        "https://example.org/ a",
        "https://exämple.org/",
        "https://example.org/\r\nHost: other",
        "https://example.org/" + "a" * 2000,
        "https://[::1/",
    ],
)
def test_what_is_no_address_to_be_asked_is_refused(url: str) -> None:
    with pytest.raises(outgoing.Refused):
        outgoing.target_of(url)


def test_this_machine_is_reached_only_at_a_port_that_is_listed(
    receiver: Receiver, settings: Any
) -> None:
    assert outgoing.send(receiver.url, {}, b"hello").status == 200
    for listed in ([], ["127.0.0.1"], ["127.0.0.1:1"]):
        settings.OUTGOING_ALLOW = listed
        with pytest.raises(outgoing.Refused):
            outgoing.send(receiver.url, {}, b"again")
        with pytest.raises(outgoing.Refused):
            outgoing.send(receiver.url.replace("http:", "https:"), {}, b"again")
    assert [each.body for each in receiver.got] == [b"hello"]


def test_no_redirect_is_followed_and_no_proxy_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    receiver.answers = [(302, {"Location": f"http://{receiver.at}/elsewhere"}, b"")]
    assert outgoing.send(receiver.url, {}, b"x").status == 302
    assert [each.path for each in receiver.got] == ["/hook"]


def test_an_answer_that_is_too_large_is_not_read(receiver: Receiver) -> None:
    receiver.answers = [(200, {}, b"a" * outgoing.MOST_BYTES)]
    assert len(outgoing.send(receiver.url, {}).body) == outgoing.MOST_BYTES
    receiver.answers = [(200, {}, b"a" * (outgoing.MOST_BYTES + 1))]
    with pytest.raises(outgoing.NoAnswer, match="too large"):
        outgoing.send(receiver.url, {})


def test_a_receiver_that_hangs_or_drips_is_given_up(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.3)
    for hanging in (receiver.hang, receiver.drip):
        hanging()
        with pytest.raises(outgoing.NoAnswer, match="no answer in time"):
            outgoing.send(receiver.url, {})


def test_what_is_no_http_and_nobody_there_are_no_answers(receiver: Receiver, settings: Any) -> None:
    receiver.nonsense()
    with pytest.raises(outgoing.NoAnswer, match="no HTTP answer"):
        outgoing.send(receiver.url, {})
    settings.OUTGOING_ALLOW = ["127.0.0.1:1"]
    with pytest.raises(outgoing.NoAnswer, match="nobody listens there"):
        outgoing.send("http://127.0.0.1:1/", {})


def certificate_for(name: str, home: Path) -> Path:
    """A certificate that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = home / f"{name}.pem"
    plain = serialization.NoEncryption()
    form, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    file.write_bytes(made.public_bytes(encoding) + key.private_bytes(encoding, form, plain))
    return file


def test_a_secure_line_is_held_to_the_name_and_not_to_the_address(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = certificate_for("hooks.example.org", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    resolving_to(monkeypatch, "127.0.0.1")
    with Receiver(context) as running:
        settings.OUTGOING_ALLOW = [f"{name}.example.org:{running.port}" for name in ("hooks", "it")]
        answer = outgoing.send(f"https://hooks.example.org:{running.port}/hook", {}, b"x")
        assert answer.status == 200
        assert running.got[0].headers["Host"] == f"hooks.example.org:{running.port}"
        with pytest.raises(outgoing.NoAnswer, match="certificate"):
            outgoing.send(f"https://it.example.org:{running.port}/hook", {}, b"x")
