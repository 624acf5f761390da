"""The ledger: accounts, and transfers between them. Money is moved, never made.

All amounts are rates in currency per month. A portfolio has an envelope account, which is the
source of all its money and so stands below zero by exactly the envelope, a reserve account, and
for each bet a working and an entangled account. The sum over all of them is zero at every date.
"""

from django.db import models
from django.db.models import F, Q

from bets.models import Bet, Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import ApiKey, User
from spm.append_only import AppendOnlyModel
from spm.fields import MoneyField


class Account(models.Model):
    """Where money stands.

    ``booked`` is the balance once every booked transfer is effective: the position that the
    engine plans from. ``available`` counts what goes out as soon as it is booked and what comes in
    only once it is effective: while it is not negative, no date's balance is, and the CHECK on it
    is what decides when two bookings contend for the same money. ``effective`` is the balance as
    of ``matured_on``, the date up to which scheduled transfers have been taken into account.
    """

    class Kind(models.TextChoices):
        """The four kinds of account."""

        ENVELOPE = "envelope", "Envelope"
        RESERVE = "reserve", "Reserve"
        WORKING = "working", "Working"
        ENTANGLED = "entangled", "Entangled"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="accounts")
    bet = models.ForeignKey(
        Bet, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    booked = MoneyField(default=0, signed=True)
    available = MoneyField(default=0, signed=True)
    effective = MoneyField(default=0, signed=True)
    matured_on = models.DateField()

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """Only the envelope may stand below zero."""

        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["bet", "kind"], name="account_of_bet_once"),
            models.UniqueConstraint(fields=["id", "portfolio"], name="account_with_portfolio"),
            models.UniqueConstraint(
                fields=["portfolio", "kind"],
                condition=Q(bet__isnull=True),
                name="account_of_portfolio_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["envelope", "reserve"], bet__isnull=True)
                | Q(kind__in=["working", "entangled"], bet__isnull=False),
                name="account_belongs_where_its_kind_says",
            ),
            models.CheckConstraint(
                condition=Q(kind="envelope") | Q(available__gte=0, effective__gte=0),
                name="account_not_overdrawn",
            ),
        ]

    def __str__(self) -> str:
        kind = self.get_kind_display()
        return kind if self.bet is None else f"{self.bet}: {kind.lower()}"


class LedgerHead(models.Model):
    """The ends of a portfolio's chains: the row that every booking and every seal locks first.

    ``sequence`` and ``sha256`` are those of the last transfer, ``seals`` and ``seals_sha256`` those
    of the last seal.
    """

    portfolio = models.OneToOneField(
        Portfolio, on_delete=models.PROTECT, primary_key=True, related_name="ledger_head"
    )
    sequence = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, default="")
    seals = models.PositiveBigIntegerField(default=0)
    seals_sha256 = models.CharField(max_length=64, default="")
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_sequence = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.portfolio}: {self.sequence} transfers"


class Transfer(AppendOnlyModel):
    """One amount per month from an account to another, from a date on.

    ``one_off`` is a single amount beside it, such as an exit cost, in currency. What it was booked
    for is the ``decision``, the ``limit_change`` or, of an unwinding, the ``note``. ``sha256`` is
    the digest of the row together with the ``previous_sha256`` of the transfer before it.
    """

    class Kind(models.TextChoices):
        """Why money moved."""

        OPENING = "opening", "Opening balance"
        ENVELOPE = "envelope", "Envelope changed"
        MOVE = "move", "Move"
        ENTANGLE = "entangle", "Became entangled"
        UNWIND = "unwind", "Unwound"
        CORRECTION = "correction", "Correction"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="transfers")
    sequence = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    from_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="outgoing")
    to_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="incoming")
    amount = MoneyField()
    effective_on = models.DateField()
    one_off = MoneyField(default=0)
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decision = models.ForeignKey(
        "allocation.Decision", on_delete=models.PROTECT, null=True, related_name="transfers"
    )
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+")
    limit_change = models.ForeignKey(
        "allocation.LimitChange", on_delete=models.PROTECT, null=True, related_name="transfers"
    )
    note = models.CharField(max_length=500, blank=True)
    previous_sha256 = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)

    objects = VisibleQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        """A chain without gaps or forks; amounts above zero, between two accounts."""

        ordering = ["-sequence"]
        indexes = [
            models.Index(fields=["from_account", "effective_on"], name="transfer_out"),
            models.Index(fields=["to_account", "effective_on"], name="transfer_in"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "sequence"], name="transfer_sequence"),
            models.UniqueConstraint(
                fields=["portfolio", "previous_sha256"], name="transfer_chain_does_not_fork"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(
                condition=~Q(from_account=F("to_account")), name="transfer_between_two_accounts"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.sequence}: {self.amount} from {self.from_account} to {self.to_account}"
