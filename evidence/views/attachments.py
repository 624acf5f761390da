"""Files of evidence: taking them in for a form, and handing them out."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from bets.models import Hypothesis
from evidence.attachments import MOST_BYTES, MOST_FILES, hand_in, on_their_way
from evidence.file_kinds import ALLOWED
from evidence.models import Attachment, Upload
from spm.accounts.permissions import may
from spm.errors import Invalid

#: What browsers are told of a file that strangers made: to save it, and to run nothing of it.
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


@require_POST
def take_in(request: HttpRequest) -> HttpResponse:
    """Take one file for a form, and show the files that the form has now."""
    hypothesis = _hypothesis(request)
    tokens = request.POST.getlist("files")
    wrong = ""
    try:
        tokens = [*tokens, _taken(request, tokens).token]
    except Invalid as refusal:
        wrong = " ".join(refusal.fields.values())
    uploads = on_their_way(request.user, tokens)  # type: ignore[arg-type]
    context = {"hypothesis": hypothesis, **files_context(uploads, wrong)}
    return render(request, "evidence/_files.html", context, status=422 if wrong else 200)


@require_GET
def download(request: HttpRequest, attachment_id: int) -> HttpResponse:
    """One file, to be saved and not to be opened here."""
    row = get_object_or_404(Attachment.objects.visible_to(request.user), pk=attachment_id)
    response = HttpResponse(bytes(row.content), content_type=row.media_type, headers=SAFE)
    response["Content-Disposition"] = content_disposition_header(True, row.name)
    return response


def files_context(uploads: list[Upload], wrong: str = "") -> dict[str, Any]:
    """What the part of the form with the files shows."""
    return {
        "uploads": uploads,
        "files_wrong": wrong,
        "most_bytes": MOST_BYTES,
        "most_files": MOST_FILES,
        "allowed": ALLOWED,
    }


# --- inside ---------------------------------------------------------------------------------------


def _hypothesis(request: HttpRequest) -> Hypothesis:
    """The hypothesis that the form is about; only who may log on it may hand in files."""
    asked = request.GET.get("hypothesis", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
    rows = Hypothesis.objects.visible_to(request.user).select_related("bet")
    hypothesis: Hypothesis = get_object_or_404(rows, pk=number)
    if not may(request.user, "log_evidence", hypothesis.bet.portfolio_id, hypothesis.bet.team_ids):
        raise PermissionDenied
    return hypothesis


def _taken(request: HttpRequest, tokens: list[str]) -> Upload:
    chosen = request.FILES.get("file")
    if chosen is None:
        raise Invalid({"file": "Choose a file."})
    if len(tokens) >= MOST_FILES:
        raise Invalid({"file": f"At most {MOST_FILES} files can be attached: remove one first."})
    return hand_in(request.user, chosen.name or "", chosen.read())  # type: ignore[arg-type]
