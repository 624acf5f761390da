"""A person's notices: the page, marking as read, the count in the bar, what is mailed."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evidence.forms import NoticeFilter
from evidence.models import Notice
from evidence.notices.reading import count_unread, mark_read, notices_of, page_of
from evidence.notices.settings_form import NoticeSettingsForm
from evidence.notices.wants import choose, wants_of
from spm.accounts.page_request import PageRequest
from spm.errors import Invalid


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """What the person should know of, unread first; the filters stand in the address."""
    return render(request, "evidence/notices.html", _context(request))


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    """The part of the page that follows what happens."""
    return render(request, "evidence/_notices.html", _context(request))


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """The count in the bar."""
    return render(request, "evidence/_notice_count.html", {"unread": unread_count(request)})


@require_POST
def read_one(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark one as read."""
    if not Notice.objects.of(request.user).filter(pk=notice_id).exists():
        raise Http404
    mark_read(request.user, pk=notice_id)  # type: ignore[arg-type]
    return _back(request)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read that there were when the page was rendered."""
    newest = request.POST.get("newest", "")
    if newest.isascii() and newest.isdigit() and len(newest) < 19:
        mark_read(request.user, pk__lte=int(newest))  # type: ignore[arg-type]
    return _back(request)


@require_http_methods(["GET", "POST"])
def settings(request: PageRequest) -> HttpResponse:
    """Which kinds the person is told of, where and when."""
    typed = request.POST if request.method == "POST" else None
    form = NoticeSettingsForm(typed, wants_of(request.user))
    if form.is_valid():
        try:
            choose(request.user, form.wants())
        except Invalid as refusal:
            form.refuse(refusal.fields)
        else:
            messages.success(request, "Saved.")
            return redirect("evidence:notices")
    status = 422 if form.errors else 200
    return render(request, "evidence/notice_settings.html", {"form": form}, status=status)


def unread_count(request: HttpRequest) -> int:
    """How many are unread in the portfolios of the request's person; one query, or none."""
    portfolios = [each.portfolio_id for each in getattr(request, "memberships", [])]
    return count_unread(request.user.pk or 0, portfolios)


# --- inside ---------------------------------------------------------------------------------------


def _context(request: HttpRequest) -> dict[str, Any]:
    form = NoticeFilter(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    found = notices_of(request.user, chosen.get("unread", False), chosen.get("kind", ""))  # type: ignore[arg-type]
    page = page_of(found, chosen.get("before"))
    query = request.GET.copy()
    query.pop("before", None)
    older = query.copy()
    older["before"] = str(page.older)
    here, mine = reverse("evidence:notices"), reverse("evidence:notice_rows")
    asked = request.GET.urlencode()
    return {
        "form": form,
        "rows": page.rows,
        "has_unread": any(row.read_at is None for row in page.rows),
        "newest": max((row.pk for row in page.rows), default=0),
        "is_filtered": bool(chosen.get("unread") or chosen.get("kind")),
        "live_url": f"{mine}?{asked}" if asked else mine,
        "back_url": f"{here}?{asked}" if asked else here,
        "older_url": f"{here}?{older.urlencode()}" if page.older else "",
        "newest_url": f"{here}?{query.urlencode()}" if chosen.get("before") else "",
    }


def _back(request: HttpRequest) -> HttpResponse:
    """To the page with the filters that it had."""
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None) and back.startswith("/notices")
    return redirect(back if safe else reverse("evidence:notices"))
