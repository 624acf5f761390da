"""The Allocation page and its panels."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from allocation.models import LatestRun
from allocation.reading import open_proposal
from allocation.wording import sentence
from reports.allocation import broken_but_well_reported, latest_evidence
from reports.five_numbers import five_numbers


@require_GET
def allocation_page(request: HttpRequest) -> HttpResponse:
    """Where the money is, and what the evidence says about it."""
    return render(request, "reports/allocation.html", {**_numbers(request), **_learned(request)})


@require_GET
def numbers_panel(request: HttpRequest) -> HttpResponse:
    """The open proposal, the five numbers, and where reports and evidence disagree."""
    return render(request, "reports/_numbers.html", _numbers(request))


@require_GET
def learned_panel(request: HttpRequest) -> HttpResponse:
    """What was learned last."""
    return render(request, "reports/_learned.html", _learned(request))


def _numbers(request: HttpRequest) -> dict[str, Any]:
    portfolio = request.portfolio  # type: ignore[attr-defined]
    if portfolio is None:
        return {}
    proposal = open_proposal(portfolio)
    return {
        "numbers": five_numbers(portfolio),
        "proposal": proposal,
        "sentence": sentence(proposal) if proposal else "",
        "run": LatestRun.objects.filter(portfolio=portfolio).first(),
        "disagreeing": broken_but_well_reported(portfolio),
    }


def _learned(request: HttpRequest) -> dict[str, Any]:
    portfolio = request.portfolio  # type: ignore[attr-defined]
    return {"learned": latest_evidence(portfolio) if portfolio else []}
