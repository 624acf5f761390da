"""The API's paths for scenarios; the pages call the same functions."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from allocation import serializers as proposal_forms
from allocation.models import Scenario
from allocation.scenarios import comparison, edit, made_from, proposing, reading
from allocation.scenarios import serializers as forms
from allocation.scenarios.opened import Opened
from allocation.scenarios.wording import Words
from allocation.snapshot import snapshot_of
from bets.models import Portfolio
from spm.api.idempotency import Answer, once
from spm.api.schema import IDEMPOTENCY_KEY
from spm.api.views import ApiView, ListView, respond
from spm.errors import Invalid
from spm.reading import id_of


class Scenarios(ListView):
    """Scenarios."""

    problems = (409,)

    @extend_schema(
        parameters=[forms.ScenarioFilter],
        responses=forms.ScenarioSummaryShown(many=True),
        summary="List scenarios",
    )
    def get(self, request: Request) -> Response:
        """Newest first, without those that were put away."""
        wanted = forms.ScenarioFilter.of(request.query_params)
        archived = wanted.pop("archived", "false") == "true"
        rows = Scenario.objects.visible_to(self.principal).defer(*reading.HEAVY, "changes")
        rows = rows.filter(archived_at__isnull=not archived, **wanted)
        return self.page(rows, forms.ScenarioSummaryShown)

    @extend_schema(
        request=forms.NewScenario,
        responses={201: forms.ScenarioShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Make a scenario",
    )
    def post(self, request: Request) -> Response:
        """From today, or from another one; it is solved at once."""
        said = self.read_body(forms.NewScenario)
        portfolio = Portfolio.objects.meant_by(self.principal, said.pop("portfolio", None))
        parent_id = said.pop("parent", None)

        def act() -> Answer:
            scenario = edit.create(self.principal, portfolio, parent_id=parent_id, **said)
            return Answer(201, shown(scenario))

        return respond(once(request, act))


class OneScenario(ApiView):
    """One scenario."""

    @extend_schema(responses=forms.ScenarioShown, summary="Show a scenario")
    def get(self, request: Request, scenario_id: int) -> Response:
        """Its changes, its answer, and what has changed in the world since it was made."""
        return Response(shown(reading.opened_one(self.principal, scenario_id)))

    @extend_schema(
        request=forms.Description, responses=forms.ScenarioShown, summary="Rename, note, put away"
    )
    def patch(self, request: Request, scenario_id: int) -> Response:
        """What is not given stays."""
        said = self.read_body(forms.Description)
        return Response(shown(edit.describe(self.principal, scenario_id, **said)))


class Changes(ApiView):
    """The changes of a scenario."""

    problems = (409,)

    @extend_schema(
        request=forms.NewChange,
        responses=forms.ScenarioShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Change one value",
    )
    def post(self, request: Request, scenario_id: int) -> Response:
        """Each slot (kind and target) is changed once; saying it again says it anew."""
        said = self.read_body(forms.NewChange)

        def act() -> Answer:
            scenario = edit.change(
                self.principal, scenario_id, said["kind"], said["target"], said["to"]
            )
            return Answer(200, shown(scenario))

        return respond(once(request, act))


class _Act(ApiView):
    """A path that does one thing to a scenario."""

    problems = (409, 422)

    def answered(self, request: Request, act: Any) -> Response:
        """Do it once, and show what has become of the scenario."""
        return respond(once(request, lambda: Answer(200, shown(act()))))


class Undo(_Act):
    """Take one change back."""

    @extend_schema(
        request=forms.Slot,
        responses=forms.ScenarioShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Undo one change",
    )
    def post(self, request: Request, scenario_id: int) -> Response:
        """What was added goes, with all that was changed about it."""
        said = self.read_body(forms.Slot)
        slot = said["kind"], said["target"]
        return self.answered(request, lambda: edit.undo(self.principal, scenario_id, *slot))


class Rebase(_Act):
    """Start from today instead."""

    @extend_schema(
        request=forms.Seen,
        responses=forms.ScenarioShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Rebase on today",
    )
    def post(self, request: Request, scenario_id: int) -> Response:
        """The changes stay, except those that have no place or no effect today."""
        said = self.read_body(forms.Seen)
        return self.answered(request, lambda: edit.rebase(self.principal, scenario_id, **said)[0])


class Solve(_Act):
    """Solve again."""

    @extend_schema(
        request=forms.Seen,
        responses=forms.ScenarioShown,
        parameters=[IDEMPOTENCY_KEY],
        summary="Solve again",
    )
    def post(self, request: Request, scenario_id: int) -> Response:
        """As after a fault; each change has it solved by itself."""
        said = self.read_body(forms.Seen)
        return self.answered(request, lambda: edit.solve_again(self.principal, scenario_id, **said))


class Propose(ApiView):
    """Make it a proposal."""

    problems = (409,)

    @extend_schema(
        request=forms.Seen,
        responses={201: proposal_forms.ProposalSummaryShown},
        parameters=[IDEMPOTENCY_KEY],
        summary="Draw up a proposal from a scenario",
    )
    def post(self, request: Request, scenario_id: int) -> Response:
        """Its moves are held against today; 409 says in ``changed`` what stands in the way."""
        said = self.read_body(forms.Seen)

        def act() -> Answer:
            proposal = proposing.draw_up(self.principal, scenario_id, **said)
            return Answer(201, proposal_forms.ProposalSummaryShown(proposal).data)

        return respond(once(request, act))


class Compare(ApiView):
    """Scenarios side by side."""

    when_read = (404,)

    @extend_schema(
        parameters=[forms.ComparisonFilter],
        responses=forms.ComparisonShown,
        summary="Compare scenarios with today",
    )
    def get(self, request: Request) -> Response:
        """Up to four of one portfolio."""
        reader = forms.ComparisonFilter(data=dict(request.query_params.items()))
        reader.is_valid(raise_exception=True)
        words = reader.validated_data["ids"].split(",")
        if len(words) > comparison.MOST_COMPARED or any(id_of(word) is None for word in words):
            raise Invalid({"ids": "Give one to four ids, such as 3,5."})
        ids = [int(word) for word in words]
        scenarios = reading.opened_some(self.principal, ids)
        if len(scenarios) < len(set(ids)):
            raise Scenario.DoesNotExist
        portfolio = scenarios[0].portfolio
        names = made_from.names_of(portfolio)
        found = comparison.compare(scenarios, snapshot_of(portfolio), names)
        document = vars(found) | {"scenarios": [scenario.pk for scenario in found.scenarios]}
        return Response(forms.ComparisonShown(document).data)


def shown(scenario: Scenario) -> dict[str, Any]:
    """A scenario as the API shows it."""
    opened = Opened(scenario)
    names = made_from.names_of(scenario.portfolio)
    known = {kind: {**scenario.names.get(kind, {}), **names[kind]} for kind in names}
    words = Words(known, scenario.portfolio.currency)
    moved = proposing.since(scenario, snapshot_of(scenario.portfolio))
    scenario.changes_shown = [  # type: ignore[attr-defined]
        {**change.as_dict(), "words": text} for change, text in opened.in_words()
    ]
    scenario.since = [words.of(change) for change in moved]  # type: ignore[attr-defined]
    return dict(forms.ScenarioShown(scenario).data)


urlpatterns = [
    path("scenarios", Scenarios.as_view(), name="api-scenarios"),
    path("scenarios/comparison", Compare.as_view(), name="api-scenario-comparison"),
    path("scenarios/<int:scenario_id>", OneScenario.as_view(), name="api-scenario"),
    path("scenarios/<int:scenario_id>/changes", Changes.as_view(), name="api-scenario-changes"),
    path("scenarios/<int:scenario_id>/undo", Undo.as_view(), name="api-scenario-undo"),
    path("scenarios/<int:scenario_id>/rebase", Rebase.as_view(), name="api-scenario-rebase"),
    path("scenarios/<int:scenario_id>/solve", Solve.as_view(), name="api-scenario-solve"),
    path("scenarios/<int:scenario_id>/propose", Propose.as_view(), name="api-scenario-propose"),
]
