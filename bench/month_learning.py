"""What the office learns in its month, and what the worker proposes because of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

MOST_EVENTS = 16


class Learning:
    """The team's phone, and which beliefs it has turned."""

    def __init__(self, team: Any, portfolio: Any) -> None:
        self.team, self.portfolio = team, portfolio
        self.events = 0
        self.turned: Counter[int] = Counter()
        self.order: list[int] = []
        """Bets by when a belief in them was last begun to be turned."""
        self.turning: tuple[Any, str] | None = None
        self.wrongly: Any = None
        """The change that was refused and should not have been, until it is approved after all."""

    def next_proposal(self, decided: int) -> Any:
        """What the worker proposes; decisive evidence is logged until it proposes something."""
        from allocation.models import Proposal, RecomputeRequest
        from bench.phones import until

        for _ in range(MOST_EVENTS):
            until("a recomputation", lambda: not RecomputeRequest.objects.exists())
            found = Proposal.objects.filter(status="open", drawn_up_by=None).first()
            if found is not None and self.events > decided // 2:
                return found
            self._learn()
        raise AssertionError(f"{MOST_EVENTS} pieces of decisive evidence led to no proposal.")

    def _learn(self) -> None:
        """The team logs something that turns a belief: against a strong bet, for a weak one."""
        bet, direction = self._whom()
        hypothesis = bet.hypotheses.order_by("pk").first()
        self.events += 1
        self.turned[bet.pk] += 1
        said = self.team.log(
            bet.title,
            hypothesis.statement[:40],
            direction,
            f"Field note {self.events}",
            f"Seen in use in week {self.events // 8 + 1} of the month.",
        )
        print(f"    {bet.title}, decisive {direction}: {said}")
        if self.events == 1:
            self.team.picture("evidence-logged", whole=False)

    def _whom(self) -> tuple[Any, str]:
        """The bet whose belief the next evidence turns, until it has turned.

        What was wrongly kept comes first; then by turns the bet with most believed money, against
        which it speaks, and the one that could take most and is believed least.
        """
        from bets.models import Bet

        if self.wrongly is not None and self.events % 3 == 0:
            return self.wrongly.bet, "against"
        if self.turning is not None:
            bet, direction = Bet.objects.get(pk=self.turning[0].pk), self.turning[1]
            belief = 0.5 if bet.belief is None else bet.belief
            if 0.1 < belief < 0.9 and self.turned[bet.pk] < 3:
                return bet, direction
        rows = Bet.objects.filter(
            portfolio=self.portfolio,
            stage__in=("testing", "scaling"),
            hypotheses__isnull=False,
            belief__isnull=False,
        ).distinct()
        # Where all have been turned, those whose turn was longest ago: a bet whose money cannot
        # leave it leads to no proposal, whatever is learned about it.
        lately = set(self.order[-(len(rows) // 2) :])
        fresh = [bet for bet in rows if bet.pk not in self.turned]
        fresh = fresh or [bet for bet in rows if bet.pk not in lately]
        held = [bet for bet in fresh if bet.working > 0 and bet.belief > 0.5]
        if (self.turning is not None and self.turning[1] == "against") or not held:
            weak = [bet for bet in fresh if bet.belief < 0.7] or fresh
            bet, direction = (
                max(weak, key=lambda each: (each.maximum - each.working, each.pk)),
                "for",
            )
        else:
            bet, direction = max(held, key=lambda each: (each.working, each.pk)), "against"
        self.turning = (bet, direction)
        self.turned[bet.pk] = 0
        self.order = [pk for pk in self.order if pk != bet.pk] + [bet.pk]
        return bet, direction
