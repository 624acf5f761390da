"""What Jira says, as plain text: documents (ADF), wiki mark-up, people, options, lists.

Nothing from Jira is ever shown as HTML, so mark-up only has to become readable, not exact.
"""

import re
from collections.abc import Iterator
from typing import Any

LONGEST = 20_000
DEEPEST = 40
MOST_NODES = 5_000

#: By which a value with parts is called, the first that it has.
NAMES = ("displayName", "value", "name", "summary", "key", "emailAddress")
_BLOCKS = {
    "paragraph", "heading", "blockquote", "codeBlock", "listItem", "tableRow", "rule", "panel",
    "mediaSingle", "taskItem", "decisionItem",
}  # fmt: skip
_WIKI = (
    (re.compile(r"\{(?:code|noformat|quote|panel|color)(?::[^}\n]{0,200})?\}"), ""),
    (re.compile(r"\[~(?:accountid:)?([^\]\n]{1,200})\]"), r"@\1"),
    (re.compile(r"\[([^\]|\n]{1,500})\|([^\]|\n]{1,500})(?:\|[^\]\n]{0,100})?\]"), r"\1 (\2)"),
    (re.compile(r"^h[1-6]\.[ \t]+", re.MULTILINE), ""),
)


def plain(value: Any) -> str:
    """Any value of a field as text, at most ``LONGEST`` characters; nothing where there is none."""
    return clean(_plain(value))[:LONGEST].strip()


def clean(text: str) -> str:
    """Text without what cannot be stored or shown: control characters, half surrogate pairs."""
    ended = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in ended if (c >= " " and not "\ud800" <= c <= "\udfff") or c in "\n\t")


def short(text: str, longest: int) -> str:
    """One line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _plain(value: Any, depth: int = 0) -> str:
    if value is None or depth > 3:
        return ""
    if isinstance(value, str):
        return _from_wiki(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:.15g}" if isinstance(value, float) else str(value)[:50]
    if isinstance(value, list):
        return ", ".join(filter(None, (_plain(each, depth + 1) for each in value[:200])))
    if isinstance(value, dict):
        if value.get("type") == "doc":
            return _from_document(value)
        name = next((value[each] for each in NAMES if value.get(each)), "")
        child = _plain(value["child"], depth + 1) if isinstance(value.get("child"), dict) else ""
        return f"{_plain(name, depth + 1)} – {child}" if child else _plain(name, depth + 1)
    return ""


def _from_wiki(text: str) -> str:
    """Wiki mark-up without its signs, as far as they stand in the way of reading."""
    plain_text = text[: 2 * LONGEST]
    for pattern, instead in _WIKI:
        plain_text = pattern.sub(instead, plain_text)
    return plain_text


def _from_document(document: dict[str, Any]) -> str:
    """The text of a document (Atlassian Document Format); unknown nodes give theirs too."""
    budget = [MOST_NODES]
    text = "".join(_pieces(document, 0, budget))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _pieces(node: Any, depth: int, budget: list[int]) -> Iterator[str]:
    budget[0] -= 1
    if not isinstance(node, dict) or depth > DEEPEST or budget[0] < 0:
        return
    kind, given = str(node.get("type")), node.get("attrs")
    attributes: dict[str, Any] = given if isinstance(given, dict) else {}
    if kind == "text":
        yield str(node.get("text") or "")
        yield from _target(node)
    elif kind == "hardBreak":
        yield "\n"
    elif kind in ("mention", "emoji", "status", "placeholder"):
        yield str(attributes.get("text") or attributes.get("shortName") or "")
    elif kind in ("inlineCard", "blockCard", "embedCard"):
        yield str(attributes.get("url") or "")
    elif kind == "listItem":
        yield "- "
    children = node.get("content")
    for child in children if isinstance(children, list) else []:
        yield from _pieces(child, depth + 1, budget)
    if kind in ("tableCell", "tableHeader"):
        yield "\t"
    if kind in _BLOCKS:
        yield "\n"


def _target(node: dict[str, Any]) -> Iterator[str]:
    """Where a piece of text leads, if it does and does not say so itself."""
    marks = node.get("marks")
    for mark in marks if isinstance(marks, list) else []:
        if not isinstance(mark, dict) or mark.get("type") != "link":
            continue
        attributes = mark.get("attrs")
        address = attributes.get("href") if isinstance(attributes, dict) else None
        if address and address != node.get("text"):
            yield f" ({address})"
