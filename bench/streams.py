"""What many idle live streams cost one web process.

    python -m bench.streams [--streams 1000] [--requests 100]

On servers of its own, one process, two hundred people with five pages each: its memory (PSS)
before and with the streams open, the time a page takes before and with them, and how long a
message takes to all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402

from spm import live  # noqa: E402
from spm.accounts.models import User  # noqa: E402
from tests import running  # noqa: E402
from tests.database import migrate_as_owner  # noqa: E402
from tests.factories import make_bet, make_member, make_portfolio  # noqa: E402

OPENED_AT_ONCE = 50
PEOPLE = 200
MEBIBYTE = 2**20


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--requests", type=int, default=100)
    wanted = parser.parse_args()
    migrate_as_owner()
    portfolio = make_portfolio()
    for _ in range(40):
        make_bet(portfolio)
    cookies = [_cookie_of(make_member(portfolio)) for _ in range(PEOPLE)]
    with (
        tempfile.TemporaryDirectory(prefix="spm-bench-") as directory,
        running.running_site(Path(directory)) as site,
    ):
        asyncio.run(_measure(site, portfolio.pk, cookies, wanted))


def _cookie_of(person: User) -> str:
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}"


async def _measure(
    site: running.Site, portfolio_id: int, cookies: list[str], wanted: argparse.Namespace
) -> None:
    cookie = cookies[0]
    before = _page_seconds(site, cookie, wanted.requests)
    empty = _memory(site.process.pid)
    lines = await _open(site, portfolio_id, cookies, wanted.streams)
    # As long as any was opened, the others heard of it; then they are idle.
    await asyncio.sleep(3)
    full = _memory(site.process.pid)
    cpu = _cpu(site.process.pid)
    await asyncio.sleep(60)
    cpu = (_cpu(site.process.pid) - cpu) / 60
    loop = asyncio.get_running_loop()
    during = await loop.run_in_executor(None, lambda: _page_seconds(site, cookie, wanted.requests))
    told = await _tell(lines, portfolio_id)
    for _, writer in lines:
        writer.close()
    print(f"{len(lines)} streams: {(full - empty) / MEBIBYTE:+.0f} MB over {empty / MEBIBYTE:.0f}")
    print(f"idle: {cpu:.1%} of one core")
    print(f"page p50 {before * 1e3:.1f} ms without, {during * 1e3:.1f} ms with them")
    print(
        f"a message to all: p50 {told[len(told) // 2] * 1e3:.0f} ms, last {told[-1] * 1e3:.0f} ms"
    )
    print(f"load {os.getloadavg()[0]:.1f}")


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _open(
    site: running.Site, portfolio_id: int, cookies: list[str], streams: int
) -> list[Line]:
    port = urlsplit(site.url).port or 0
    path = f"/live?portfolio={portfolio_id}&at=board"

    async def one(cookie: str) -> Line:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode())
        await reader.readuntil(b"event: hello")
        return reader, writer

    lines: list[Line] = []
    while len(lines) < streams:
        lines += await asyncio.gather(
            *(
                one(cookies[(len(lines) + number) % len(cookies)])
                for number in range(min(OPENED_AT_ONCE, streams - len(lines)))
            )
        )
    return lines


async def _tell(lines: list[Line], portfolio_id: int) -> list[float]:
    """Seconds from saying something to hearing it, for each stream, in rising order."""

    async def hear(reader: asyncio.StreamReader) -> float:
        await reader.readuntil(b'["bet:4711"]')
        return time.perf_counter()

    heard = [asyncio.create_task(hear(reader)) for reader, _ in lines]
    await asyncio.sleep(0.5)
    began = time.perf_counter()
    await asyncio.to_thread(live._publish, str(portfolio_id), ("bet:4711",))
    return sorted(moment - began for moment in await asyncio.gather(*heard))


def _page_seconds(site: running.Site, cookie: str, requests: int) -> float:
    line = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=60)
    seconds = []
    for _ in range(requests):
        began = time.perf_counter()
        line.request("GET", "/kanban", headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
        assert len(line.getresponse().read()) > 0
        seconds.append(time.perf_counter() - began)
    line.close()
    return statistics.median(seconds)


def _memory(pid: int) -> int:
    """Bytes of a process, what it shares counted in proportion."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Pss:"))


def _cpu(pid: int) -> float:
    """Seconds that a process has spent computing."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return sum(int(part) for part in fields[11:13]) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
