"""The server: a real one, on a port of this machine, in a thread."""

import base64
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.jira.data import FIELDS, STATUSES, TYPES, Issue, comment_shown, issue_shown
from tests.jira.search import BadSearch, find, place_in, token_of

TOKEN = "a-token-of-tests"
ACCOUNT = "mia@example.org"
_API = re.compile(r"/rest/api/([23])/(.*)")
Answered = tuple[int, Any, dict[str, str]]


class Jira:
    """Runs while it is entered. Tests change what it holds, and how it behaves, directly.

    ``answers`` are given instead, in turn, to the next requests: status, body, headers. ``pages``
    says how many issues the next pages of a search hold at most, over and over; ``asked`` is each
    request as it came, ``loads`` how often a search was made.
    """

    def __init__(
        self, kind: str = "cloud", issues: list[Issue] | None = None, port: int = 0
    ) -> None:
        self.kind, self.issues = kind, issues if issues is not None else []
        self.zone = "Europe/Berlin"
        self.projects = {"PAY"} | {issue.project for issue in self.issues}
        self.answers: list[Answered] = []
        self.pages: list[int] = []
        self.asked: list[str] = []
        self.may_link = True
        self.on_page: Any = None
        self._found: tuple[str, list[Issue]] | None = None
        self.server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self.server.daemon_threads = True

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def at(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self) -> str:
        """The site."""
        return f"http://{self.at}"

    @property
    def is_cloud(self) -> bool:
        """Which product it is."""
        return self.kind == "cloud"

    def issue(self, key: str) -> Issue:
        """One, by its key or id."""
        return next(each for each in self.issues if key in (each.key, str(each.id)))

    def searches(self) -> list[str]:
        """The searches among what was asked."""
        return [each for each in self.asked if "/search" in each and "count" not in each]

    # --- answering ------------------------------------------------------------------------------

    def answer(
        self, method: str, path: str, query: dict[str, Any], body: Any, authorised: bool
    ) -> Answered:
        """What a request is answered."""
        if self.answers:
            return self.answers.pop(0)
        match = _API.fullmatch(path)
        if match is None or (match.group(1) == "3" and not self.is_cloud):
            return 404, None, {}
        version, rest = match.groups()
        if rest == "serverInfo":
            return 200, self._server_info(), {}
        if not authorised:
            return 401, "<html>You are not signed in</html>", {}
        given = {**{name: values[0] for name, values in query.items()}, **(body or {})}
        given["fields"] = (body or {}).get("fields") or query.get("fields")
        try:
            return self._api(method, version, rest, given, body)
        except BadSearch as refusal:
            return 400, {"errorMessages": [str(refusal)], "errors": {}}, {}
        except StopIteration:
            return 404, {"errorMessages": ["Issue does not exist."], "errors": {}}, {}

    def _api(
        self, method: str, version: str, rest: str, given: dict[str, Any], body: Any
    ) -> Answered:
        plain = {
            "myself": {"displayName": "Mia Krystof", "timeZone": self.zone, "active": True},
            "field": [
                {
                    "id": each,
                    "name": name,
                    "custom": each.startswith("custom"),
                    "clauseNames": [each],
                }
                for each, name in FIELDS.items()
            ],
            "issuetype": [{"id": str(n), "name": name} for n, name in enumerate(TYPES)],
            "status": [{"id": str(n), "name": name} for n, name in enumerate(STATUSES)],
        }
        if rest in plain:
            return 200, plain[rest], {}
        if rest == "search":
            if self.is_cloud:
                return 410, {"errorMessages": ["The requested API has been removed."]}, {}
            return 200, self._server_page(version, given), {}
        if rest == "search/jql" and self.is_cloud:
            return 200, self._cloud_page(version, given), {}
        if rest == "search/approximate-count" and self.is_cloud:
            return 200, {"count": len(self._find(given.get("jql", "")))}, {}
        return self._of_issue(method, version, rest, given, body)

    def _of_issue(
        self, method: str, version: str, rest: str, given: dict[str, Any], body: Any
    ) -> Answered:
        key, _, part = rest.removeprefix("issue/").partition("/")
        issue = self.issue(key)
        if part == "comment":
            start, most = int(given.get("startAt", 0)), int(given.get("maxResults", 50))
            shown = issue.comments[start : start + most]
            rows = [comment_shown(each, issue, self.url, version) for each in shown]
            return 200, {"comments": rows, "total": len(issue.comments), "startAt": start}, {}
        if part == "remotelink" and method == "POST":
            if not self.may_link:
                return 403, {"errorMessages": ["You may not link issues."], "errors": {}}, {}
            is_new = body["globalId"] not in issue.links
            issue.links[body["globalId"]] = body
            return 201 if is_new else 200, {"id": len(issue.links), "self": self.url}, {}
        return 404, None, {}

    def _server_info(self) -> dict[str, Any]:
        info = {"baseUrl": self.url, "version": "9.12.0", "versionNumbers": [9, 12, 0]}
        return {**info, "deploymentType": "Cloud" if self.is_cloud else "Server"}

    def _cloud_page(self, version: str, given: dict[str, Any]) -> dict[str, Any]:
        jql = given.get("jql", "")
        found = self._find(jql)
        start = place_in(jql, given["nextPageToken"]) if given.get("nextPageToken") else 0
        page = found[start : start + self._size(given)]
        self._seen(found, start)
        end = start + len(page)
        names = given["fields"]
        if not names:
            shown = [{"id": str(each.id)} for each in page]
        else:
            wanted = None if names == ["*all"] else names
            shown = [issue_shown(each, self.url, version, wanted) for each in page]
        more = {"nextPageToken": token_of(jql, end)} if end < len(found) else {}
        return {"issues": shown, "isLast": not more, **more}

    def _server_page(self, version: str, given: dict[str, Any]) -> dict[str, Any]:
        found = self._find(given.get("jql", ""))
        start, names = int(given.get("startAt", 0)), given["fields"]
        page = found[start : start + self._size(given)]
        wanted = None if not names or names == ["*all"] else names
        shown = [issue_shown(each, self.url, version, wanted) for each in page]
        answer = {"startAt": start, "maxResults": len(page), "total": len(found), "issues": shown}
        self._seen(found, start)
        return answer

    def _size(self, given: dict[str, Any]) -> int:
        asked = int(given.get("maxResults", 50))
        if not self.pages:
            return asked
        self.pages.append(self.pages.pop(0))
        return min(asked, self.pages[-1])

    def _seen(self, found: list[Issue], start: int) -> None:
        """A test may change the world between two pages."""
        if self.on_page is not None:
            self.on_page(start)

    def _find(self, jql: str) -> list[Issue]:
        state = f"{jql}|{len(self.issues)}|{max((i.updated for i in self.issues), default=0)}"
        if self._found is None or self._found[0] != state:
            found = find(jql, self.issues, self.zone, self.projects, self.is_cloud)
            self._found = state, found
        return self._found[1]


def signed_in(header: str) -> bool:
    """Whether a request comes from the one account that there is."""
    basic = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return header in (f"Basic {basic}", f"Bearer {TOKEN}")


def _handler(jira: Jira) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.take("GET")

        def do_POST(self) -> None:
            self.take("POST")

        def take(self, method: str) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            jira.asked.append(f"{method} {self.path}")
            status, body, headers = jira.answer(
                method,
                parts.path,
                parse_qs(parts.query),
                json.loads(raw) if raw else None,
                signed_in(self.headers.get("Authorization", "")),
            )
            text = b"" if body is None else _bytes(body)
            self.send_response(status)
            kind = "text/html" if isinstance(body, str) else "application/json;charset=UTF-8"
            for name, value in {"Content-Type": kind, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
