"""What Jira says becomes text: documents, wiki mark-up, people, options; nothing breaks on it."""

from typing import Any

import pytest

from evidence.jira.text import LONGEST, clean, plain, short


def document(*nodes: Any) -> dict[str, Any]:
    """A document of these nodes."""
    return {"type": "doc", "version": 1, "content": list(nodes)}


def text(words: str, **more: Any) -> dict[str, Any]:
    """A piece of text."""
    return {"type": "text", "text": words, **more}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, ""),
        (True, "yes"),
        (8.0, "8"),
        (0.1, "0.1"),
        ({"value": "Validated", "id": "1"}, "Validated"),
        ({"value": "Payments", "child": {"value": "Cards"}}, "Payments – Cards"),
        ({"displayName": "Mia Krystof", "accountId": "x"}, "Mia Krystof"),
        ([{"name": "API"}, {"name": "Web"}, None], "API, Web"),
        ({"unheard": "of"}, ""),
        ("h2. Why\n{color:red}It{color} [pays|https://x.org] [~accountid:5b1]", None),
        ("a\x00b\ud800c\r\nd\x1b", "abc\nd"),
        ("<b>bold</b> & {{ 7*7 }}", "<b>bold</b> & {{ 7*7 }}"),
    ],
)
def test_a_value_as_text(value: Any, says: str | None) -> None:
    assert plain(value) == ("Why\nIt pays (https://x.org) @5b1" if says is None else says)


def test_a_document_as_text() -> None:
    link = {"type": "link", "attrs": {"href": "https://x.org"}}
    item = {"type": "listItem", "content": [{"type": "paragraph", "content": [text("One")]}]}
    said = document(
        {"type": "heading", "content": [text("Why")]},
        {
            "type": "paragraph",
            "content": [
                text("It "),
                text("pays", marks=[link]),
                {"type": "hardBreak"},
                {"type": "mention", "attrs": {"text": "@Mia"}},
            ],
        },
        {"type": "bulletList", "content": [item]},
        {"type": "unheardOf", "content": [{"type": "paragraph", "content": [text("still said")]}]},
    )
    assert plain(said) == "Why\nIt pays (https://x.org)\n@Mia\n- One\n\nstill said"


@pytest.mark.parametrize(
    "broken",
    [
        document(None, 7, "text", {"type": "text"}, {"type": "text", "marks": [None, 3]}),
        document({"type": ["a"], "content": {"no": "list"}, "attrs": []}),
        {"type": "doc"},
        {"value": {"value": {"value": {"value": {"value": "deep"}}}}},
    ],
)
def test_a_document_that_is_none_breaks_nothing(broken: Any) -> None:
    assert isinstance(plain(broken), str)


def test_depth_and_length_have_an_end() -> None:
    deep: dict[str, Any] = text("bottom")
    for _ in range(5_000):
        deep = {"type": "panel", "content": [deep]}
    assert "bottom" not in plain(document(deep))
    wide = document(*[{"type": "paragraph", "content": [text("x" * 90)]}] * 9_000)
    assert len(plain(wide)) <= LONGEST
    assert len(plain("[" * 200_000)) <= LONGEST


def test_one_line_of_at_most_so_many_characters() -> None:
    assert short("  a\n b  ", 10) == "a b"
    assert short("abcdefgh", 5) == "abcd…"
    assert clean("a\tb") == "a\tb"
