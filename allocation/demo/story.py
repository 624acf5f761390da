"""Reading the demo's story: a TOML file into dataclasses."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STORY = Path(__file__).parent / "halden.toml"

_EVENT = re.compile(r"(?P<days>\d+) (?P<said>\S+( (weak|moderate|strong|decisive))?) (?P<rest>.+)")
_PROPORTION = re.compile(r"(?P<successes>\d+)/(?P<trials>\d+)")
_MOVE = re.compile(r"(?P<days>\d+) (?P<stage>[a-z]+)((?P<over>!|:) (?P<words>.+))?")
_MEAN = re.compile(r"(?P<mean>[\d.]+)±(?P<deviation>[\d.]+)/(?P<size>\d+)")


@dataclass(frozen=True)
class Event:
    """One piece of evidence, so many days ago."""

    days_ago: int
    source: str
    note: str
    said: dict[str, Any]


@dataclass(frozen=True)
class Move:
    """One move of a card, so many days ago; ``override`` says why a limit was gone over."""

    days_ago: int
    stage: str
    note: str = ""
    override: str = ""


@dataclass(frozen=True)
class Story:
    """The whole file; amounts in thousands a month, as written there."""

    portfolio: dict[str, Any]
    envelopes: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    capacities: list[dict[str, Any]]
    themes: list[dict[str, Any]]
    streams: list[dict[str, Any]]
    teams: list[dict[str, Any]]
    fungibility: dict[str, dict[str, float]]
    guardrails: list[dict[str, Any]]
    mandates: list[dict[str, Any]]
    wip_limits: list[dict[str, Any]]
    bets: list[dict[str, Any]] = field(default_factory=list)


def read(path: Path = STORY) -> Story:
    """The story of a file."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return Story(
        portfolio={name: value for name, value in document.items() if not _is_part(value)},
        envelopes=document["envelope"],
        decisions=document["decision"],
        capacities=document["capacity"],
        themes=document["theme"],
        streams=document["stream"],
        teams=document["team"],
        fungibility=document["fungibility"],
        guardrails=document["guardrail"],
        mandates=document["mandate"],
        wip_limits=document["wip"],
        bets=document["bet"],
    )


def _is_part(value: Any) -> bool:
    return isinstance(value, dict | list)


def event(text: str) -> Event:
    """An event as the file writes it: '40 12/100 Source: note', '40 against strong Source'.

    Raises:
        ValueError: it is written otherwise.
    """
    found = _EVENT.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not: days ago, what was seen, source and perhaps ': note'.")
    source, _, note = found["rest"].partition(": ")
    return Event(int(found["days"]), source, note, _said(found["said"], text))


def move(text: str) -> Move:
    """A move as the file writes it: '430 scaling', '430 scaling: why', '210 testing! override'.

    Raises:
        ValueError: it is written otherwise.
    """
    found = _MOVE.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not: days ago, a stage, and perhaps ': why' or '! why'.")
    words = found["words"] or ""
    is_override = found["over"] == "!"
    return Move(
        int(found["days"]),
        found["stage"],
        note="" if is_override else words,
        override=words if is_override else "",
    )


def _said(said: str, text: str) -> dict[str, Any]:
    if proportion := _PROPORTION.fullmatch(said):
        return {
            "kind": "measurement",
            "successes": int(proportion["successes"]),
            "trials": int(proportion["trials"]),
        }
    if mean := _MEAN.fullmatch(said):
        return {
            "kind": "measurement",
            "mean": float(mean["mean"]),
            "standard_deviation": float(mean["deviation"]),
            "sample_size": int(mean["size"]),
        }
    direction, _, strength = said.partition(" ")
    if direction in {"for", "against"} and strength:
        return {"kind": "judgement", "direction": direction, "strength": strength}
    raise ValueError(f"'{text}': neither 12/100, nor 41.2±14/20, nor 'against strong'.")
