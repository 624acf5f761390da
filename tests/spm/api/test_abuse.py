"""What is thrown at the API on purpose: each is refused as a problem document, none is a fault."""

import pytest

from tests.api_client import ApiClient, assert_problem, client_for
from tests.factories import make_portfolio

pytestmark = pytest.mark.django_db

REFUSE = "/proposals/1/refuse"


@pytest.fixture
def client() -> ApiClient:
    return client_for(make_portfolio(), "finance")


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 5_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"version": NaN}',
        b'{"version": Infinity}',
        b'{"reason": "\\u0000"}',
        b'{"reason": "\\ud800"}',
        b'{"version": 1, "version": 2}',
        b'{"reason": "\xff"}',
        b'{"version": 1e400}',
        b"[]",
        b"null",
        b'"text"',
        b"1",
        b"\x00",
        b"{} {}",
        b"{'a': 1}",
    ],
)
def test_a_body_that_is_no_strict_object_is_a_400(client: ApiClient, raw: bytes) -> None:
    assert_problem(client.post(REFUSE, raw), 400, "invalid")


@pytest.mark.parametrize("version", ["1", "1_0", "１", True, 1.5, None, [], -1, 10**30])
def test_what_merely_resembles_a_whole_number_is_a_400(client: ApiClient, version: object) -> None:
    body = {"version": version, "content_sha256": "0" * 64, "reason": "No."}
    document = assert_problem(client.post(REFUSE, body), 400, "invalid")
    assert [error["field"] for error in document["errors"]] == ["version"]


@pytest.mark.parametrize("reason", [7, True, None, ["No."], {"a": 1}, "", "   ", "x" * 4001])
def test_what_is_no_text_is_a_400(client: ApiClient, reason: object) -> None:
    body = {"version": 1, "content_sha256": "0" * 64, "reason": reason}
    document = assert_problem(client.post(REFUSE, body), 400, "invalid")
    assert [error["field"] for error in document["errors"]] == ["reason"]


def test_an_unknown_field_is_refused_by_name(client: ApiClient) -> None:
    body = {"version": 1, "content_sha256": "0" * 64, "reason": "No.", "force": True}
    document = assert_problem(client.post(REFUSE, body), 400, "invalid")
    [error] = document["errors"]
    assert error["field"] == "force"
    assert "content_sha256" in error["problem"]


@pytest.mark.parametrize(
    "query",
    [
        "stage=nowhere",
        "stage=testing&stage=scaling",
        "stage=%00",
        "search=%00",
        "owner=1_0",
        "owner=%EF%BC%91",
        "owner=-1",
        "owner=99999999999999999999",
        "stag=testing",
        "page_size=0",
        "page_size=501",
        "page_size=%EF%BC%91",
        "page_size=" + "9" * 5_000,
        "cursor=",
        "cursor=%00",
        "cursor=abc",
        "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk",
        "cursor=%F0%9F%98%80",
        "format=api",
        "order_by=password",
    ],
)
def test_a_parameter_that_says_nothing_is_a_400_and_not_a_list_of_everything(
    client: ApiClient, query: str
) -> None:
    document = assert_problem(client.get(f"/bets?{query}"), 400, "invalid")
    [error] = document["errors"]
    assert error["field"] == query.partition("=")[0]


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "9" * 5_000, "-1", "x", "1%00"])
def test_an_address_of_nothing_is_a_404(client: ApiClient, number: str) -> None:
    assert_problem(client.get(f"/bets/{number}"), 404, "not-found")


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/bets/", "/../admin", "/bets/1/2/3"])
def test_an_address_that_does_not_exist_is_a_404(client: ApiClient, path: str) -> None:
    assert_problem(client.get(path), 404, "not-found")


@pytest.mark.parametrize("method", ["DELETE", "TRACE", "OPTIONS", "PROPFIND", "POST"])
def test_a_method_that_a_path_does_not_take_is_a_405(client: ApiClient, method: str) -> None:
    response = client.send(method, "/decisions")
    assert_problem(response, 405, "method-not-allowed")
    assert "GET" in response["Allow"]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "text/json", "x", ""]
)
def test_a_body_in_another_form_is_a_415(client: ApiClient, media_type: str) -> None:
    assert_problem(client.post(REFUSE, b"{}", Content_Type=media_type), 415, "media-type")


def test_a_compressed_body_is_a_415(client: ApiClient) -> None:
    response = client.post(REFUSE, b"\x1f\x8b", Content_Encoding="gzip")
    assert_problem(response, 415, "media-type")


def test_a_body_above_a_megabyte_is_a_413_here_too(client: ApiClient) -> None:
    response = client.post(REFUSE, b'{"reason": "' + b"x" * 1_000_001 + b'"}')
    assert_problem(response, 413, "too-large")


def test_a_host_that_is_not_ours_is_a_400(client: ApiClient) -> None:
    assert_problem(client.get("/bets", Host="elsewhere.example"), 400, "invalid")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "*/*;q=0"])
def test_every_answer_is_json_whatever_is_accepted(client: ApiClient, accept: str) -> None:
    response = client.get("/bets", Accept=accept)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("key", ["", " ", "ä", "two words", "x" * 256, "line\tbreak"])
def test_an_idempotency_key_is_visible_ascii(client: ApiClient, key: str) -> None:
    body = {"version": 1, "content_sha256": "0" * 64, "reason": "No."}
    response = client.post(REFUSE, body, Idempotency_Key=key)
    assert_problem(response, 400, "invalid")


def test_a_fault_of_ours_is_a_problem_document_without_its_cause(
    client: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret cause")

    monkeypatch.setattr("allocation.decide.refuse", broken)
    body = {"version": 1, "content_sha256": "0" * 64, "reason": "No."}
    response = client.post(REFUSE, body)
    assert_problem(response, 500, "fault")
    assert b"secret" not in response.content
