"""Where a bet's thesis stands at a moment, and at which moments it broke or was revived.

Pure: from a history to figures. ``evidence.beliefs`` writes them down.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bets.models.bet import ThesisStatus
from evidence import belief as engine
from evidence.belief import HypothesisBelief, Id
from evidence.history import BetHistory

#: How far another machine's clock may be ahead of ours.
CLOCKS_DIFFER_BY = timedelta(minutes=5)


@dataclass(frozen=True)
class Standing:
    """What the evidence says of one bet at one moment.

    ``belief`` is that of the thesis, None while there is no hypothesis; ``decibans`` the weight of
    all evidence that counts, over all hypotheses; ``newest`` when the newest of it was observed.
    """

    as_of: datetime
    hypotheses: dict[Id, HypothesisBelief]
    belief: float | None
    status: str
    decibans: float
    newest: datetime | None
    kill: tuple[Id, ...]

    @property
    def is_broken(self) -> bool:
        """Whether the thesis is broken."""
        return self.status == ThesisStatus.BROKEN


@dataclass(frozen=True)
class Turn:
    """A thesis broke or was revived: ``evidence`` is the item observed then, if one was."""

    kind: str
    at: datetime
    belief: float
    kill: tuple[Id, ...]
    evidence: int | None


def moment_for(history: BetHistory, as_of: datetime) -> datetime:
    """The moment to judge at: ``as_of``, or a little later if a sender's clock is ahead of ours.

    Otherwise what they have just observed would count only minutes after they were told that it
    was taken.
    """
    latest = as_of + CLOCKS_DIFFER_BY
    return max((at for at in history.observed() if as_of < at <= latest), default=as_of)


def standing_of(history: BetHistory, as_of: datetime) -> Standing:
    """Where the thesis stands at ``as_of``.

    A thesis of which nothing has been learnt is untested, however improbable its priors make it:
    only evidence and kill criteria break one.
    """
    found = {
        identifier: engine.hypothesis_belief(hypothesis, as_of, attribution=False)
        for identifier, hypothesis in history.hypotheses.items()
    }
    newest = max((each.newest for each in found.values() if each.newest), default=None)
    kill = tuple(criterion for each in found.values() for criterion in each.kill)
    thesis = None
    if history.bet is not None:
        thesis = engine.thesis_belief(history.bet, history.hypotheses, as_of, found)
    is_tested = newest is not None or bool(kill)
    return Standing(
        as_of=as_of,
        hypotheses=found,
        belief=thesis.belief if thesis else None,
        status=thesis.status if thesis and is_tested else ThesisStatus.UNTESTED,
        decibans=sum(each.judgement_decibans + each.measurement_decibans for each in found.values())
        + 0.0,
        newest=newest,
        kill=kill,
    )


def turns_of(asked: Iterable[tuple[BetHistory, Standing]]) -> Iterator[list[Turn]]:
    """Yield all breaks and revivals of each thesis up to where it stands, oldest first, beginning
    with a break.

    A thesis whose priors alone are below the stop threshold breaks when the first evidence on it
    is in, unless that revives it.
    """
    asked = list(asked)
    told = iter(
        engine.histories(
            (history.bet, history.hypotheses, standing.as_of, standing.hypotheses)
            for history, standing in asked
            if history.bet is not None
        )
    )
    for history, standing in asked:
        yield [] if history.bet is None else _turns(history, standing.as_of, next(told))


def _turns(
    history: BetHistory, as_of: datetime, events: Iterable[engine.ThesisEvent]
) -> list[Turn]:
    first = min((at for at in history.observed() if at <= as_of), default=None)
    turns: list[Turn] = []
    for event in events:
        at = event.at or first
        if at is None:
            continue
        if turns and turns[-1].at == at:
            turns.pop()
            continue
        newest = max((int(item) for _, item in event.evidence), default=None)
        kill = tuple(criterion for _, criterion in event.kill)
        turns.append(Turn(event.kind, at, event.belief, kill, newest))
    return turns


def turns_since(turns: Iterable[Turn], known: Turn | None, now: Standing) -> list[Turn]:
    """The turns that have to be written after the last known one, so that they end where we are.

    What was written is never unwritten: where a retraction takes back the very cause of a break,
    the revival happens now.
    """
    fresh: list[Turn] = []
    last = known
    for turn in turns:
        is_later = last is None or turn.at > last.at
        changes = turn.kind != (last.kind if last else "revival")
        if is_later and changes:
            fresh.append(turn)
            last = turn
    is_broken = last is not None and last.kind == "break"
    if is_broken != now.is_broken:
        kind = "break" if now.is_broken else "revival"
        fresh.append(Turn(kind, now.as_of, now.belief or 0.0, now.kill, None))
    return fresh
