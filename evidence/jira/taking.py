"""From what is known of an issue to the office: its bet, its delivery signal, its evidence.

Everything goes through the doors that people use. What Jira did not change is not written again, so
that a title that somebody has put right here stays until it changes there. Evidence that an edited
or deleted comment was is taken back; nothing is ever unsaid.
"""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from django.db import transaction

from bets.edit import OFFICE, change_bet, upsert_bet
from bets.keys import set_key
from bets.models import Bet, ExternalKey
from evidence.intake import NewEvidence, record, retract
from evidence.jira.known import comments_of
from evidence.jira.mapping import JiraMapping, Planned, PlannedEvidence, plan
from evidence.models import JiraConnection, JiraIssue
from spm import reading
from spm.errors import Conflict, Invalid

SOURCE = "Jira"
KEYS = "jira"
LONGEST_PROBLEM = 2_000
CHANGED = "It was changed in Jira, or is read in another way since."
GONE = "It does not stand in Jira any more."


def take(connection: JiraConnection, mapping: JiraMapping, issue: JiraIssue) -> None:
    """Take an issue as it is known; inside a transaction that has locked it.

    What cannot be taken is said in ``issue.problem``; the rest is taken.
    """
    comments = comments_of(issue) if mapping.marker or issue.told else []
    planned = plan(mapping, issue.facts, comments, issue.deleted, connection.field_names)
    problems: list[str] = []
    if issue.bet_id is None and not planned.why_not:
        _make_bet(connection, issue, planned, problems)
    elif issue.bet_id is not None:
        _change_bet(connection, issue, planned, problems)
    if issue.bet_id is not None:
        present = {f"comment:{each.comment_id}" for each in comments}
        told = _without_what_is_gone(mapping, issue.told, planned, present)
        issue.told = _tell(connection, issue, planned, told, problems)
    issue.problem = "\n".join(dict.fromkeys(problems))[:LONGEST_PROBLEM]
    issue.save(update_fields=["bet", "written", "told", "problem", "owes_link"])


def address_of(connection: JiraConnection, key: str) -> str:
    """Where an issue is to be seen; nothing where that could not be shown as a link."""
    address = f"{connection.site}/browse/{quote(key, safe='')}"
    try:
        return str(reading.web_address(200)(address, "url"))
    except Invalid:
        return ""


# --- the bet --------------------------------------------------------------------------------------


def _make_bet(
    connection: JiraConnection, issue: JiraIssue, planned: Planned, problems: list[str]
) -> None:
    key, portfolio = issue.key or issue.issue_id, connection.portfolio
    known = ExternalKey.objects.filter(portfolio=portfolio, source=KEYS, key=key)
    if JiraIssue.objects.filter(bet__in=known.values("bet")).exclude(pk=issue.pk).exists():
        problems.append(f"{key} is an issue of another site, or was one of this site before.")
        return
    address = address_of(connection, key)

    def make(fields: Mapping[str, Any]) -> None:
        made = upsert_bet(OFFICE, portfolio, KEYS, key, fields, address)
        if not made.created:
            set_key(made.bet, KEYS, key, address)
        issue.bet, issue.owes_link = made.bet, connection.writes_links
        issue.written = {"key": key, **fields}

    _as_far_as_it_goes(make, planned.fields, problems)


def _change_bet(
    connection: JiraConnection, issue: JiraIssue, planned: Planned, problems: list[str]
) -> None:
    written = issue.written
    new = {
        name: value
        for name, value in planned.fields.items()
        if name not in written or written[name] != value
    }

    def change(fields: Mapping[str, Any]) -> None:
        change_bet(OFFICE, issue.bet_id or 0, fields)
        issue.written = {**issue.written, **fields}

    if new:
        _as_far_as_it_goes(change, new, problems)
    if issue.key and issue.key != written.get("key"):
        try:
            bet = Bet.objects.get(pk=issue.bet_id or 0)
            set_key(bet, KEYS, issue.key, address_of(connection, issue.key), written.get("key", ""))
            issue.written = {**issue.written, "key": issue.key}
        except (Invalid, Conflict) as refusal:
            problems.append(_said(refusal))


def _as_far_as_it_goes(write: Any, fields: Mapping[str, Any], problems: list[str]) -> None:
    """Write all fields, or those that can be taken where some cannot."""
    try:
        with transaction.atomic():
            write(fields)
        return
    except Conflict as conflict:
        problems.append(_said(conflict))
        return
    except Invalid as refusal:
        problems.append(_said(refusal))
        rest = {name: value for name, value in fields.items() if name not in refusal.fields}
    if not rest or len(rest) == len(fields):
        return
    try:
        with transaction.atomic():
            write(rest)
    except (Invalid, Conflict) as refusal:
        problems.append(_said(refusal))


# --- evidence -------------------------------------------------------------------------------------


def _without_what_is_gone(
    mapping: JiraMapping, told: Mapping[str, Any], planned: Planned, present: Collection[str]
) -> dict[str, Any]:
    """Take back what is not said any more, or said in another way; what is left.

    What the mapping does not look at any more stays: it was said, and nobody has unsaid it.
    """
    left = dict(told)
    wanted = {each.name: each for each in planned.evidence}
    looked_at = {f"field:{rule.field}" for rule in mapping.evidence_fields}
    for name, before in told.items():
        now = wanted.get(name)
        is_comment = name.startswith("comment:")
        is_gone = name not in present if is_comment else name in looked_at
        is_gone = is_gone or (is_comment and bool(mapping.marker))
        if before["evidence"] and (now.digest != before["digest"] if now else is_gone):
            _take_back(before["evidence"], CHANGED if now else GONE)
            left[name] = {**before, "evidence": None, "digest": ""}
    return left


def _tell(
    connection: JiraConnection,
    issue: JiraIssue,
    planned: Planned,
    told: dict[str, Any],
    problems: list[str],
) -> dict[str, Any]:
    """Log what was not logged yet; what became of it, by name."""
    hypotheses: list[int] | None = None
    for each in planned.evidence:
        before = told.get(each.name, {"times": 0, "digest": ""})
        if before["digest"] == each.digest:
            continue
        if hypotheses is None:
            hypotheses = _hypotheses_of(issue.bet_id or 0)
        if each.problem or each.hypothesis > len(hypotheses):
            problems.append(each.problem or _no_hypothesis(each))
            continue
        event = _event(connection, issue, each, before["times"])
        try:
            with transaction.atomic():
                logged = record(OFFICE, hypotheses[each.hypothesis - 1], event)
        except (Invalid, Conflict) as refusal:
            problems.append(_said(refusal))
            continue
        evidence_id, times = logged.evidence.pk, before["times"] + 1
        told[each.name] = {"times": times, "digest": each.digest, "evidence": evidence_id}
    return told


def _event(
    connection: JiraConnection, issue: JiraIssue, planned: PlannedEvidence, times: int
) -> NewEvidence:
    name = f"{connection.host}/{issue.issue_id}/{planned.name}@{planned.digest}"
    return NewEvidence(
        kind="judgement",
        direction=planned.direction,
        strength=planned.strength,
        source=SOURCE,
        observed_at=planned.observed_at,
        # What is said, changed and then said again is another event.
        external_id=f"{name}.{times}" if times else name,
        note=planned.note,
        link=address_of(connection, issue.key),
    )


def _take_back(evidence_id: int, reason: str) -> None:
    try:
        with transaction.atomic():
            retract(OFFICE, evidence_id, reason)
    except Invalid:
        pass  # somebody here has taken it back already


def _hypotheses_of(bet_id: int) -> list[int]:
    bet = Bet.objects.get(pk=bet_id)
    return list(bet.hypotheses.order_by("id").values_list("id", flat=True))


def _no_hypothesis(planned: PlannedEvidence) -> str:
    return (
        f"It holds evidence on hypothesis {planned.hypothesis}, which its bet does not have yet. "
        "Add it to the bet, then try again."
    )


def _said(refusal: Invalid | Conflict) -> str:
    if isinstance(refusal, Conflict):
        return refusal.message
    return " ".join(
        f"{name.replace('_', ' ').capitalize()}: {text}" if name else text
        for name, text in refusal.fields.items()
    )
