"""The design system on one page: every component with its states, light and dark side by side.

What it shows is made up here; nothing of a portfolio is read.
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

THEMES = ("light", "dark")
RAMP = [step / 10 for step in range(11)]
SIZES = (
    ("28", "Move €310k a month"),
    ("20", "Worth +€2.1M over 24 months"),
    ("16", "What changes, and why"),
    ("14", "Fewer than four per cent of merchants fall behind by sixty days."),
    ("12", "observed 33 days ago · without it 2%"),
)
LONG = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft: a name that "
    "nobody would choose, and that somebody will import"
)

# Its address on the page, its name, what it is for, and the template of its specimen.
SPECIMENS = (
    ("type", "Type and values", "One family, five sizes, tabular figures.", "type"),
    ("colour", "Colour", "Belief and the direction of capital; nothing else has one.", "colour"),
    ("icons", "Icons", "One sprite, one line of 1.5 on a grid of 16.", "icons"),
    ("buttons", "Buttons", "One primary on a page; the rest lines and words.", "buttons"),
    ("forms", "Forms and choices", "What is wrong stands beside its field.", "forms"),
    ("ways", "Ways", "Segments, tabs, steps, menus, pages.", "ways"),
    ("marks", "Belief, money, marks", "Always with the number beside.", "marks"),
    (
        "numbers",
        "Numbers and facts",
        "Figures that lead, and what is known of one thing.",
        "numbers",
    ),
    ("tables", "Tables", "They sort, stay in sight, and stack on a phone.", "tables"),
    ("cards", "Cards, panels, streams", "A card is a thing; the rest has a rule.", "cards"),
    ("figures", "Pictures", "A table behind each, one key away.", "figure"),
    ("feedback", "What answers", "Notices, waiting, toasts, dialogs, nothing there.", "feedback"),
)

Rows = list[dict[str, Any]]


class SampleForm(forms.Form):
    """One field of each kind."""

    amount = forms.CharField(
        label="Amount a month",
        help_text="Comma or point, k or M.",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "data-money": "EUR"}),
    )
    stream = forms.ChoiceField(
        label="Value stream", choices=[("", "Choose"), ("parcel", "Parcel"), ("freight", "Freight")]
    )
    observed = forms.DateField(
        label="Observed on", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(
        label="What was seen", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    silent = forms.BooleanField(label="Bets without fresh evidence too", required=False)


@cache
def icon_names() -> list[str]:
    """The icons of the sprite, in its order."""
    sprite = (settings.BASE_DIR / "static" / "icons" / "sprite.svg").read_text(encoding="utf-8")
    return re.findall(r'<symbol id="([\w-]+)"', sprite)


def bets_shown(now: datetime) -> Rows:
    """Bets of every condition: believed, broken, silent, untested, and one of a long name."""
    names = ("Two-hour windows", "Merchant credit line", "Merchant academy", "Voice booking", LONG)
    beliefs = (0.98, 0.004, 0.78, None, 0.42)
    before = (0.97, 0.014, 0.93, None, 0.44)
    working = (292_000, 310_000, 45_000, 0, 140_000)
    series: tuple[list[float | None], ...] = (
        [0.5, 0.61, 0.72, 0.7, 0.9, 0.97, 0.98],
        [0.93, 0.91, 0.92, 0.45, 0.02, 0.004, 0.004],
        [0.8, 0.9, 0.93, 0.93, 0.86, 0.8, 0.78],
        [],
        [0.5, None, None, 0.38, 0.44, 0.44, 0.42],
    )
    return [
        {
            "title": names[place],
            "belief": beliefs[place],
            "before": before[place],
            "working": Decimal(working[place]),
            "entangled": Decimal(140_000 if place == 1 else 0),
            "maximum": Decimal(480_000),
            "series": series[place],
            "broken_at": now - timedelta(days=40) if place == 1 else None,
            "status": {1: "broken", 2: "silent"}.get(place, ""),
            "delivery": "Green" if place == 1 else "",
        }
        for place in range(len(names))
    ]


def forms_shown(theme: str) -> dict[str, SampleForm]:
    """The form as it is first met, and as it comes back when it could not be taken."""
    fresh = SampleForm(auto_id=f"{theme}-fresh-%s", initial={"amount": "125,000"})
    wrong = SampleForm({"amount": "", "stream": "tide"}, auto_id=f"{theme}-wrong-%s")
    return {"fresh": fresh, "wrong": wrong}


def segments(current: int) -> Rows:
    """Entries of a segmented control."""
    labels = (("Measurement", None), ("Judgement", None), ("Likelihood ratio", None))
    return [
        {"label": label, "url": f"#{label[:5]}", "is_current": place == current, "count": count}
        for place, (label, count) in enumerate(labels)
    ]


def tabs() -> Rows:
    """Entries of tabs, with counts."""
    return [
        {"label": "Open", "url": "#open", "is_current": True, "count": 1},
        {"label": "Approved", "url": "#approved", "is_current": False, "count": 12},
        {"label": "Refused", "url": "#refused", "is_current": False, "count": 0},
    ]


def design(request: HttpRequest) -> HttpResponse:
    """The page."""
    now = timezone.now()
    return render(
        request,
        "design/page.html",
        {
            "specimens": [(*each[:3], f"design/_{each[3]}.html") for each in SPECIMENS],
            "scopes": [{"theme": theme, **forms_shown(theme)} for theme in THEMES],
            "sizes": SIZES,
            "ramp": RAMP,
            "icons": icon_names(),
            "bets": bets_shown(now),
            "long": LONG,
            "now": now,
            "earlier": now - timedelta(days=14),
            "segments": segments(1),
            "tabs": tabs(),
            "steps": ["Envelope", "Guardrails", "First bet"],
            "stops": ["", "", "", "", ""],
            "menu": [
                {"label": "Testing", "url": "#menus", "is_current": False},
                {"label": "Scaling", "url": "#menus", "is_current": True},
            ],
        },
    )


def side(request: HttpRequest) -> HttpResponse:
    """What the side panel of the page shows once it is opened."""
    return render(request, "design/_side.html", {"bet": bets_shown(timezone.now())[1]})
