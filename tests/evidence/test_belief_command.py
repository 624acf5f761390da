"""The command line: JSON in, JSON out, or one line that says what is wrong."""

import json
import subprocess
import sys
from copy import deepcopy
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from evidence.belief import judge
from evidence.belief.__main__ import main
from tests.evidence.test_belief_reading import DOCUMENT

ROOT = Path(__file__).parents[2]


def run(raw: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "evidence.belief", *arguments],
        input=raw,
        capture_output=True,
        cwd=ROOT,
        check=False,
        timeout=60,
    )


def answer_to(document: object) -> dict[str, Any]:
    done = run(json.dumps(document).encode())
    assert (done.returncode, done.stderr) == (0, b"")
    return json.loads(done.stdout)


def test_the_answer_has_the_keys_of_the_contract() -> None:
    answer = answer_to(DOCUMENT)
    (hypothesis,), (bet,) = answer["hypotheses"], answer["bets"]
    assert list(answer) == ["hypotheses", "bets"]
    assert list(hypothesis) == [
        "id",
        "belief",
        "judgement_db",
        "measurement_db",
        "freshness",
        "items",
        "kill",
    ]
    assert [list(item) for item in hypothesis["items"]] == [["id", "db", "belief_without"]] * 4
    assert list(bet) == ["id", "belief", "uncertainty", "weakest", "status"]


def test_the_command_line_says_what_the_function_says() -> None:
    assert answer_to(DOCUMENT) == json.loads(json.dumps(judge(DOCUMENT)))


def test_without_items_it_says_the_same_beliefs_and_nothing_else() -> None:
    document = deepcopy(DOCUMENT)
    other = document["hypotheses"][0] | {"id": "a price", "prior": 0.3}
    document["hypotheses"].append(other)
    document["bets"].append({"id": "b", "hypotheses": ["demand", "a price"]})
    done = run(json.dumps(document).encode(), "--without-items")
    assert (done.returncode, done.stderr) == (0, b"")
    answer, whole = json.loads(done.stdout), answer_to(document)
    for what, keys in (
        ("hypotheses", {"id", "belief", "judgement_db", "measurement_db"}),
        ("bets", {"id", "belief", "weakest"}),
    ):
        for found, expected in zip(answer[what], whole[what], strict=True):
            assert found.keys() == keys
            assert found == pytest.approx({key: expected[key] for key in keys}, abs=1e-9)


def test_the_worked_example_of_the_concepts_page_holds() -> None:
    page = (ROOT / "docs" / "concepts-belief.md").read_text()
    given = page.split("```json\n")[1].split("```")[0]
    answer = answer_to(json.loads(given))
    (hypothesis,), (bet,) = answer["hypotheses"], answer["bets"]
    for figure in (
        f"{hypothesis['judgement_db']:+.2f}",
        f"{hypothesis['measurement_db']:+.2f}",
        f"{hypothesis['belief']:.3f}",
        f"{hypothesis['freshness']:.2f}",
        f"{bet['uncertainty']:.2f}",
        *(f"{item['belief_without']:.3f}" for item in hypothesis["items"]),
    ):
        assert f"**{figure}**" in page
    assert bet["status"] == "intact"


def test_the_same_facts_in_another_order_give_the_same_bytes() -> None:
    document = deepcopy(DOCUMENT)
    other = document["hypotheses"][0] | {"id": "price"}
    document["hypotheses"].append(other)
    document["bets"].append({"id": "b", "hypotheses": ["price", "demand"]})
    turned = {
        "bets": document["bets"][::-1],
        "hypotheses": [
            each | {"evidence": each["evidence"][::-1]} for each in document["hypotheses"][::-1]
        ],
        "as_of": document["as_of"],
    }
    first, second = (run(json.dumps(each).encode()) for each in (document, turned))
    assert first.stdout == second.stdout != b""


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert run(b"\xef\xbb\xbf" + json.dumps(DOCUMENT).encode()).returncode == 0


GOOD = json.dumps(DOCUMENT)
REFUSED = {
    "nothing": (b"", "is not JSON at line 1 column 1"),
    "not JSON": (b'{"as_of": }', "is not JSON at line 1 column 11"),
    "two values": (b"{} {}", "Extra data"),
    "not UTF-8": (b'{"as_of": "\xff"}', "is not UTF-8 from byte 11 on"),
    "no object": (b"[1]", "document: value: is [1]"),
    "nested deeply": (b"[" * 200_000, "is nested too deeply"),
    "nested objects": (b'{"a":' * 200_000, "is nested too deeply"),
    "endless number": (b'{"as_of": ' + b"1" * 10_000 + b"}", "too many digits"),
    "NaN": (GOOD.replace("0.8", "NaN").encode(), 'item "said": reliability: is NaN'),
    "Infinity": (GOOD.replace("0.8", "1e999").encode(), "reliability: is Infinity"),
    "a key twice": (
        GOOD.replace('"prior": 0.5', '"prior": 0.5, "prior": 0.6').encode(),
        'hypothesis "demand": prior: stands twice',
    ),
    "an item's key twice": (
        GOOD.replace('"reliability"', '"strength": "weak", "reliability"').encode(),
        'item "said": strength: stands twice',
    ),
    "an id twice": (
        GOOD.replace('"id": "k"', '"id": "k", "id": "l"').encode(),
        "id: stands twice in one object",
    ),
    "no time": (
        GOOD.replace("2026-05-01T12:00:00+02:00", "May 2026").encode(),
        'hypothesis "demand", item "said": observed_at: is "May 2026"; give',
    ),
    "line breaks in an id": (
        GOOD.replace('"said"', '"sa\\nid\\u2028"').replace("0.8", "8").encode(),
        'item "sa\\nid\\u2028": reliability: is 8.0',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_ends_with_2_and_one_line(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, message = REFUSED[case]
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(raw)))
    assert main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.isascii()
    assert message in line


def test_what_the_process_ends_with_is_what_was_found() -> None:
    done = run(b'{"as_of": }')
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1


def test_an_argument_is_answered_with_how_to_use_it() -> None:
    done = run(b"", "hypotheses.json")
    assert done.returncode == 2
    assert done.stderr.decode().startswith("usage:")
    assert run(b"", "--help").returncode == 0


def test_the_engine_needs_no_django() -> None:
    code = "import sys, evidence.belief; print([m for m in sys.modules if m.startswith('django')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True, timeout=60
    )
    assert done.stdout.strip() == b"[]"
