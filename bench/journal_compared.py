"""What the journal's page and files show, held against the same figures worked out by hand."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

from bench.journal_by_hand import ByHand, by_hand


def compared(phone: Any, portfolio: Any) -> list[str]:
    """What differs, in words; prints each figure twice."""
    from django.utils import timezone

    expected = by_hand(portfolio.pk, timezone.localdate())
    phone.open("/decisions")
    phone.picture("journal")
    shown = _numbers(phone.page)
    wrong = []
    for name, by_page, hand in (*_figures(shown, expected), *_shares(phone, expected)):
        print(f"{name}: {by_page} on the page, {hand} by hand")
        if by_page != hand:
            wrong.append(f"{name}: the page shows {by_page}, by hand it is {hand}.")
    return wrong


def _numbers(page: Any) -> dict[str, str]:
    """The five numbers at the top, with their titles and notes, by label."""
    found = {}
    for number in page.locator("#decisions .numbers .number").all():
        label = number.locator(".number__label").inner_text()
        title = number.locator(".num[title]")
        exact = title.first.get_attribute("title") if title.count() else ""
        found[label] = " ".join(f"{number.inner_text()} {exact}".split())
    return found


def _figures(shown: dict[str, str], expected: ByHand) -> list[tuple[str, str, str]]:
    waits, turned = shown["Evidence to money"], shown["Reversed within 90 days"]
    mandate, freed = shown["Decided by mandate"], shown["Freed of what was withdrawn"]
    count = sum(each for each, _ in expected.shares.values())
    money = sum((each for _, each in expected.shares.values()), Decimal(0))
    mandates = [each for name, each in expected.shares.items() if name.startswith("Mandate")]
    moved = sum((each for _, each in mandates), Decimal(0))
    return [
        ("median days", _found(r"([\d.]+) days$", waits), f"{expected.median_days or 0:.2f}"),
        ("waits that ended", _found(r"median of (\d+)", waits), str(expected.waited)),
        ("still waiting", _found(r"(\d+) still waiting", waits), str(expected.still_waiting)),
        ("decisions", _found(r"of (\d+) decision", mandate), str(count)),
        (
            "decided by mandate",
            _found(r"(\S+%) of", mandate),
            _percent(sum(each for each, _ in mandates) / count),
        ),
        ("money by mandate", _found(r"; (\S+%)", mandate), _percent(float(moved / money))),
        ("reversed", _found(r"days (\d+) of", turned), str(expected.reversed_decisions)),
        ("that moved money", _found(r"of (\d+) that", turned), str(expected.booked_decisions)),
        ("freed", _found(r"withdrawn (\S+)", freed), _percent(expected.freed_share)),
        ("predicted", _found(r"(\S+) was predicted", freed), _percent(expected.predicted_share)),
    ]


def _shares(phone: Any, expected: ByHand) -> list[tuple[str, str, str]]:
    """Each role and mandate of the file: decisions, and money moved to the cent."""
    text = phone.page.request.get("/decisions/authority.csv").text()
    rows = {}
    for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))):
        name = re.sub(r"^(Mandate \d+) of .*", r"\1", row["authority"])
        rows[name] = f"{row['decisions']} moving {Decimal(row['moved a month']):.2f}"
    by_hand = {
        name: f"{count} moving {money:.2f}" for name, (count, money) in expected.shares.items()
    }
    return [
        (name, rows.get(name, "nothing"), by_hand.get(name, "nothing"))
        for name in sorted(rows.keys() | by_hand.keys())
    ]


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match[1] if match else f"nothing like {pattern!r} in {text!r}"


def _percent(share: float | None) -> str:
    from spm import formats

    return "–" if share is None else formats.percent(share)
