"""The Allocation page with its panels, and the pictures that other pages take from here."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from allocation.models import LatestRun, Proposal, Scenario
from allocation.reading import open_proposal
from allocation.scenarios.comparison import MOST_COMPARED
from allocation.scenarios.reading import ids_in, opened_some
from allocation.wording import sentence
from bets.kanban import choices_of
from bets.models import Horizon
from bets.views.asked import bet_turned_to
from evidence.calibration import LEADS
from reports import bet_history, frontier_picture, proposal_picture, scenario_picture
from reports.allocation import broken_but_well_reported, holdings, latest_evidence
from reports.calibration import Calibration
from reports.csv_files import as_csv, rows_as_csv
from reports.figures import ageing, cumulative_flow, over_time, time_in_stage
from reports.figures.sankey import Sankey, sankey
from reports.five_numbers import five_numbers
from reports.flow import MOST_BLOCKED, PERIODS, Flow, FlowFilters
from reports.learn_next import as_table, learn_next, open_to
from spm.accounts.middleware import turn_to
from spm.accounts.page_request import PageRequest


@require_GET
def allocation_page(request: PageRequest) -> HttpResponse:
    """Where the money is, and what the evidence says about it."""
    context = {**_numbers(request), **_learned(request), **_sankey(request)}
    return render(request, "reports/allocation.html", context)


@require_GET
def numbers_panel(request: PageRequest) -> HttpResponse:
    """The open proposal, the five numbers, and where reports and evidence disagree."""
    if request.portfolio is None:
        raise Http404
    return render(request, "reports/_numbers.html", _numbers(request))


@require_GET
def sankey_panel(request: PageRequest) -> HttpResponse:
    """The envelope as a Sankey."""
    return render(request, "reports/_sankey.html", _sankey(request))


@require_GET
def sankey_csv(request: PageRequest) -> HttpResponse:
    """The figures behind the Sankey."""
    figure: Sankey | None = _sankey(request).get("figure")
    if figure is None:
        raise Http404
    return as_csv(figure.table, "allocation.csv")


@require_GET
def learned_panel(request: PageRequest) -> HttpResponse:
    """What was learned last."""
    return render(request, "reports/_learned.html", _learned(request))


def _numbers(request: PageRequest) -> dict[str, Any]:
    portfolio = request.portfolio
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


def _sankey(request: PageRequest) -> dict[str, Any]:
    portfolio = request.portfolio
    if portfolio is None:
        return {}
    theme, stream = request.GET.get("theme", ""), request.GET.get("stream", "")
    narrowed = bool(theme or stream)
    held = holdings(portfolio, theme, stream)
    figure = sankey(
        held,
        envelope=sum(row.rate for row in held) if narrowed else float(portfolio.envelope),
        reserve=0.0 if narrowed else float(portfolio.reserve),
        currency=portfolio.currency,
        page=reverse("reports:allocation"),
    )
    return {
        "figure": figure,
        "theme": theme,
        "stream": stream,
        "query": request.GET.urlencode(),
    }


def _learned(request: PageRequest) -> dict[str, Any]:
    portfolio = request.portfolio
    return {"learned": latest_evidence(portfolio) if portfolio else []}


@require_GET
def belief_over_money(request: PageRequest, bet_id: int) -> HttpResponse:
    """The picture of a bet."""
    bet = bet_turned_to(request, bet_id)
    wide, narrow = bet_history.pictures_of(bet)
    context = {"bet": bet, "figure": wide, "narrow": narrow}
    return render(request, "reports/_belief_over_money.html", context)


@require_GET
def belief_over_money_csv(request: PageRequest, bet_id: int) -> HttpResponse:
    """What is behind the picture of a bet."""
    figure, _ = bet_history.pictures_of(bet_turned_to(request, bet_id))
    return as_csv(figure.table, f"bet-{bet_id}.csv")


def _proposal(request: PageRequest, proposal_id: int) -> Proposal:
    visible = Proposal.objects.visible_to(request.user).select_related("portfolio")
    proposal: Proposal = get_object_or_404(visible.defer("snapshot", "solution"), pk=proposal_id)
    turn_to(request, proposal.portfolio_id)
    return proposal


@require_GET
def waterfall(request: PageRequest, proposal_id: int) -> HttpResponse:
    """A proposal as a waterfall."""
    proposal = _proposal(request, proposal_id)
    wide, narrow = proposal_picture.pictures_of(proposal)
    context = {"proposal": proposal, "figure": wide, "narrow": narrow}
    return render(request, "reports/_waterfall.html", context)


@require_GET
def waterfall_csv(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The figures behind the waterfall."""
    table = proposal_picture.table_of(_proposal(request, proposal_id))
    return as_csv(table, f"proposal-{proposal_id}.csv")


@require_GET
def flow_page(request: PageRequest) -> HttpResponse:
    """How bets move along the board, and decisions through the office; to the page itself, which
    follows the portfolio, only what may have changed.
    """
    if request.portfolio is None:
        return render(request, "reports/flow.html", {})
    shown = _flow(request)
    choices = choices_of(request.portfolio)
    chosen, query = shown.filters.bets, shown.filters.query
    wide_and_narrow = {
        "cumulative": (shown.cumulative(), shown.cumulative(cumulative_flow.NARROW)),
        "ageing": (shown.ageing(), shown.ageing(ageing.NARROW)),
        "time_in_stage": (
            shown.time_in_stage(time_in_stage.HALF),
            shown.time_in_stage(time_in_stage.NARROW),
        ),
        "decisions": (shown.decisions(over_time.HALF), shown.decisions(over_time.NARROW)),
        "throughput": (shown.throughput(over_time.HALF), shown.throughput(over_time.NARROW)),
    }
    context = {
        "flow": shown,
        "filters": [
            ("stream", "Value stream", "All streams", choices.stream, chosen.stream),
            ("theme", "Theme", "All themes", choices.theme, chosen.theme),
            ("horizon", "Horizon", "All horizons", Horizon.choices, chosen.horizon),
        ],
        "periods": PERIODS.items(),
        "query": query,
        "suffix": f"?{query}" if query else "",
        "blocked": shown.blocked[:MOST_BLOCKED],
        **{
            name: {"wide": wide, "narrow": narrow}
            for name, (wide, narrow) in wide_and_narrow.items()
        },
    }
    whole = "HX-Request" not in request.headers
    return render(request, "reports/flow.html" if whole else "reports/_flow.html", context)


@require_GET
def flow_csv(request: PageRequest, part: str) -> HttpResponse:
    """The figures behind one part of the flow page."""
    if request.portfolio is None:
        raise Http404
    try:
        table = _flow(request).table(part)
    except KeyError as error:
        raise Http404 from error
    return as_csv(table, f"flow-{part}.csv")


@require_GET
def calibration_page(request: PageRequest) -> HttpResponse:
    """How good the beliefs were, of hypotheses that are resolved."""
    if request.portfolio is None:
        return render(request, "reports/calibration.html", {})
    shown = Calibration(request.portfolio, request.GET.dict())
    query = request.GET.urlencode()
    context = {
        "calibration": shown,
        "figure": shown.picture(),
        "narrow": shown.picture(narrow=True),
        "leads": LEADS,
        "suffix": f"?{query}" if query else "",
    }
    return render(request, "reports/calibration.html", context)


@require_GET
def calibration_csv(request: PageRequest, part: str) -> HttpResponse:
    """The figures behind the report: 'forecasts' one by one, or the 'diagram'."""
    if request.portfolio is None or part not in ("forecasts", "diagram"):
        raise Http404
    shown = Calibration(request.portfolio, request.GET.dict())
    table = shown.table() if part == "forecasts" else shown.picture().table
    return as_csv(table, f"calibration-{part}.csv")


def _flow(request: PageRequest) -> Flow:
    filters = FlowFilters.of(request.GET.dict())
    return Flow(request.portfolio, filters, timezone.now())


def _scenarios(request: PageRequest) -> list[Scenario]:
    """Those that the address names; 404 if one of them cannot be seen."""
    wanted = ids_in(request.GET)[:MOST_COMPARED]
    found = opened_some(request.user, wanted)
    if not found or len(found) < len(wanted):
        raise Http404
    return found


@require_GET
def value_against_turnover(request: PageRequest) -> HttpResponse:
    """Scenarios as value against turnover."""
    scenarios = _scenarios(request)
    wide, narrow = scenario_picture.pictures_of(scenarios)
    query = "&".join(f"ids={scenario.pk}" for scenario in scenarios)
    context = {"scenarios": scenarios, "figure": wide, "narrow": narrow, "query": query}
    return render(request, "reports/_value_against_turnover.html", context)


@require_GET
def value_against_turnover_csv(request: PageRequest) -> HttpResponse:
    """The figures behind that picture."""
    figure, _ = scenario_picture.pictures_of(_scenarios(request))
    return as_csv(figure.table, "value-against-turnover.csv")


@require_GET
def frontier(request: PageRequest, proposal_id: int) -> HttpResponse:
    """Value against turnover; nothing where it is not worked out."""
    proposal = _proposal(request, proposal_id)
    wide, narrow = frontier_picture.pictures_of(proposal) or (None, None)
    context = {"proposal": proposal, "figure": wide, "narrow": narrow}
    return render(request, "reports/_frontier.html", context)


@require_GET
def frontier_csv(request: PageRequest, proposal_id: int) -> HttpResponse:
    """The figures behind value against turnover."""
    pictures = frontier_picture.pictures_of(_proposal(request, proposal_id))
    if pictures is None:
        raise Http404
    return as_csv(pictures[0].table, f"proposal-{proposal_id}-frontier.csv")


@require_GET
def learn_next_page(request: PageRequest) -> HttpResponse:
    """Which open question is worth most to answer before the money is decided."""
    return render(request, "reports/learn_next.html", _learn_next(request))


@require_GET
def learn_next_rows(request: PageRequest) -> HttpResponse:
    """The part of the page that follows the portfolio."""
    if request.portfolio is None:
        raise Http404
    return render(request, "reports/_learn_next.html", _learn_next(request))


@require_GET
def learn_next_csv(request: PageRequest) -> HttpResponse:
    """The questions as CSV: no cell is ever a formula."""
    if request.portfolio is None:
        raise Http404
    rows = as_table(learn_next(request.portfolio))
    return rows_as_csv(rows, f"learn-next-{request.portfolio.slug}.csv")


def _learn_next(request: PageRequest) -> dict[str, Any]:
    portfolio = request.portfolio
    if portfolio is None:
        return {}
    found = learn_next(portfolio)
    may_log = open_to(request.user, "log_evidence", portfolio, found.questions)
    may_ask = open_to(request.user, "ask_for_evidence", portfolio, found.questions)
    rows = [
        {
            "question": question,
            "says": question.says(portfolio.currency),
            "may_log": question.bet.pk in may_log,
            "may_ask": question.bet.pk in may_ask,
        }
        for question in found.questions
    ]
    return {"found": found, "rows": rows}
