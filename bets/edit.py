"""Creating and changing bets and their theses: the one door for pages, API, imports and commands.

``bets.terms`` says which fields there are and how each is read. All functions raise ``Invalid``
with the names of fields, ``NotAllowed``, and ``DoesNotExist`` for what the editor may not see.
The stage is not a field: ``bets.board`` moves cards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from bets import goalposts, signals
from bets.models import (
    Bet,
    BetTeam,
    Dependency,
    ExternalKey,
    Hypothesis,
    KillCriterion,
    Portfolio,
    Stage,
    StageChange,
)
from bets.models.bet import FUNDABLE
from bets.needs import require_no_circle
from bets.terms import (
    KILL_FIELDS,
    LINKS,
    OF_THE_THESIS,
    PLACES_THE_CARD,
    WORDS_ONLY,
    contradictions,
    contradictions_of_thesis,
    read_bet,
    read_hypothesis,
)
from bets.wip import full_limits, lock_board
from spm import live, reading
from spm.accounts.models import ApiKey, Role, User
from spm.accounts.permissions import Principal, membership_of, require
from spm.errors import Conflict, Invalid

Given = Mapping[str, Any]


class Office:
    """The office itself: commands, run by whoever runs the installation. It may edit anything."""


OFFICE = Office()
Editor = Principal | Office


@dataclass(frozen=True)
class Upsert:
    """What an upsert did: made the bet, changed it, or found everything as it was given."""

    bet: Bet
    created: bool
    changed: bool


@transaction.atomic
def create_bet(
    principal: Editor, portfolio: Portfolio, fields: Given, at: datetime | None = None
) -> Bet:
    """Put a new bet into the Funnel.

    Args:
        principal: who does it. A contributor's bet needs one of their own teams; where no teams
            are given and they have one only, it is that one.
        portfolio: where.
        fields: see ``bets.terms``; a title at least.
        at: when it entered the Funnel, for imports; now by default.

    Raises:
        Invalid: fields that cannot be taken, or no room in the Funnel.
        NotAllowed: the role or the teams do not suffice.
    """
    _require(principal, portfolio.pk)
    terms = read_bet(portfolio, fields)
    if "title" not in terms:
        raise Invalid({"title": "A bet needs a title."})
    links = {"teams": {}, "needs": [], **_links_of(terms)}
    links["teams"] = links["teams"] or _own_team(principal, portfolio)
    _require(principal, portfolio.pk, list(links["teams"]))
    lock_board(portfolio.pk)
    moment = at or timezone.now()
    bet = Bet(portfolio=portfolio, stage_entered_at=moment, **_columns_of(terms))
    _refuse_contradictions(bet)
    _refuse_full(principal, bet)
    bet.save()
    _write_links(bet, links)
    StageChange.objects.create(
        bet=bet, to_stage=Stage.FUNNEL, changed_at=moment, **signature(principal)
    )
    live.say(portfolio.pk, f"bet:{bet.pk}", "board", f"column:{Stage.FUNNEL}")
    return bet


def change_bet(
    principal: Editor,
    bet_id: int,
    fields: Given,
    version: int | None = None,
    seen: Given | None = None,
) -> Bet:
    """Change a bet; fields that are not given stay.

    Args:
        principal: who does it.
        bet_id: which.
        fields: see ``bets.terms``.
        version: the version that the change was made from; None for whatever it is now.
        seen: what the editor saw in the fields that they change. Where one has been changed by
            somebody else in the meantime it is a conflict; other fields do not matter.

    Raises:
        Conflict: it has been changed since.
    """
    return _change(principal, bet_id, fields, version, seen)[0]


@transaction.atomic
def upsert_bet(
    principal: Editor, portfolio: Portfolio, source: str, key: str, fields: Given, url: str = ""
) -> Upsert:
    """Create or change the bet that another system knows as ``key``; the same twice is once.

    Args:
        principal: who does it.
        portfolio: where.
        source: the other system, such as 'jira'.
        key: the name that it has there.
        fields: see ``bets.terms``.
        url: where it is to be seen there.
    """
    source = reading.text(60, required=True)(source, "source")
    key = reading.text(255, required=True)(key, "key")
    url = reading.web_address(200)(url, "url")
    known = _bet_by_key(portfolio, source, key)
    if known is None:
        try:
            with transaction.atomic():
                bet = create_bet(principal, portfolio, fields)
                ExternalKey.objects.create(
                    portfolio=portfolio, bet=bet, source=source, key=key, url=url
                )
            return Upsert(bet, created=True, changed=True)
        except IntegrityError:  # somebody else has just created it; anything else comes again
            known = _bet_by_key(portfolio, source, key)
            if known is None:
                raise
    bet, changed = _change(principal, known, fields)
    return Upsert(bet, created=False, changed=changed)


@transaction.atomic
def add_hypothesis(principal: Editor, bet_id: int, fields: Given) -> Hypothesis:
    """Add a hypothesis, with its kill criteria, to the thesis of a bet."""
    bet = _locked(principal, bet_id)
    terms = read_hypothesis(fields)
    if "statement" not in terms:
        raise Invalid({"statement": "Say what must hold for the bet to pay."})
    criteria = terms.pop("kill_criteria", [])
    hypothesis = Hypothesis(bet=bet, **terms)
    _refuse(contradictions_of_thesis(hypothesis))
    hypothesis.save()
    _write_kill_criteria(hypothesis, criteria)
    _say_thesis_changed(bet)
    return hypothesis


@transaction.atomic
def create_bet_with_thesis(
    principal: Editor, portfolio: Portfolio, fields: Given, thesis: Given
) -> Bet:
    """Put a new bet into the Funnel together with its first hypothesis, both or neither."""
    bet = create_bet(principal, portfolio, fields)
    add_hypothesis(principal, bet.pk, thesis)
    return bet


@transaction.atomic
def change_hypothesis(
    principal: Editor, hypothesis_id: int, fields: Given, reason: str = ""
) -> Hypothesis:
    """Change a hypothesis; fields that are not given stay, kill criteria are given as a whole.

    What it said before is kept. ``reason`` is needed where there is evidence already and the
    change is one of ``bets.goalposts.GOALPOSTS``.
    """
    everything = isinstance(principal, Office)
    rows = Hypothesis.objects.all() if everything else Hypothesis.objects.visible_to(principal)
    bet = _locked(principal, rows.values_list("bet_id", flat=True).get(pk=hypothesis_id))
    hypothesis = Hypothesis.objects.select_related("bet").get(pk=hypothesis_id)
    terms = read_hypothesis(fields)
    before = {name: _of_hypothesis(hypothesis, name) for name in terms}
    changed = [name for name, value in terms.items() if before[name] != value]
    columns = [name for name in changed if name != "kill_criteria"]
    for name in columns:
        setattr(hypothesis, name, terms[name])
    _refuse(contradictions_of_thesis(hypothesis))
    if not changed:
        return hypothesis
    said = goalposts.reason_for(hypothesis, changed, reason)
    if columns:
        hypothesis.save(update_fields=columns)
    if "kill_criteria" in changed:
        hypothesis.kill_criteria.all().delete()
        _write_kill_criteria(hypothesis, terms["kill_criteria"])
    goalposts.keep(
        hypothesis,
        {name: before[name] for name in changed},
        {name: terms[name] for name in changed},
        said,
        signature(principal),
    )
    _say_thesis_changed(bet)
    return hypothesis


def signature(principal: object) -> dict[str, Any]:
    """Who did it, as the columns ``changed_by`` and ``api_key`` of a journal."""
    return {
        "changed_by": principal if isinstance(principal, User) else None,
        "api_key": principal if isinstance(principal, ApiKey) else None,
    }


# --- changing -------------------------------------------------------------------------------------


@transaction.atomic
def _change(
    principal: Editor,
    bet_id: int,
    fields: Given,
    version: int | None = None,
    seen: Given | None = None,
) -> tuple[Bet, bool]:
    touches_board = "needs" in fields or "stream" in fields
    bet = _locked(principal, bet_id, board=touches_board)
    if version is not None and version != bet.version:
        raise Conflict("The bet has been changed since you opened it.", ["version"])
    terms = read_bet(bet.portfolio, fields)
    if seen is not None:
        _refuse_overwriting(bet, terms, read_bet(bet.portfolio, seen))
    changed = {name for name, value in terms.items() if _current(bet, name) != value}
    if not changed:
        return bet, False
    for name in changed.difference(LINKS):
        setattr(bet, name, terms[name])
    _refuse_contradictions(bet)
    if "stream" in changed:
        _refuse_full(principal, bet)
    bet.version += 1
    bet.save(update_fields=[*changed.difference(LINKS), "version"])
    _write_links(bet, {name: terms[name] for name in changed.intersection(LINKS)})
    _say_changed(bet, changed)
    return bet, True


def _locked(principal: Editor, bet_id: int, board: bool = False) -> Bet:
    """The bet, for this editor to change, locked against others until the transaction ends."""
    everything = isinstance(principal, Office)
    rows = Bet.objects.all() if everything else Bet.objects.visible_to(principal)
    portfolio_id = rows.values_list("portfolio_id", flat=True).get(pk=bet_id)
    if board:
        lock_board(portfolio_id)
    bet: Bet = Bet.objects.select_for_update(no_key=True).get(pk=bet_id)
    _require(principal, portfolio_id, bet.team_ids)
    return bet


def _current(bet: Bet, name: str) -> Any:
    if name == "teams":
        return {link.team_id: link.share for link in bet.bet_teams.all()}
    if name == "needs":
        return sorted(link.needs_id for link in bet.needs_links.all())
    return getattr(bet, name)


def _refuse_overwriting(bet: Bet, terms: Given, seen: Given) -> None:
    now = {name: _current(bet, name) for name in terms}
    clashes = [
        name
        for name, value in terms.items()
        if name in seen and now[name] != seen[name] and now[name] != value
    ]
    if clashes:
        names = ", ".join(name.replace("_", " ") for name in clashes)
        raise Conflict(f"Somebody else has changed {names} since you opened the form.", clashes)


def _refuse(wrong: Mapping[str, str]) -> None:
    if wrong:
        raise Invalid(wrong)


def _refuse_contradictions(bet: Bet) -> None:
    _refuse(contradictions(bet))


def _refuse_full(principal: Editor, bet: Bet) -> None:
    """No more bets in a stage and stream than fit; what the office imports stands as it is."""
    if isinstance(principal, Office):
        return
    full = full_limits(bet.portfolio_id, bet.stage, bet.stream_id, without=bet.pk)
    _refuse({"stream" if bet.stream_id else "title": f"{limit}." for limit in full})


def _columns_of(terms: Given) -> dict[str, Any]:
    return {name: value for name, value in terms.items() if name not in LINKS}


def _links_of(terms: Given) -> dict[str, Any]:
    return {name: value for name, value in terms.items() if name in LINKS}


def _write_links(bet: Bet, links: Given) -> None:
    if "teams" in links:
        bet.bet_teams.all().delete()
        BetTeam.objects.bulk_create(
            BetTeam(bet=bet, team_id=team_id, share=share)
            for team_id, share in links["teams"].items()
        )
    if "needs" in links:
        require_no_circle(bet, links["needs"])
        bet.needs_links.all().delete()
        Dependency.objects.bulk_create(
            Dependency(bet=bet, needs_id=needs_id) for needs_id in links["needs"]
        )
    vars(bet).pop("_prefetched_objects_cache", None)


def _write_kill_criteria(hypothesis: Hypothesis, criteria: list[dict[str, Any]]) -> None:
    KillCriterion.objects.bulk_create(
        KillCriterion(hypothesis=hypothesis, **criterion) for criterion in criteria
    )


def _of_hypothesis(hypothesis: Hypothesis, name: str) -> Any:
    """What it says now, as ``read_hypothesis`` would read it."""
    if name == "kill_criteria":
        return list(hypothesis.kill_criteria.order_by("id").values(*KILL_FIELDS))
    return getattr(hypothesis, name)


def _bet_by_key(portfolio: Portfolio, source: str, key: str) -> int | None:
    keys = ExternalKey.objects.filter(portfolio=portfolio, source=source, key=key)
    return keys.values_list("bet_id", flat=True).first()


# --- who may, and who hears of it -----------------------------------------------------------------


def _require(principal: Editor, portfolio_id: int, team_ids: list[int] | None = None) -> None:
    if not isinstance(principal, Office):
        require(principal, "edit_bet", portfolio_id, team_ids)


def _own_team(principal: Editor, portfolio: Portfolio) -> dict[int, float]:
    """The whole of a contributor's new bet for their own team, which they must name among several.

    Without a team of theirs on it they could not touch the bet again.
    """
    if isinstance(principal, Office):
        return {}
    membership = membership_of(principal, portfolio.pk)
    if membership is None or membership.role != Role.CONTRIBUTOR:
        return {}
    teams = list(membership.teams.order_by("name"))
    if len(teams) != 1:
        names = ", ".join(team.name for team in teams) or "none so far"
        raise Invalid({"teams": f"Name one of your own teams; yours are: {names}."})
    return {teams[0].pk: 1.0}


def _say_changed(bet: Bet, changed: set[str]) -> None:
    live.say(bet.portfolio_id, f"bet:{bet.pk}", "board")
    if changed & PLACES_THE_CARD:
        live.say(bet.portfolio_id, f"column:{bet.stage}")
    if changed & OF_THE_THESIS:
        signals.thesis_changed.send(sender=Bet, bet=bet)
    moves_money = changed - WORDS_ONLY - OF_THE_THESIS
    if moves_money and (bet.stage in FUNDABLE or bet.funding > 0):
        names = ", ".join(sorted(name.replace("_", " ") for name in moves_money))
        signals.position_terms_changed.send(
            sender=Bet, portfolio_id=bet.portfolio_id, reason=f"{bet.title}: {names} changed"
        )


def _say_thesis_changed(bet: Bet) -> None:
    bet.version += 1
    bet.save(update_fields=["version"])
    live.say(bet.portfolio_id, f"bet:{bet.pk}", "board")
    signals.thesis_changed.send(sender=Bet, bet=bet)
