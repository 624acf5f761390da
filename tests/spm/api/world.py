"""One of everything in a portfolio, and what requests need of it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from allocation import guardrails, ledger
from allocation.guardrails import Limit
from allocation.models import (
    Decision,
    Guardrail,
    Mandate,
    Proposal,
    RecomputeRequest,
    Scenario,
    Study,
)
from allocation.scenarios.edit import change, create
from allocation.scenarios.solving import answer_to
from bets.edit import OFFICE
from bets.models import Bet, BoardView, Hypothesis, Portfolio, Team, Theme, ValueStream
from bets.saved_views import save_view
from evidence import asking
from evidence.attachments import hand_in
from evidence.intake import NewEvidence, record
from evidence.models import Attachment, Evidence, EvidenceRequest, Source
from evidence.resolve import resolution_of, resolve
from spm.accounts import keys
from spm.accounts.models import ApiKey, Membership, Role, User
from spm.webhooks import changes as webhooks
from spm.webhooks.models import Event, Webhook, WebhookDelivery
from tests.allocation.test_decide import proposed
from tests.allocation.test_mandates import granted
from tests.factories import (
    PASSWORD,
    make_bet,
    make_hypothesis,
    make_member,
    make_stream,
    make_team,
    make_theme,
)


@dataclass
class World:
    """A portfolio with one of everything; the contributors' team works on ``bet`` alone."""

    portfolio: Portfolio
    theme: Theme
    stream: ValueStream
    team: Team
    bet: Bet
    other_bet: Bet
    hypothesis: Hypothesis
    proposal: Proposal
    evidence: Evidence
    scenario: Scenario
    guardrail: Guardrail
    webhook: Webhook
    delivery: WebhookDelivery
    mandate: Mandate
    api_key: ApiKey
    asking: User | None = None
    """Whose turn it is, where an entry needs something of their own."""


def make_world() -> World:
    portfolio, sick, _, proposal = proposed()
    author = make_member(portfolio, Role.LEAD)
    scenario = create(author, portfolio)
    change(author, scenario.pk, "stop", str(sick.pk), True)
    scenario.refresh_from_db()
    answered(scenario)
    team = make_team(portfolio)
    bet = make_bet(portfolio, {team: 0.5})
    hypothesis = make_hypothesis(bet)
    event = NewEvidence(kind="judgement", direction="for", strength="weak")
    taken = record(OFFICE, hypothesis.pk, event)
    guardrail = guardrails.create(portfolio, [Limit("H3", "share", maximum=Decimal("0.2"))])[0]
    # The open proposal is up to date with it: what changed since would have to be seen first.
    RecomputeRequest.objects.filter(portfolio=portfolio, evidence=None).delete()
    return World(
        portfolio,
        make_theme(portfolio),
        make_stream(portfolio),
        team,
        bet,
        make_bet(portfolio),
        hypothesis,
        proposal,
        taken.evidence,
        scenario,
        guardrail,
        *hooked(portfolio),
        granted(portfolio),
        a_key(portfolio),
    )


def a_key(portfolio: Portfolio) -> ApiKey:
    """A key of an administrator's."""
    admin = make_member(portfolio, Role.ADMIN)
    key, _ = keys.make(admin, portfolio.pk, a_new_key(admin))
    return key


def a_new_key(owner: User) -> dict[str, Any]:
    return {"owner": owner.pk, "name": "Sync", "scopes": ["read", "bets"]}


def hooked(portfolio: Portfolio) -> tuple[Webhook, WebhookDelivery]:
    """A webhook, and an event that it is owed."""
    admin = make_member(portfolio, Role.ADMIN)
    events = [Event.THESIS_BROKEN]
    webhook, _ = webhooks.add(admin, portfolio.pk, "https://hooks.example.org/", events)
    return webhook, webhooks.send_test(admin, webhook.pk)


def answered(scenario: Scenario) -> None:
    """Give the scenario its answer, without the closer look at it, which takes long."""
    solution, _ = answer_to(scenario)
    scenario.solution, scenario.worth, scenario.owed_since = solution, 0.0, None
    scenario.solved_version = scenario.version
    scenario.save()


def uncollected(world: World) -> str:
    """The path of a key that waits for whoever asks to collect it."""
    owner = world.asking or User.objects.filter(memberships__portfolio=world.portfolio).latest("pk")
    admin = User.objects.filter(
        memberships__portfolio=world.portfolio, memberships__role=Role.ADMIN
    ).exclude(pk=owner.pk)
    given = {**a_new_key(owner), "scopes": ["read", "propose"]}
    key, _ = keys.make(admin.earliest("pk"), world.portfolio.pk, given)
    return f"/keys/{key.pk}/collect"


def version_seen(world: World) -> dict[str, Any]:
    return {"version": world.scenario.version}


def seen(world: World, **more: Any) -> dict[str, Any]:
    shown = {"version": world.proposal.version, "content_sha256": world.proposal.content_sha256}
    return {**shown, "signature": PASSWORD, **more}


def judged(hypothesis: Hypothesis) -> dict[str, Any]:
    said = {"kind": "judgement", "direction": "for", "strength": "weak"}
    return {"hypothesis": hypothesis.pk, **said}


def asked_for(world: World, hypothesis: Hypothesis) -> dict[str, Any]:
    """Evidence that a lead of the portfolio is asked for."""
    lead = User.objects.filter(
        memberships__portfolio=world.portfolio, memberships__role=Role.LEAD
    ).earliest("pk")
    day = (timezone.now() + timedelta(days=7)).date().isoformat()
    terms = {"asked_of": lead.pk, "due_on": day, "what_would_help": "A test."}
    return {"hypothesis": hypothesis.pk, **terms}


def once_resolved(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """The body, once there is something to open again."""
    if resolution_of(world.hypothesis) is None:
        resolve(OFFICE, world.hypothesis.pk, {"outcome": "held", "shown_by": "The pilot."})
    return body


def sick_of(world: World) -> Bet:
    """The bet that the open proposal takes money from."""
    return Bet.objects.get(portfolio=world.portfolio, title="Sick")


def successor_of(world: World) -> Bet:
    """A bet in which that one would go on, with a hypothesis of its own."""
    sick = sick_of(world)
    successor = sick.successors.first()
    if successor is None:
        successor = make_bet(world.portfolio, predecessor=sick)
        make_hypothesis(successor)
    return successor


def entangled_bet(world: World) -> Bet:
    """The bet, with entangled money."""
    stuck = ledger.Entry(
        "entangle",
        ledger.RESERVE,
        ledger.entangled(world.bet.pk),
        Decimal(5_000),
        timezone.localdate(),
    )
    ledger.book(world.portfolio.pk, [stuck])
    return world.bet


def once_learned(world: World) -> dict[str, Any]:
    """What can be used, once a withdrawal of nine tenths has settled."""
    proposal, bet = world.proposal, world.other_bet
    if not proposal.changes.filter(bet=bet, approved=True).exists():
        at = timezone.now()
        decision = Decision.objects.create(
            portfolio=world.portfolio,
            proposal=proposal,
            kind="expired",
            decided_at=at,
            proposal_version=1,
            authority="Nobody",
        )
        terms = {"working_before": 10, "working_after": 0, "freed": 10, "belief": 0.5}
        proposal.changes.create(bet=bet, approved=True, **terms)
        today = timezone.localdate()
        given = ledger.Entry("opening", ledger.RESERVE, ledger.working(bet.pk), Decimal(10), today)
        taken = ledger.Entry("move", ledger.working(bet.pk), ledger.RESERVE, Decimal(10), today)
        ledger.book(world.portfolio.pk, [given])
        ledger.book(world.portfolio.pk, [taken], decision=decision)
    return {"reclaimable_share": 1.0}


def limited(world: World) -> dict[str, Any]:
    terms = {"name": "New", "kind": "share", "maximum": "0.2", "reason": "A trial."}
    return {**terms, "portfolio": world.portfolio.pk}


def own_view(world: World) -> str:
    """The path of a view that everybody may use, kept by whoever asks."""
    view = BoardView.objects.filter(portfolio=world.portfolio).first()
    owner = world.asking or User.objects.filter(memberships__portfolio=world.portfolio).latest("pk")
    if view is None:
        view = save_view(owner, world.portfolio, "All", "")
    BoardView.objects.filter(pk=view.pk).update(owner=owner)
    return f"/saved-views/{view.pk}"


def limit_on_work(world: World) -> dict[str, Any]:
    return {"portfolio": world.portfolio.pk, "stage": "testing", "limit": 4}


def delegated(world: World) -> dict[str, Any]:
    """A mandate for the holder of the one that there is."""
    until = (timezone.now() + timedelta(days=30)).isoformat()
    sums = {"most_per_move": "1000.00", "most_per_30_days": "5000.00"}
    named = {"portfolio": world.portfolio.pk, "user": world.mandate.user_id}
    return {**named, **sums, "expires_at": until, "reason": "A trial."}


def framed(world: World) -> int:
    """The bet, with what framing takes."""
    owner = world.asking or world.mandate.user
    Bet.objects.filter(pk=world.bet.pk).update(
        stream=world.stream, owner=owner, stage="funnel", working=0
    )
    return world.bet.pk


def another_team(world: World) -> Team:
    return Team.objects.exclude(pk=world.team.pk).filter(portfolio=world.portfolio).first() or (
        make_team(world.portfolio)
    )


def a_member(world: World) -> Membership:
    """A viewer who is nobody that asks."""
    rows = Membership.objects.filter(portfolio=world.portfolio, role=Role.VIEWER)
    return rows.get(user_id=world.mandate.user_id)


def request_in(world: World) -> int:
    row = EvidenceRequest.objects.filter(portfolio=world.portfolio).first()
    if row is None:
        terms = asked_for(world, world.hypothesis)
        row = asking.ask(User.objects.get(pk=terms["asked_of"]), terms.pop("hypothesis"), terms)
    return row.pk


def source_in(world: World) -> int:
    return Source.objects.get_or_create(portfolio=world.portfolio, name="Interviews")[0].pk


def attachment_in(world: World) -> int:
    """A file of a piece of evidence."""
    found = Attachment.objects.filter(portfolio=world.portfolio).first()
    if found is None:
        lead = User.objects.filter(
            memberships__portfolio=world.portfolio, memberships__role=Role.LEAD
        ).earliest("pk")
        file = hand_in(lead, "seen.txt", b"It was seen.")
        event = NewEvidence(kind="judgement", direction="for", strength="weak")
        record(lead, world.hypothesis.pk, event, files=[file])
        found = Attachment.objects.get(portfolio=world.portfolio)
    return found.pk


def studied(world: World) -> str:
    """The frontier of a proposal that is worked out."""
    points = [
        {"cap": cap, "turnover": 10_000.0 * cap, "gain": 50_000.0 * cap, "breach": 0.0}
        for cap in (0.0, 0.1, 0.2)
    ]
    Study.objects.update_or_create(
        proposal=world.proposal,
        defaults={"portfolio": world.portfolio, "as_of": timezone.now(), "frontier": points},
    )
    return f"/proposals/{world.proposal.pk}/frontier"
