"""A real HTTP server on this machine that takes deliveries, and answers as a test says."""

import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Runs while it is entered; ``answers`` are given in turn, the last one for ever."""

    def __init__(self, secure: ssl.SSLContext | None = None) -> None:
        self.got: list[Got] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = [(200, {}, b"ok")]
        self.behave: Any = None
        self.let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *args: None  # type: ignore[method-assign]
        if secure is not None:
            self.server.socket = secure.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    @property
    def at(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """A path on it."""
        return f"http://{self.at}/hook"

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Note a request, and answer it."""
        length = int(request.headers.get("Content-Length", 0))
        body = request.rfile.read(length)
        self.got.append(Got(request.path, dict(request.headers.items()), body))
        if self.behave is not None:
            self.behave(request)
            return
        status, headers, answer = self.answers.pop(0) if self.answers[1:] else self.answers[0]
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(answer)

    def hang(self) -> None:
        """Answer nothing, until the test is over."""
        self.behave = lambda request: self.let_go.wait(5)

    def drip(self) -> None:
        """Answer for ever, a byte at a time."""

        def one_by_one(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not self.let_go.wait(0.02):
                request.wfile.write(b".")

        self.behave = one_by_one

    def nonsense(self) -> None:
        """Answer what is no HTTP."""
        self.behave = lambda request: request.wfile.write(b"What do you want?\r\n\r\n")
