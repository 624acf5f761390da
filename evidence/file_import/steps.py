"""The steps of a file: handed in, taken apart, looked over, imported, and perhaps taken back.

People take the first, third and last step; a worker does what they leave owed. What is owed stands
in the status of the file, so that a lost message loses nothing. The worker may be killed at any
moment and begin again: an event that has been taken is known by its name.
"""

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from bets.edit import add_hypothesis, create_bet
from bets.models import Bet, ExternalKey, Hypothesis, Portfolio
from evidence.bulk import record_many
from evidence.days import moment_of
from evidence.file_import.mapping import Mapping as FileMapping
from evidence.file_import.mapping import plain_word, read_mapping, suggested
from evidence.file_import.plan import KnownBet, Plan, Planned, plan_of
from evidence.file_import.refused import COLUMNS_OF_ITS_OWN
from evidence.models import EvidenceImport, ImportedEvidence
from evidence.said import NewEvidence, event_of, read
from evidence.standing import CLOCKS_DIFFER_BY
from spm import celery, live, valkey
from spm.accounts.models import User
from spm.accounts.permissions import NotAllowed, require
from spm.errors import Conflict, Invalid
from spm.locks import only_one
from spm.sheets.apart import read_apart
from spm.sheets.grid import MOST_BYTES, Grid
from spm.sheets.problems import Problem, Unusable

TASK = "evidence.run_import"
LOCK_SPACE = 0x4556
ROWS_AT_ONCE = 500
Status = EvidenceImport.Status


# --- what people do -------------------------------------------------------------------------------


def hand_in(user: User, portfolio: Portfolio, filename: str, content: bytes) -> EvidenceImport:
    """Take a file in; a worker takes it apart.

    Raises:
        NotAllowed: they may log evidence on no bet of the portfolio.
        Invalid: there is nothing in it, or too much.
    """
    require(user, "log_evidence", portfolio.pk)
    if not content:
        raise Invalid({"file": "The file is empty."})
    if len(content) > MOST_BYTES:
        raise Invalid({"file": f"The file is larger than {MOST_BYTES // 1_000_000} MB: split it."})
    now = timezone.now()
    with transaction.atomic():
        file: EvidenceImport = EvidenceImport.objects.create(
            portfolio=portfolio,
            uploaded_by=user,
            uploaded_at=now,
            filename="".join(c for c in filename if c.isprintable())[-200:] or "file",
            content=content,
            owed_since=now,
        )
        _owe(file)
    return file


def choose(user: User, file: EvidenceImport, given: Mapping[str, Any]) -> dict[str, str]:
    """Keep what a person says about the columns; returns what is still wrong, by form field.

    Raises:
        NotAllowed: they may not log evidence here.
        Conflict: the file has been imported meanwhile.
    """
    require(user, "log_evidence", file.portfolio_id)
    mapping, wrong = read_mapping(given, grid_of(file))
    kept = EvidenceImport.objects.filter(pk=file.pk, status=Status.MAPPING).update(
        mapping=mapping.as_json()
    )
    if not kept:
        raise Conflict("The file does not wait to be looked over any more.", ["status"])
    file.mapping = mapping.as_json()
    return wrong


def begin(user: User, file: EvidenceImport) -> None:
    """Let a worker import the file as it is mapped.

    Raises:
        NotAllowed, Conflict: as for ``choose``.
        Invalid: something about the mapping is still wrong.
    """
    require(user, "log_evidence", file.portfolio_id)
    wrong = wrong_with(file)
    if wrong:
        raise Invalid(wrong)
    _turn(file, Status.MAPPING, Status.IMPORTING)


def undo(user: User, file: EvidenceImport) -> None:
    """Take back every event that came of the file, by retractions.

    Raises:
        NotAllowed: they may not log evidence here.
        Conflict: it is not imported, or has been taken back.
    """
    require(user, "log_evidence", file.portfolio_id)
    done = Status.STOPPED if file.status == Status.STOPPED else Status.DONE
    _turn(file, done, Status.UNDOING)


def _turn(file: EvidenceImport, before: str, after: str) -> None:
    """From one status to an owed one, once."""
    with transaction.atomic():
        turned = EvidenceImport.objects.filter(pk=file.pk, status=before).update(
            status=after, owed_since=timezone.now(), rows_done=0
        )
        if not turned:
            raise Conflict("Somebody else was quicker: look at where the file stands.", ["status"])
        _owe(file)
    file.refresh_from_db()


def _owe(file: EvidenceImport) -> None:
    """Tell the worker and open pages, once the debt is on disk."""
    live.say(file.portfolio_id, f"import:{file.pk}")
    transaction.on_commit(lambda: _ring(file.pk))


def _ring(import_id: int) -> None:
    with suppress(valkey.Away), valkey.asked():
        celery.ring(TASK, import_id)


# --- what a page shows ----------------------------------------------------------------------------


def grid_of(file: EvidenceImport) -> Grid:
    """The file's columns and rows."""
    return Grid.from_json(json.loads(zlib.decompress(bytes(file.grid or b""))))


def mapping_of(file: EvidenceImport) -> FileMapping:
    """What has been said about its columns so far."""
    return FileMapping(**file.mapping)


def wrong_with(file: EvidenceImport) -> dict[str, str]:
    """What keeps the mapping from being used, by form field."""
    grid = grid_of(file)
    return read_mapping(form_of(mapping_of(file), grid), grid)[1]


def form_of(mapping: FileMapping, grid: Grid) -> dict[str, str]:
    """A mapping as the form says it."""
    fields = {column: name for name, column in mapping.columns.items()}
    return {
        **{f"column.{n}": fields[c] for n, c in enumerate(grid.columns) if c in fields},
        **{f"constant.{name}": text for name, text in mapping.constants.items()},
        **{f"word.{word}": meaning for word, meaning in mapping.words.items()},
        "decimal": mapping.decimal,
        "day_first": "yes" if mapping.day_first else "no",
        "missing": mapping.missing,
    }


def plan_for(file: EvidenceImport) -> Plan:
    """Every row of the file as it would be taken now, with all that is wrong with it.

    The columns are planned without the database; what the door itself would refuse is asked of
    its own reader.
    """
    bets, keys, metrics = _known(file.portfolio_id)
    mapping = mapping_of(file)
    plan = plan_of(grid_of(file), mapping, bets, keys)
    latest = timezone.now() + CLOCKS_DIFFER_BY
    good: list[Planned] = []
    for planned in plan.planned:
        metric = metrics.get(planned.hypothesis or 0, "")
        try:
            read(event_for(planned), metric, latest)
        except Invalid as refusal:
            plan.problems.append(_problem(planned.line, refusal, mapping))
            continue
        good.append(planned)
    plan.planned = good
    plan.problems.sort(key=lambda problem: problem.line)
    return plan


def event_for(planned: Planned) -> NewEvidence:
    """The row as the door takes it."""
    fields = dict(planned.event)
    observed_on = fields.pop("observed_on", None)
    event = event_of(fields)
    return event if observed_on is None else replace(event, observed_at=moment_of(observed_on))


def _known(portfolio_id: int) -> tuple[list[KnownBet], dict[str, int], dict[int, str]]:
    """The bets of a portfolio, their keys, and what their hypotheses measure; three queries."""
    hypotheses: dict[int, dict[str, int]] = {}
    metrics: dict[int, str] = {}
    rows = Hypothesis.objects.filter(bet__portfolio_id=portfolio_id).order_by("id")
    for pk, bet_id, statement, metric in rows.values_list("pk", "bet_id", "statement", "metric"):
        hypotheses.setdefault(bet_id, {}).setdefault(plain_word(statement), pk)
        metrics[pk] = metric
    titles = Bet.objects.filter(portfolio_id=portfolio_id).order_by("id").values_list("pk", "title")
    bets = [KnownBet(pk, title, hypotheses.get(pk, {})) for pk, title in titles]
    keys = ExternalKey.objects.filter(portfolio_id=portfolio_id).values_list("key", "bet_id")
    return bets, dict(keys), metrics


_FIELD_OF = {"observed_at": "observed_on"}


def _problem(line: int, refusal: Exception, mapping: FileMapping) -> Problem:
    """What the door says of a row, by the column that it comes from."""
    if not isinstance(refusal, Invalid):
        return Problem(line, "", str(refusal), whole_row=True)
    name, text = next(iter(refusal.fields.items()))
    name = _FIELD_OF.get(name, name)
    return Problem(line, mapping.columns.get(name, name.replace("_", " ")), text, whole_row=True)


# --- what the worker does -------------------------------------------------------------------------


def run_owed(import_id: int) -> None:
    """Do what is owed of a file, unless another worker is at it."""
    with only_one(LOCK_SPACE, import_id) as mine:
        while mine:
            file = EvidenceImport.objects.filter(pk=import_id, status__in=EvidenceImport.OWED)
            found = file.select_related("portfolio", "uploaded_by").first()
            if found is None:
                return
            try:
                _WORK[found.status](found)
            except NotAllowed as refusal:  # they may no more what they might when they began
                _end(found, Status.STOPPED, fault=str(refusal), taken=found.imported.count())


def _take_apart(file: EvidenceImport) -> None:
    try:
        grid = read_apart(bytes(file.content or b""))
    except Unusable as fault:
        _end(file, Status.UNUSABLE, fault=str(fault), content=None)
        return
    shape = shape_of(grid)
    before = EvidenceImport.objects.filter(portfolio=file.portfolio_id, shape=shape)
    remembered = before.exclude(mapping={}).values_list("mapping", flat=True).first()
    _end(
        file,
        Status.MAPPING,
        content=None,
        grid=zlib.compress(json.dumps(grid.as_json()).encode()),
        shape=shape,
        rows=len(grid.rows) + len(grid.problems),
        recognised={
            "kind": grid.kind,
            "encoding": grid.encoding,
            "separator": grid.separator,
            "sheet": grid.sheet,
            "header": list(grid.header),
            "is_remembered": remembered is not None,
        },
        mapping=remembered or suggested(grid).as_json(),
    )


def shape_of(grid: Grid) -> str:
    """The digest of the file's columns, but for those that a list of refused rows adds."""
    names = [name for name in grid.columns if name not in COLUMNS_OF_ITS_OWN]
    return sha256(repr(names).encode()).hexdigest()


def _import(file: EvidenceImport) -> None:
    plan = plan_for(file)
    planned, refused = _with_bets_made(file, plan)
    problems = [*plan.problems, *refused]
    for start in range(0, len(planned), ROWS_AT_ONCE):
        part = planned[start : start + ROWS_AT_ONCE]
        problems += _taken(file, part)
        _progress(file, file.rows - len(planned) + start + len(part))
    problems.sort(key=lambda problem: problem.line)
    lines = {problem.line for problem in problems}
    taken = file.imported.count()
    _end(
        file,
        Status.DONE,
        rows_done=file.rows,
        taken=taken,
        repeated=sum(each.line not in lines for each in planned) - taken,
        silent=len(plan.silent),
        problems=[
            {"line": problem.line, "column": problem.column, "reason": problem.reason}
            for problem in problems
        ],
        finished_at=timezone.now(),
    )


def _with_bets_made(file: EvidenceImport, plan: Plan) -> tuple[list[Planned], list[Problem]]:
    """The planned rows with a hypothesis each; bets that there are not yet are made first."""
    made: dict[str, int] = {}
    refused: dict[str, str] = {}
    for title, statement in plan.new_bets.items():
        try:
            made[plain_word(title)] = _make(file, title, statement)
        except (Invalid, NotAllowed) as refusal:
            refused[plain_word(title)] = f"the bet could not be made: {refusal}"
    ready: list[Planned] = []
    problems: list[Problem] = []
    for planned in plan.planned:
        word = plain_word(planned.bet)
        if planned.hypothesis is None and word in refused:
            problems.append(Problem(planned.line, "", refused[word], whole_row=True))
        else:
            ready.append(replace(planned, hypothesis=planned.hypothesis or made[word]))
    return ready, problems


@transaction.atomic
def _make(file: EvidenceImport, title: str, statement: str) -> int:
    bet = create_bet(file.uploaded_by, file.portfolio, {"title": title})
    hypothesis = add_hypothesis(file.uploaded_by, bet.pk, {"statement": statement})
    EvidenceImport.objects.filter(pk=file.pk).update(new_bets=F("new_bets") + 1)
    return hypothesis.pk


@transaction.atomic
def _taken(file: EvidenceImport, part: Sequence[Planned]) -> list[Problem]:
    """Take some rows and remember that they came of this file; the problems of those refused."""
    events = [(each.hypothesis or 0, event_for(each)) for each in part]
    outcomes = record_many(file.uploaded_by, file.portfolio, events)
    both = list(zip(part, outcomes, strict=True))
    ImportedEvidence.objects.bulk_create(
        ImportedEvidence(file=file, line=each.line, evidence=outcome.evidence)
        for each, outcome in both
        if outcome.created
    )
    mapping = mapping_of(file)
    return [
        _problem(each.line, outcome.refusal, mapping)
        for each, outcome in both
        if outcome.refusal is not None
    ]


def _take_back(file: EvidenceImport) -> None:
    note = f"Taken back with the whole file ‘{file.filename}’."
    rows = list(file.imported.order_by("id").values_list("evidence_id", "evidence__hypothesis_id"))
    for start in range(0, len(rows), ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        events = [
            (
                hypothesis_id,
                NewEvidence(
                    kind="retraction",
                    retracts=evidence_id,
                    note=note,
                    external_id=f"undo:{file.pk}:{evidence_id}",
                ),
            )
            for evidence_id, hypothesis_id in part
        ]
        # What somebody has taken back by hand before stays taken back.
        record_many(file.uploaded_by, file.portfolio, events)
        _progress(file, start + len(part))
    _end(file, Status.UNDONE, finished_at=timezone.now())


def _progress(file: EvidenceImport, rows_done: int) -> None:
    EvidenceImport.objects.filter(pk=file.pk).update(rows_done=min(rows_done, file.rows))
    live.say(file.portfolio_id, f"import:{file.pk}")


def _end(file: EvidenceImport, status: str, **columns: Any) -> None:
    """The next status, unless somebody has taken the file elsewhere meanwhile."""
    with transaction.atomic():
        rows = EvidenceImport.objects.filter(pk=file.pk, status=file.status)
        rows.update(status=status, owed_since=None, **columns)
        live.say(file.portfolio_id, f"import:{file.pk}")


_WORK: dict[str, Callable[[EvidenceImport], None]] = {
    Status.READING: _take_apart,
    Status.IMPORTING: _import,
    Status.UNDOING: _take_back,
}
