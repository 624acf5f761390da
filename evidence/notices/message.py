"""The e-mail: what was said, in text and in a form that every mail program shows alike.

It holds titles of bets, figures and links; no words of evidence, and nothing that opens a door.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from evidence.models import Notice, NoticeKind, NoticeMail
from evidence.notices.tell import Details, in_brief

#: A longer list is read on the page.
MOST_LINES = 20
#: What somebody has to act on comes first.
FIRST = (NoticeKind.PROOF, NoticeKind.PROPOSAL, NoticeKind.CONSENT, NoticeKind.BREAK)
LONGEST_SUBJECT = 120


@dataclass(frozen=True)
class Line:
    """One notice as it is mailed."""

    kind: str
    text: str
    portfolio: str
    url: str
    details: Details


def message_of(mail: NoticeMail, notices: Sequence[Notice]) -> EmailMultiAlternatives:
    """The e-mail with these notices, the most pressing first; the same name at every try."""
    ordered = sorted(notices, key=lambda row: (_rank(row), row.pk))
    context: dict[str, Any] = {
        "lines": [_line(row) for row in ordered[:MOST_LINES]],
        "more": max(0, len(ordered) - MOST_LINES),
        "all_url": address(reverse("evidence:notices")),
        "settings_url": address(reverse("evidence:notice_settings")),
    }
    context["subject"] = subject_of(ordered)
    message = EmailMultiAlternatives(
        subject=context["subject"],
        body=render_to_string("evidence/mail/digest.txt", context),
        to=[mail.person.email],
        headers={
            "Message-ID": mail.message_id,
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{context['settings_url']}>",
        },
    )
    message.attach_alternative(render_to_string("evidence/mail/digest.html", context), "text/html")
    return message


def subject_of(notices: Sequence[Notice]) -> str:
    """The first notice, and how many more there are; one line, whatever the bet is called."""
    first = in_brief(notices[0].text)
    more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
    longest = LONGEST_SUBJECT - len(more)
    shown = first if len(first) <= longest else first[: longest - 1] + "…"
    return shown + more


def address(path: str) -> str:
    """A path as a link that works outside of the site."""
    return f"{settings.PUBLIC_ADDRESS}{path}"


def _rank(row: Notice) -> int:
    return FIRST.index(row.kind) if row.kind in FIRST else len(FIRST)


def _line(row: Notice) -> Line:
    return Line(
        row.get_kind_display(),
        in_brief(row.text),
        in_brief(row.portfolio.name),
        address(row.url),
        Details(**row.details),
    )
