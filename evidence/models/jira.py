"""Jira: which sites are connected, what is known of their issues, and what came from them."""

from typing import Any

from django.db import models
from django.db.models import Q

from bets.models import Bet, Portfolio
from bets.models.portfolio import VisibleQuerySet
from spm.accounts.models import User
from spm.accounts.permissions import visible_portfolio_ids
from spm.sealed import SealedField


class JiraKind(models.TextChoices):
    """The two products, which are asked differently."""

    CLOUD = "cloud", "Jira Cloud"
    SERVER = "server", "Jira Server or Data Center"


class JiraState(models.TextChoices):
    """Whether anything is asked of a site, and taken from it."""

    SETUP = "setup", "Being set up"
    ACTIVE = "active", "Connected"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"
    DISCONNECTED = "disconnected", "Disconnected"


class JiraConnection(models.Model):
    """One Jira site, asked under one account, for one portfolio.

    ``account`` is empty where the token speaks for itself (a personal access token of a Server).
    ``sealed_secret`` is what webhooks of the site are known by. ``time_zone`` is that of the
    account: a search takes times in it. ``offers`` is what the site had to choose from when it was
    last looked at: types, statuses, fields. Everything that was updated before ``synced_until``
    has been read. ``problem`` says in a sentence why it stopped, or what goes wrong now; nothing is
    asked before ``not_before``.
    """

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.CASCADE, related_name="jira_connections"
    )
    site = models.CharField(max_length=200)
    kind = models.CharField(max_length=6, choices=JiraKind.choices)
    account = models.CharField(max_length=200, blank=True)
    sealed_token = SealedField(blank=True, default="")
    sealed_secret = SealedField(blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True)
    jql = models.TextField(blank=True)
    mapping = models.JSONField(default=dict)
    offers = models.JSONField(default=dict)
    writes_links = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=JiraState.choices, default=JiraState.SETUP)
    problem = models.CharField(max_length=500, blank=True)
    failures_in_a_row = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    synced_until = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = VisibleQuerySet.as_manager()

    class Meta:
        """A site is connected to a portfolio once; one that is asked has something to ask by."""

        ordering = ["site", "id"]
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "site"], name="jira_site_once"),
            models.CheckConstraint(
                condition=~Q(state="active") | ~Q(sealed_token=""), name="active_jira_has_a_token"
            ),
            models.CheckConstraint(
                condition=~Q(state="disconnected") | Q(sealed_token="", sealed_secret=""),
                name="disconnected_jira_keeps_no_secret",
            ),
        ]

    def __str__(self) -> str:
        return self.site

    @property
    def field_names(self) -> dict[str, str]:
        """What people call the site's fields, by id."""
        return dict(self.offers.get("fields", ()))

    @property
    def host(self) -> str:
        """The site without its scheme, as external ids name it."""
        return self.site.partition("://")[2]


class OfConnectionQuerySet(models.QuerySet[Any]):
    """Rows that belong to a connection."""

    def visible_to(self, principal: Any) -> "OfConnectionQuerySet":
        """Those of connections of portfolios that the principal may see."""
        return self.filter(connection__portfolio_id__in=visible_portfolio_ids(principal))


class JiraRun(models.Model):
    """One reading of a site's issues: how far it is, or what it did.

    ``jql`` is the very search, the same for every page; ``token`` or ``start_at`` is the place
    from which it goes on, committed with each page. ``total`` is how many there are, as far as
    the site says.
    """

    class Kind(models.TextChoices):
        """Why it was begun."""

        FIRST = "first", "First sync"
        CHANGES = "changes", "Changes"
        BACKFILL = "backfill", "Everything again"

    class State(models.TextChoices):
        """How it stands."""

        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Broken off"

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    jql = models.TextField()
    token = models.TextField(blank=True)
    start_at = models.PositiveIntegerField(default=0)
    page_size = models.PositiveSmallIntegerField()
    pages = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = OfConnectionQuerySet.as_manager()

    class Meta:
        """One at a time."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(state="running"), name="jira_runs_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.connection}"


class JiraIssue(models.Model):
    """What is known of one issue, whichever way and in whichever order it became known.

    ``facts`` holds for each field a stamp and its value; of two that say something about a field
    the one with the later stamp counts (``evidence.jira.facts``). ``written`` is what was last
    written to the bet, by field; ``told`` what of it became evidence. ``problem`` says why it, or
    some of it, could not be taken.
    """

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="issues")
    issue_id = models.CharField(max_length=40)
    key = models.CharField(max_length=255, blank=True)
    facts = models.JSONField(default=dict)
    deleted = models.BooleanField(default=False)
    bet = models.ForeignKey(Bet, on_delete=models.SET_NULL, null=True, related_name="jira_issues")
    written = models.JSONField(default=dict)
    told = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    owes_link = models.BooleanField(default=False)

    objects = OfConnectionQuerySet.as_manager()

    class Meta:
        """Known by the id, which stays when an issue moves to another project."""

        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "issue_id"], name="jira_issue_once"),
        ]
        indexes = [
            models.Index(
                fields=["connection"], condition=~Q(problem=""), name="jira_issues_refused"
            ),
            models.Index(
                fields=["connection"], condition=Q(owes_link=True), name="jira_links_owed"
            ),
        ]

    def __str__(self) -> str:
        return self.key or self.issue_id


class JiraComment(models.Model):
    """What is known of one comment; a deleted one stays deleted, whatever arrives afterwards."""

    connection = models.ForeignKey(
        JiraConnection, on_delete=models.CASCADE, related_name="comments"
    )
    comment_id = models.CharField(max_length=40)
    issue_id = models.CharField(max_length=40)
    stamp = models.CharField(max_length=80, blank=True)
    text = models.TextField(blank=True)
    author = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(null=True)
    deleted = models.BooleanField(default=False)

    objects = OfConnectionQuerySet.as_manager()

    class Meta:
        """Known by the id that the site gave it."""

        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "comment_id"], name="jira_comment_once"),
        ]
        indexes = [models.Index(fields=["connection", "issue_id"], name="jira_comments_of_issue")]

    def __str__(self) -> str:
        return f"Comment {self.comment_id}"


class JiraBody(models.Model):
    """One webhook's body as it came, whatever it is; the same again only counts.

    A worker owes what is ``waiting``. ``unknown`` ones are of an event that is not used,
    ``broken`` ones cannot be read, ``dead`` ones could be read and not taken.
    """

    class Outcome(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", "Waiting"
        TAKEN = "taken", "Taken"
        UNKNOWN = "unknown", "Not of use"
        BROKEN = "broken", "Cannot be read"
        DEAD = "dead", "Could not be taken"

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="bodies")
    digest = models.CharField(max_length=64)
    body = models.BinaryField()
    event = models.CharField(max_length=100, blank=True)
    outcome = models.CharField(max_length=7, choices=Outcome.choices, default=Outcome.WAITING)
    problem = models.CharField(max_length=500, blank=True)
    times = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    objects = OfConnectionQuerySet.as_manager()

    class Meta:
        """The same bytes are kept once; what waits is found without a search."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "digest"], name="jira_body_once"),
        ]
        indexes = [
            models.Index(
                fields=["connection", "id"],
                condition=Q(outcome="waiting"),
                name="jira_bodies_waiting",
            ),
            models.Index(fields=["connection", "outcome"], name="jira_bodies_by_outcome"),
        ]

    def __str__(self) -> str:
        return self.event or self.digest[:12]
