"""What a file is, by what is in it and not by its name, and the name that it is kept under.

Only kinds that people show things with, and none that a browser or an office suite would run.
"""

import re
import unicodedata
import zipfile
from dataclasses import dataclass
from io import BytesIO

from spm.errors import Invalid
from spm.sheets.problems import Unusable
from spm.sheets.text import decoded

LONGEST_NAME = 100
ALLOWED = "PNG, JPEG, GIF, WebP, PDF, text, CSV, XLSX or DOCX"
_OFFICE = "application/vnd.openxmlformats-officedocument"


@dataclass(frozen=True)
class FileKind:
    """A media type, and the extensions that names of such files may have, the usual one first."""

    media_type: str
    extensions: tuple[str, ...]


_PICTURES = [
    (re.compile(rb"\x89PNG\r\n\x1a\n"), FileKind("image/png", ("png",))),
    (re.compile(rb"\xff\xd8\xff"), FileKind("image/jpeg", ("jpg", "jpeg"))),
    (re.compile(rb"GIF8[79]a"), FileKind("image/gif", ("gif",))),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), FileKind("image/webp", ("webp",))),
    (re.compile(rb"%PDF-\d"), FileKind("application/pdf", ("pdf",))),
]
_DOCUMENTS = {
    "xl/workbook.xml": FileKind(f"{_OFFICE}.spreadsheetml.sheet", ("xlsx",)),
    "word/document.xml": FileKind(f"{_OFFICE}.wordprocessingml.document", ("docx",)),
}
_ZIP = b"PK\x03\x04"
_TABLES = ("csv", "tsv")
_TEXTS = ("txt", "log", "md")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*]')


def kind_of(content: bytes, name: str = "") -> FileKind:
    """What the file is; the name only tells a table from other text.

    Raises:
        Invalid: it is empty, or of no kind that is taken.
    """
    if not content:
        raise Invalid({"file": "The file is empty."})
    for beginning, kind in _PICTURES:
        if beginning.match(content):
            return kind
    if content.startswith(_ZIP):
        return _document(content)
    return _text(content, name)


def clean_name(name: str, kind: FileKind) -> str:
    """A name without folders, control signs and marks that turn text around, with an extension
    that says what the file is.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    plain = " ".join(_NOT_IN_NAMES.sub("-", shown).split()).strip(". ")
    stem, dot, extension = plain.rpartition(".")
    if not dot or len(extension) > 5:
        stem, extension = plain, ""
    if extension.lower() not in kind.extensions:
        extension = kind.extensions[0]
    return f"{stem[:LONGEST_NAME].strip('. ') or 'file'}.{extension.lower()}"


def _document(content: bytes) -> FileKind:
    """A spreadsheet or a text of an office suite: only the list of its parts is read."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            parts = set(package.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError) as error:
        raise Invalid({"file": "The file is damaged: it cannot be unpacked."}) from error
    if any(part.lower().endswith("vbaproject.bin") for part in parts):
        raise Invalid({"file": "The file holds macros. Save it without them, or as PDF."})
    for part, kind in _DOCUMENTS.items():
        if {part, "[Content_Types].xml"} <= parts:
            return kind
    raise Invalid({"file": _none_of_ours()})


def _text(content: bytes, name: str) -> FileKind:
    try:
        text, encoding = decoded(content)
    except Unusable as unusable:
        raise Invalid({"file": _none_of_ours()}) from unusable
    if _CONTROLS.search(text):
        raise Invalid({"file": _none_of_ours()})
    charset = {"cp1252": "windows-1252"}.get(encoding, encoding)
    if name.lower().endswith(tuple(f".{each}" for each in _TABLES)):
        return FileKind(f"text/csv; charset={charset}", _TABLES)
    return FileKind(f"text/plain; charset={charset}", _TEXTS)


def _none_of_ours() -> str:
    return f"The file is none of those that can be attached: {ALLOWED}."
