"""Which bets need which: never in a circle."""

from collections import defaultdict

from bets.models import Bet, Dependency
from spm.errors import Invalid


def require_no_circle(bet: Bet, needs: list[int]) -> None:
    """Refuse needs by which the bet would, in the end, need itself.

    The caller holds the board (``bets.wip.lock_board``), so that two changes at once cannot close
    a circle between them.

    Raises:
        Invalid: on ``needs``, with the way around.
    """
    graph: dict[int, list[int]] = defaultdict(list)
    links = Dependency.objects.filter(bet__portfolio_id=bet.portfolio_id).exclude(bet=bet)
    for bet_id, needs_id in links.values_list("bet_id", "needs_id"):
        graph[bet_id].append(needs_id)
    way = _way_back(graph, needs, bet.pk)
    if way is not None:
        titles = dict(Bet.objects.filter(pk__in=way).values_list("pk", "title"))
        circle = " → ".join(titles[bet_id] for bet_id in [bet.pk, *way])
        raise Invalid({"needs": f"A bet cannot need itself, not even in a circle: {circle}."})


def _way_back(graph: dict[int, list[int]], starts: list[int], goal: int) -> list[int] | None:
    """The bets from one of ``starts`` to ``goal`` along the graph, or None."""
    came_from: dict[int, int | None] = dict.fromkeys(starts)
    waiting = list(starts)
    while waiting:
        here = waiting.pop()
        if here == goal:
            return _trace(came_from, here)
        for onward in graph[here]:
            if onward not in came_from:
                came_from[onward] = here
                waiting.append(onward)
    return None


def _trace(came_from: dict[int, int | None], end: int) -> list[int]:
    way: list[int] = []
    step: int | None = end
    while step is not None:
        way.append(step)
        step = came_from[step]
    return way[::-1]
