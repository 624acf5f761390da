"""One bet: its page, and the forms in which people say what it is and what it depends on."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from bets import board
from bets import edit as rules
from bets.cards import Movers, destinations
from bets.forms import (
    BetForm,
    HypothesisForm,
    KillCriteria,
    decimal_sign_of,
    initial_of,
    initial_of_criteria,
    initial_of_hypothesis,
)
from bets.goalposts import had_evidence
from bets.models import Bet, Hypothesis, Portfolio, Stage
from bets.models.bet import default_response
from bets.views.kanban import refused, stays
from spm.accounts.middleware import turn_to
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid
from spm.posted import posted

HISTORY_SHOWN = 50


@require_GET
def bet(request: HttpRequest, bet_id: int) -> HttpResponse:
    """The page: what this floor knows, and a place for each panel of the floors above."""
    shown = _visible_bet(request, bet_id)
    turn_to(request, shown.portfolio_id)
    return render(request, "bets/bet.html", _context(request, shown))


@require_GET
def facts(request: HttpRequest, bet_id: int) -> HttpResponse:
    """What follows the portfolio on that page: the facts, and beside them thesis and history."""
    return render(request, "bets/_follows.html", _context(request, _visible_bet(request, bet_id)))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new bet, or the successor of one."""
    predecessor = _predecessor(request)
    portfolio = predecessor.portfolio if predecessor else _portfolio(request)
    require_editor(request, portfolio.pk, None)
    initial = {"response": _response_text(), **_initial_of_successor(predecessor)}
    form = BetForm(portfolio, None, posted(request), initial=initial, sign=decimal_sign_of(request))
    if request.method == "POST" and form.is_valid():
        person: Any = request.user
        created = put_beside_fields(form, lambda: rules.create_bet(person, portfolio, form.terms()))
        if created is not None:
            messages.success(request, f"‘{created.title}’ stands in the Funnel.")
            if predecessor is not None:
                messages.info(request, "Now say what has changed: it begins with no thesis.")
                return redirect("bets:add_hypothesis", created.pk)
            return redirect("bets:bet", created.pk)
    title = f"Successor of {predecessor.title}" if predecessor else "New bet"
    context = {"form": form, "heading": title, "bet": None, "submit": "Create"}
    return _form_page(request, "bets/edit.html", context, form)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, bet_id: int) -> HttpResponse:
    """Change a bet; fields that somebody else has changed meanwhile are said beside the field."""
    shown = _visible_bet(request, bet_id)
    turn_to(request, shown.portfolio_id)
    require_editor(request, shown.portfolio_id, shown.team_ids)
    form = BetForm(
        shown.portfolio,
        shown,
        posted(request),
        initial=initial_of(shown),
        sign=decimal_sign_of(request),
    )
    if request.method == "POST" and form.is_valid():
        changed = put_beside_fields(
            form,
            lambda: rules.change_bet(
                request.user,  # type: ignore[arg-type]
                bet_id,
                form.terms(),
                seen=form.seen_terms(),
            ),
        )
        if changed is not None:
            return _saved(request, changed, "Saved.")
    context = {"form": form, "heading": f"Edit {shown.title}", "bet": shown, "submit": "Save"}
    return _form_page(request, "bets/edit.html", context, form)


@require_http_methods(["GET", "POST"])
def add_hypothesis(request: HttpRequest, bet_id: int) -> HttpResponse:
    """Add a hypothesis with its kill criteria."""
    shown = _visible_bet(request, bet_id)
    turn_to(request, shown.portfolio_id)
    require_editor(request, shown.portfolio_id, shown.team_ids)
    initial = {"prior": "50", "half_life_days": "180", "metric": "proportion"}
    form = HypothesisForm(posted(request), initial=initial)
    criteria = KillCriteria(posted(request), prefix="kill")
    return _hypothesis_page(
        request,
        shown,
        form,
        criteria,
        "Add a hypothesis",
        lambda terms: rules.add_hypothesis(request.user, bet_id, terms),  # type: ignore[arg-type]
    )


@require_http_methods(["GET", "POST"])
def edit_hypothesis(request: HttpRequest, hypothesis_id: int) -> HttpResponse:
    """Change a hypothesis and its kill criteria."""
    rows = Hypothesis.objects.visible_to(request.user).select_related("bet__portfolio")
    hypothesis: Hypothesis = get_object_or_404(rows, pk=hypothesis_id)
    turn_to(request, hypothesis.bet.portfolio_id)
    require_editor(request, hypothesis.bet.portfolio_id, hypothesis.bet.team_ids)
    form = HypothesisForm(
        posted(request),
        initial=initial_of_hypothesis(hypothesis),
        asks_why=had_evidence(hypothesis),
    )
    criteria = KillCriteria(posted(request), prefix="kill", initial=initial_of_criteria(hypothesis))
    return _hypothesis_page(
        request,
        hypothesis.bet,
        form,
        criteria,
        "Edit the hypothesis",
        lambda terms: rules.change_hypothesis(
            request.user,  # type: ignore[arg-type]
            hypothesis_id,
            terms,
            form.reason_given,
        ),
    )


# --- forms ----------------------------------------------------------------------------------------


def _hypothesis_page(
    request: HttpRequest, shown: Bet, form: Any, criteria: Any, heading: str, save: Any
) -> HttpResponse:
    form.use_decimal_sign(decimal_sign_of(request), shown.portfolio.currency)
    if request.method == "POST":
        valid = [form.is_valid(), criteria.is_valid()]
        if all(valid) and put_beside_fields(
            form, lambda: save({**form.terms(), "kill_criteria": criteria.terms()})
        ):
            return _saved(request, shown, "Saved. The belief follows in a moment.")
    context = {"form": form, "criteria": criteria, "heading": heading, "bet": shown}
    return _form_page(request, "bets/hypothesis.html", context, form)


def put_beside_fields(form: Any, call: Any) -> Any:
    """What the rule returns, or None with its objections put beside the fields."""
    try:
        return call()
    except Invalid as refusal:
        form.refuse(refusal.fields)
    except Conflict as conflict:
        form.refuse(dict.fromkeys(conflict.changed, conflict.message) or {"": conflict.message})
    except NotAllowed as refusal:
        form.refuse({"": str(refusal)})
    return None


def _form_page(
    request: HttpRequest, template: str, context: dict[str, Any], form: Any
) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(request, template, {**context, "then": _then(request)}, status=status)


def _then(request: HttpRequest) -> Stage | None:
    """Where the card is to go once the form is saved, if it was refused there for what is in it."""
    stage = request.GET.get("then", "")
    return Stage(stage) if stage in Stage.values else None


def _saved(request: HttpRequest, saved: Bet, text: str) -> HttpResponse:
    """Back to the page of the bet, having moved its card as well where that was asked for."""
    stage = _then(request)
    if stage is None or "move" not in request.POST:
        messages.success(request, text)
        return redirect("bets:bet", saved.pk)
    try:
        board.move(request.user, saved.pk, stage)  # type: ignore[arg-type]
    except board.Refused as refusal:
        messages.success(request, text)
        return refused(request, saved, stage, refusal)
    except (Invalid, NotAllowed) as refusal:
        messages.success(request, text)
        return stays(request, saved, str(refusal), 422)
    messages.success(request, f"{text} ‘{saved.title}’ moved to {stage.label}.")
    return redirect("bets:bet", saved.pk)


def _initial_of_successor(predecessor: Bet | None) -> dict[str, Any]:
    """A successor begins with its predecessor's figures, and with a thesis of its own."""
    if predecessor is None:
        return {}
    initial = initial_of(predecessor)
    initial["title"] = f"{predecessor.title} (pivot)"[:200]
    initial["predecessor"] = predecessor.pk
    return initial


def _response_text() -> str:
    return ", ".join(f"{x * 100:g}:{y * 100:g}" for x, y in default_response())


# --- what a request is about ----------------------------------------------------------------------


def _visible_bet(request: HttpRequest, bet_id: int) -> Bet:
    rows = Bet.objects.visible_to(request.user)
    rows = rows.select_related("portfolio", "theme", "stream", "owner", "predecessor")
    found: Bet = get_object_or_404(rows, pk=bet_id)
    return found


def _portfolio(request: HttpRequest) -> Portfolio:
    current: Portfolio | None = getattr(request, "portfolio", None)
    if current is None:
        raise Http404
    return current


def _predecessor(request: HttpRequest) -> Bet | None:
    text = request.GET.get("predecessor", "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Http404
    return _visible_bet(request, int(text))


def require_editor(request: HttpRequest, portfolio_id: int, team_ids: list[int] | None) -> None:
    """Forms that one may not send are not shown either."""
    if not may(request.user, "edit_bet", portfolio_id, team_ids):
        raise PermissionDenied


def _context(request: HttpRequest, shown: Bet) -> dict[str, Any]:
    movers = Movers(request.user, shown.portfolio)  # type: ignore[arg-type]
    hypotheses = list(
        shown.hypotheses.prefetch_related(
            "kill_criteria", "changes__changed_by", "changes__api_key"
        )
    )
    history = shown.stage_changes.select_related("changed_by", "api_key").order_by("-id")
    return {
        "bet": shown,
        "bet_portfolio": shown.portfolio,
        "hypotheses": hypotheses,
        "needs": [link.needs for link in shown.needs_links.select_related("needs")],
        "needed_by": [link.bet for link in shown.needed_by_links.select_related("bet")],
        "teams": shown.bet_teams.select_related("team"),
        "keys": shown.external_keys.exclude(url="").order_by("source", "key"),
        "successors": shown.successors.all(),
        "history": history[:HISTORY_SHOWN],
        "may_edit": may(request.user, "edit_bet", shown.portfolio_id, shown.team_ids),
        "may_move": movers.may_move(shown.pk),
        "destinations": destinations(shown),
        "facts_url": reverse("bets:facts", args=[shown.pk]),
    }
