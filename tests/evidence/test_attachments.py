"""Files of evidence: what may be attached, that it stays as it was, and who may have it."""

import zipfile
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.urls import reverse

from bets.models import Hypothesis
from evidence.attachments import MOST_BYTES, MOST_FILES, MOST_WAITING, hand_in
from evidence.beliefs import differences
from evidence.file_kinds import FileKind, clean_name, kind_of
from evidence.models import Attachment, Evidence, Upload
from spm.accounts.models import Role
from spm.errors import Invalid
from tests.evidence.test_log_pages import (
    AGAINST,
    FRAGMENT,
    fresh_form,
    lead_and_hypothesis,
    log_url,
    signed_in,
    text_of,
    today,
)
from tests.factories import make_member, make_portfolio

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
OFFICE = "application/vnd.openxmlformats-officedocument"


def package(*parts: str) -> bytes:
    """A zip file with these parts."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for part in parts:
            made.writestr(part, "x")
    return content.getvalue()


# --- what a file is -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PNG, "x.exe", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "x", "image/jpeg"),
        (b"GIF89a..", "x.gif", "image/gif"),
        (b"RIFF\x0a\x0b\x0c\x0dWEBPVP8 ", "x.webp", "image/webp"),
        (b"%PDF-1.7 \x00\x01", "x.csv", "application/pdf"),
        (b"a;b\n1;2", "x.CSV", "text/csv; charset=utf-8"),
        ("prêt".encode("cp1252"), "x.txt", "text/plain; charset=windows-1252"),
        (b"<script>alert(1)</script>", "x.html", "text/plain; charset=utf-8"),
        (package("[Content_Types].xml", "xl/workbook.xml"), "x", f"{OFFICE}.spreadsheetml.sheet"),
        (
            package("[Content_Types].xml", "word/document.xml"),
            "x.xlsx",
            f"{OFFICE}.wordprocessingml.document",
        ),
    ],
)
def test_a_file_is_known_by_what_is_in_it(content: bytes, name: str, media_type: str) -> None:
    assert kind_of(content, name).media_type == media_type


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00\x03", "none of those"),
        (b"\x7fELF\x02", "none of those"),
        (b"text with a bell \x07", "none of those"),
        (package("some.class"), "none of those"),
        (b"PK\x03\x04 and no more", "damaged"),
        (package("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "macros"),
    ],
)
def test_other_files_are_refused_in_one_line(content: bytes, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        kind_of(content, "report.pdf")
    assert said in refused.value.fields["file"]


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Screenshot 1.PNG", "Screenshot 1.png"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\temp\\x.exe", "x.png"),
        ("in\u202egnp.exe", "ingnp.png"),
        ('a"b\r\nSet-Cookie: x.png', "a-bSet-Cookie- x.png"),
        ("", "file.png"),
        (".png", "png.png"),
        ("ä" * 300 + ".png", "ä" * 100 + ".png"),
    ],
)
def test_names_are_cleaned_and_say_what_the_file_is(name: str, cleaned: str) -> None:
    assert clean_name(name, FileKind("image/png", ("png",))) == cleaned


# --- with a form ----------------------------------------------------------------------------------

db = pytest.mark.django_db


def hand_over(client: Client, hypothesis: Hypothesis, content: bytes = PNG, **more: Any) -> Any:
    """A file for the form on this hypothesis, as a browser sends it."""
    url = f"{reverse('evidence:attachments')}?hypothesis={hypothesis.pk}"
    return client.post(url, {"file": SimpleUploadedFile("till.png", content), **more})


@db
def test_a_file_goes_with_the_evidence_whose_form_names_it() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    shown = hand_over(client, hypothesis)
    (upload,) = Upload.objects.all()
    assert upload.token in shown.content.decode() and "till.png" in text_of(shown)
    sent = {**fresh_form(client, hypothesis), "files": [upload.token]}
    for _ in range(2):  # the same form twice is one event with one file
        assert client.post(log_url(hypothesis), sent, headers=FRAGMENT).status_code == 200
    (kept,) = Evidence.objects.get().attachments.all()
    assert (bytes(kept.content), kept.name, kept.media_type) == (PNG, "till.png", "image/png")
    assert differences() == []
    upload.refresh_from_db()
    assert not bytes(upload.content)
    link = reverse("evidence:attachment", args=[kept.pk])
    assert link in client.get(f"/bets/{hypothesis.bet_id}/evidence").content.decode()
    assert link in client.get("/evidence").content.decode()


@db
def test_what_is_wrong_with_a_file_is_said_beside_it_and_the_others_stay() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    hand_over(client, hypothesis)
    token = Upload.objects.get().token
    shown = hand_over(client, hypothesis, b"MZ\x90\x00", files=[token])
    assert shown.status_code == 422
    assert "none of those that can be attached: PNG" in text_of(shown)
    assert token in shown.content.decode()
    too_large = hand_over(client, hypothesis, PNG + b"\0" * MOST_BYTES)
    assert "more than 5 MB" in text_of(too_large)
    too_many = hand_over(client, hypothesis, files=[token] * MOST_FILES)
    assert "At most 5 files" in text_of(too_many)


@db
def test_a_form_that_names_no_file_of_this_person_keeps_what_was_typed() -> None:
    _, client, hypothesis = lead_and_hypothesis()
    other = hand_in(make_member(hypothesis.bet.portfolio), "x.png", PNG)
    for tokens in ([other.token], ["x\0"], ["a", "b"] * 200):
        sent = {**AGAINST, "observed_on": today(), "note": "Typed.", "files": tokens}
        shown = client.post(log_url(hypothesis), sent, headers=FRAGMENT)
        assert shown.status_code == 422 and "Typed." in shown.content.decode()
        assert "file" in shown.context["files_wrong"]
    assert not Evidence.objects.exists()


@db
def test_a_file_goes_with_one_piece_of_evidence_only() -> None:
    lead, client, hypothesis = lead_and_hypothesis()
    upload = hand_in(lead, "x.png", PNG)
    first, second = (
        {**fresh_form(client, hypothesis), "source": source, "files": [upload.token]}
        for source in ("A", "B")
    )
    client.post(log_url(hypothesis), first, headers=FRAGMENT)
    refused = client.post(log_url(hypothesis), second, headers=FRAGMENT)
    assert "x.png went with other evidence" in text_of(refused)
    another = hand_in(lead, "y.png", PNG)
    asked = client.post(log_url(hypothesis), {**first, "files": [another.token]}, headers=FRAGMENT)
    assert "this was changed: files." in text_of(asked)
    assert Evidence.objects.count() == 1


@db
def test_files_come_back_with_what_was_typed() -> None:
    lead, client, hypothesis = lead_and_hypothesis()
    upload = hand_in(lead, "x.png", PNG)
    shown = client.get(log_url(hypothesis), {"kind": "ratio", "files": [upload.token, "gone"]})
    assert upload.token in shown.content.decode() and "gone" not in shown.content.decode()


@db
def test_who_may_not_log_hands_in_no_file() -> None:
    _, _, hypothesis = lead_and_hypothesis()
    portfolio = hypothesis.bet.portfolio
    for role in (Role.VIEWER, Role.FINANCE, Role.CONTRIBUTOR):
        assert hand_over(signed_in(make_member(portfolio, role)), hypothesis).status_code == 403
    stranger = signed_in(make_member(make_portfolio()))
    assert hand_over(stranger, hypothesis).status_code == 404
    assert stranger.post(reverse("evidence:attachments") + "?hypothesis=x").status_code == 404
    assert not Upload.objects.exists()


@db
def test_files_that_wait_in_vain_make_room() -> None:
    lead = lead_and_hypothesis()[0]
    first = hand_in(lead, "x.png", PNG)
    for _ in range(MOST_WAITING):
        hand_in(lead, "x.png", PNG)
    assert Upload.objects.count() == MOST_WAITING
    assert not Upload.objects.filter(pk=first.pk).exists()


# --- handing out ----------------------------------------------------------------------------------


def logged_with(content: bytes, name: str) -> tuple[Hypothesis, Client, Attachment]:
    """Evidence with one file, and the browser of who logged it."""
    lead, client, hypothesis = lead_and_hypothesis()
    upload = hand_in(lead, name, content)
    sent = {**fresh_form(client, hypothesis), "files": [upload.token]}
    client.post(log_url(hypothesis), sent, headers=FRAGMENT)
    return hypothesis, client, Attachment.objects.get()


@db
def test_a_file_is_handed_out_to_be_saved_and_never_run() -> None:
    hypothesis, client, kept = logged_with(b"<script>alert(1)</script>", 'Zähler "1".html')
    url = reverse("evidence:attachment", args=[kept.pk])
    answer = client.get(url)
    assert answer.content == b"<script>alert(1)</script>"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    said = "attachment; filename*=utf-8''Z%C3%A4hler%20-1-.txt"
    assert answer["Content-Disposition"] == said
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    viewer = signed_in(make_member(hypothesis.bet.portfolio, Role.VIEWER))
    assert viewer.get(url).status_code == 200
    assert signed_in(make_member(make_portfolio())).get(url).status_code == 404
    assert client.post(url).status_code == 405
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_attachment SET content = 'other'::bytea",
        "UPDATE evidence_attachment SET name = 'other.png'",
        "DELETE FROM evidence_attachment",
    ],
)
def test_a_file_that_an_owner_changed_or_removed_is_found(
    committed_db: None, statement: str
) -> None:
    logged_with(PNG, "till.png")
    assert differences() == []
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE evidence_attachment DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE evidence_attachment ENABLE TRIGGER USER")
    row = Evidence.objects.get()
    assert [str(each).split(" is ")[0] for each in differences()] == [
        f"evidence {row.pk}: content digest"
    ]
