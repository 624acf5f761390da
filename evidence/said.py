"""What somebody says in a piece of evidence, read strictly: every field, and what goes together."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from bets.models.thesis import Metric
from evidence.models import EvidenceKind, Strength
from spm import reading
from spm.errors import Invalid
from spm.reading import Fields, Reader, optional, or_default

LONGEST_NOTE = 5_000
LONGEST_SOURCE = 120
LARGEST_FIGURE = 1e100
SMALLEST_SCALE = 1e-100
LARGEST_COUNT = 10**12
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)

_is_address = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True, kw_only=True)
class NewEvidence:
    """One event as it is handed in; figures may be numbers or their text.

    ``source`` is the name of a source, ``reliability`` None for that of the source,
    ``observed_at`` None for now, ``external_id`` the sender's own name for the event, by which a
    second delivery is known. ``retracts`` is the id of the evidence that is taken back.
    """

    kind: Any
    direction: Any = None
    strength: Any = None
    likelihood_ratio: Any = None
    successes: Any = None
    trials: Any = None
    mean: Any = None
    standard_deviation: Any = None
    sample_size: Any = None
    retracts: Any = None
    source: Any = None
    reliability: Any = None
    observed_at: Any = None
    external_id: Any = None
    note: Any = ""
    link: Any = ""


FIELDS = tuple(field.name for field in fields(NewEvidence))


@dataclass(frozen=True)
class Said:
    """What an event says, as values of the columns of ``Evidence``.

    ``source`` is still a name; ``reliability`` and ``observed_at`` are None where they were left
    open.
    """

    columns: dict[str, Any]
    source: str | None
    reliability: float | None
    observed_at: datetime | None
    external_id: str | None


def event_of(given: Mapping[str, Any]) -> NewEvidence:
    """An event from the fields of a request.

    Raises:
        Invalid: there is no kind, or a field that does not exist.
    """
    wrong = {
        str(name): "There is no such field. These can be given: " + ", ".join(FIELDS) + "."
        for name in given
        if name not in FIELDS
    }
    if "kind" not in given:
        wrong["kind"] = "Say which kind of evidence it is: " + ", ".join(EvidenceKind.values) + "."
    if wrong:
        raise Invalid(wrong)
    return NewEvidence(**given)


def read(event: NewEvidence, metric: str, latest: datetime | None) -> Said:
    """Read an event on a hypothesis that measures ``metric``.

    Args:
        event: what was handed in.
        metric: 'proportion', 'mean' or nothing.
        latest: the latest moment at which it can have been observed; None for any.

    Raises:
        Invalid: a field cannot be taken, lacks, or does not belong to this kind of evidence.
    """
    given = {name: value for name, value in vars(event).items() if value is not None}
    given.setdefault("kind", None)
    found = Fields(given, _READERS)
    for name in given:
        found.read(name, _READERS[name])
    values = {**_NOTHING, **found.values}
    if "kind" not in found.wrong:
        _require_what_belongs(values, metric, found.wrong)
    observed_at = values["observed_at"]
    if observed_at is not None:
        _require_sensible_moment(observed_at, latest, found.wrong)
    found.done()
    return Said(
        # Text columns hold nothing as the empty text.
        columns={name: values[name] for name in _FIGURES}
        | {name: values[name] or "" for name in _TEXTS},
        source=values["source"] or None,
        reliability=values["reliability"],
        observed_at=observed_at,
        external_id=values["external_id"] or None,
    )


# --- fields ---------------------------------------------------------------------------------------


def _reliability(value: Any, field: str) -> float:
    share: float = reading.number(0, 1)(value, field)
    if share == 0:
        raise Invalid({field: "Write a share above 0 and up to 1; 0 would say nothing at all."})
    return share


def _ratio(value: Any, field: str) -> float:
    ratio: float = reading.number(0, LARGEST_FIGURE)(value, field)
    if ratio == 0:
        raise Invalid({field: "Write a ratio above 0: above 1 speaks for it, below 1 against it."})
    return ratio


def _link(value: Any, field: str) -> str:
    address: str = reading.text(500)(value, field)
    if not address:
        return ""
    try:
        _is_address(address)
    except ValidationError:
        problem = "Write a whole address that begins with http:// or https://."
        raise Invalid({field: problem}) from None
    return address


_READERS: dict[str, Reader] = {
    "kind": reading.one_of(EvidenceKind.values),
    "direction": optional(reading.one_of(["for", "against"])),
    "strength": optional(reading.one_of(Strength.values)),
    "likelihood_ratio": optional(_ratio),
    "successes": optional(reading.whole(0, LARGEST_COUNT)),
    "trials": optional(reading.whole(1, LARGEST_COUNT)),
    "mean": optional(reading.number(-LARGEST_FIGURE, LARGEST_FIGURE)),
    "standard_deviation": optional(reading.number(SMALLEST_SCALE, LARGEST_FIGURE)),
    "sample_size": optional(reading.whole(1, LARGEST_COUNT)),
    "retracts": optional(reading.whole(1, reading.LARGEST_ID)),
    "source": optional(reading.text(LONGEST_SOURCE)),
    "reliability": optional(_reliability),
    "observed_at": optional(reading.moment),
    "external_id": optional(reading.text(255)),
    "note": or_default(reading.text(LONGEST_NOTE), ""),
    "link": or_default(_link, ""),
}

_NOTHING = dict.fromkeys(FIELDS)
_PROPORTION = ("successes", "trials")
_MEAN = ("mean", "standard_deviation", "sample_size")
_OF_KIND = {
    EvidenceKind.JUDGEMENT: ("direction", "strength"),
    EvidenceKind.RATIO: ("likelihood_ratio",),
    EvidenceKind.RETRACTION: ("retracts",),
}
_FIGURES = ("likelihood_ratio", *_PROPORTION, *_MEAN, "retracts")
_TEXTS = ("kind", "direction", "strength", "note", "link")
_OF_SOME_KIND = ("direction", "strength", *_FIGURES)


# --- what goes together ---------------------------------------------------------------------------


def _require_what_belongs(values: dict[str, Any], metric: str, wrong: dict[str, str]) -> None:
    kind = values["kind"]
    if kind == EvidenceKind.MEASUREMENT and not metric:
        problem = "This hypothesis measures nothing: log a judgement, or give it an indicator."
        wrong.setdefault("kind", problem)
        return
    if kind == EvidenceKind.MEASUREMENT:
        needed: tuple[str, ...] = _PROPORTION if metric == Metric.PROPORTION else _MEAN
    else:
        needed = _OF_KIND[kind]
    for name in _OF_SOME_KIND:
        if (values[name] is None) is (name not in needed):
            continue
        label = EvidenceKind(kind).label.lower()
        if name in needed:
            wrong.setdefault(name, f"A {label} here needs: {_listed(needed)}.")
        else:
            wrong.setdefault(name, f"A {label} here needs {_listed(needed)}: leave this out.")
    successes, trials = values["successes"], values["trials"]
    if successes is not None and trials is not None and successes > trials:
        wrong.setdefault("successes", f"Write at most the number of trials, {trials}.")
    if kind == EvidenceKind.RETRACTION and not values["note"]:
        wrong.setdefault("note", "Say why it is taken back; the reason stays on record.")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _require_sensible_moment(
    observed_at: datetime, latest: datetime | None, wrong: dict[str, str]
) -> None:
    if observed_at < EARLIEST:
        wrong.setdefault("observed_at", f"Write a time after {EARLIEST:%Y}.")
    elif latest is not None and observed_at > latest:
        wrong.setdefault(
            "observed_at",
            f"This lies in the future (it is {latest:%Y-%m-%d %H:%M} UTC at most): evidence is "
            "logged once it has been observed.",
        )
