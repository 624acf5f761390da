"""Moving cards along the board: one at a time in a portfolio, by the rules of ``bets.entry``.

A move changes what money may do, never where it is: leaving a funded stage with working money is
refused, with the way to a proposal.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from bets import signals
from bets.edit import signature
from bets.entry import EXITS, Reason, reasons_against, reasons_to_stay
from bets.models import Bet, Stage, StageChange
from bets.models.bet import FUNDABLE
from bets.wip import lock_board
from spm import formats, live
from spm.accounts.models import Role
from spm.accounts.permissions import (
    NotAllowed,
    Principal,
    membership_of,
    require,
)
from spm.errors import Conflict, Invalid

LONGEST_NOTE = 2_000


class Refused(Exception):
    """The card stays where it is. ``reasons`` says why, each with the button that helps."""

    def __init__(self, reasons: list[Reason]) -> None:
        self.reasons = reasons
        super().__init__(" ".join(reason.text for reason in reasons))

    @property
    def can_be_overridden(self) -> bool:
        """Whether a portfolio lead may go on all the same, with a reason."""
        return all(reason.can_be_overridden for reason in self.reasons)


@transaction.atomic
def move(
    principal: Principal,
    bet_id: int,
    to_stage: str,
    *,
    version: int | None = None,
    override_reason: str = "",
    note: str = "",
    accepted: bool = False,
    at: datetime | None = None,
) -> StageChange:
    """Move a card to another stage, and journal it.

    Args:
        principal: who does it.
        bet_id: which bet.
        to_stage: where to.
        version: the version of the bet that the person saw; if it has been moved since, they are
            told by whom and where it is now. If it was they who moved it to just there, the answer
            to that was lost: it is given again, and nothing is moved twice.
        override_reason: why a portfolio lead goes over a limit all the same.
        note: anything else to remember.
        accepted: that the person has accepted what leaving the board frees and leaves entangled.
        at: the moment of a move of the past, where a history is made up; now by default.

    Raises:
        Refused: the entry rules of the stage are against it.
        Conflict: somebody has moved it since ``version``.
        NotAllowed: the role or the teams do not suffice.
        Invalid: there is no such stage, or it stands there already.
        Bet.DoesNotExist: there is no such bet for this principal.
    """
    portfolio_id = Bet.objects.visible_to(principal).values_list("portfolio_id").get(pk=bet_id)[0]
    lock_board(portfolio_id)
    bet = (
        Bet.objects.select_related("portfolio")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=bet_id)
    )
    require(principal, "move_card", portfolio_id, bet.team_ids)
    _refuse_unknown(to_stage, override_reason, note)
    since = None if version is None else _last_move_since(bet, version)
    if since is not None and since.to_stage == to_stage and _made_by(since, principal):
        return since
    if since is not None:
        raise _moved_by_somebody(bet, since)
    if to_stage == bet.stage:
        raise Invalid({"stage": f"It is in {Stage(to_stage).label} already."})
    if to_stage == Stage.SUSTAINING:
        _require_lead(principal, portfolio_id)
    override = _judge(principal, bet, to_stage, override_reason.strip(), accepted)
    left = what_is_left(bet) if to_stage in EXITS else ""
    return _journal(bet, to_stage, principal, at or timezone.now(), left, override, note.strip())


def leave(
    principal: Principal, bet_id: int, to_stage: str, accepted: str, note: str, at: datetime
) -> StageChange:
    """Move a card to an exit because that was decided together with its money, and journal it.

    What it takes to move a card is not asked of who decides; the entry rules hold all the same,
    but for the money, which goes with the decision. The caller holds the board (``lock_board``).

    Args:
        principal: who decided.
        bet_id: which bet.
        to_stage: Pivoted or Stopped.
        accepted: what the decision leaves behind, for the journal.
        note: what it was decided by.
        at: the moment of the decision.

    Raises:
        Refused: the entry rules of the exit are against it.
    """
    bet = (
        Bet.objects.select_related("portfolio")
        .select_for_update(no_key=True, of=("self",))
        .get(pk=bet_id)
    )
    reasons = reasons_to_stay(bet, to_stage)
    if reasons:
        raise Refused(reasons)
    return _journal(bet, to_stage, principal, at, accepted, "", note)


def _refuse_unknown(to_stage: str, override_reason: str, note: str) -> None:
    wrong = {}
    if to_stage not in Stage.values:
        wrong["stage"] = f"Choose one of these: {', '.join(Stage.values)}."
    for name, text in (("override_reason", override_reason), ("note", note)):
        if len(text) > LONGEST_NOTE or "\x00" in text:
            wrong[name] = f"Write at most {LONGEST_NOTE} characters of text."
    if wrong:
        raise Invalid(wrong)


def _last_move_since(bet: Bet, version: int) -> StageChange | None:
    since = bet.stage_changes.filter(bet_version__gt=version)
    return since.select_related("bet__portfolio", "changed_by", "api_key").order_by("-id").first()


def _made_by(change: StageChange, principal: Principal) -> bool:
    return all(getattr(change, name) == who for name, who in signature(principal).items())


def _moved_by_somebody(bet: Bet, change: StageChange) -> Conflict:
    came_from = Stage(change.from_stage).label if change.from_stage else "outside"
    when = formats.ago(change.changed_at, timezone.now())
    return Conflict(
        f"{change.mover} moved ‘{bet.title}’ from {came_from} to {Stage(bet.stage).label} {when}. "
        "That is where it is now.",
        ["stage"],
    )


def _require_lead(principal: Principal, portfolio_id: int) -> None:
    membership = membership_of(principal, portfolio_id)
    if membership is None or membership.role != Role.LEAD:
        raise NotAllowed("Moving a bet to Sustaining is a portfolio lead's decision.")


def _judge(principal: Principal, bet: Bet, to_stage: str, override: str, accepted: bool) -> str:
    """The override that the move needs, which is empty where nothing stands against it."""
    refusal = Refused(reasons_against(bet, to_stage, accepted))
    if not refusal.reasons:
        return ""
    if not override or not refusal.can_be_overridden:
        raise refusal
    require(principal, "override_wip", bet.portfolio_id)
    return override


def _journal(
    bet: Bet,
    to_stage: str,
    principal: Principal,
    moment: datetime,
    accepted: str,
    override: str,
    note: str,
) -> StageChange:
    from_stage = bet.stage
    bet.stage, bet.stage_entered_at, bet.version = to_stage, moment, bet.version + 1
    bet.save(update_fields=["stage", "stage_entered_at", "version"])
    change = StageChange.objects.create(
        bet=bet,
        from_stage=from_stage,
        to_stage=to_stage,
        changed_at=moment,
        bet_version=bet.version,
        override_reason=override,
        accepted=accepted,
        note=note,
        **signature(principal),
    )
    columns = {f"column:{from_stage}", f"column:{to_stage}"}
    live.say(bet.portfolio_id, f"bet:{bet.pk}", "board", *sorted(columns))
    _tell_allocation(bet, from_stage)
    return change


def what_is_left(bet: Bet) -> str:
    """What a bet that leaves the board leaves behind; its working money is gone by then."""
    if bet.entangled <= 0:
        return "Nothing stays entangled."
    rate = formats.rate(bet.entangled, bet.portfolio.currency)
    return f"{rate} stays entangled until it is unwound."


def _tell_allocation(bet: Bet, from_stage: str) -> None:
    """What a bet may hold depends on its stage, where either stage can be funded."""
    if {from_stage, bet.stage}.isdisjoint(FUNDABLE) and bet.funding <= 0:
        return
    signals.position_terms_changed.send(
        sender=Bet,
        portfolio_id=bet.portfolio_id,
        reason=f"{bet.title}: {Stage(from_stage).label} → {Stage(bet.stage).label}",
    )
