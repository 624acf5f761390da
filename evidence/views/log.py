"""The evidence on one bet: the panel, the form with its effect while typing, and taking back."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from bets.forms import decimal_sign_of
from bets.models import Bet, Hypothesis
from evidence.attachments import named, on_their_way
from evidence.effect import Effect
from evidence.forms import KIND_LABELS, EvidenceForm, RetractionForm, new_submission
from evidence.intake import NewEvidence, Recorded, preview, retract
from evidence.models import Evidence, EvidenceKind, Source
from evidence.sources import last_source_of
from evidence.submission import submit
from evidence.views.attachments import files_context
from evidence.weighed import newest, weighed
from evidence.wording import sentence
from spm.accounts.middleware import turn_to
from spm.accounts.permissions import NotAllowed, may
from spm.errors import Conflict, Invalid, Reused
from spm.posted import posted

MOST_SOURCES = 200
NEWEST_ITEMS = 5


@require_GET
def panel(request: HttpRequest, bet_id: int) -> HttpResponse:
    """All that was learnt about a bet, and the form to log more; a panel of the bet's page."""
    bet = _visible_bet(request, bet_id)
    context = _weighed(request, bet)
    if context["may_log"] and context["weighed"]:
        context |= _form_context(request, context["weighed"][0].hypothesis)
    return render(request, "evidence/_panel.html", context)


@require_GET
def weighed_list(request: HttpRequest, bet_id: int) -> HttpResponse:
    """The part of the panel that follows the bet."""
    bet = _visible_bet(request, bet_id)
    return render(request, "evidence/_weighed.html", _weighed(request, bet))


@require_GET
def newest_list(request: HttpRequest, bet_id: int) -> HttpResponse:
    """What was learnt last about a bet, for whoever looks at it in passing."""
    bet = _visible_bet(request, bet_id)
    items, count = newest(bet, NEWEST_ITEMS)
    return render(request, "evidence/_newest.html", {"bet": bet, "items": items, "count": count})


@require_GET
def form_for(request: HttpRequest, bet_id: int) -> HttpResponse:
    """The form for another hypothesis of the bet, with what was typed so far."""
    named = request.GET.get("hypothesis", "")
    number = int(named) if named.isascii() and named.isdigit() and len(named) < 19 else 0
    hypothesis = _visible_hypothesis(request, number, bet_id=bet_id)
    _require(request, hypothesis.bet)
    return render(request, "evidence/_form.html", _form_context(request, hypothesis))


@require_http_methods(["GET", "POST"])
def log(request: HttpRequest, hypothesis_id: int) -> HttpResponse:
    """The form to log evidence: a page of its own, or a fragment inside the bet's page."""
    hypothesis = _visible_hypothesis(request, hypothesis_id)
    _require(request, hypothesis.bet)
    if request.method == "GET":
        return _log_page(request, hypothesis, _form_context(request, hypothesis))
    form = _form(request, hypothesis, request.POST)
    taken = _try(form, lambda event: _submit(request, hypothesis_id, form, event))
    if taken is None:
        return _log_page(request, hypothesis, _form_context(request, hypothesis, form), status=422)
    if not request.headers.get("HX-Request"):
        messages.success(request, sentence(taken, done=True))
        return redirect(reverse("bets:bet", args=[hypothesis.bet_id]) + "#evidence")
    context = {**_form_context(request, hypothesis, kind=form["kind"].value()), "taken": taken}
    context["taken_sentence"] = sentence(taken, done=True)
    return render(request, "evidence/_form.html", context)


@require_POST
def effect(request: HttpRequest, hypothesis_id: int) -> HttpResponse:
    """What the evidence in the form would do; fetched while somebody types."""
    hypothesis = _visible_hypothesis(request, hypothesis_id)
    _require(request, hypothesis.bet)
    form = _form(request, hypothesis, request.POST)
    shown = None
    if not form.is_unfinished:
        shown = _try(form, lambda event: preview(request.user, hypothesis_id, event))  # type: ignore[arg-type]
    context = {
        "effect": shown,
        "effect_sentence": sentence(shown) if shown else "",
        "problems": [] if shown else _problems(form),
    }
    return render(request, "evidence/_effect.html", context)


@require_http_methods(["GET", "POST"])
def take_back(request: HttpRequest, evidence_id: int) -> HttpResponse:
    """Take a piece of evidence back, with a reason and knowing what it does."""
    rows = Evidence.objects.visible_to(request.user)
    row = get_object_or_404(
        rows.select_related("bet__portfolio", "hypothesis", "source", "retracts"), pk=evidence_id
    )
    _require(request, row.bet)
    turn_to(request, row.portfolio_id)
    form = RetractionForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            taken = retract(request.user, evidence_id, form.cleaned_data["note"])  # type: ignore[arg-type]
            return _after_taking_back(request, row, sentence(taken, done=True))
        except Invalid as refusal:
            form.refuse(refusal.fields)
    return _take_back_page(request, row, form)


# --- inside ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Kind:
    value: str
    label: str
    url: str
    is_current: bool


def _form(request: HttpRequest, hypothesis: Hypothesis, given: Any) -> EvidenceForm:
    kind = given.get("kind", "")
    return EvidenceForm(hypothesis, kind, given, sign=decimal_sign_of(request))


def _form_context(
    request: HttpRequest, hypothesis: Hypothesis, form: EvidenceForm | None = None, kind: str = ""
) -> dict[str, Any]:
    """``kind`` is the one to begin with; that of the form or the address where it is not given."""
    bet = hypothesis.bet
    kinds = [EvidenceKind.JUDGEMENT, EvidenceKind.RATIO]
    if hypothesis.metric:
        kinds.insert(0, EvidenceKind.MEASUREMENT)
    kind = kind or (form["kind"].value() if form else request.GET.get("kind")) or ""
    if kind not in kinds:
        kind = EvidenceKind.JUDGEMENT
    here = reverse("evidence:log", args=[hypothesis.pk])
    if form is None:
        initial = _initial(request, bet, kind)
        form = EvidenceForm(hypothesis, kind, initial=initial, sign=decimal_sign_of(request))
    named_files = (request.POST if form.is_bound else request.GET).getlist("files")
    uploads = on_their_way(request.user, named_files)  # type: ignore[arg-type]
    return {
        **files_context(uploads, form.files_wrong),
        "bet": bet,
        "hypothesis": hypothesis,
        "hypotheses": list(bet.hypotheses.order_by("id")),
        "form": form,
        "kinds": [
            _Kind(each, KIND_LABELS[each], f"{here}?kind={each.value}", each == kind)
            for each in kinds
        ],
        "sources": Source.objects.filter(portfolio=bet.portfolio_id)[:MOST_SOURCES],
    }


def _initial(request: HttpRequest, bet: Bet, kind: str) -> dict[str, Any]:
    """What was typed under another kind stays; the source is the one that they named last."""
    typed = {name: value for name, value in request.GET.items() if value and "\0" not in value}
    return {
        "source": last_source_of(request.user, bet.portfolio_id) or str(request.user),  # type: ignore[arg-type]
        "observed_on": timezone.now().date(),
        "submission": new_submission(),
        **typed,
        "kind": kind,
    }


def _try(form: EvidenceForm, rule: Callable[[NewEvidence], Any]) -> Any:
    """What the rule answers to what was typed, or None with its objections beside the fields."""
    if not form.is_valid():
        return None
    try:
        return rule(form.event())
    except Invalid as refusal:
        form.refuse(refusal.fields)
    except Reused as reused:
        form.refuse({"": _taken_before(reused)})
        form.rename()
    except Conflict as conflict:
        form.refuse({"": conflict.message})
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    return None


def _submit(
    request: HttpRequest, hypothesis_id: int, form: EvidenceForm, event: NewEvidence
) -> Recorded:
    person: Any = request.user
    files = named(person, request.POST.getlist("files"))
    return submit(person, hypothesis_id, event, form.cleaned_data["submission"], files)


def _taken_before(reused: Reused) -> str:
    changed = ", ".join(name.replace("_", " ") for name in reused.changed)
    return (
        f"What you sent first has been logged. Since then this was changed: {changed}. Take the "
        "first one back if it is wrong; send again to log this one too."
    )


def _problems(form: EvidenceForm) -> list[str]:
    """What is wrong with what has been typed so far."""
    if form.is_unfinished:
        return []
    labelled = []
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        labelled += [f"{label}: {error}" if label else str(error) for error in errors]
    return labelled


def _log_page(
    request: HttpRequest, hypothesis: Hypothesis, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "evidence/_form.html", context, status=status)
    turn_to(request, hypothesis.bet.portfolio_id)
    return render(request, "evidence/log.html", context, status=status)


def _weighed(request: HttpRequest, bet: Bet) -> dict[str, Any]:
    return {
        "bet": bet,
        "weighed": weighed(bet),
        "may_log": may(request.user, "log_evidence", bet.portfolio_id, bet.team_ids),
        "may_ask": may(request.user, "ask_for_evidence", bet.portfolio_id, bet.team_ids),
    }


def _take_back_page(request: HttpRequest, row: Evidence, form: RetractionForm) -> HttpResponse:
    shown: Effect | None = None
    problem = ""
    try:
        event = NewEvidence(kind="retraction", retracts=row.pk, note="?")
        shown = preview(request.user, row.hypothesis_id, event)  # type: ignore[arg-type]
    except Invalid as refusal:
        problem = " ".join(refusal.fields.values())
    context = {
        "row": row,
        "form": form,
        "problem": problem,
        "effect_sentence": sentence(shown) if shown else "",
    }
    fragment = bool(request.headers.get("HX-Request"))
    template = "evidence/_take_back.html" if fragment else "evidence/take_back.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _after_taking_back(request: HttpRequest, row: Evidence, said: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        trigger = json.dumps({"toast": said, "close-dialog": ""})
        return HttpResponse(status=204, headers={"HX-Trigger": trigger})
    messages.success(request, said)
    return redirect(reverse("bets:bet", args=[row.bet_id]) + "#evidence")


def _visible_bet(request: HttpRequest, bet_id: int) -> Bet:
    rows = Bet.objects.visible_to(request.user).select_related("portfolio")
    bet: Bet = get_object_or_404(rows, pk=bet_id)
    return bet


def _visible_hypothesis(request: HttpRequest, hypothesis_id: int, **of: Any) -> Hypothesis:
    rows = Hypothesis.objects.visible_to(request.user).select_related("bet__portfolio")
    hypothesis: Hypothesis = get_object_or_404(rows, pk=hypothesis_id, **of)
    return hypothesis


def _require(request: HttpRequest, bet: Bet) -> None:
    """Forms that one may not send are not shown either."""
    if not may(request.user, "log_evidence", bet.portfolio_id, bet.team_ids):
        raise PermissionDenied
