"""What ending a bet means today, weighed by the engine, and what stands in the way of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from django.urls import reverse

from allocation.broken import LEAST_BREACH, limits_broken
from allocation.engine import SnapshotError, parse_snapshot, weigh
from allocation.engine.snapshot import Snapshot as Parsed
from allocation.leaving.plan import NOTHING, Plan
from allocation.models import Proposal, ProposalChange
from allocation.propose import content_digest
from allocation.scenarios.made_from import names_of
from allocation.scenarios.wording import Words
from allocation.snapshot import Snapshot, may_grow, snapshot_of
from allocation.stopping import StopOutcome, cents, if_all_stopped_today
from bets.entry import has_changed_hypothesis, reasons_to_stay
from bets.models import Bet, Stage
from bets.models.bet import EXITS
from spm import formats


@dataclass(frozen=True)
class Obstacle:
    """Why a bet cannot be ended like this, and the button that helps."""

    text: str
    help_label: str = ""
    help_url: str = ""


@dataclass(frozen=True)
class Weighed:
    """A plan held against today: the engine's word on it, and what stands in its way.

    ``outcomes`` say for each bet that ends what is withdrawn from it; ``to_successor`` is what
    goes over in a pivot, and ``most`` the most that could; currency per month. ``broken_needs``
    are the pairs (bet, what it needs) that would be left without what they need.
    """

    plan: Plan
    snapshot: Snapshot
    solution: dict[str, Any]
    outcomes: Mapping[int, StopOutcome]
    to_successor: Decimal
    most: Decimal
    broken_needs: list[tuple[int, int]]
    obstacles: list[Obstacle]

    @property
    def digest(self) -> str:
        """SHA-256 over what would be booked."""
        return content_digest(self.solution) if self.solution else ""


def weigh_plan(plan: Plan, deciding: Proposal | None = None) -> Weighed:
    """Hold a plan against today's positions, beliefs and limits; a fixed number of queries.

    Args:
        plan: what is to end.
        deciding: the proposal that is being decided, which does not stand in its own way.
    """
    portfolio = plan.bet.portfolio
    today, outcomes = snapshot_of(portfolio), if_all_stopped_today(plan.ending)
    words = Words(names_of(portfolio), portfolio.currency)
    obstacles = [*_about_the_bets(plan, outcomes), *_open_already(plan, deciding)]
    try:
        parsed = parse_snapshot(today)
    except SnapshotError as error:
        obstacles.append(Obstacle(f"Today cannot be computed: {error}"))
        return Weighed(plan, today, {}, outcomes, NOTHING, NOTHING, [], obstacles)
    most = _most_for_successor(plan, parsed, today, outcomes)
    amount = _amount(plan, today, most)
    solution = _solution(plan, parsed, outcomes, amount)
    needs = [
        (int(need["bet"]), int(need["needs"]))
        for need in solution["needs"]
        if need["breach_after"] >= need["breach_before"] + LEAST_BREACH
    ]
    obstacles += [
        *_about_the_board(plan),
        *_about_the_successor(plan, today, amount, most),
        *_about_needs(needs, words),
        *(Obstacle(text) for text in limits_broken({**solution, "needs": []}, words)),
    ]
    return Weighed(plan, today, solution, outcomes, amount, most, needs, obstacles)


def _solution(
    plan: Plan, parsed: Parsed, outcomes: Mapping[int, StopOutcome], amount: Decimal
) -> dict[str, Any]:
    wanted = {
        str(bet_id): float(outcome.working - outcome.withdrawn)
        for bet_id, outcome in outcomes.items()
    }
    if plan.successor is not None and amount > 0:
        held = {bet.id: bet.working for bet in parsed.bets}
        key = str(plan.successor.pk)
        if key in held:
            wanted[key] = float(cents(Decimal(repr(held[key])) + amount))
    return weigh(parsed, wanted).as_dict()


def _amount(plan: Plan, today: Snapshot, most: Decimal) -> Decimal:
    """What goes over: what was asked for, else as much as may, which may be less than any use."""
    if plan.successor is None:
        return NOTHING
    if plan.amount is not None:
        return plan.amount
    return most if most >= _minimum_of(plan.successor, today) else NOTHING


# --- how much may go over -------------------------------------------------------------------------


def _most_for_successor(
    plan: Plan, parsed: Parsed, today: Snapshot, outcomes: Mapping[int, StopOutcome]
) -> Decimal:
    """The most that is freed, fits under the successor's maximum, and its teams can take on.

    Where teams would be overloaded, it is less by what the overload is of its share of the bet:
    the load of a team grows by at most that share of what is added.
    """
    successor = plan.successor
    if successor is None or not may_grow(successor):
        return NOTHING
    row = next((bet for bet in today["bets"] if bet["id"] == str(successor.pk)), None)
    if row is None:
        return NOTHING
    most = outcomes[plan.bet.pk].freed
    if row["maximum"] is not None:
        most = min(most, max(NOTHING, cents(Decimal(repr(row["maximum"] - row["working"])))))
    teams = _solution(plan, parsed, outcomes, most)["teams"]
    over = [
        (team["breach_after"] - team["breach_before"]) / row["teams"][team["id"]]
        for team in teams
        if row["teams"].get(team["id"])
    ]
    less = Decimal(repr(max([0.0, *over])))
    return max(NOTHING, (most - less).quantize(Decimal("0.01"), rounding=ROUND_FLOOR))


# --- what stands in the way -----------------------------------------------------------------------


def _about_the_bets(plan: Plan, outcomes: Mapping[int, StopOutcome]) -> Iterator[Obstacle]:
    for bet in plan.ending:
        obstacle = nothing_to_end(bet, outcomes[bet.pk])
        if obstacle is not None:
            yield obstacle


def nothing_to_end(bet: Bet, outcome: StopOutcome) -> Obstacle | None:
    """Why there is nothing to decide about ending a bet, on its own or along with another."""
    page = reverse("bets:bet", args=[bet.pk])
    if bet.stage in EXITS:
        label = Stage(bet.stage).label
        return Obstacle(
            f"‘{bet.title}’ stands in {label} already; what money it still holds moves by the "
            "ordinary proposals.",
            "See the bet",
            page,
        )
    if outcome.working <= 0:
        return Obstacle(
            f"‘{bet.title}’ holds no working money, so there is nothing to decide about: its "
            "card can be moved on the board.",
            "Move the card",
            page,
        )
    if outcome.withdrawn > 0:
        return None
    held = formats.rate(outcome.locked, bet.portfolio.currency)
    return Obstacle(
        f"None of the {held} in ‘{bet.title}’ can be withdrawn now: it is locked, or still "
        "to arrive. Say on its page how much may be withdrawn as soon as some may.",
        "Edit the bet",
        f"{reverse('bets:edit', args=[bet.pk])}#id_withdrawable",
    )


def _open_already(plan: Plan, deciding: Proposal | None) -> Iterator[Obstacle]:
    """A bet is ended by one proposal at a time."""
    for proposal in open_ends_of(plan.ending):
        if deciding is None or proposal.pk != deciding.pk:
            yield Obstacle(
                f"Proposal {proposal.number} to end ‘{proposal.about}’ is open already.",
                f"Open proposal {proposal.number}",
                reverse("allocation:proposal", args=[proposal.pk]),
            )


def open_ends_of(bets: Iterable[Bet]) -> list[Proposal]:
    """The open proposals that would end any of these bets, as their own or along with another."""
    ends = ProposalChange.objects.filter(bet__in=list(bets)).exclude(leaves_to="")
    rows = Proposal.objects.filter(status="open", pk__in=ends.values("proposal_id"))
    return list(
        rows.select_related("portfolio", "about", "drawn_up_by")
        .defer("snapshot", "solution")
        .order_by("id")
    )


def _about_the_board(plan: Plan) -> Iterator[Obstacle]:
    for bet in plan.ending:
        if bet.stage in EXITS:
            continue
        for reason in reasons_to_stay(bet, plan.exits[bet.pk]):
            if reason.code.startswith("successor"):
                continue  # any successor will do for the board; here it is about the chosen one
            yield Obstacle(reason.text, reason.help_label, reason.help_url)


def _about_the_successor(
    plan: Plan, today: Snapshot, amount: Decimal, most: Decimal
) -> Iterator[Obstacle]:
    successor = plan.successor
    if successor is None:
        return
    if not has_changed_hypothesis(plan.bet, successor):
        yield Obstacle(
            f"‘{successor.title}’ states no hypothesis that ‘{plan.bet.title}’ does not: a pivot "
            "goes on with a changed one.",
            "State what has changed",
            reverse("bets:add_hypothesis", args=[successor.pk]),
        )
    if amount > most:
        currency = successor.portfolio.currency
        yield Obstacle(
            f"‘{successor.title}’ can be given at most {formats.rate(most, currency)} of it"
            f"{why_no_more(successor, most)}; the rest goes to the reserve."
        )
    least = _minimum_of(successor, today)
    if 0 < amount < least:
        rate = formats.rate(least, successor.portfolio.currency)
        yield Obstacle(f"‘{successor.title}’ holds nothing, or at least {rate}.")


def _minimum_of(successor: Bet, today: Snapshot) -> Decimal:
    """The least that has to be added, where the successor holds less than its minimum."""
    row = next((bet for bet in today["bets"] if bet["id"] == str(successor.pk)), None)
    held = row["working"] if row else 0.0
    return successor.minimum - Decimal(repr(held)) if held == 0 else NOTHING


def why_no_more(successor: Bet, most: Decimal) -> str:
    """Why a successor that can take nothing can take nothing, as the end of a sentence."""
    if most > 0 or may_grow(successor):
        return ""
    return (
        f": it stands in {Stage(successor.stage).label}, and only a bet in a funded stage with a "
        "belief and a value may be given money"
    )


def _about_needs(broken: list[tuple[int, int]], words: Words) -> Iterator[Obstacle]:
    for bet_id, needed in broken:
        bet, missing = words.bet(str(bet_id)), words.bet(str(needed))
        yield Obstacle(
            f"‘{bet}’ is funded and needs ‘{missing}’, which would hold nothing: stop it with this "
            "one, or change what it needs.",
            "Change what it needs",
            f"{reverse('bets:edit', args=[bet_id])}#id_needs",
        )
