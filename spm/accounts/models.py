"""People, their role in each portfolio, API keys, and the answers kept for idempotency keys."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from spm.append_only import AppendOnlyModel


class UserManager(BaseUserManager["User"]):
    """Makes people; the address is the name that they sign in with."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person with the password hashed, or without one if they sign in elsewhere."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """The person with this address, whatever its capitals."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=timezone.now)
    # How often their second factor has changed: part of what a session has to know.
    sign_in_epoch = models.PositiveIntegerField(default=0)
    # How far they have come in the tour: None before it was offered, 0 once they said no.
    tour_step = models.PositiveSmallIntegerField(null=True, blank=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        """One account for each address, whatever its capitals."""

        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """The digest that sessions carry; another password or second factor is another."""
        digest = str(super()._get_session_auth_hash(secret))  # type: ignore[misc]
        return f"{digest}.{self.sign_in_epoch}" if self.sign_in_epoch else digest

    @property
    def initials(self) -> str:
        """At most two letters, for the marks on cards."""
        words = str(self).replace("@", " ").split()
        return "".join(word[0] for word in words[:2]).upper()


class Role(models.TextChoices):
    """What a person is in a portfolio; ``permissions`` says what each may do."""

    VIEWER = "viewer", "Viewer"
    CONTRIBUTOR = "contributor", "Contributor"
    LEAD = "lead", "Portfolio lead"
    FINANCE = "finance", "Finance"
    ADMIN = "admin", "Administrator"


class Membership(models.Model):
    """One person's role in one portfolio; a contributor's teams say on which bets they may act.

    ``administers`` lets somebody of another role do what an administrator may, as whoever opened
    the portfolio does: settings and people, no money.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    portfolio = models.ForeignKey(
        "bets.Portfolio", on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=16, choices=Role.choices)
    administers = models.BooleanField(default=False)
    teams = models.ManyToManyField("bets.Team", blank=True, related_name="members")
    granted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """One role for each person in each portfolio."""

        constraints = [
            models.UniqueConstraint(fields=["user", "portfolio"], name="one_role_per_portfolio"),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="membership_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"

    @property
    def roles(self) -> frozenset[str]:
        """The roles whose rights they have here."""
        return frozenset({self.role, Role.ADMIN.value} if self.administers else {self.role})


class Scope(models.TextChoices):
    """What a key may be used for; never more than its owner may do."""

    READ = "read", "Read"
    EVIDENCE = "evidence", "Log evidence"
    BETS = "bets", "Create and change bets"
    PROPOSE = "propose", "Make scenarios and draw up proposals"
    DECIDE = "decide", "Decide on proposals"
    LIMITS = "limits", "Set limits"
    WEBHOOKS = "webhooks", "Manage webhooks"
    ACTUALS = "actuals", "Record actual spend"
    SETTINGS = "settings", "Change the portfolio, its themes, value streams and teams"


KEY_PREFIX = "spm"
LONGEST_KEY_DAYS = 365


class ApiKey(models.Model):
    """A key for a program: bound to a portfolio and an owner, stored as a hash, shown once.

    After a rotation the secret of before, ``earlier_sha256``, opens the same until
    ``earlier_until``. ``awaits_owner``: it moves money and was made by somebody else, and opens
    nothing until its owner has collected its secret. ``spm.accounts.keys`` holds the rules.
    """

    portfolio = models.ForeignKey(
        "bets.Portfolio", on_delete=models.CASCADE, related_name="api_keys"
    )
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120)
    identifier = models.CharField(max_length=16, unique=True)
    secret_sha256 = models.CharField(max_length=64, blank=True)
    earlier_sha256 = models.CharField(max_length=64, blank=True, default="")
    earlier_until = models.DateTimeField(null=True)
    earlier_used_at = models.DateTimeField(null=True)
    awaits_owner = models.BooleanField(default=False)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope.choices))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    #: Whether the request came by the secret of before.
    came_by_earlier = False

    # What Django's and the framework's checks ask of whoever makes a request.
    is_authenticated = True
    is_anonymous = False

    class Meta:
        """Scopes are known ones."""

        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values), name="key_scopes_are_known"
            ),
            models.CheckConstraint(
                condition=Q(awaits_owner=True) ^ ~Q(secret_sha256=""),
                name="key_has_a_secret_once_collected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({KEY_PREFIX}_{self.identifier}_…)"

    @classmethod
    def issue(
        cls,
        owner: User,
        portfolio_id: int,
        name: str,
        scopes: Sequence[str],
        days: int = 90,
    ) -> tuple["ApiKey", str]:
        """Make a key without asking whether anybody may; ``spm.accounts.keys.make`` asks.

        Returns:
            The row, and the key in clear, which is kept nowhere.
        """
        key = cls(
            owner=owner,
            portfolio_id=portfolio_id,
            name=name,
            identifier=secrets.token_hex(6),
            scopes=list(scopes),
            expires_at=timezone.now() + timedelta(days=days),
        )
        clear = key.take_new_secret()
        key.save()
        return key, clear

    def take_new_secret(self) -> str:
        """Give it another secret, without saving it; the key in clear, which is kept nowhere."""
        secret = secrets.token_urlsafe(32)
        self.secret_sha256 = _digest(secret)
        return f"{KEY_PREFIX}_{self.identifier}_{secret}"

    @classmethod
    def from_clear(cls, clear: str) -> "ApiKey | None":
        """The usable key behind a clear text, or None: unknown, expired, revoked, owner gone."""
        prefix, _, rest = clear.partition("_")
        identifier, _, secret = rest.partition("_")
        if prefix != KEY_PREFIX or not identifier.isalnum() or not secret.isascii():
            return None
        key = cls.objects.select_related("owner").filter(identifier=identifier).first()
        now = timezone.now()
        if key is None or not key._is_opened_by(secret, now):
            return None
        return key if key.usable_at(now) else None

    def _is_opened_by(self, secret: str, now: datetime) -> bool:
        offered = _digest(secret)
        by_present = secrets.compare_digest(self.secret_sha256, offered)
        by_earlier = secrets.compare_digest(self.earlier_sha256, offered)
        self.came_by_earlier = by_earlier and not by_present
        return by_present or (by_earlier and self.earlier_holds_at(now))

    def earlier_holds_at(self, moment: datetime) -> bool:
        """Whether the secret of before still opens at this moment."""
        return self.earlier_until is not None and moment < self.earlier_until

    def usable_at(self, moment: datetime) -> bool:
        """Whether the key opens anything at this moment."""
        is_over = self.awaits_owner or self.revoked_at is not None or moment >= self.expires_at
        return not is_over and self.owner.is_active


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyChange(AppendOnlyModel):
    """What was done with a key: when, by whom, and on which terms it stood afterwards.

    ``by`` is null for what the command did on the server. ``terms`` are ``spm.accounts.keys``'s.
    """

    class Kind(models.TextChoices):
        """What was done."""

        MADE = "made", "Made"
        COLLECTED = "collected", "Collected by its owner"
        ROTATED = "rotated", "Rotated"
        REVOKED = "revoked", "Revoked"

    portfolio = models.ForeignKey(
        "bets.Portfolio", on_delete=models.PROTECT, related_name="key_changes"
    )
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    terms = models.JSONField()

    class Meta(AppendOnlyModel.Meta):
        """Newest first."""

        ordering = ["-id"]
        indexes = [models.Index(fields=["portfolio", "-id"], name="key_changes_of")]

    def __str__(self) -> str:
        return f"{self.api_key}: {self.get_kind_display()}"


class IdempotentAnswer(models.Model):
    """The answer that was given under an ``Idempotency-Key``, committed with its effect."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """A key is one principal's, and is used once."""

        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], condition=Q(user__isnull=False), name="user_key_once"
            ),
            models.UniqueConstraint(
                fields=["api_key", "key"],
                condition=Q(api_key__isnull=False),
                name="api_key_key_once",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) ^ Q(api_key__isnull=True),
                name="answer_has_one_principal",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"
