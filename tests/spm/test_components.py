"""What the components of the design system say."""

from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.utils.html import strip_tags


def shown(source: str, **context: Any) -> str:
    return Template(source).render(Context(context))


def said(source: str, **context: Any) -> str:
    return " ".join(strip_tags(shown(source, **context)).split())


@pytest.mark.parametrize(
    ("before", "after", "kind", "words"),
    [
        (Decimal(310_000), Decimal(0), "rate", "€310k/mo €0/mo −€310k/mo"),
        (Decimal("6100000"), Decimal("6750000"), "money", "€6.1M €6.75M +€650k"),
        (0.41, 0.62, "percent", "41% 62% +21 pp"),
        (0.62, 0.62, "percent", "62% 62% no change"),
        (18, 16, "count", "18 16 −2"),
        (18, 18, "count", "18 18 no change"),
        (None, 16, "count", "– 16"),
    ],
)
def test_before_and_after_say_the_difference(
    before: Any, after: Any, kind: str, words: str
) -> None:
    source = "{% before_after before after kind 'EUR' %}"
    assert said(source, before=before, after=after, kind=kind).replace("  ", " ") == words


def test_only_rates_have_the_colour_of_a_direction() -> None:
    source = "{% before_after 2 1 kind 'EUR' %}"
    assert "outflow" in shown(source, kind="rate")
    assert "outflow" not in shown(source, kind="money")


def test_a_step_that_is_done_leads_back_and_one_ahead_does_not() -> None:
    steps = [{"label": name, "url": f"/{name}"} for name in ("envelope", "limits", "bet")]
    page = shown("{% stepper steps 2 %}", steps=steps)
    assert 'href="/envelope"' in page
    assert 'href="/limits"' not in page
    assert 'href="/bet"' not in page
    assert page.count('aria-current="step"') == 1


def test_progress_counts_or_says_that_it_is_under_way() -> None:
    assert 'value="3" max="8"' in shown("{% progress 3 8 'Solving' %}")
    assert "3 of 8" in said("{% progress 3 8 'Solving' %}")
    assert "value=" not in shown("{% progress None None 'Solving' %}")
    assert "value=" not in shown("{% progress 0 0 'Solving' %}")
