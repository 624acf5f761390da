"""The tour's step on a page whose address asks for one."""

from typing import Any

from django import template

from reports.tour import STEPS, step_of

register = template.Library()


@register.inclusion_tag("components/_tour.html", takes_context=True)
def tour(context: template.Context) -> dict[str, Any]:
    """The step that ``?tour=2`` asks for; ``?tour`` alone is the first. Nothing without it."""
    request, portfolio = context.get("request"), context.get("portfolio")
    if request is None or portfolio is None or "tour" not in request.GET:
        return {"step": None}
    asked = request.GET["tour"]
    number = int(asked) if asked in {str(step) for step in range(1, STEPS + 1)} else 1
    remaining = request.GET.copy()
    del remaining["tour"]
    query = remaining.urlencode()
    return {
        "step": step_of(portfolio, number),
        "steps": [f"Step {each}" for each in range(1, STEPS + 1)],
        "total": STEPS,
        "next": number + 1 if number < STEPS else 0,
        "previous": number - 1,
        "leave_url": request.path + (f"?{query}" if query else ""),
    }
