"""A portfolio in which every page has something to show, and every form something to change."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ForeignKey, Model
from django.test import Client
from django.utils import timezone

from allocation import actuals_file
from allocation.models import ActualsFile, RecomputeRequest, Study
from bets.models import Bet, Portfolio, Team
from evidence import asking
from evidence.attachments import hand_in
from evidence.file_import import steps
from evidence.intake import NewEvidence, record
from evidence.models import EvidenceImport, JiraConnection, Notice, ThesisBreak
from evidence.notices.tell import News, tell
from spm.accounts.models import Membership, Role, User
from spm.sealed import seal
from tests.factories import make_hypothesis, make_member
from tests.spm.api import world as api

#: What the portfolio and its bets are called, and nothing else in the product.
MARK = "Zephyrine"
FILE = b"bet,for or against,strength,what was seen\nZephyrine bet,for,weak,Yes\nNone,for,weak,No\n"
SPENT = b"bet,month,amount\nZephyrine bet,2026-03,12000\nNone,2026-03,1\n"


class Browser(Client):
    """A client that keeps no copies of what templates were given: they take longer than pages."""

    def request(self, **request: Any) -> Any:
        """The answer, and nothing about how it was made."""
        response = self.handler(self._base_environ(**request))
        self.cookies.update(response.cookies)
        return response


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser in which they are signed in."""

    person: User
    client: Browser

    @staticmethod
    def of(person: User, portfolio: Portfolio | None = None) -> "Visitor":
        """Sign the person in, with the portfolio chosen that they are to look at."""
        client = Browser()
        client.force_login(person)
        if portfolio is not None:
            client.post(f"/portfolios/{portfolio.pk}/choose")
        return Visitor(person, client)


@dataclass(frozen=True)
class World:
    """What the API's matrix has, and the ids that addresses name."""

    base: api.World
    lead: User
    ids: dict[str, Any]

    @property
    def portfolio(self) -> Portfolio:
        """The portfolio that it is about."""
        return self.base.portfolio


def make_world() -> World:
    """One of everything; nothing that stands here is changed by a test for the next one."""
    base = api.make_world()
    portfolio = base.portfolio
    Portfolio.objects.filter(pk=portfolio.pk).update(name=f"{MARK} portfolio")
    portfolio.refresh_from_db()
    portfolio.bets.filter(pk=base.bet.pk).update(title=f"{MARK} bet")
    lead = make_member(portfolio, Role.LEAD)
    member = Membership.objects.get(user=make_member(portfolio, Role.VIEWER), portfolio=portfolio)
    spare = Team.objects.create(portfolio=portfolio, name=f"{MARK} spare", capacity=1)
    said = NewEvidence(kind="judgement", direction="for", strength="weak", source="Interviews")
    upload = hand_in(lead, "seen.txt", b"It was seen.")
    event = record(lead, base.hypothesis.pk, said, files=[upload]).evidence
    other = record(lead, make_hypothesis(base.other_bet).pk, said).evidence
    sick = portfolio.bets.get(title="Sick")
    now = timezone.now()
    ThesisBreak.objects.create(
        portfolio=portfolio, bet=sick, kind="break", at=now, known_at=now, belief=0.05
    )
    study_of(base)
    mapped, done = (imported(portfolio, lead, finish=finish) for finish in (False, True))
    ids = {
        "portfolio": portfolio.pk,
        "bet": base.bet.pk,
        "other_bet": base.other_bet.pk,
        "sick": sick.pk,
        "hypothesis": base.hypothesis.pk,
        "other_hypothesis": other.hypothesis_id,
        "other_evidence": other.pk,
        "evidence": event.pk,
        "attachment": event.attachments.get().pk,
        "source": event.source_id,
        "request": asked(base, lead),
        "notice": told(portfolio, lead).pk,
        "mapped": mapped.pk,
        "imported": done.pk,
        "proposal": base.proposal.pk,
        "transfer": portfolio.transfers.earliest("pk").pk,
        "scenario": base.scenario.pk,
        "guardrail": base.guardrail.pk,
        "theme": base.theme.pk,
        "stream": base.stream.pk,
        "team": base.team.pk,
        "spare_team": spare.pk,
        "member": member.pk,
        "webhook": base.webhook.pk,
        "delivery": base.delivery.pk,
        "key": base.api_key.pk,
        "uncollected": int(api.uncollected(base).split("/")[2]),
        "mandate": base.mandate.pk,
        "holder": base.mandate.user_id,
        "spent": spent(portfolio).pk,
        "jira": connected(portfolio, base.bet, make_member(portfolio, Role.ADMIN)).pk,
    }
    # The open proposal is up to date with all of it.
    RecomputeRequest.objects.filter(portfolio=portfolio).delete()
    return World(base, lead, ids)


def study_of(base: api.World) -> None:
    """What the pages of a proposal show once it is worked out: the frontier alone."""
    points = [
        {"cap": cap, "turnover": 10_000.0 * cap, "gain": 50_000.0 * cap, "breach": 0.0}
        for cap in (0.0, 0.1, 0.2)
    ]
    Study.objects.create(
        portfolio=base.portfolio,
        proposal=base.proposal,
        as_of=timezone.now(),
        finished_at=timezone.now(),
        frontier=points,
    )


def asked(base: api.World, lead: User) -> int:
    """A request for evidence that is open."""
    terms = api.asked_for(base, base.hypothesis)
    return asking.ask(lead, terms.pop("hypothesis"), terms).pk


def told(portfolio: Portfolio, person: User) -> Notice:
    """A notice that has not been read."""
    news = News("break", "matrix", "It broke.", "/", portfolio.pk, {person.pk: "office"})
    tell([news])
    return person.notices.get(about="matrix")


def imported(portfolio: Portfolio, lead: User, *, finish: bool) -> EvidenceImport:
    """A file that waits to be looked over, or one that has been imported."""
    file = steps.hand_in(lead, portfolio, "report.csv", FILE)
    steps.run_owed(file.pk)
    file.refresh_from_db()
    if finish:
        steps.begin(lead, file)
        steps.run_owed(file.pk)
        file.refresh_from_db()
    return file


def spent(portfolio: Portfolio) -> ActualsFile:
    """A file of actual spend that waits to be looked over."""
    finance = make_member(portfolio, Role.FINANCE)
    return actuals_file.hand_in(finance, portfolio, "spend.csv", SPENT, "SAP")


def connected(portfolio: Portfolio, bet: Bet, admin: User) -> JiraConnection:
    """A Jira site that cannot be reached, with an issue and a webhook that could not be taken."""
    connection: JiraConnection = JiraConnection.objects.create(
        portfolio=portfolio,
        site="https://127.0.0.1:1",
        kind="cloud",
        sealed_token=seal("token"),
        sealed_secret=seal("secret"),
        jql="project = PAY",
        offers={
            "types": ["Epic", "Story"],
            "statuses": ["Done"],
            "fields": [["summary", "Summary"]],
        },
        state="active",
        created_by=admin,
        created_at=timezone.now(),
    )
    connection.issues.create(issue_id="1", key="PAY-1", bet=bet, problem="No such theme.")
    now = timezone.now()
    body = {"digest": "0", "body": b"{", "outcome": "broken", "first_at": now, "last_at": now}
    connection.bodies.create(**body, problem="It is cut off.", times=1)
    connection.runs.create(
        kind="first", state="done", jql="project = PAY", page_size=50, started_at=now
    )
    return connection


def a_file() -> SimpleUploadedFile:
    """A file to be handed in."""
    return SimpleUploadedFile("report.csv", FILE)


# --- what belongs to a portfolio ------------------------------------------------------------------


def rows_of(portfolio: Portfolio) -> dict[str, list[Any]]:
    """Every row that belongs to a portfolio, by table."""
    found = {
        model._meta.db_table: model._base_manager.filter(**{way: portfolio.pk})
        for model, way in ways_to_the_portfolio().items()
    }
    return {table: list(rows.order_by("pk").values_list()) for table, rows in found.items()}


def ways_to_the_portfolio() -> dict[type[Model], str]:
    """How each model comes to its portfolio by foreign keys, in the fewest steps."""
    ways: dict[type[Model], str] = {Portfolio: "pk"}
    models = apps.get_models(include_auto_created=True)
    while True:
        further = {
            model: field.name if ways[field.related_model] == "pk" else f"{field.name}__{way}"
            for model in models
            if model not in ways
            for field in model._meta.get_fields()
            if isinstance(field, ForeignKey) and (way := ways.get(field.related_model))
        }
        if not further:
            return ways
        ways |= further
