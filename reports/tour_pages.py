"""The ways into the tour, through it and out of it."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from reports.tour import DECLINED, STEPS, place_to_resume, reached, step_of
from spm.accounts.page_request import PageRequest


@require_GET
def tour(request: PageRequest) -> HttpResponse:
    """The tour from where it was left; somebody without a portfolio is led to one first."""
    return tour_step(request, place_to_resume(request.user))


@require_GET
def tour_step(request: PageRequest, number: int) -> HttpResponse:
    """Go to the page that a step is on, and note how far the person has come."""
    if not 1 <= number <= STEPS:
        raise Http404
    if request.portfolio is None:
        return redirect("reports:allocation")
    reached(request.user, number)
    return redirect(step_of(request.portfolio, number).url)


@require_GET
def tour_end(request: PageRequest) -> HttpResponse:
    """The tour has been taken."""
    reached(request.user, STEPS + 1)
    return redirect("reports:allocation")


@require_POST
def decline_tour(request: PageRequest) -> HttpResponse:
    """Somebody does not want the tour now; the account menu still has it."""
    reached(request.user, DECLINED)
    return redirect("reports:allocation")
