"""As much of Jira Cloud's search as the forty lines need: pages by token, and moods."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 3


def issue(number: int, day: int, **fields: Any) -> dict[str, Any]:
    """An issue that was last changed on a day of March."""
    said = {
        "summary": f"Epic {number}",
        "status": {"name": "In Progress"},
        "updated": f"2026-03-{day:02}T12:00:00.000+0200",
        "resolution": None,
        "resolutiondate": None,
        **fields,
    }
    return {"id": str(10_000 + number), "key": f"PAY-{number}", "fields": said}


def resolved(number: int, day: int, hypothesis: int, how: str) -> dict[str, Any]:
    """One that names a hypothesis, and is resolved."""
    at = f"2026-03-{day:02}T11:00:00.000+0200"
    named = {"customfield_10050": float(hypothesis), "resolution": {"name": how}}
    return issue(number, day, **named, resolutiondate=at, status={"name": "Done"})


@dataclass
class SmallJira:
    """Issues in the order of their change; ``asked`` is what was asked for, ``moods`` come first:
    a status, or None for an answer that breaks off.
    """

    issues: list[dict[str, Any]]
    url: str = ""
    moods: dict[int, int | None] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    logins: set[str] = field(default_factory=set)

    def page(self, query: dict[str, str]) -> dict[str, Any]:
        """One page: short ones are not the last."""
        since = re.search(r'updated >= "([0-9-]+)"', query["jql"])
        assert since is not None, query
        found = [each for each in self.issues if each["fields"]["updated"] >= since[1]]
        start = int(query.get("nextPageToken") or 0)
        end = start + (PAGE if start else PAGE - 1)
        more = {"nextPageToken": str(end)} if end < len(found) else {"isLast": True}
        return {"issues": found[start:end], **more}


@contextmanager
def small_jira(issues: list[dict[str, Any]]) -> Iterator[SmallJira]:
    """Serve it on the loopback."""
    jira = SmallJira(issues)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            jira.logins.add(self.headers["Authorization"])
            mood = jira.moods.pop(len(jira.asked), 200)
            jira.asked.append(query)
            if mood is None:
                self.connection.close()
                return
            status = mood if address.path == "/rest/api/3/search/jql" else 410
            body = json.dumps(jira.page(query) if status == 200 else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
            if status == 429:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        jira.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield jira
        server.shutdown()
