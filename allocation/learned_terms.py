"""What withdrawals teach about getting out: reclaimable share and notice, by liquidity class.

The learned value of a class is drawn from its settled withdrawals, each of them one case, towards
what was predicted for them, as if two more cases had come out as predicted:

    learned share  = (2 · mean predicted share  + sum of actual shares) / (2 + n)
    learned notice = (2 · mean predicted notice + sum of actual notices) / (2 + m)

The share is the mean of a Beta distribution whose prior has the predicted mean and the weight of
two cases, each case counting as the part of it that was freed. ``m`` leaves out cases of which
nothing was freed, since nothing can be said of when. The prior is what was predicted then and not
what is in use now, so using the learned value does not move it again.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from allocation.booked import booked_in
from allocation.withdrawals import Withdrawal, withdrawals
from bets.edit import change_bet
from bets.models import Bet, Liquidity, Portfolio
from bets.models.bet import EXITS
from bets.open_to import bets_open_to
from spm import reading
from spm.accounts.permissions import Principal, person_behind, require
from spm.errors import Conflict, Invalid
from spm.reading import Fields

IMAGINED_CASES = 2
TERMS = ("reclaimable_share", "notice_months")


@dataclass(frozen=True)
class InUse:
    """What the bets of a class say today: the mean, and the range where they differ."""

    mean: float
    least: float
    most: float

    @property
    def differ(self) -> bool:
        """Whether they do not all say the same."""
        return self.least != self.most


@dataclass(frozen=True)
class LearnedTerms:
    """One liquidity class; the learned values are None until a withdrawal has settled.

    Shares 0 to 1, notice in months. ``cases`` and ``notice_cases`` are n and m of the formula.
    """

    liquidity: str
    bets: list[Bet]
    cases: int
    notice_cases: int
    reclaimable_share: float | None
    notice_months: float | None

    @property
    def label(self) -> str:
        """The name of the class."""
        return str(Liquidity(self.liquidity).label)

    @property
    def share_in_use(self) -> InUse | None:
        """The reclaimable share that its bets have now."""
        return _in_use([bet.reclaimable_share for bet in self.bets])

    @property
    def notice_in_use(self) -> InUse | None:
        """The notice that its bets have now."""
        return _in_use([bet.notice_months for bet in self.bets])

    @property
    def learned(self) -> dict[str, float]:
        """The values that can be used, by the name of the bet's field."""
        values = {name: getattr(self, name) for name in TERMS}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def differing(self) -> list[Bet]:
        """The bets that say otherwise than what was learned."""
        return [
            bet
            for bet in self.bets
            if any(getattr(bet, name) != value for name, value in self.learned.items())
        ]


def learned_terms(
    portfolio: Portfolio, known: Iterable[Withdrawal] | None = None
) -> list[LearnedTerms]:
    """What has been learned about each liquidity class that has bets or cases.

    Args:
        portfolio: whose.
        known: its withdrawals, where they have been read already.
    """
    cases = withdrawals(portfolio, booked_in(portfolio)) if known is None else known
    settled: dict[str, list[Withdrawal]] = defaultdict(list)
    for each in cases:
        if each.is_settled:
            settled[each.change.bet.liquidity].append(each)
    bets: dict[str, list[Bet]] = defaultdict(list)
    rows = Bet.objects.filter(portfolio=portfolio).exclude(stage__in=EXITS).order_by("id")
    for bet in rows:
        bets[bet.liquidity].append(bet)
    return [
        _learned(liquidity, bets[liquidity], settled[liquidity])
        for liquidity in Liquidity.values
        if bets[liquidity] or settled[liquidity]
    ]


def _learned(liquidity: str, bets: list[Bet], cases: list[Withdrawal]) -> LearnedTerms:
    timed = [each for each in cases if each.actual_months is not None]
    share = _drawn([each.predicted_share for each in cases], [each.actual_share for each in cases])
    notice = _drawn(
        [each.predicted_months for each in timed], [each.actual_months or 0.0 for each in timed]
    )
    return LearnedTerms(
        liquidity,
        bets,
        len(cases),
        len(timed),
        None if share is None else round(share, 2),
        None if notice is None else round(notice, 1),
    )


def _drawn(predicted: list[float], actual: list[float]) -> float | None:
    """The mean of what was seen, with two imagined cases as predicted; None without a case."""
    if not actual:
        return None
    prior = IMAGINED_CASES * sum(predicted) / len(predicted)
    return (prior + sum(actual)) / (IMAGINED_CASES + len(actual))


def _in_use(values: list[float]) -> InUse | None:
    if not values:
        return None
    return InUse(sum(values) / len(values), min(values), max(values))


@transaction.atomic
def use_learned(
    principal: Principal, portfolio: Portfolio, liquidity: str, seen: Mapping[str, Any]
) -> list[Bet]:
    """Give the bets of a class the learned reclaimable share and notice; returns those changed.

    Args:
        principal: who does it; only bets that they may edit are changed.
        portfolio: where.
        liquidity: which class.
        seen: the learned values that they were shown, by the names of the fields; only these are
            used.

    Raises:
        NotAllowed: they may edit no bets here.
        Invalid: there is no such class, or nothing to use.
        Conflict: other values have been learned since.
    """
    require(principal, "edit_bet", portfolio.pk)
    wanted = _wanted(seen)
    if liquidity not in Liquidity.values:
        raise Invalid({"liquidity": f"Give one of {', '.join(Liquidity.values)}."})
    terms = next((each for each in learned_terms(portfolio) if each.liquidity == liquidity), None)
    learned = terms.learned if terms else {}
    if terms is None or any(learned.get(name) != value for name, value in wanted.items()):
        now = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in learned.items())
        raise Conflict(
            "What has been learned is not what you were shown.",
            [f"Learned now: {now or 'nothing, since no withdrawal has settled'}."],
        )
    before = {bet.pk: bet.version for bet in terms.bets}
    mine = bets_open_to(person_behind(principal), "edit_bet", portfolio.pk).filter(pk__in=before)
    ids = list(mine.order_by("pk").values_list("pk", flat=True))
    done = [change_bet(principal, bet_id, wanted) for bet_id in ids]
    return [bet for bet in done if bet.version != before[bet.pk]]


def _wanted(seen: Mapping[str, Any]) -> dict[str, Any]:
    fields = Fields(seen, TERMS)
    fields.read("reclaimable_share", reading.number(0, 1))
    fields.read("notice_months", reading.number(0, 600))
    wanted = fields.done()
    if not wanted:
        raise Invalid({"reclaimable_share": "Give the learned value that is to be used."})
    return wanted
