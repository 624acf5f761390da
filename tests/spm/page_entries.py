"""One entry for each method of each page: who may, and what is sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from allocation.decide import newer_than
from allocation.forms import AmountForm, DecisionForm, GuardrailForm, LimitForm
from allocation.limit_pages import AMOUNTS
from allocation.models import Proposal, RecomputeRequest, Scenario
from bets.models import Bet
from evidence.file_import import steps
from evidence.models import EvidenceImport, Notice
from evidence.notices.settings_form import NoticeSettingsForm
from evidence.notices.wants import wants_of
from spm.accounts.models import ApiKey, Membership, Role
from tests.allocation.test_founding import FRAME, as_shown, send
from tests.factories import PASSWORD, make_hypothesis, make_scaling_bet
from tests.spm.api.entries import (
    ADMIN_ONLY,
    ALL,
    ASKERS,
    EDITORS,
    FINANCE_ONLY,
    LEAD_ONLY,
    PROPOSERS,
)
from tests.spm.api.world import entangled_bet, once_learned
from tests.spm.page_world import Visitor, World, a_file

Data = Mapping[str, Any]

#: What the entries name, and the roles that it is for.
MAY: dict[str, frozenset[str]] = {
    "see": ALL,
    "log_evidence": EDITORS,
    "ask_for_evidence": ASKERS,
    "edit_bet": EDITORS,
    "propose": PROPOSERS,
    "comment": ASKERS,
    "decide": FINANCE_ONLY,
    "unwind": FINANCE_ONLY,
    "prove": frozenset({Role.FINANCE, Role.ADMIN}),
    "record_actuals": FINANCE_ONLY,
    "set_limits": FINANCE_ONLY,
    "manage_webhooks": ADMIN_ONLY,
    "edit_settings": ADMIN_ONLY,
    "administer": ADMIN_ONLY,
}
#: Nobody's but a contributor's rights end at the bets of their teams.
OF_ANOTHER_TEAM = frozenset({Role.CONTRIBUTOR})
#: How far somebody has come in the tour stands in their account; its addresses lead there.
TOUR = frozenset({"accounts_user"})


def nothing(world: World, visitor: Visitor) -> None:
    """Nothing has to happen first."""


@dataclass(frozen=True)
class Entry:
    """One method of one page.

    ``address`` and ``data`` name what is of the world in braces; an address with braces answers
    404 to everybody else. ``action`` says which roles may; ``but`` are those that may not here.
    A POST leaves something in the database where ``writes``; anything else may write to ``notes``
    alone. ``before`` happens first, in the own portfolio only.
    """

    name: str
    method: str
    address: str
    action: str = "see"
    data: Data | Callable[[World], Data] | None = None
    before: Callable[[World, Visitor], None] = nothing
    but: frozenset[str] = frozenset()
    writes: bool = False
    notes: frozenset[str] = frozenset()
    succeeds: frozenset[int] = frozenset({200})
    hidden: bool = False
    """Whether members who may not do not see it either: they hear 404."""

    @property
    def may(self) -> frozenset[str]:
        """The roles for which it succeeds in their own portfolio."""
        return MAY[self.action] - self.but

    @property
    def names_something(self) -> bool:
        """Whether the address is of one thing of the world."""
        return "{" in self.address

    @property
    def is_closed_to_viewers(self) -> bool:
        """Whether it is about one thing of the world, and somebody who sees it may not do it."""
        return self.names_something and Role.VIEWER not in self.may

    def url(self, world: World) -> str:
        """Its address in the world."""
        return self.address.format(**world.ids)

    def url_about(self, world: World) -> str:
        """The same, asked for with the world's portfolio in the address."""
        sign = "&" if urlsplit(self.address).query else "?"
        return f"{self.url(world)}{sign}portfolio={world.portfolio.pk}"

    def sent(self, world: World) -> Data | None:
        """What is posted."""
        if callable(self.data):
            return self.data(world)
        return self.data and {
            name: text.format(**world.ids) if isinstance(text, str) else text
            for name, text in self.data.items()
        }


def shown(name: str, address: str, action: str = "see", **more: Any) -> Entry:
    """A page to look at."""
    return Entry(name, "GET", address, action, **more)


def done(name: str, address: str, action: str, data: Any = None, **more: Any) -> Entry:
    """A form or a button that leaves something in the database."""
    answers = frozenset({200, 204, 302})
    return Entry(name, "POST", address, action, data or {}, writes=True, succeeds=answers, **more)


def tried(name: str, address: str, action: str, data: Any = None, **more: Any) -> Entry:
    """A form that shows what would come of it, or something that the session alone remembers."""
    return Entry(name, "POST", address, action, data or {}, **more)


def form(name: str, address: str, action: str, data: Any = None, **more: Any) -> list[Entry]:
    """A page with a form on it that only those see who may send it."""
    return [shown(name, address, action), done(name, address, action, data, **more)]


# --- what is sent ---------------------------------------------------------------------------------


def decision(kind: str) -> Callable[[World], Data]:
    """The form of a decision as it is shown, signed."""

    def sent(world: World) -> Data:
        proposal = Proposal.objects.get(pk=world.ids["proposal"])
        seen = DecisionForm.showing(proposal, [event.pk for event in newer_than(proposal)]).initial
        return {**seen, "decision": kind, "reason": "As it says.", "signature": PASSWORD}

    return sent


def having_seen(form_of: Callable[[World, QueryDict], LimitForm], typed: Data) -> Any:
    """What is typed about a limit, sent for the second time: its effect has been shown."""

    def sent(world: World) -> Data:
        query = QueryDict(mutable=True)
        query.update(typed)
        form = form_of(world, query)
        assert form.is_valid(), form.errors
        return {**typed, "do": "save", "seen": form.digest}

    return sent


def a_new_guardrail(world: World, typed: QueryDict) -> LimitForm:
    return GuardrailForm(world.portfolio, None, typed)


def the_guardrail(world: World, typed: QueryDict) -> LimitForm:
    return GuardrailForm(world.portfolio, world.base.guardrail, typed)


def an_amount(world: World, typed: QueryDict) -> LimitForm:
    return AmountForm(AMOUNTS["envelope"][0], "EUR", typed)


def mapping(world: World) -> Data:
    file = EvidenceImport.objects.get(pk=world.ids["mapped"])
    return steps.form_of(steps.mapping_of(file), steps.grid_of(file))


def wanted_notices(world: World) -> Data:
    form = NoticeSettingsForm(None, wants_of(world.lead))
    fields = {name: form[name].value() for name in form.fields}
    return {**{name: text for name, text in fields.items() if text}, "digest_hour": 9}


def asked_for(world: World) -> Data:
    day = (timezone.now() + timedelta(days=7)).date().isoformat()
    return {"asked_of": world.lead.pk, "due_on": day, "what_would_help": "A test."}


def judged(world: World) -> Data:
    said = {"kind": "judgement", "direction": "for", "strength": "weak"}
    return {**said, "observed_on": timezone.localdate().isoformat()}


# --- what happens first ---------------------------------------------------------------------------


def as_author(world: World, visitor: Visitor) -> None:
    """A scenario is changed by its author alone: whoever asks is made the author."""
    Scenario.objects.filter(pk=world.ids["scenario"]).update(author=visitor.person)


def as_told(world: World, visitor: Visitor) -> None:
    """Everybody reads their own notices: it is made that of whoever asks."""
    Notice.objects.filter(pk=world.ids["notice"]).update(person=visitor.person)


def as_owner_of_key(world: World, visitor: Visitor) -> None:
    """Whoever asks is made the one in whose name it was made."""
    ApiKey.objects.filter(pk=world.ids["uncollected"]).update(owner=visitor.person)


def in_the_third_step(world: World, visitor: Visitor) -> None:
    client = Client()
    client.cookies.update(visitor.client.cookies)
    send(client, 1, **FRAME)
    send(client, 2, **as_shown(client, 2))


def entangled(world: World, visitor: Visitor) -> None:
    entangled_bet(world.base)


def learned(world: World, visitor: Visitor) -> None:
    """What withdrawals have shown is not what is thought of the contributors' bet."""
    of_its_class = {"liquidity": "property", "reclaimable_share": 0.5}
    Bet.objects.filter(pk=world.ids["bet"]).update(**of_its_class)
    once_learned(world.base)


def with_a_successor(world: World, visitor: Visitor) -> None:
    sick = Bet.objects.get(pk=world.ids["sick"])
    make_hypothesis(make_scaling_bet(world.portfolio, predecessor=sick), statement="Otherwise.")
    RecomputeRequest.objects.filter(portfolio=world.portfolio).delete()


def successor(world: World) -> Data:
    newest = Bet.objects.filter(predecessor=world.ids["sick"]).order_by("-id").first()
    return {"do": "propose", "reason": "So.", "successor": newest.pk if newest else ""}


# --- the entries ----------------------------------------------------------------------------------

REPORTS = [
    shown("reports:allocation", "/"),
    shown("reports:numbers", "/allocation/numbers"),
    shown("reports:sankey", "/allocation/sankey"),
    shown("reports:sankey_csv", "/allocation/sankey.csv"),
    shown("reports:learned", "/allocation/learned"),
    shown("reports:belief_over_money", "/bets/{sick}/belief-over-money"),
    shown("reports:belief_over_money_csv", "/bets/{sick}/belief-over-money.csv"),
    shown("reports:after_break", "/reports/after-break"),
    shown("reports:after_break_rows", "/reports/after-break/rows"),
    shown("reports:after_break_csv", "/reports/after-break.csv"),
    shown("reports:after_break_bet_csv", "/reports/after-break/{sick}.csv"),
    shown("reports:calibration", "/reports/calibration"),
    shown("reports:calibration_csv", "/reports/calibration/forecasts.csv"),
    shown("reports:decisions", "/decisions"),
    shown("reports:decisions_rows", "/decisions/rows"),
    shown("reports:decisions_csv", "/decisions/decisions.csv"),
    shown("reports:flow", "/flow"),
    shown("reports:flow_csv", "/flow/bets.csv"),
    shown("reports:waterfall", "/proposals/{proposal}/waterfall"),
    shown("reports:waterfall_csv", "/proposals/{proposal}/waterfall.csv"),
    shown("reports:frontier", "/proposals/{proposal}/frontier"),
    shown("reports:frontier_csv", "/proposals/{proposal}/frontier.csv"),
    shown("reports:value_against_turnover", "/scenarios/value-against-turnover?ids={scenario}"),
    shown(
        "reports:value_against_turnover_csv",
        "/scenarios/value-against-turnover.csv?ids={scenario}",
    ),
    shown("reports:learn_next", "/evidence/next"),
    shown("reports:learn_next_rows", "/evidence/next/rows"),
    shown("reports:learn_next_csv", "/evidence/next.csv"),
    done(
        "reports:use_learned",
        "/decisions/learned",
        "edit_bet",
        {"liquidity": "property", "reclaimable_share": "1.0"},
        before=learned,
    ),
    *(
        shown(f"reports:{name}", address, notes=TOUR, succeeds=frozenset({302}))
        for name, address in (
            ("tour", "/tour"),
            ("tour_step", "/tour/2"),
            ("tour_end", "/tour/end"),
        )
    ),
    done("reports:decline_tour", "/tour/decline", "see"),
]

EVIDENCE = [
    shown("evidence:stream", "/evidence"),
    shown("evidence:stream_rows", "/evidence/rows"),
    shown("evidence:stream_csv", "/evidence.csv"),
    shown("evidence:pick", "/evidence/log", "log_evidence"),
    done(
        "evidence:attachments",
        "/evidence/attachments?hypothesis={hypothesis}",
        "log_evidence",
        lambda world: {"file": a_file()},
    ),
    shown("evidence:attachment", "/evidence/attachments/{attachment}"),
    shown("evidence:imports", "/evidence/import"),
    done("evidence:imports", "/evidence/import", "log_evidence", lambda world: {"file": a_file()}),
    shown("evidence:import_sample", "/evidence/import/sample.csv"),
    shown("evidence:import", "/evidence/import/{mapped}"),
    shown("evidence:import", "/evidence/import/{imported}"),
    shown("evidence:import_state", "/evidence/import/{mapped}/state"),
    done("evidence:import_mapping", "/evidence/import/{mapped}/mapping", "log_evidence", mapping),
    done("evidence:import_begin", "/evidence/import/{mapped}/begin", "log_evidence"),
    done("evidence:import_undo", "/evidence/import/{imported}/undo", "log_evidence"),
    shown("evidence:import_refused", "/evidence/import/{imported}/refused.csv"),
    shown("evidence:notices", "/notices"),
    shown("evidence:notice_rows", "/notices/rows"),
    shown("evidence:notice_count", "/notices/count"),
    done("evidence:notices_read", "/notices/read", "see", {"newest": "{notice}"}, before=as_told),
    *form("evidence:notice_settings", "/notices/settings", "see", wanted_notices),
    done("evidence:notice_read", "/notices/{notice}/read", "see", before=as_told),
    shown("evidence:requests", "/evidence/requests"),
    shown("evidence:request_rows", "/evidence/requests/rows"),
    done(
        "evidence:withdraw",
        "/evidence/requests/{request}/withdraw",
        "ask_for_evidence",
        but=ASKERS - LEAD_ONLY,
    ),
    *form("evidence:ask", "/hypotheses/{hypothesis}/ask", "ask_for_evidence", asked_for),
    shown("evidence:sources", "/evidence/sources"),
    *form(
        "evidence:source",
        "/evidence/sources/{source}",
        "edit_bet",
        {"reliability": "50", "based_on": "What became of it."},
    ),
    *form(
        "evidence:resolve",
        "/hypotheses/{hypothesis}/resolve",
        "edit_bet",
        {"outcome": "held", "shown_by": "The pilot."},
    ),
    *form("evidence:retract", "/evidence/{evidence}/retract", "log_evidence", {"note": "Wrong."}),
    shown("evidence:panel", "/bets/{bet}/evidence"),
    shown("evidence:weighed", "/bets/{bet}/evidence/weighed"),
    shown("evidence:newest", "/bets/{bet}/evidence/newest"),
    shown("evidence:form", "/bets/{bet}/evidence/form?hypothesis={hypothesis}", "log_evidence"),
    *form("evidence:log", "/hypotheses/{hypothesis}/evidence", "log_evidence", judged),
    tried("evidence:effect", "/hypotheses/{hypothesis}/evidence/effect", "log_evidence", judged),
]

# A contributor acts on the bets of their own teams only.
EVIDENCE_OF_ANOTHER_TEAM = [
    done(
        "evidence:attachments",
        "/evidence/attachments?hypothesis={other_hypothesis}",
        "log_evidence",
        lambda world: {"file": a_file()},
        but=OF_ANOTHER_TEAM,
    ),
    shown(
        "evidence:form",
        "/bets/{other_bet}/evidence/form?hypothesis={other_hypothesis}",
        "log_evidence",
        but=OF_ANOTHER_TEAM,
    ),
    *(
        done(f"evidence:{name}", address, action, data, but=OF_ANOTHER_TEAM)
        for name, address, action, data in (
            ("ask", "/hypotheses/{other_hypothesis}/ask", "ask_for_evidence", asked_for),
            (
                "resolve",
                "/hypotheses/{other_hypothesis}/resolve",
                "edit_bet",
                {"outcome": "held", "shown_by": "The pilot."},
            ),
            ("retract", "/evidence/{other_evidence}/retract", "log_evidence", {"note": "Wrong."}),
            ("log", "/hypotheses/{other_hypothesis}/evidence", "log_evidence", judged),
        )
    ),
]

SETTINGS = [
    shown("allocation:found", "/portfolios/new"),
    done("allocation:found", "/portfolios/new", "see", {"step": "3"}, before=in_the_third_step),
    shown("allocation:settings", "/settings"),
    *form(
        "allocation:edit_portfolio",
        "/settings/portfolio",
        "administer",
        {"name": "New", "intent": "Other things.", "horizon_months": "36"},
    ),
    *form(
        "allocation:edit_lending",
        "/settings/lending",
        "administer",
        {"from_team": "{team}", "to_team": "{spare_team}", "efficiency": "50"},
    ),
    *form(
        "allocation:thresholds",
        "/settings/thresholds",
        "set_limits",
        {"finance_above": "20000", "reason": "Small ones need no one else."},
    ),
    *form(
        "allocation:add_member",
        "/settings/members/new",
        "administer",
        {"email": "somebody@example.org", "role": "viewer"},
    ),
    *form(
        "allocation:edit_member", "/settings/members/{member}", "administer", {"role": "finance"}
    ),
    done("allocation:remove_member", "/settings/members/{member}/remove", "administer"),
    *form("allocation:add_part", "/settings/themes/new", "administer", {"name": "New"}),
    *form("allocation:add_part", "/settings/streams/new", "administer", {"name": "New"}),
    *form(
        "allocation:add_part",
        "/settings/teams/new",
        "administer",
        {"name": "New", "stream": "{stream}", "capacity": "1000"},
    ),
    *form("allocation:edit_part", "/settings/themes/{theme}", "administer", {"name": "New"}),
    *form("allocation:edit_part", "/settings/streams/{stream}", "administer", {"name": "New"}),
    *form(
        "allocation:edit_part",
        "/settings/teams/{team}",
        "administer",
        {"name": "New", "stream": "{stream}", "capacity": "1000"},
    ),
    done("allocation:remove_part", "/settings/themes/{theme}/remove", "administer"),
    done("allocation:remove_part", "/settings/streams/{stream}/remove", "administer"),
    done("allocation:remove_part", "/settings/teams/{spare_team}/remove", "administer"),
    tried(
        "accounts:choose_portfolio",
        "/portfolios/{portfolio}/choose",
        "see",
        succeeds=frozenset({302}),
    ),
    shown("accounts:present", "/present?portfolio={portfolio}&at=board"),
]

SIGNED = {"signature": PASSWORD}
HOOK = {"address": "https://hooks.example.org/new", "events": ["thesis.broken"], **SIGNED}
WEBHOOKS = [
    shown("webhooks:webhooks", "/settings/webhooks", "manage_webhooks"),
    shown("webhooks:body", "/settings/webhooks/body", "manage_webhooks"),
    *form("webhooks:add", "/settings/webhooks/new", "manage_webhooks", HOOK),
    *form("webhooks:change", "/settings/webhooks/{webhook}", "manage_webhooks", HOOK),
    *form("webhooks:rotate", "/settings/webhooks/{webhook}/secret", "manage_webhooks", SIGNED),
    *(
        done("webhooks:act", f"/settings/webhooks/{{webhook}}/{what}", "manage_webhooks")
        for what in ("pause", "resume", "remove", "test")
    ),
    done(
        "webhooks:redeliver",
        "/settings/webhooks/deliveries/{delivery}/redeliver",
        "manage_webhooks",
    ),
]

HIDDEN: dict[str, Any] = {"hidden": True}
ROTATED = {"overlap_hours": "24", "days": "90", **SIGNED}
KEYS = [
    shown("accounts:keys", "/settings/keys"),
    *form(
        "accounts:make_key",
        "/settings/keys/new",
        "administer",
        lambda world: {
            "name": "Sync",
            "owner": Membership.objects.get(pk=world.ids["member"]).user_id,
            "days": "90",
            **SIGNED,
        },
    ),
    shown("accounts:key", "/settings/keys/{key}", "administer", **HIDDEN),
    *(
        entry
        for what, data in (("rotate", ROTATED), ("revoke", None))
        for entry in (
            shown(f"accounts:{what}_key", f"/settings/keys/{{key}}/{what}", "administer", **HIDDEN),
            done(
                f"accounts:{what}_key",
                f"/settings/keys/{{key}}/{what}",
                "administer",
                data,
                **HIDDEN,
            ),
        )
    ),
    shown("accounts:collect_key", "/settings/keys/{uncollected}/collect", before=as_owner_of_key),
    done(
        "accounts:collect_key",
        "/settings/keys/{uncollected}/collect",
        "see",
        SIGNED,
        before=as_owner_of_key,
    ),
]

AS_SAID = frozenset({422})  # what is typed is tried on the site, so here it is refused at once
JIRA = "/settings/jira/{jira}"
OF_JIRA = [
    shown("evidence:jira_sites", "/settings/jira", "administer"),
    shown("evidence:jira_connect", "/settings/jira/new", "administer"),
    tried("evidence:jira_connect", "/settings/jira/new", "administer", {}, succeeds=AS_SAID),
    shown("evidence:jira_site", JIRA, "administer"),
    shown("evidence:jira_state", f"{JIRA}/state", "administer"),
    shown("evidence:jira_search", f"{JIRA}/search", "administer"),
    tried("evidence:jira_search", f"{JIRA}/search", "administer", {}, succeeds=AS_SAID),
    *form(
        "evidence:jira_mapping",
        f"{JIRA}/mapping",
        "administer",
        {"types": ["Epic", "Story"], "hypothesis": "1"},
    ),
    shown("evidence:jira_preview", f"{JIRA}/preview", "administer"),
    tried("evidence:jira_preview", f"{JIRA}/preview", "administer"),
    *form("evidence:jira_secret", f"{JIRA}/secret", "administer", {**SIGNED, "new": "1"}),
    *(
        done("evidence:jira_act", f"{JIRA}/{what}", "administer")
        for what in ("resume", "pause", "backfill", "retry", "disconnect")
    ),
]

STOP = {"do": "propose", "reason": "Nobody buys it."}
ALLOCATION = [
    shown("allocation:proposals", "/proposals"),
    shown("allocation:proposals_panel", "/proposals/list"),
    shown("allocation:proposal", "/proposals/{proposal}"),
    shown("allocation:proposal_body", "/proposals/{proposal}/body"),
    shown("allocation:other_changes", "/proposals/{proposal}/changes"),
    shown("allocation:moves", "/proposals/{proposal}/moves"),
    shown("allocation:compared", "/proposals/{proposal}/compared"),
    shown("allocation:study", "/proposals/{proposal}/study"),
    done("allocation:decide", "/proposals/{proposal}/decide", "decide", decision("approve")),
    done("allocation:decide", "/proposals/{proposal}/decide", "decide", decision("refuse")),
    shown("allocation:proposal_pdf", "/proposals/{proposal}.pdf"),
    tried("allocation:part", "/proposals/{proposal}/part", "see"),
    shown("allocation:comments", "/proposals/{proposal}/comments"),
    done(
        "allocation:comments",
        "/proposals/{proposal}/comments",
        "comment",
        {"text": "Not before May."},
    ),
    done("allocation:recompute", "/proposals/recompute", "propose"),
    shown("allocation:bet_decisions", "/bets/{sick}/decisions"),
    shown("allocation:ledger", "/ledger"),
    shown("allocation:ledger_rows", "/ledger/rows"),
    shown("allocation:ledger_csv", "/ledger.csv"),
    shown("allocation:ledger_xlsx", "/ledger.xlsx"),
    shown("allocation:transfer", "/ledger/transfers/{transfer}"),
    done("allocation:prove", "/ledger/prove", "prove"),
    *form(
        "allocation:unwind",
        "/bets/{bet}/unwind",
        "unwind",
        {"amount": "1000", "reason": "Its last customer has left."},
        before=entangled,
    ),
    shown("allocation:if_stopped", "/bets/{sick}/if-stopped"),
    shown("allocation:stop", "/bets/{sick}/stop"),
    tried("allocation:stop", "/bets/{sick}/stop", "see", {"do": "look"}),
    done("allocation:stop", "/bets/{sick}/stop", "propose", STOP),
    shown("allocation:pivot", "/bets/{sick}/pivot"),
    done("allocation:pivot", "/bets/{sick}/pivot", "propose", successor, before=with_a_successor),
    shown("allocation:guardrails", "/guardrails"),
    shown("allocation:guardrails_panel", "/guardrails/list"),
    *form(
        "allocation:new_guardrail",
        "/guardrails/new",
        "set_limits",
        having_seen(
            a_new_guardrail,
            {"name": "New", "kind": "share", "maximum": "20%", "reason": "A trial."},
        ),
    ),
    shown("allocation:guardrail", "/guardrails/{guardrail}"),
    done(
        "allocation:guardrail",
        "/guardrails/{guardrail}",
        "set_limits",
        having_seen(
            the_guardrail,
            {"name": "New", "maximum": "30%", "active": "on", "version": "1", "reason": "More."},
        ),
    ),
    *(
        entry
        for which in AMOUNTS
        for entry in form(
            "allocation:limit_amount",
            f"/guardrails/set/{which}",
            "set_limits",
            having_seen(an_amount, {"amount": "65000", "reason": "As agreed."}),
        )
    ),
]


ACTUALS = [
    shown("allocation:actuals", "/ledger/actuals"),
    shown("allocation:actuals_rows", "/ledger/actuals/rows"),
    shown("allocation:actuals_csv", "/ledger/actuals.csv"),
    shown("allocation:bet_actuals", "/bets/{bet}/actuals"),
    shown("allocation:actuals_files", "/ledger/actuals/files"),
    done(
        "allocation:actuals_files",
        "/ledger/actuals/files",
        "record_actuals",
        lambda world: {"file": a_file(), "source": "SAP"},
    ),
    shown("allocation:actuals_file", "/ledger/actuals/files/{spent}"),
    shown("allocation:refused_actuals", "/ledger/actuals/files/{spent}/refused.csv"),
    done(
        "allocation:choose_actuals",
        "/ledger/actuals/files/{spent}/columns",
        "record_actuals",
        {"bet": "bet", "month": "month", "amount": "amount"},
    ),
    done("allocation:take_actuals", "/ledger/actuals/files/{spent}/take", "record_actuals"),
]


def mandate(world: World) -> Data:
    sums = {"most_per_move": "1000", "most_per_30_days": "5000"}
    until = (timezone.localdate() + timedelta(days=30)).isoformat()
    holder = f"user:{world.ids['holder']}"
    return {**sums, "holder": holder, "expires_on": until, "reason": "A trial."}


MANDATES = [
    shown("allocation:mandates", "/mandates"),
    *form("allocation:new_mandate", "/mandates/new", "set_limits", mandate),
    shown("allocation:mandate", "/mandates/{mandate}"),
    done(
        "allocation:revoke_mandate",
        "/mandates/{mandate}/revoke",
        "set_limits",
        {"reason": "It is over."},
    ),
]


def changes_scenario(part: str, data: Data | None = None, **more: Any) -> Entry:
    """A change to a scenario, by its author."""
    address = f"/scenarios/{{scenario}}/{part}"
    name = f"allocation:scenario_{part.partition('?')[0]}"
    return done(name, address, "propose", data, **{"before": as_author, **more})


SCENARIOS = [
    shown("allocation:scenarios", "/scenarios"),
    shown("allocation:scenarios_panel", "/scenarios/list"),
    done("allocation:new_scenario", "/scenarios/new", "propose", {"parent": "{scenario}"}),
    shown("allocation:compare_scenarios", "/scenarios/compare?ids={scenario}"),
    shown("allocation:compare_scenarios_csv", "/scenarios/compare.csv?ids={scenario}"),
    shown("allocation:scenario", "/scenarios/{scenario}"),
    shown("allocation:scenario_head", "/scenarios/{scenario}/head"),
    shown("allocation:scenario_details", "/scenarios/{scenario}/details"),
    shown("allocation:scenario_since", "/scenarios/{scenario}/since"),
    changes_scenario(
        "cell", {"kind": "belief", "target": "{sick}", "part": "", "sheet": "bets", "value": "40"}
    ),
    changes_scenario("turn", {"kind": "stop", "target": "{sick}", "sheet": "bets"}),
    changes_scenario(
        "add?sheet=guardrails", {"name": "Few", "limits": "count", "scope": "", "high": "1"}
    ),
    changes_scenario("undo", {"all": "1"}),
    changes_scenario("describe", {"name": "Other", "note": ""}),
    changes_scenario("rebase"),
    changes_scenario("solve"),
    shown("allocation:scenario_propose", "/scenarios/{scenario}/propose"),
    done("allocation:scenario_propose", "/scenarios/{scenario}/propose", "propose"),
]

ENTRIES = [
    *REPORTS,
    *EVIDENCE,
    *EVIDENCE_OF_ANOTHER_TEAM,
    *SETTINGS,
    *WEBHOOKS,
    *OF_JIRA,
    *KEYS,
    *ALLOCATION,
    *ACTUALS,
    *MANDATES,
    *SCENARIOS,
]
