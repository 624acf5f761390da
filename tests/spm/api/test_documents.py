"""The API explained: the OpenAPI document, the page for people, and docs/api.md."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from spm.api.documents import operations
from spm.api.problem_kinds import KINDS
from tests.api_client import ApiClient, client_for
from tests.factories import make_member, make_portfolio

HANDBOOK = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture
def schema() -> Any:
    return client_for(make_portfolio()).get("/schema").json()


def test_the_openapi_document_is_valid_and_without_doubts(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "x.yml"))


@pytest.mark.django_db
def test_the_document_says_how_to_be_let_in_and_what_goes_wrong(schema: Any) -> None:
    assert schema["openapi"].startswith("3.1")
    assert schema["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            assert {"401", "403", "429"} <= set(operation["responses"]), (method, path)
            assert {"apiKey": []} in operation["security"], (method, path)
            assert operation["summary"], (method, path)
    approve = schema["paths"]["/api/v1/proposals/{proposal_id}/approve"]["post"]
    assert {"200", "400", "404", "409", "413", "415", "422"} <= set(approve["responses"])
    problem = approve["responses"]["409"]["content"]["application/problem+json"]
    assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}


@pytest.mark.django_db
def test_a_stranger_gets_no_documents() -> None:
    assert ApiClient().get("/schema").status_code == 401
    assert ApiClient().get("/docs").status_code == 302


@pytest.mark.django_db
def test_the_page_shows_every_operation_and_every_kind_of_problem() -> None:
    client = Client()
    client.force_login(make_member(make_portfolio()))
    page = client.get("/api/v1/docs").content.decode()
    for operation in operations():
        assert f'id="{operation.name}"' in page
    for kind in KINDS:
        assert f'id="{kind.name}"' in page


def test_the_handbook_has_a_section_for_every_kind_of_problem() -> None:
    text = HANDBOOK.read_text()
    for kind in KINDS:
        assert f"### {kind.name}\n\n{kind.status}. {kind.title}. {kind.remedy}\n" in text


def test_a_status_leads_to_what_it_means_on_a_page_that_keeps_the_content_policy(
    page: Any, sign_in: Any
) -> None:
    sign_in(make_member(make_portfolio()))
    page.goto("/api/v1/docs")
    operation = page.locator("#bets_create")
    operation.locator("summary", has_text="Body").click()
    assert operation.get_by_text("full_funding").first.is_visible()
    operation.get_by_role("link", name="422").click()
    assert page.url.endswith("#key-reused")
    assert page.locator("#key-reused").is_visible()
