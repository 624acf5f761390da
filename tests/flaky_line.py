"""A line between browsers and a site that loses requests, answers and streams as it is told to.

Each connection carries one request. Of those that ``LOSES`` matches, some never reach the site,
and of some the answer never comes back; live streams are cut after a while. Which ones is decided
by a seed, and nothing is lost once the line is ``calm``.
"""

import random
import re
import socket
import socketserver
import threading
import time
from collections import Counter
from types import TracebackType

LOSES = re.compile(rb"^POST (/bets/\d+/move|/kanban/changes)")
STREAM = re.compile(rb"^GET /live")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
CONNECTION = re.compile(rb"(?i)\r\nconnection: [^\r]*")
LONGEST_STREAM_SECONDS = 4.0
LOOK_SECONDS = 0.2


class FlakyLine(socketserver.ThreadingTCPServer):
    """The line; ``url`` is where browsers go."""

    daemon_threads = False

    def __init__(self, port: int, *, loses: float = 0.2, seed: int = 1) -> None:
        """Between here and a site on a port of the loopback.

        Args:
            port: of the site.
            loses: the share of the requests that are lost, half of them after they were served.
            seed: of the chance.
        """
        super().__init__(("127.0.0.1", 0), _Connection)
        self.port, self.loses = port, loses
        self.chance = random.Random(seed)
        self.calm = self.over = False
        self.happened: Counter[str] = Counter()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    def __enter__(self) -> "FlakyLine":
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over = True
        self.shutdown()
        self.thread.join()
        self.server_close()

    def fate_of(self, request: bytes) -> str:
        """What becomes of a request: "served", "lost", "answer lost", or "cut" for a stream."""
        if STREAM.match(request):
            return "served" if self.calm else "cut"
        if self.calm or not LOSES.match(request):
            return "served"
        drawn = self.chance.random()
        if drawn >= self.loses:
            return "served"
        return "lost" if drawn < self.loses / 2 else "answer lost"


class _Connection(socketserver.BaseRequestHandler):
    server: FlakyLine

    def handle(self) -> None:
        try:
            request = self._request()
            fate = self.server.fate_of(request)
            self.server.happened[fate] += 1
            if request and fate != "lost":
                self._pass_on(request, fate)
        except OSError:
            pass  # either side has gone

    def _request(self) -> bytes:
        head, length = b"", 0
        while b"\r\n\r\n" not in head or len(head.partition(b"\r\n\r\n")[2]) < length:
            data = self.request.recv(65_536)
            if not data:
                return b""
            head += data
            found = LENGTH.search(head.partition(b"\r\n\r\n")[0])
            length = int(found[1]) if found else 0
        top, _, body = head.partition(b"\r\n\r\n")
        return CONNECTION.sub(b"", top) + b"\r\nConnection: close\r\n\r\n" + body

    def _pass_on(self, request: bytes, fate: str) -> None:
        lasts = self.server.chance.uniform(0.5, LONGEST_STREAM_SECONDS) if fate == "cut" else 60.0
        ends = time.monotonic() + lasts
        with socket.create_connection(("127.0.0.1", self.server.port)) as site:
            site.settimeout(LOOK_SECONDS)
            site.sendall(request)
            while time.monotonic() < ends and not self.server.over:
                try:
                    data = site.recv(65_536)
                except TimeoutError:
                    continue
                if not data:
                    return
                if fate != "answer lost":
                    self.request.sendall(data)
