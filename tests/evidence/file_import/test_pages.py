"""The pages of a file of evidence."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evidence.file_import import steps
from evidence.models import Evidence, EvidenceImport
from spm.accounts.models import Role
from tests.evidence.file_import.test_steps import RATED, WORDS, looked_over, office
from tests.evidence.test_log_pages import signed_in, text_of
from tests.factories import make_member, make_portfolio

pytestmark = pytest.mark.django_db


def handed_in(client: Client, content: bytes = RATED, name: str = "report.csv") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("evidence:imports"), {"file": file})


def test_a_file_is_handed_in_looked_over_and_imported() -> None:
    _, lead = office()
    client = signed_in(lead)
    assert handed_in(client).status_code == 302
    file = EvidenceImport.objects.get()
    page = reverse("evidence:import", args=[file.pk])
    assert "Being taken apart" in text_of(client.get(page))
    steps.run_owed(file.pk)
    shown = text_of(client.get(page))
    assert "CSV, cp1252, separated by semicolons" in shown
    assert "has been given no meaning" in shown.lower()
    file.refresh_from_db()
    form = {**steps.form_of(steps.mapping_of(file), steps.grid_of(file)), **WORDS}
    shown = text_of(
        client.post(
            reverse("evidence:import_mapping", args=[file.pk]), form, headers={"HX-Request": "true"}
        )
    )
    assert "Import 2 events" in shown
    assert "no bet called 'Pier'" in shown
    client.post(reverse("evidence:import_begin", args=[file.pk]))
    steps.run_owed(file.pk)
    report = text_of(client.get(page))
    assert "Taken 2" in report
    assert "Refused 1" in report
    refused = client.get(reverse("evidence:import_refused", args=[file.pk])).content.decode()
    assert refused.splitlines()[1].startswith("Pier;Red;gone;2026-03-01;")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "The submitted file is empty|Choose a file|empty"), (None, "Choose")],
)
def test_a_form_without_a_file_says_what_is_missing(content: bytes | None, said: str) -> None:
    _, lead = office()
    client = signed_in(lead)
    answer = handed_in(client, content) if content is not None else client.post("/evidence/import")
    assert answer.status_code == 422
    assert any(each in text_of(answer) for each in said.split("|"))


def test_the_sample_is_recognised_without_any_mapping() -> None:
    portfolio, lead = office()
    sample = signed_in(lead).get(reverse("evidence:import_sample")).content
    file = steps.hand_in(lead, portfolio, "s.csv", sample.replace(b"Name of a bet", b"Bridge"))
    steps.run_owed(file.pk)
    file.refresh_from_db()
    assert steps.wrong_with(file) == {}
    assert len(steps.plan_for(file).planned) == 2


def test_a_file_of_a_foreign_portfolio_is_not_there() -> None:
    portfolio, lead = office()
    file = looked_over(portfolio, lead)
    stranger = signed_in(make_member(make_portfolio()))
    for name in ("import", "import_state", "import_refused"):
        assert stranger.get(reverse(f"evidence:{name}", args=[file.pk])).status_code == 404
    for name in ("import_mapping", "import_begin", "import_undo"):
        assert stranger.post(reverse(f"evidence:{name}", args=[file.pk])).status_code == 404


def test_who_only_looks_imports_nothing() -> None:
    portfolio, lead = office()
    file = looked_over(portfolio, lead)
    viewer = signed_in(make_member(portfolio, Role.VIEWER))
    assert viewer.get(reverse("evidence:import", args=[file.pk])).status_code == 200
    for name in ("import_mapping", "import_begin", "import_undo"):
        assert viewer.post(reverse(f"evidence:{name}", args=[file.pk])).status_code == 403
    assert handed_in(viewer).status_code == 403
    assert not Evidence.objects.exists()


def test_looking_over_costs_as_many_queries_for_many_rows_as_for_few() -> None:
    portfolio, lead = office()
    client = signed_in(lead)
    client.get(reverse("evidence:imports"))
    counts = []
    for rows in (1, 300):
        content = RATED + b"Bridge;Green;more;2026-03-02\n" * rows
        file = steps.hand_in(lead, portfolio, "r.csv", content)
        steps.run_owed(file.pk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse("evidence:import", args=[file.pk]))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16
