"""The pages of the journal of decisions."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from allocation.learned_terms import TERMS, LearnedTerms, use_learned
from allocation.models import Decision
from bets.models import Liquidity
from bets.open_to import bets_open_to
from reports.csv_files import rows_as_csv
from reports.journal.asked import PARTS, PERIODS, Asked
from reports.journal.journal import Journal
from reports.journal.tables import TABLES, table
from reports.paging import Page, page_of
from spm.accounts.page_request import PageRequest
from spm.accounts.permissions import NotAllowed
from spm.errors import Conflict, Invalid

DECISIONS_A_PAGE, ROWS_A_PAGE = 20, 50

KEYS: dict[str, Callable[[Any], str]] = {
    "decisions": lambda decision: str(decision.pk),
    "waits": lambda wait: str(wait.turn.pk),
    "authority": lambda share: share.name,
    "refused": lambda row: str(row.change.pk),
    "reversed": lambda row: f"{row.decision.pk}-{row.bet_id}",
    "freed": lambda each: str(each.change.pk),
}


@require_GET
def journal_page(request: PageRequest) -> HttpResponse:
    """What was decided, how soon after the evidence, and what came of it."""
    return render(request, "reports/decisions.html", _journal(request))


@require_GET
def journal_rows(request: PageRequest) -> HttpResponse:
    """The part of the page that follows the portfolio."""
    if request.portfolio is None:
        raise Http404
    return render(request, "reports/_decisions.html", _journal(request))


@require_GET
def journal_csv(request: PageRequest, part: str) -> HttpResponse:
    """The rows behind one figure, all of the period."""
    if request.portfolio is None or part not in TABLES:
        raise Http404
    shown = _read(request)
    return rows_as_csv(table(shown, part), f"{part}-{request.portfolio.slug}.csv")


@require_POST
def use_learned_terms(request: PageRequest) -> HttpResponse:
    """Give the bets of a liquidity class what withdrawals have taught about it."""
    if request.portfolio is None:
        raise Http404
    seen = {name: request.POST[name] for name in TERMS if request.POST.get(name)}
    liquidity = request.POST.get("liquidity", "")
    try:
        changed = use_learned(request.user, request.portfolio, liquidity, seen)
    except (Conflict, Invalid, NotAllowed) as error:
        messages.error(request, " ".join([str(error), *getattr(error, "changed", [])]))
    else:
        bets = "1 bet" if len(changed) == 1 else f"{len(changed)} bets"
        messages.success(request, f"{bets} of class {Liquidity(liquidity).label} changed.")
    return redirect(f"{reverse('reports:decisions')}{Asked(part='freed').query()}#learned")


def _read(request: PageRequest) -> Journal:
    return Journal(request.portfolio, Asked.of(request.GET.dict()), timezone.now())


def _journal(request: PageRequest) -> dict[str, Any]:
    if request.portfolio is None:
        return {}
    shown = _read(request)
    asked, here = shown.asked, reverse("reports:decisions")
    page = _page(shown)
    return {
        "journal": shown,
        "asked": asked,
        "rows": page.rows,
        "older_url": f"{here}{asked.query(before=page.older)}" if page.older else "",
        "live_url": f"{reverse('reports:decisions_rows')}{asked.query(before=asked.before)}",
        "csv_url": f"{reverse('reports:decisions_csv', args=[asked.part])}{asked.query()}",
        "periods": [
            {"label": label, "url": f"{here}{_period(asked, key)}",
             "is_current": key == asked.period}
            for key, label in PERIODS.items()
        ],
        "parts": [
            {"label": label, "url": f"{here}{_part(asked, key)}", "is_current": key == asked.part}
            for key, label in PARTS.items()
        ],
        "part_urls": {key: f"{here}{_part(asked, key)}#rows" for key in PARTS},
        "kinds": Decision.Kind.choices,
        "authorities": [share.name for share in shown.shares],
        **_learned(request, shown),
    }  # fmt: skip


def _period(asked: Asked, period: str) -> str:
    return Asked(period, asked.part, asked.kind, asked.authority, asked.bet).query()


def _part(asked: Asked, part: str) -> str:
    return Asked(asked.period, part).query()


def _page(shown: Journal) -> Page[Any]:
    """The rows of the part that is asked for, a page of them."""
    asked = shown.asked
    rows: dict[str, Callable[[], Sequence[Any]]] = {
        "decisions": lambda: shown.listed,
        "waits": lambda: shown.waits,
        "authority": lambda: shown.shares,
        "refused": lambda: shown.refused,
        "reversed": lambda: shown.moved_back,
        "freed": lambda: shown.withdrawals,
    }
    size = DECISIONS_A_PAGE if asked.part == "decisions" else ROWS_A_PAGE
    page = page_of(rows[asked.part](), KEYS[asked.part], asked.before, size)
    if asked.part == "decisions":
        return Page(shown.entries(page.rows), page.older)
    if asked.part == "reversed":
        named = [(row, shown.reversed_bets[row.bet_id]) for row in page.rows]
        return Page(named, page.older)
    return page


def _learned(request: PageRequest, shown: Journal) -> dict[str, Any]:
    """What was learned of each class, with the bets that this person could change to it."""
    if shown.asked.part != "freed":
        return {}
    open_to_them = bets_open_to(request.user, "edit_bet", shown.portfolio.pk)
    mine = set(open_to_them.values_list("pk", flat=True))
    return {"learned": [_class(terms, mine) for terms in shown.learned]}


def _class(terms: LearnedTerms, mine: set[int]) -> dict[str, Any]:
    differing = [bet for bet in terms.differing if bet.pk in mine]
    return {"terms": terms, "to_change": differing, "others": len(terms.differing) - len(differing)}
