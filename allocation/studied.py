"""What the proposal's page shows of its study: levers and robustness in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format as localised

from allocation.models import Guardrail, Proposal, Study
from allocation.reading import SHARES
from bets.models import Bet, Team
from spm import formats

Names = Mapping[str, Mapping[str, str]]
TEAMS = ("team", "from", "to")
"""Where a lever names teams."""


@dataclass(frozen=True)
class LeverRow:
    """One lever as the page shows it; amounts are currency over the horizon."""

    what: str
    change: str
    why: str
    gain: float
    cost: float
    net_gain: float
    lead_time_months: float
    mends: float
    bet_id: int | None = None

    @property
    def pays(self) -> bool:
        """Whether it is worth more than it costs."""
        return self.net_gain > 0

    @property
    def only_mends(self) -> bool:
        """Whether all that speaks for it is that less would be broken."""
        return not self.pays and self.mends > 0


@dataclass(frozen=True)
class FutureRow:
    """What today's allocation, the proposed one or the difference may come to."""

    name: str
    spread: Mapping[str, float]


@dataclass(frozen=True)
class Studied:
    """A proposal's study in words; parts that are not there yet are None."""

    study: Study
    paying: list[LeverRow] | None
    mending: list[LeverRow]
    others: list[LeverRow]
    futures: list[FutureRow] | None
    robust_sentence: str
    worst_sentence: str

    @property
    def margin(self) -> int:
        """Two standard errors of the probability, in whole percentage points, at least one."""
        return max(1, round(200 * (self.study.robustness or {}).get("standard_error", 0.0)))


def studied(proposal: Proposal) -> Studied | None:
    """The study of a proposal; None until a worker has begun. Four queries, whatever it says."""
    study = Study.objects.filter(proposal=proposal).first()
    if study is None:
        return None
    levers = study.levers or []
    names = _names_for(proposal, levers)
    rows = [_lever_row(lever, names, proposal) for lever in levers]
    return Studied(
        study=study,
        paying=None if study.levers is None else [row for row in rows if row.pays],
        mending=[row for row in rows if row.only_mends],
        others=[row for row in rows if not row.pays and not row.only_mends],
        futures=_futures(study.robustness),
        robust_sentence=_robust_sentence(study.robustness),
        worst_sentence=_worst_sentence(study.robustness, proposal),
    )


def _names_for(proposal: Proposal, levers: Iterable[Mapping[str, Any]]) -> Names:
    """Teams, guardrails with their kinds, and the bets that levers are about, by id."""
    portfolio_id = proposal.portfolio_id
    targets = [lever["target"] for lever in levers]
    bet_ids = {int(target["bet"]) for target in targets if "bet" in target}
    team_ids = {int(target[end]) for target in targets for end in TEAMS if end in target}
    rails = list(Guardrail.objects.filter(portfolio_id=portfolio_id))
    return {
        "team": _by_id(Team.objects.filter(pk__in=team_ids, portfolio_id=portfolio_id)),
        "bet": _by_id(Bet.objects.filter(pk__in=bet_ids, portfolio_id=portfolio_id).only("title")),
        "guardrail": _by_id(rails),
        "kind": {str(rail.pk): rail.kind for rail in rails},
    }


def _by_id(rows: Iterable[Any]) -> dict[str, str]:
    return {str(row.pk): str(row) for row in rows}


def _lever_row(lever: Mapping[str, Any], names: Names, proposal: Proposal) -> LeverRow:
    what, change, why = _WORDS[lever["kind"]](lever, names, proposal.portfolio.currency)
    bet = lever["target"].get("bet")
    return LeverRow(
        what=what,
        change=change,
        why=why,
        gain=lever["gain"],
        cost=lever["cost"],
        net_gain=lever["net_gain"],
        lead_time_months=lever["lead_time_months"],
        mends=lever["mends"],
        bet_id=None if bet is None else int(bet),
    )


Words = tuple[str, str, str]
"""What is done, from what to what, and why it helps."""


def _named(names: Names, what: str, identifier: str) -> str:
    return names[what].get(identifier, f"{what} {identifier}, removed")


def _percent_change(lever: Mapping[str, Any]) -> str:
    return f"{100 * lever['before']:.0f}% → {100 * lever['after']:.0f}%"


def _hire(lever: Mapping[str, Any], names: Names, currency: str) -> Words:
    return (
        f"Add people to {_named(names, 'team', lever['target']['team'])}",
        f"{formats.rate(lever['before'], currency)} → {formats.rate(lever['after'], currency)}",
        "The team is full, and work that is worth more than it costs waits for it.",
    )


def _cross_train(lever: Mapping[str, Any], names: Names, currency: str) -> Words:
    lender, learner = (_named(names, "team", lever["target"][end]) for end in ("from", "to"))
    return (
        f"Train {lender} to stand in for {learner}",
        _percent_change(lever),
        f"{learner} is full while {lender} has room; so much of an hour lent would count.",
    )


def _relax(lever: Mapping[str, Any], names: Names, currency: str) -> Words:
    target = lever["target"]
    kind = names["kind"].get(target["guardrail"], "")
    side = "at most" if target["limit"] == "max" else "at least"
    before, after = (_limit(lever[when], kind, currency) for when in ("before", "after"))
    return (
        f"Relax the guardrail {_named(names, 'guardrail', target['guardrail'])}",
        f"{side} {before} → {after}",
        "It stops the best use of the money; whether it should is for those who set it.",
    )


def _limit(value: float, kind: str, currency: str) -> str:
    if kind in SHARES:
        return f"{100 * value:.1f}%"
    return f"{value:.0f}" if kind == Guardrail.Kind.COUNT else formats.rate(value, currency)


def _unlock(lever: Mapping[str, Any], names: Names, currency: str) -> Words:
    return (
        f"Renegotiate the lock on {_named(names, 'bet', lever['target']['bet'])}",
        f"{_percent_change(lever)} may be withdrawn",
        "Money is held here that would be worth more elsewhere.",
    )


def _shorten_notice(lever: Mapping[str, Any], names: Names, currency: str) -> Words:
    return (
        f"Drop the notice on {_named(names, 'bet', lever['target']['bet'])}",
        f"{lever['before']:g} → {lever['after']:g} months",
        "During notice the money is spent where it no longer earns anything.",
    )


def _decouple(lever: Mapping[str, Any], names: Names, currency: str) -> Words:
    return (
        f"Decouple {_named(names, 'bet', lever['target']['bet'])} from what depends on it",
        f"{_percent_change(lever)} is freed",
        "Part of what is withdrawn goes on being spent, because something depends on it.",
    )


def _horizon(lever: Mapping[str, Any], names: Names, currency: str) -> Words:
    longer = lever["after"] > lever["before"]
    return (
        f"Plan over a {'longer' if longer else 'shorter'} horizon",
        f"{lever['before']:g} → {lever['after']:g} months",
        f"One-off costs weigh {'less' if longer else 'more'} against what a move earns a month.",
    )


_WORDS = {
    "hire": _hire,
    "cross_train": _cross_train,
    "relax": _relax,
    "unlock": _unlock,
    "shorten_notice": _shorten_notice,
    "decouple": _decouple,
    "horizon": _horizon,
}


def _futures(robustness: Mapping[str, Any] | None) -> list[FutureRow] | None:
    if robustness is None:
        return None
    return [
        FutureRow("As things are today", robustness["today"]),
        FutureRow("With this proposal", robustness["proposed"]),
        FutureRow("What the proposal changes", robustness["difference"]),
    ]


def _robust_sentence(robustness: Mapping[str, Any] | None) -> str:
    """'In 7,340 of 10,000 possible futures this proposal is worth more than doing nothing.'"""
    if robustness is None:
        return ""
    futures = robustness["futures"]
    better = round(robustness["probability_better"] * futures)
    count, of = (localised(number, 0, force_grouping=True) for number in (better, futures))
    return (
        f"In {count} of {of} possible futures this proposal is worth more than leaving "
        "everything as it is."
    )


def _worst_sentence(robustness: Mapping[str, Any] | None, proposal: Proposal) -> str:
    """What one future in ten is worse than, in words."""
    if robustness is None:
        return ""
    p10, currency = robustness["difference"]["p10"], proposal.portfolio.currency
    if p10 >= 0:
        return f"In nine of ten it is worth at least {formats.money(p10, currency)} more."
    return (
        f"In one of ten it turns out {formats.money(-p10, currency)} worse or more: "
        "that is what is risked for the gain."
    )
