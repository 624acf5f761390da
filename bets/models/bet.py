"""The bet: the unit of account, a body of work tied to a thesis about value."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from bets.models.portfolio import Portfolio, Theme, ValueStream, VisibleQuerySet
from bets.models.team import Team
from spm.accounts.models import User
from spm.fields import FiniteField, MoneyField, ShareField


class Stage(models.TextChoices):
    """The columns of the board and its two exits."""

    FUNNEL = "funnel", "Funnel"
    FRAMING = "framing", "Framing"
    READY = "ready", "Ready"
    TESTING = "testing", "Testing"
    SCALING = "scaling", "Scaling"
    SUSTAINING = "sustaining", "Sustaining"
    PIVOTED = "pivoted", "Pivoted"
    STOPPED = "stopped", "Stopped"


EXITS = (Stage.PIVOTED, Stage.STOPPED)
FUNDABLE = (Stage.TESTING, Stage.SCALING, Stage.SUSTAINING)


class Horizon(models.TextChoices):
    """How far from today's core the bet lies."""

    H0 = "H0", "H0 retire"
    H1 = "H1", "H1 core"
    H2 = "H2", "H2 emerging"
    H3 = "H3", "H3 exploratory"


class Liquidity(models.TextChoices):
    """How reversible a position is."""

    STOCK = "stock", "Stock (weeks)"
    PROPERTY = "property", "Property (a quarter or two)"
    BRAND = "brand", "Brand (a year)"
    VINEYARD = "vineyard", "Vineyard (years)"


class ThesisStatus(models.TextChoices):
    """What the evidence says of the thesis; never a delivery status."""

    UNTESTED = "untested", "Untested"
    INTACT = "intact", "Intact"
    SILENT = "silent", "Silent"
    BROKEN = "broken", "Broken"


DEFAULT_RESPONSE = [[0.4, 0.6], [0.8, 0.9], [1.2, 1.0]]
WSJF_SCORES = (1, 2, 3, 5, 8, 13, 20)


def default_response() -> list[list[float]]:
    """The response of value to funding where nothing better is known (engine.md, section 2)."""
    return [list(point) for point in DEFAULT_RESPONSE]


class BetQuerySet(VisibleQuerySet):
    """Bets."""

    def on_board(self) -> "BetQuerySet":
        """With what a card shows, in one query and two more for teams and what is waited for."""
        return self.select_related("theme", "stream", "owner").prefetch_related(
            "bet_teams__team", "needs_links__needs"
        )


class Bet(models.Model):
    """A body of work tied to a thesis, funded continuously, with no end date.

    Rates are currency per month; ``value_*`` is expected value over the portfolio's horizon if the
    thesis holds and the bet is funded at ``full_funding``; ``exit_cost`` and ``ramp_cost`` are
    currency per unit of rate withdrawn or added.

    ``belief`` to ``version`` are projections, written by evidence and by the ledger in the same
    transaction as their cause, so that the board is one query; ``manage.py verify`` holds them
    against their sources.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="bets")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    stream = models.ForeignKey(
        ValueStream, on_delete=models.PROTECT, null=True, blank=True, related_name="bets"
    )
    theme = models.ForeignKey(
        Theme, on_delete=models.PROTECT, null=True, blank=True, related_name="bets"
    )
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="bets"
    )
    predecessor = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="successors"
    )
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.FUNNEL)
    stage_entered_at = models.DateTimeField()
    horizon = models.CharField(max_length=2, choices=Horizon.choices, default=Horizon.H2)
    liquidity = models.CharField(
        max_length=10, choices=Liquidity.choices, default=Liquidity.PROPERTY
    )

    value_p10 = MoneyField(null=True, blank=True)
    value_p50 = MoneyField(null=True, blank=True)
    value_p90 = MoneyField(null=True, blank=True)
    full_funding = MoneyField(default=0)
    response = models.JSONField(default=default_response)
    minimum = MoneyField(default=0)
    maximum = MoneyField(null=True, blank=True)
    test_budget = MoneyField(null=True, blank=True)
    reclaimable_share = ShareField(default=1.0)
    notice_months = FiniteField(default=0.0)
    exit_cost = FiniteField(default=0.0)
    ramp_cost = FiniteField(default=0.0)
    withdrawable = ShareField(default=1.0)
    stop_below = ShareField(default=0.20)
    revive_above = ShareField(default=0.35)

    business_value = models.PositiveSmallIntegerField(null=True, blank=True)
    time_criticality = models.PositiveSmallIntegerField(null=True, blank=True)
    risk_reduction = models.PositiveSmallIntegerField(null=True, blank=True)
    job_size = models.PositiveSmallIntegerField(null=True, blank=True)

    # A status that came from outside, quoted as it came; it moves no belief by itself.
    delivery_signal = models.CharField(max_length=120, blank=True)
    delivery_signal_source = models.CharField(max_length=120, blank=True)
    delivery_signal_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)

    belief = ShareField(null=True, editable=False)
    belief_before = ShareField(null=True, editable=False)
    belief_changed_at = models.DateTimeField(null=True, editable=False)
    freshest_evidence_at = models.DateTimeField(null=True, editable=False)
    thesis_status = models.CharField(
        max_length=10, choices=ThesisStatus.choices, default=ThesisStatus.UNTESTED, editable=False
    )
    broken_at = models.DateTimeField(null=True, editable=False)
    # Weight of all evidence that counts, over all hypotheses; what the bar to Scaling is held to.
    evidence_decibans = FiniteField(default=0.0, editable=False)
    working = MoneyField(default=0, editable=False)
    entangled = MoneyField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = BetQuerySet.as_manager()

    class Meta:
        """Figures that contradict each other are refused."""

        ordering = ["id"]
        indexes = [models.Index(fields=["portfolio", "stage"], name="bet_board")]
        constraints = [
            models.UniqueConstraint(fields=["id", "portfolio"], name="bet_with_portfolio"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="stage_is_known"),
            models.CheckConstraint(
                condition=Q(horizon__in=Horizon.values), name="horizon_is_known"
            ),
            models.CheckConstraint(
                condition=Q(liquidity__in=Liquidity.values), name="liquidity_is_known"
            ),
            models.CheckConstraint(
                condition=Q(thesis_status__in=ThesisStatus.values), name="thesis_status_is_known"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="bet_has_a_title"),
            models.CheckConstraint(
                condition=Q(value_p10__lte=F("value_p50"), value_p50__lte=F("value_p90"))
                | Q(value_p10__isnull=True)
                | Q(value_p50__isnull=True)
                | Q(value_p90__isnull=True),
                name="value_percentiles_in_order",
            ),
            models.CheckConstraint(
                condition=Q(maximum__isnull=True) | Q(minimum__lte=F("maximum")),
                name="minimum_at_most_maximum",
            ),
            models.CheckConstraint(
                condition=Q(stop_below__lte=F("revive_above")), name="stop_below_revive_above"
            ),
            models.CheckConstraint(
                condition=Q(notice_months__gte=0, exit_cost__gte=0, ramp_cost__gte=0),
                name="frictions_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(job_size__isnull=True) | Q(job_size__gte=1), name="job_size_positive"
            ),
            models.CheckConstraint(
                condition=Q(predecessor__isnull=True) | ~Q(predecessor=F("id")),
                name="bet_is_not_its_own_predecessor",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def wsjf(self) -> float | None:
        """(value + time criticality + risk reduction) ÷ job size, or None while a score lacks."""
        scores = (self.business_value, self.time_criticality, self.risk_reduction)
        if self.job_size is None or any(score is None for score in scores):
            return None
        return sum(score for score in scores if score is not None) / self.job_size

    @property
    def funding(self) -> Decimal:
        """Working and entangled money together, currency per month."""
        return self.working + self.entangled

    @property
    def funding_limit(self) -> Decimal | None:
        """The most working money that the bet may hold now: metered while it is being tested."""
        if self.stage == Stage.TESTING and self.test_budget is not None:
            return self.test_budget
        return self.maximum

    @property
    def team_ids(self) -> list[int]:
        """The teams that work on the bet."""
        return [link.team_id for link in self.bet_teams.all()]

    def attributes(self) -> dict[str, Any]:
        """What guardrails and mandates can name in their scope."""
        return {
            "theme": self.theme_id,
            "stream": self.stream_id,
            "horizon": self.horizon,
            "liquidity": self.liquidity,
            "stage": self.stage,
        }


class BetTeam(models.Model):
    """Which share of a bet's funding is work of a team; what is left is cash."""

    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="bet_teams")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="bet_teams")
    share = ShareField()

    class Meta:
        """A team stands once on a bet."""

        constraints = [models.UniqueConstraint(fields=["bet", "team"], name="bet_team_once")]

    def __str__(self) -> str:
        return f"{self.team}: {self.share:.0%} of {self.bet}"


class Dependency(models.Model):
    """``bet`` can only be funded while ``needs`` is."""

    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="needs_links")
    needs = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="needed_by_links")

    class Meta:
        """Stated once, and not of itself; ``bets.edit`` refuses longer circles."""

        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["bet", "needs"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(bet=F("needs")), name="bet_does_not_need_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.bet} needs {self.needs}"


class ExternalKey(models.Model):
    """The name that another system has for a bet; what upserts and imports find it by."""

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="+")
    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="external_keys")
    source = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    url = models.URLField(blank=True)

    class Meta:
        """A key of a source names one bet of a portfolio."""

        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "source", "key"], name="external_key_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.key}"
