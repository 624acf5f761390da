"""Which notices a person wants, where, and when they may be mailed."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from spm.accounts.models import User


class NoticeKind(models.TextChoices):
    """What a notice is about."""

    BREAK = "break", "Thesis broken"
    REVIVAL = "revival", "Thesis revived"
    SILENCE = "silence", "Thesis silent"
    DEADLINE = "deadline", "Kill deadline"
    REQUEST = "request", "Evidence asked for"
    PROPOSAL = "proposal", "Proposal to decide"
    CONSENT = "consent", "Second person needed"
    DECISION = "decision", "Decided"
    PROOF = "proof", "Books do not tie out"
    WEBHOOK = "webhook", "Webhook stopped"
    KEY = "key", "API key"
    JIRA = "jira", "Jira stopped"


class MailWhen(models.TextChoices):
    """When a kind of notice is mailed."""

    AT_ONCE = "at_once", "At once"
    DIGEST = "digest", "In the digest"
    NEVER = "never", "Never"


class NoticeChoice(models.Model):
    """What a person has chosen for one kind; ``evidence.notices.wants`` says what holds without."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    mail = models.CharField(max_length=8, choices=MailWhen.choices)
    on_page = models.BooleanField(default=True)

    class Meta:
        """One choice for each kind."""

        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="one_choice_for_each_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_mail_display()}"


class NoticeSettings(models.Model):
    """When a person may be mailed, in their own time zone.

    From ``quiet_from`` to ``quiet_until``, over midnight where it is the later, nothing is mailed;
    both empty for no such hours. ``digest_hour`` counts for a daily digest.
    """

    class Digest(models.TextChoices):
        """How often what need not be known at once is mailed."""

        HOURLY = "hourly", "Every hour, if there is something"
        DAILY = "daily", "Once a day"

    person = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="notice_settings"
    )
    time_zone = models.CharField(max_length=40, default="UTC")
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    digest = models.CharField(max_length=6, choices=Digest.choices, default=Digest.HOURLY)
    digest_hour = models.PositiveSmallIntegerField(default=8, validators=[MaxValueValidator(23)])

    class Meta:
        """Quiet hours begin and end, and not at the same time."""

        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (
                    Q(quiet_from__isnull=False, quiet_until__isnull=False)
                    & ~Q(quiet_from=F("quiet_until"))
                ),
                name="quiet_hours_begin_and_end",
            ),
            models.CheckConstraint(condition=Q(digest_hour__lte=23), name="digest_hour_is_an_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.get_digest_display()}, {self.time_zone}"
