"""Notices: what a person should know of, and the e-mails that carry them."""

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from bets.models import Bet, Portfolio
from evidence.models.notice_settings import NoticeChoice, NoticeKind
from spm.accounts.models import User
from spm.accounts.permissions import visible_portfolio_ids


class Because(models.TextChoices):
    """Why somebody is told; asked again before a notice is mailed."""

    OWNER = "owner", "You own the bet."
    OFFICE = "office", "You lead the portfolio or look after its money."
    ASKED = "asked", "You were asked for evidence."
    ASKER = "asker", "You asked for evidence."
    DECIDES = "decides", "You may decide it."
    DREW_UP = "drew_up", "You drew it up."
    KEEPS = "keeps", "You administer the portfolio."
    KEY = "key", "The key acts in your name."


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices."""

    def of(self, person: Any) -> "NoticeQuerySet":
        """A person's own, of the portfolios that they may still see."""
        return self.filter(person=person, portfolio_id__in=visible_portfolio_ids(person)).on_page()

    def on_page(self) -> "NoticeQuerySet":
        """Without the kinds that the person does not want on the page; part of the query."""
        unwanted = NoticeChoice.objects.filter(
            person=OuterRef("person"), kind=OuterRef("kind"), on_page=False
        )
        return self.exclude(Exists(unwanted))

    def unread(self) -> "NoticeQuerySet":
        """Those that nobody has looked at."""
        return self.filter(read_at=None)


class Notice(models.Model):
    """Something that happened, said to one person once.

    ``about`` names the happening for all time ('break:17', 'request:4:overdue'): nobody is told of
    it twice. ``text`` holds the title of the bet and figures, never the words of evidence, since
    it is mailed; ``url`` is the page's path. ``details`` are what an e-mail shows below the text
    (``evidence.notices.tell.Details``). ``mail_owed`` until it was mailed or need not be;
    ``owed_since`` is older than the notice where it took the place of one that was never mailed.
    """

    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    because = models.CharField(max_length=8, choices=Because.choices)
    kind = models.CharField(max_length=12, choices=NoticeKind.choices)
    about = models.CharField(max_length=80)
    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, null=True, related_name="+")
    text = models.CharField(max_length=400)
    url = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    owed_since = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail = models.ForeignKey(
        "NoticeMail", on_delete=models.SET_NULL, null=True, related_name="notices"
    )
    mail_owed = models.BooleanField(default=True)
    mailed_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        """Each is said once; what is unread, and what is owed, is found without a search."""

        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "about"], name="notice_said_once"),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="notices_of_person"),
            models.Index(fields=["person"], condition=Q(read_at=None), name="notices_unread"),
            models.Index(fields=["person"], condition=Q(mail_owed=True), name="notices_to_mail"),
        ]

    def __str__(self) -> str:
        return self.text


class NoticeMail(models.Model):
    """One e-mail to one person, from before it is sent until it is settled.

    ``message_id`` is given once, so that an e-mail that is sent again after a crash is known by it.
    ``was_sent`` is False for one that turned out not to be wanted any more.
    """

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    message_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    was_sent = models.BooleanField(default=False)

    class Meta:
        """While one is on its way to a person there is no other."""

        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(settled_at=None), name="one_mail_under_way"
            ),
        ]
        indexes = [models.Index(fields=["person", "-settled_at"], name="last_mail_of_person")]

    def __str__(self) -> str:
        return self.message_id
