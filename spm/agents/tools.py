"""The tools: which requests of the API each of them makes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from spm.agents.described import FEWER_FIELDS, Described, Schema
from spm.agents.door import Door

Arguments = dict[str, Any]
Fields = dict[str, Any]

BETS = "/api/v1/bets"
THESIS = "/api/v1/bets/{bet_id}/thesis"
EVIDENCE = "/api/v1/evidence"
PROPOSAL = "/api/v1/proposals/{proposal_id}"
IN_WORDS = f"{PROPOSAL}/in-words"
INSIDE = f"{PROPOSAL}/inside-mandate"
PART = f"{PROPOSAL}/part"
APPROVE = f"{PROPOSAL}/approve"
REFUSE = f"{PROPOSAL}/refuse"

#: Bets on a page, where none is asked for: each is a kilobyte or two to read.
PAGE_SIZE = 20
ID: Schema = {"type": "integer", "minimum": 1}
ONCE: Schema = {
    "type": "string",
    "pattern": "^[!-~]{1,255}$",
    "description": "A name of yours for this call. The same call under the same name has one "
    "effect, for 24 hours, however often it is sent.",
}


class Misused(Exception):
    """An argument of the tool's own is missing or has no such form; the text says which."""


@dataclass(frozen=True)
class Tool:
    """One tool.

    ``arguments`` and ``answer`` say its forms; ``act`` makes the requests and returns, by the
    names in ``answer``, what they answered.
    """

    name: str
    title: str
    text: str
    arguments: Callable[[Described], Schema]
    answer: Callable[[Described], dict[str, Schema]]
    act: Callable[[Door, Arguments], Awaitable[Fields]]
    reads_only: bool = True
    may_destroy: bool = False


def id_of(given: Arguments, name: str) -> int:
    """Take the id of a row out of the arguments.

    Raises:
        Misused: it is not there, or no whole number above zero.
    """
    value = given.pop(name, None)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise Misused(f"{name}: give the id, a whole number above zero.")
    return value


def text_of(given: Arguments, name: str) -> str:
    """Take a text that may be left out; raises Misused."""
    value = given.pop(name, "")
    if not isinstance(value, str):
        raise Misused(f"{name}: give a text.")
    return value


def nullable(form: Schema) -> Schema:
    """The form, or null."""
    return {"oneOf": [form, {"type": "null"}]}


async def list_bets(door: Door, given: Arguments) -> Fields:
    """A page of bets."""
    if FEWER_FIELDS in given:
        raise Misused(f"{FEWER_FIELDS}: there is no such argument; all fields are answered.")
    query = {"page_size": PAGE_SIZE, **given}
    page = await door.get("/bets", {name: _in_address(value) for name, value in query.items()})
    onward = parse_qs(urlsplit(page["next"] or "").query).get("cursor", [None])
    return {"bets": page["results"], "next_cursor": onward[0]}


async def read_thesis(door: Door, given: Arguments) -> Fields:
    """The thesis of one bet."""
    bet = id_of(given, "bet")
    _nothing_else(given)
    return {"thesis": await door.get(f"/bets/{bet}/thesis")}


async def log_evidence(door: Door, given: Arguments) -> Fields:
    """One event, by its sender's own name."""
    if not given.get("external_id"):
        raise Misused(
            "external_id: give your own name for the event, so that the same event sent again is "
            "known and counts once."
        )
    return {"recorded": (await door.post("/evidence", given)).body}


async def read_open_proposal(door: Door, given: Arguments) -> Fields:
    """One proposal in figures and words; the newest that is open if none is named."""
    wanted = id_of(given, "proposal") if "proposal" in given else None
    _nothing_else(given)
    page = await door.get("/proposals", {"status": "open"})
    still_open = [row["id"] for row in page["results"]]
    number = wanted or next(iter(still_open), None)
    others = [each for each in still_open if each != number]
    if number is None:
        return {"proposal": None, "in_words": None, "inside_mandate": None, "also_open": []}
    return {
        "proposal": await door.get(f"/proposals/{number}"),
        "in_words": await door.get(f"/proposals/{number}/in-words"),
        "inside_mandate": await door.get(f"/proposals/{number}/inside-mandate"),
        "also_open": others,
    }


async def work_out_part(door: Door, given: Arguments) -> Fields:
    """What a part of a proposal would mean."""
    number = id_of(given, "proposal")
    return {"part": (await door.post(f"/proposals/{number}/part", given)).body}


async def approve_proposal(door: Door, given: Arguments) -> Fields:
    """Approve the whole or a part."""
    number, name = id_of(given, "proposal"), text_of(given, "idempotency_key")
    answer = await door.post(f"/proposals/{number}/approve", given, name)
    waits = answer.status == 202
    return {"decision": None if waits else answer.body, "waiting": answer.body if waits else None}


async def refuse_proposal(door: Door, given: Arguments) -> Fields:
    """Refuse it."""
    number, name = id_of(given, "proposal"), text_of(given, "idempotency_key")
    return {"decision": (await door.post(f"/proposals/{number}/refuse", given, name)).body}


def _in_address(value: Any) -> str:
    return str(value) if not isinstance(value, bool) else str(value).lower()


def _nothing_else(given: Arguments) -> None:
    if given:
        raise Misused(f"{next(iter(given))}: there is no such argument.")


def _filters(described: Described) -> dict[str, Schema]:
    fields = described.query(BETS)
    return {**fields, "page_size": {**fields["page_size"], "default": PAGE_SIZE}}


def _evidence(described: Described) -> Schema:
    body = described.body(EVIDENCE)
    return described.arguments(body["properties"], [*body["required"], "external_id"])


def _about_proposal(path: str) -> Callable[[Described], Schema]:
    def arguments(described: Described) -> Schema:
        body = described.body(path, without="signature")
        fields = {"proposal": ID, **body["properties"]}
        if path != PART:
            fields["idempotency_key"] = ONCE
        return described.arguments(fields, ["proposal", *body["required"]])

    return arguments


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "list_bets",
            "List bets",
            "The bets of the portfolio, newest first, with belief, money and terms. Filters "
            "narrow the list; next_cursor leads to the next page and is null on the last. Money "
            "is currency per month, as text.",
            lambda described: described.arguments(_filters(described), []),
            lambda described: {
                "bets": described.rows(BETS),
                "next_cursor": {
                    "type": ["string", "null"],
                    "pattern": "^[A-Za-z0-9_-]{1,28}$",
                },
            },
            list_bets,
        ),
        Tool(
            "read_thesis",
            "Read the thesis of a bet",
            "One bet as a whole: its hypotheses with beliefs (0 to 1) and kill criteria, the "
            "newest evidence with its weight in decibans, its money, the bets that it needs, and "
            "what it lacks for the next stage.",
            lambda described: described.arguments({"bet": ID}, ["bet"]),
            lambda described: {"thesis": described.answer(THESIS)},
            read_thesis,
        ),
        Tool(
            "log_evidence",
            "Log evidence",
            "Say what was learned about a hypothesis. It is appended for good and moves the "
            "belief; the answer holds the beliefs before and after. The same external_id of the "
            "same source is one event however often it is sent; another content under it is "
            "refused. Needs a key with the scope 'evidence'.",
            _evidence,
            lambda described: {"recorded": described.answer(EVIDENCE, "post", "201")},
            log_evidence,
            reads_only=False,
        ),
        Tool(
            "read_open_proposal",
            "Read the open proposal",
            "The open reallocation proposal in figures and in words: each change with what is "
            "freed, what stays entangled, notice, exit cost and gain; guardrails before and "
            "after. may_not_decide says why this key may not decide the whole, and is empty if it "
            "may; inside_mandate says which part lies in a mandate of the key or its owner. All "
            "is null where none is open. also_open are further open ones, to be read by "
            "'proposal'.",
            lambda described: described.arguments({"proposal": ID}, []),
            lambda described: {
                "proposal": nullable(described.answer(PROPOSAL)),
                "in_words": nullable(described.answer(IN_WORDS)),
                "inside_mandate": nullable(described.answer(INSIDE)),
                "also_open": {"type": "array", "items": ID},
            },
            read_open_proposal,
        ),
        Tool(
            "work_out_part",
            "Work out a part of a proposal",
            "What it would mean to approve only a part: bets that are left out stay as they are, "
            "amounts say what a bet shall hold afterwards. Changes nothing. An approval of the "
            "part names the sha256 of this answer; obstacles says why it cannot be approved.",
            _about_proposal(PART),
            lambda described: {"part": described.answer(PART, "post")},
            work_out_part,
        ),
        Tool(
            "approve_proposal",
            "Approve a proposal or a part of it",
            "Books the moves, for good, if they lie inside a mandate of the key or of its owner. "
            "Name the version and content_sha256 that you have read, and for a part the part and "
            "its part_sha256. What lies outside is refused, with the limit that it exceeds. Above "
            "a sum it takes two people: then 'waiting' says so and nothing is booked yet. Needs a "
            "key with the scope 'decide'.",
            _about_proposal(APPROVE),
            lambda described: {
                "decision": nullable(described.answer(APPROVE, "post")),
                "waiting": nullable(described.answer(APPROVE, "post", "202")),
            },
            approve_proposal,
            reads_only=False,
            may_destroy=True,
        ),
        Tool(
            "refuse_proposal",
            "Refuse a proposal",
            "Closes the proposal without moving anything; the reason is kept. It takes the same "
            "right as approving the whole. Needs a key with the scope 'decide'.",
            _about_proposal(REFUSE),
            lambda described: {"decision": described.answer(REFUSE, "post")},
            refuse_proposal,
            reads_only=False,
            may_destroy=True,
        ),
    )
}
