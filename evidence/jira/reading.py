"""What the pages and the API read of connections."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse

from bets.models import ExternalKey
from evidence.jira.facts import STATUS, SUMMARY, TYPE, value_of
from evidence.jira.mapping import JiraMapping, Planned, plan
from evidence.jira.pull import open_site, read_all, searched
from evidence.jira.site import SiteError
from evidence.jira.taking import KEYS
from evidence.models import JiraBody, JiraConnection, JiraIssue, JiraRun
from spm.accounts.permissions import Principal, require
from spm.errors import Invalid
from spm.sealed import Unreadable

RUNS_SHOWN = 10
REFUSED_SHOWN = 50
REFUSED_READ = 500
NAMED = 12
PREVIEWED = 10


def connections_of(principal: Principal, portfolio_id: int) -> "QuerySet[JiraConnection]":
    """The connections of a portfolio, with how many issues are bets and how many are refused.

    Raises:
        NotAllowed: they do not administer it.
    """
    require(principal, "administer", portfolio_id)
    rows = JiraConnection.objects.visible_to(principal).filter(portfolio_id=portfolio_id)
    are_bets = Count("issues", filter=Q(issues__bet__isnull=False))
    refused = Count("issues", filter=~Q(issues__problem=""))
    return rows.annotate(bet_count=are_bets, refused_count=refused).order_by("site", "id")


@dataclass(frozen=True)
class Shown:
    """One connection as its page shows it. ``bodies`` counts webhooks by what became of them."""

    connection: JiraConnection
    run: JiraRun | None
    runs: list[JiraRun]
    refused: list["Refused"]
    dead: list[JiraBody]
    bodies: list[tuple[str, int, int]]

    @property
    def is_reading(self) -> bool:
        """Whether a run is under way."""
        return self.run is not None and self.run.state == JiraRun.State.RUNNING

    @property
    def can_be_retried(self) -> bool:
        """Whether there is anything that could not be taken, and something is taken at all."""
        return bool(self.refused or self.dead) and self.connection.state in ("active", "stopped")


def shown(principal: Principal, connection_id: int) -> Shown:
    """What there is to see of a connection; a fixed number of queries.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
    """
    seen = JiraConnection.objects.visible_to(principal).get(pk=connection_id)
    connection = connections_of(principal, seen.portfolio_id).get(pk=connection_id)
    runs = list(connection.runs.order_by("-id")[:RUNS_SHOWN])
    refused = connection.issues.exclude(problem="").select_related("bet").order_by("id")
    bodies = connection.bodies.defer("body").order_by("-id")
    counted = connection.bodies.order_by().values("outcome")
    counts = {
        row["outcome"]: (row["count"], row["came"])
        for row in counted.annotate(count=Count("id"), came=Sum("times"))
    }
    return Shown(
        connection,
        runs[0] if runs else None,
        runs,
        _together(refused[:REFUSED_READ]),
        list(bodies.filter(outcome__in=("broken", "dead"))[:REFUSED_SHOWN]),
        [(label, *counts[name]) for name, label in JiraBody.Outcome.choices if name in counts],
    )


@dataclass(frozen=True)
class Refused:
    """Issues that could not be taken for the same reason: the first few, and how many more."""

    problem: str
    issues: list[JiraIssue]
    more: int


def _together(issues: Iterable[JiraIssue]) -> list[Refused]:
    """Refused issues by what is wrong, what is wrong with most of them first."""
    by_problem: dict[str, list[JiraIssue]] = {}
    for issue in issues:
        by_problem.setdefault(issue.problem, []).append(issue)
    groups = sorted(by_problem.items(), key=lambda each: -len(each[1]))[:REFUSED_SHOWN]
    return [Refused(said, found[:NAMED], len(found[NAMED:])) for said, found in groups]


def hook_address(connection: JiraConnection, secret: str = "") -> str:
    """Where webhooks of the site are to be sent."""
    if secret:
        path = reverse("evidence:jira_hook_secret", args=[connection.pk, secret])
    else:
        path = reverse("evidence:jira_hook", args=[connection.pk])
    return f"{settings.PUBLIC_ADDRESS}{path}"


@dataclass(frozen=True)
class Previewed:
    """What would become of one issue. ``known`` is whether its bet is there already."""

    key: str
    type: str
    status: str
    title: str
    known: bool
    planned: Planned


def preview(
    principal: Principal, connection_id: int, mapping: JiraMapping
) -> tuple[list[Previewed], str]:
    """What a mapping would make of ten issues of the site as they are now; nothing is written.

    Returns:
        The issues, and in a sentence why there are none, if the site could not be asked.

    Raises:
        JiraConnection.DoesNotExist, NotAllowed.
        Invalid: nobody has said yet which issues are read.
    """
    connection = JiraConnection.objects.visible_to(principal).get(pk=connection_id)
    require(principal, "administer", connection.portfolio_id)
    if not connection.jql:
        raise Invalid({"": "Say first which issues are read."})
    try:
        site = open_site(connection)
        jql = f"{searched(connection.jql)} ORDER BY updated DESC"
        page = site.page(jql, mapping.asked_for, PREVIEWED)
        said = [each for each in read_all(page.issues, mapping, site) if each is not None]
    except SiteError as error:
        return [], str(error)
    except Unreadable:
        return [], "The token cannot be read any more: give it anew."
    keys = [value_of(each.facts, "key") for each in said]
    rows = ExternalKey.objects.filter(portfolio=connection.portfolio_id, source=KEYS)
    known = set(rows.filter(key__in=keys).values_list("key", flat=True))
    return [
        Previewed(
            key=key,
            type=value_of(each.facts, TYPE),
            status=value_of(each.facts, STATUS),
            title=value_of(each.facts, SUMMARY),
            known=key in known,
            planned=plan(mapping, each.facts, each.comments, False, connection.field_names),
        )
        for key, each in zip(keys, said, strict=True)
    ], ""
