"""The library's requests, led through ``spm.outgoing``: nothing private, no redirect, no proxy.

Imported where a site is asked only: the library takes its time to load.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from jira import JIRA
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from spm import outgoing

MOST_BYTES = 5_000_000
LONGEST_URL = 8_000
#: ``spm.outgoing`` says these itself.
_NOT_PASSED_ON = {"host", "connection", "accept-encoding", "content-length", "user-agent"}


def client_of(site: str, is_cloud: bool, account: str, token: str) -> JIRA:
    """The library's client for a site; nothing is asked yet."""
    client = JIRA(
        options={"server": site, "rest_api_version": "3" if is_cloud else "2"},
        basic_auth=(account, token) if account else None,
        token_auth=None if account else token,
        get_server_info=False,
        max_retries=0,
        logging=False,
    )
    # What the library would have asked for; the kind was found out when the site was connected.
    client.deploymentType = "Cloud" if is_cloud else "Server"
    client._applicationlinks = []
    session = client._session
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Line())
    return client


class _Line(BaseAdapter):
    """Sends a prepared request by ``spm.outgoing``."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """One request, one answer.

        Raises:
            outgoing.Refused, outgoing.NoAnswer: as ``outgoing.send``, and for a redirect.
        """
        body = request.body or b""
        answer = outgoing.send(
            request.url or "",
            {
                name: value if isinstance(value, str) else value.decode("latin-1")
                for name, value in request.headers.items()
                if name.lower() not in _NOT_PASSED_ON
            },
            body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b"",
            request.method or "GET",
            most_bytes=MOST_BYTES,
            longest_url=LONGEST_URL,
        )
        if 300 <= answer.status < 400:
            raise outgoing.NoAnswer("it answers with another address, which is not followed")
        return _as_response(request, answer.status, answer.headers, answer.body)

    def close(self) -> None:
        """Nothing stays open."""


def _as_response(
    request: PreparedRequest, status: int, headers: Mapping[str, str], body: bytes
) -> Response:
    response = Response()
    response.status_code = status
    response.headers = CaseInsensitiveDict(headers)
    response.url = request.url or ""
    response.request = request
    response.raw = BytesIO(body)
    response.encoding = "utf-8"
    response._content = body
    return response
