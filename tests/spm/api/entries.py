"""Each path of the API with who may ask for it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spm.accounts.models import Role
from tests.factories import (
    PASSWORD,
    make_hypothesis,
)
from tests.spm.api.world import (
    World,
    a_member,
    a_new_key,
    another_team,
    asked_for,
    attachment_in,
    delegated,
    entangled_bet,
    framed,
    judged,
    limit_on_work,
    limited,
    once_learned,
    once_resolved,
    own_view,
    request_in,
    seen,
    sick_of,
    source_in,
    studied,
    successor_of,
    uncollected,
    version_seen,
)

ALL = frozenset(Role.values)
EDITORS = frozenset({Role.CONTRIBUTOR, Role.LEAD})
ASKERS = frozenset({Role.CONTRIBUTOR, Role.LEAD, Role.FINANCE})
LEAD_ONLY = frozenset({Role.LEAD})
FINANCE_ONLY = frozenset({Role.FINANCE})
ADMIN_ONLY = frozenset({Role.ADMIN})
NOBODY: frozenset[str] = frozenset()
PROPOSERS = frozenset({Role.LEAD, Role.FINANCE})


Made = Callable[[World], Any]


@dataclass(frozen=True)
class Entry:
    """One method of one path.

    ``may`` are the roles for which it succeeds in their own portfolio; the others hear 403.
    ``foreign`` is what everybody hears of another portfolio's objects; ``empty`` means a list
    without them.
    """

    path: Made
    may: frozenset[str] = ALL
    body: Made = lambda world: None
    foreign: int | str = 404
    media: str = "application/x-ndjson"
    """What a body of bytes is."""
    refused: int = 403
    """What a member hears who may not."""
    by_key: frozenset[str] | None = None
    """The roles for which it succeeds by a key of theirs; None where that makes no difference."""
    mine: bool = False
    """Whether only the author of the scenario may: each role is tried as its author."""


def listed(name: str) -> Entry:
    return Entry(lambda world: f"/{name}?portfolio={world.portfolio.pk}", foreign="empty")


def shown(name: str, attribute: str) -> Entry:
    return Entry(lambda world: f"/{name}/{getattr(world, attribute).pk}")


def of_key(part: str, body: Made = lambda world: None) -> Entry:
    """Something about an administrator's key: others do not see it, nor does another key."""
    path: Made = lambda world: f"/keys/{world.api_key.pk}{part}"  # noqa: E731
    return Entry(path, ADMIN_ONLY, body, refused=404, by_key=NOBODY)


def of_webhook(part: str, body: Made = lambda world: None) -> Entry:
    """Something about a webhook, for administrators."""
    return Entry(lambda world: f"/webhooks/{world.webhook.pk}{part}", ADMIN_ONLY, body)


def of_scenario(part: str, body: Made = lambda world: None) -> Entry:
    """A change to a scenario, which its author alone may make: whoever asks is made the author."""

    def path(world: World) -> str:
        return f"/scenarios/{world.scenario.pk}{part}"

    return Entry(path, PROPOSERS, body, mine=True)


def report(path: str) -> Entry:
    """Something that is worked out for a portfolio."""
    return Entry(lambda world: f"{path}?portfolio={world.portfolio.pk}", foreign=400)


def of_portfolio(what: str) -> Entry:
    """A sum that finance sets."""
    return Entry(
        lambda world: f"/portfolios/{world.portfolio.pk}/{what}",
        FINANCE_ONLY,
        lambda world: {"amount": "90000.00", "reason": "As agreed."},
    )


def parts(kind: str, fields: dict[str, Any]) -> dict[tuple[str, str], Entry]:
    """The paths of themes, value streams or teams."""

    def new(world: World) -> dict[str, Any]:
        return {"portfolio": world.portfolio.pk, **fields}

    def own(world: World) -> str:
        return f"/{kind}s/{getattr(world, kind).pk}"

    def spare(world: World) -> str:
        rows = type(getattr(world, kind)).objects
        made, _ = rows.get_or_create(
            portfolio=world.portfolio,
            name="Spare",
            defaults={"capacity": 1} if kind == "team" else {},
        )
        return f"/{kind}s/{made.pk}"

    return {
        ("GET", f"api-{kind}s"): listed(f"{kind}s"),
        ("POST", f"api-{kind}s"): Entry(
            lambda world: f"/{kind}s",
            ADMIN_ONLY,
            lambda world: {"name": "New", **new(world)},
            foreign=400,
        ),
        ("GET", f"api-{kind}"): Entry(own),
        ("PATCH", f"api-{kind}"): Entry(own, ADMIN_ONLY, lambda world: fields),
        ("DELETE", f"api-{kind}"): Entry(spare, ADMIN_ONLY),
        ("PUT", f"api-{kind}-by-name"): Entry(
            lambda world: f"/{kind}s/by-name/New", ADMIN_ONLY, new, foreign=400
        ),
    }


ENTRIES: dict[tuple[str, str], Entry] = {
    ("GET", "api-portfolios"): Entry(lambda world: "/portfolios", foreign="empty"),
    ("GET", "api-portfolio"): shown("portfolios", "portfolio"),
    ("GET", "api-thresholds"): Entry(lambda world: f"/portfolios/{world.portfolio.pk}/thresholds"),
    ("PATCH", "api-thresholds"): Entry(
        lambda world: f"/portfolios/{world.portfolio.pk}/thresholds",
        FINANCE_ONLY,
        lambda world: {"finance_above": "20000.00", "reason": "Small ones need no one else."},
        by_key=NOBODY,
    ),
    ("PATCH", "api-portfolio"): Entry(
        lambda world: f"/portfolios/{world.portfolio.pk}",
        ADMIN_ONLY,
        lambda world: {"intent": "Otherwise."},
    ),
    **parts("theme", {"statement": "It has grown."}),
    **parts("stream", {"purpose": "Payments."}),
    **parts("team", {"capacity": "1000.00"}),
    ("GET", "api-lending"): listed("lending"),
    ("PUT", "api-lend"): Entry(
        lambda world: f"/lending/{world.team.pk}/{another_team(world).pk}",
        ADMIN_ONLY,
        lambda world: {"efficiency": 0.5},
    ),
    ("GET", "api-members"): listed("members"),
    ("GET", "api-member"): Entry(lambda world: f"/members/{a_member(world).pk}"),
    ("POST", "api-members"): Entry(
        lambda world: "/members",
        ADMIN_ONLY,
        lambda world: {
            "portfolio": world.portfolio.pk,
            "email": "somebody@example.org",
            "role": "viewer",
        },
        foreign=400,
        by_key=NOBODY,
    ),
    ("PATCH", "api-member"): Entry(
        lambda world: f"/members/{a_member(world).pk}",
        ADMIN_ONLY,
        lambda world: {"role": "finance"},
        by_key=NOBODY,
    ),
    ("DELETE", "api-member"): Entry(
        lambda world: f"/members/{a_member(world).pk}", ADMIN_ONLY, by_key=NOBODY
    ),
    ("POST", "api-envelope"): of_portfolio("envelope"),
    ("POST", "api-reserve-floor"): of_portfolio("reserve-floor"),
    ("GET", "api-balances"): report("/balances"),
    ("GET", "api-proofs"): Entry(
        lambda world: f"/proofs?portfolio={world.portfolio.pk}",
        frozenset({Role.FINANCE, Role.ADMIN}),
        foreign=400,
    ),
    ("POST", "api-proofs"): Entry(
        lambda world: "/proofs",
        frozenset({Role.FINANCE, Role.ADMIN}),
        lambda world: {"portfolio": world.portfolio.pk},
        foreign=400,
    ),
    ("GET", "api-recomputation"): report("/recomputation"),
    ("POST", "api-recomputation"): Entry(
        lambda world: "/recomputation",
        PROPOSERS,
        lambda world: {"portfolio": world.portfolio.pk},
        foreign=400,
    ),
    ("POST", "api-move"): Entry(
        lambda world: f"/bets/{framed(world)}/move", EDITORS, lambda world: {"stage": "framing"}
    ),
    ("GET", "api-stage-changes"): listed("stage-changes"),
    ("GET", "api-five-numbers"): report("/reports/five-numbers"),
    ("GET", "api-report"): report("/reports/journal/decisions"),
    ("GET", "api-belief-over-money"): Entry(
        lambda world: f"/bets/{sick_of(world).pk}/belief-over-money"
    ),
    ("GET", "api-waterfall"): Entry(lambda world: f"/proposals/{world.proposal.pk}/waterfall"),
    ("GET", "api-frontier"): Entry(studied),
    ("POST", "api-retract"): Entry(
        lambda world: f"/evidence/{world.evidence.pk}/retract",
        EDITORS,
        lambda world: {"note": "Counted twice."},
    ),
    ("POST", "api-withdraw-request"): Entry(
        lambda world: f"/evidence-requests/{request_in(world)}/withdraw", LEAD_ONLY
    ),
    ("GET", "api-sources"): listed("sources"),
    ("GET", "api-source"): Entry(lambda world: f"/sources/{source_in(world)}"),
    ("PATCH", "api-source"): Entry(
        lambda world: f"/sources/{source_in(world)}",
        EDITORS,
        lambda world: {"reliability": 0.5, "based_on": "What became of it."},
    ),
    ("GET", "api-attachments"): listed("attachments"),
    ("POST", "api-attachments"): Entry(
        lambda world: f"/attachments?hypothesis={world.hypothesis.pk}&name=seen.txt",
        EDITORS,
        lambda world: b"It was seen.",
        media="application/octet-stream",
    ),
    ("GET", "api-attachment"): Entry(lambda world: f"/attachments/{attachment_in(world)}"),
    ("GET", "api-notices"): listed("notices"),
    ("GET", "api-notice-settings"): Entry(lambda world: "/notice-settings", foreign=200),
    ("PATCH", "api-notice-settings"): Entry(
        lambda world: "/notice-settings",
        body=lambda world: {"mail": {"break": "digest"}, "quiet_from": None},
        foreign=200,
        by_key=NOBODY,
    ),
    ("POST", "api-read-notices"): Entry(
        lambda world: "/notices/read", body=lambda world: {"newest": 1}, foreign=200
    ),
    ("GET", "api-bets"): listed("bets"),
    ("POST", "api-bets"): Entry(
        lambda world: "/bets",
        EDITORS,
        lambda world: {"title": "New", "portfolio": world.portfolio.pk},
        foreign=400,
    ),
    ("GET", "api-bet"): shown("bets", "bet"),
    ("PATCH", "api-bet"): Entry(
        lambda world: f"/bets/{world.bet.pk}", EDITORS, lambda world: {"title": "New"}
    ),
    ("PUT", "api-bet-by-key"): Entry(
        lambda world: "/bets/by-key/jira/A-1",
        EDITORS,
        lambda world: {"title": "New", "portfolio": world.portfolio.pk},
        foreign=400,
    ),
    ("GET", "api-hypotheses"): listed("hypotheses"),
    ("POST", "api-hypotheses"): Entry(
        lambda world: "/hypotheses",
        EDITORS,
        lambda world: {"bet": world.bet.pk, "statement": "It holds"},
    ),
    ("GET", "api-hypothesis"): shown("hypotheses", "hypothesis"),
    ("PATCH", "api-hypothesis"): Entry(
        lambda world: f"/hypotheses/{world.hypothesis.pk}",
        EDITORS,
        lambda world: {"prior": 0.4, "reason": "A better survey."},
    ),
    ("POST", "api-metrics"): Entry(
        lambda world: f"/metrics/{world.hypothesis.pk}",
        EDITORS,
        lambda world: {"value": 0.2, "n": 50, "time": "2026-03-01T00:00:00Z"},
    ),
    ("POST", "api-resolve"): Entry(
        lambda world: f"/hypotheses/{world.hypothesis.pk}/resolve",
        EDITORS,
        lambda world: {"outcome": "held", "shown_by": "The pilot."},
    ),
    ("POST", "api-reopen"): Entry(
        lambda world: f"/hypotheses/{world.hypothesis.pk}/reopen",
        EDITORS,
        lambda world: once_resolved(world, {"reason": "A mistake."}),
    ),
    ("GET", "api-belief"): Entry(lambda world: f"/hypotheses/{world.hypothesis.pk}/belief"),
    ("GET", "api-evidence-stream"): listed("evidence"),
    ("GET", "api-evidence"): shown("evidence", "evidence"),
    ("POST", "api-evidence-stream"): Entry(
        lambda world: "/evidence", EDITORS, lambda world: judged(world.hypothesis)
    ),
    ("POST", "api-evidence-bulk"): Entry(
        lambda world: f"/evidence/bulk?portfolio={world.portfolio.pk}",
        EDITORS,
        lambda world: json.dumps(judged(world.hypothesis)).encode(),
        foreign=400,
    ),
    ("GET", "api-evidence-requests"): listed("evidence-requests"),
    ("POST", "api-evidence-requests"): Entry(
        lambda world: "/evidence-requests", ASKERS, lambda world: asked_for(world, world.hypothesis)
    ),
    ("GET", "api-proposals"): listed("proposals"),
    ("GET", "api-proposal"): shown("proposals", "proposal"),
    ("GET", "api-in-words"): Entry(lambda world: f"/proposals/{world.proposal.pk}/in-words"),
    ("GET", "api-inside-mandate"): Entry(
        lambda world: f"/proposals/{world.proposal.pk}/inside-mandate"
    ),
    ("GET", "api-thesis"): Entry(lambda world: f"/bets/{world.bet.pk}/thesis"),
    ("GET", "api-comments"): Entry(lambda world: f"/proposals/{world.proposal.pk}/comments"),
    ("POST", "api-comments"): Entry(
        lambda world: f"/proposals/{world.proposal.pk}/comments",
        frozenset({Role.CONTRIBUTOR, Role.LEAD, Role.FINANCE}),
        lambda world: {"text": "Why not in May?"},
    ),
    ("POST", "api-part"): Entry(
        lambda world: f"/proposals/{world.proposal.pk}/part", body=lambda world: {"left_out": []}
    ),
    ("POST", "api-approve"): Entry(
        lambda world: f"/proposals/{world.proposal.pk}/approve",
        FINANCE_ONLY,
        seen,
        by_key=NOBODY,  # without a mandate
    ),
    ("POST", "api-refuse"): Entry(
        lambda world: f"/proposals/{world.proposal.pk}/refuse",
        FINANCE_ONLY,
        lambda world: seen(world, reason="No."),
        by_key=NOBODY,
    ),
    ("GET", "api-if-stopped"): Entry(lambda world: f"/bets/{sick_of(world).pk}/if-stopped"),
    ("POST", "api-stop"): Entry(
        lambda world: f"/bets/{sick_of(world).pk}/stop",
        PROPOSERS,
        lambda world: {"reason": "It failed."},
    ),
    ("POST", "api-pivot"): Entry(
        lambda world: f"/bets/{sick_of(world).pk}/pivot",
        PROPOSERS,
        lambda world: {"reason": "It failed.", "successor": successor_of(world).pk},
    ),
    ("POST", "api-unwind"): Entry(
        lambda world: f"/bets/{entangled_bet(world).pk}/unwind",
        FINANCE_ONLY,
        lambda world: {"amount": "1000.00", "reason": "Its last customer has left."},
    ),
    ("GET", "api-actuals"): listed("actuals"),
    ("PUT", "api-actual"): Entry(
        lambda world: f"/actuals/{world.bet.pk}/2026-03",
        FINANCE_ONLY,
        lambda world: {"amount": "12000.00", "source": "SAP"},
    ),
    ("POST", "api-actuals-bulk"): Entry(
        lambda world: f"/actuals/bulk?portfolio={world.portfolio.pk}",
        FINANCE_ONLY,
        lambda world: json.dumps(
            {"bet": world.bet.pk, "month": "2026-03", "amount": "12000.00"}
        ).encode(),
        foreign=400,
    ),
    ("GET", "api-transfers"): listed("transfers"),
    ("GET", "api-decisions"): listed("decisions"),
    ("GET", "api-after-break"): Entry(
        lambda world: f"/reports/after-break?portfolio={world.portfolio.pk}", foreign=400
    ),
    ("GET", "api-learned-terms"): Entry(
        lambda world: f"/learned-terms?portfolio={world.portfolio.pk}", foreign=400
    ),
    ("POST", "api-use-learned-terms"): Entry(
        lambda world: "/learned-terms/use",
        EDITORS,
        lambda world: {
            "portfolio": world.portfolio.pk,
            "liquidity": "property",
            **once_learned(world),
        },
        foreign=400,
    ),
    ("GET", "api-scenarios"): listed("scenarios"),
    ("POST", "api-scenarios"): Entry(
        lambda world: "/scenarios",
        PROPOSERS,
        lambda world: {"portfolio": world.portfolio.pk},
        foreign=400,
    ),
    ("GET", "api-scenario"): shown("scenarios", "scenario"),
    ("GET", "api-scenario-comparison"): Entry(
        lambda world: f"/scenarios/comparison?ids={world.scenario.pk}"
    ),
    ("PATCH", "api-scenario"): of_scenario("", lambda world: {"name": "New"}),
    ("POST", "api-scenario-changes"): of_scenario(
        "/changes", lambda world: {"kind": "envelope", "to": 60_000}
    ),
    ("POST", "api-scenario-undo"): of_scenario(
        "/undo", lambda world: {"kind": "stop", "target": world.scenario.changes[0]["target"]}
    ),
    ("POST", "api-scenario-rebase"): of_scenario("/rebase", version_seen),
    ("POST", "api-scenario-solve"): of_scenario("/solve", version_seen),
    ("POST", "api-scenario-propose"): Entry(
        lambda world: f"/scenarios/{world.scenario.pk}/propose", PROPOSERS, version_seen
    ),
    ("GET", "api-guardrails"): listed("guardrails"),
    ("POST", "api-guardrails"): Entry(
        lambda world: "/guardrails", FINANCE_ONLY, lambda world: limited(world), foreign=400
    ),
    ("GET", "api-guardrail"): shown("guardrails", "guardrail"),
    ("PATCH", "api-guardrail"): Entry(
        lambda world: f"/guardrails/{world.guardrail.pk}",
        FINANCE_ONLY,
        lambda world: {"maximum": "0.3", "reason": "More."},
    ),
    ("PUT", "api-guardrail-by-name"): Entry(
        lambda world: "/guardrails/by-name/New",
        FINANCE_ONLY,
        lambda world: {**limited(world), "name": "New"},
        foreign=400,
    ),
    ("GET", "api-limit-changes"): listed("limit-changes"),
    ("GET", "api-mandates"): listed("mandates"),
    ("GET", "api-mandate"): shown("mandates", "mandate"),
    ("POST", "api-mandates"): Entry(
        lambda world: "/mandates",
        FINANCE_ONLY,
        lambda world: delegated(world),
        foreign=400,
        by_key=NOBODY,
    ),
    ("POST", "api-revoke-mandate"): Entry(
        lambda world: f"/mandates/{world.mandate.pk}/revoke",
        FINANCE_ONLY,
        lambda world: {"reason": "The trial is over."},
    ),
    ("GET", "api-keys"): listed("keys"),
    ("POST", "api-keys"): Entry(
        lambda world: "/keys",
        ADMIN_ONLY,
        lambda world: {
            "portfolio": world.portfolio.pk,
            **a_new_key(world.api_key.owner),
            "signature": PASSWORD,
        },
        foreign=400,
        by_key=NOBODY,
    ),
    ("GET", "api-key"): of_key(""),
    ("POST", "api-collect-key"): Entry(
        uncollected,
        body=lambda world: {"signature": PASSWORD},
        refused=404,
        by_key=NOBODY,
    ),
    ("POST", "api-rotate-key"): of_key(
        "/rotate", lambda world: {"overlap_hours": 24, "signature": PASSWORD}
    ),
    ("POST", "api-revoke-key"): of_key("/revoke"),
    ("GET", "api-key-changes"): listed("key-changes"),
    ("GET", "api-webhooks"): Entry(
        lambda world: f"/webhooks?portfolio={world.portfolio.pk}", ADMIN_ONLY, foreign="empty"
    ),
    ("POST", "api-webhooks"): Entry(
        lambda world: "/webhooks",
        ADMIN_ONLY,
        lambda world: {
            "portfolio": world.portfolio.pk,
            "address": "https://hooks.example.org/",
            "events": ["thesis.broken"],
            "signature": PASSWORD,
        },
        foreign=400,
    ),
    ("GET", "api-webhook"): of_webhook(""),
    ("PATCH", "api-webhook"): of_webhook("", lambda world: {"active": False}),
    ("DELETE", "api-webhook"): of_webhook(""),
    ("POST", "api-webhook-secret"): of_webhook("/secret", lambda world: {"signature": PASSWORD}),
    ("POST", "api-webhook-test"): of_webhook("/test"),
    ("GET", "api-webhook-deliveries"): Entry(
        lambda world: f"/webhook-deliveries?portfolio={world.portfolio.pk}",
        ADMIN_ONLY,
        foreign="empty",
    ),
    ("POST", "api-redeliver"): Entry(
        lambda world: f"/webhook-deliveries/{world.delivery.pk}/redeliver", ADMIN_ONLY
    ),
    ("GET", "api-wip-limits"): listed("wip-limits"),
    ("PUT", "api-wip-limits"): Entry(
        lambda world: "/wip-limits", LEAD_ONLY, limit_on_work, foreign=400
    ),
    ("GET", "api-saved-views"): listed("saved-views"),
    ("POST", "api-saved-views"): Entry(
        lambda world: "/saved-views",
        body=lambda world: {"portfolio": world.portfolio.pk, "name": "Broken"},
        foreign=400,
    ),
    ("GET", "api-saved-view"): Entry(own_view),
    ("PATCH", "api-saved-view"): Entry(own_view, body=lambda world: {"name": "Other"}),
    ("DELETE", "api-saved-view"): Entry(own_view),
    ("GET", "api-schema"): Entry(lambda world: "/schema", foreign=200),
    ("GET", "api-docs"): Entry(lambda world: "/docs", foreign=200),
}
# A contributor acts on the bets of their own teams only.
NOT_THEIR_TEAM: dict[tuple[str, str], Entry] = {
    ("PATCH", "api-bet"): Entry(
        lambda world: f"/bets/{world.other_bet.pk}", LEAD_ONLY, lambda world: {"title": "New"}
    ),
    ("POST", "api-evidence-stream"): Entry(
        lambda world: "/evidence",
        LEAD_ONLY,
        lambda world: judged(make_hypothesis(world.other_bet)),
    ),
    ("POST", "api-evidence-requests"): Entry(
        lambda world: "/evidence-requests",
        ASKERS - {Role.CONTRIBUTOR},
        lambda world: asked_for(world, make_hypothesis(world.other_bet)),
    ),
    ("POST", "api-hypotheses"): Entry(
        lambda world: "/hypotheses",
        LEAD_ONLY,
        lambda world: {"bet": world.other_bet.pk, "statement": "It holds"},
    ),
}
FOR_PEOPLE_ONLY = {"api-docs"}
