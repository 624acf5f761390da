"""What is said of requests for evidence: asked, due soon, overdue, answered, withdrawn."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.urls import reverse

from evidence.models import Because, EvidenceRequest, NoticeKind, RequestState
from evidence.notices.tell import News, in_brief, tell
from evidence.notices.theses import NEWS_FOR
from spm import formats
from spm.accounts.models import User

#: How long before its day a request is called to mind.
REMINDS_BEFORE = timedelta(days=2)


def tell_of_request(row: EvidenceRequest) -> None:
    """Tell the person who is asked, unless they asked themselves."""
    text = f"{_title(row)}: {row.asked_by} asks you for evidence by {_day(row)}."
    tell([_to_asked(row, "asked", text)], row.asked_at)


def tell_of_withdrawal(row: EvidenceRequest, by: User) -> None:
    """Tell the person who was asked that they need not any more."""
    text = f"{_title(row)}: the evidence that you were asked for is no longer needed."
    tell([_to_asked(row, "withdrawn", text, by)])


def tell_of_answers(hypothesis_ids: Collection[int], known_at: datetime) -> None:
    """Tell who asked about these hypotheses what came of it; one query where nobody did.

    Args:
        hypothesis_ids: on which evidence was recorded, its belief written already.
        known_at: when it became known; the past being replayed answers nothing.
    """
    if not hypothesis_ids:
        return
    rows = EvidenceRequest.objects.filter(hypothesis_id__in=hypothesis_ids, asked_at__lt=known_at)
    answered = rows.with_state(known_at.date()).filter(
        state=RequestState.ANSWERED, answered_at__gte=known_at - NEWS_FOR
    )
    tell((_answer(row) for row in answered.select_related("bet", "asked_by")), known_at)


def remind(now: datetime) -> None:
    """Remind the asked once two days before the day and once after it; then the asker as well."""
    waiting = EvidenceRequest.objects.waiting(now.date()).select_related("bet", "asked_by")
    due = waiting.filter(due_on__lte=(now + REMINDS_BEFORE).date())
    news = []
    for row in due:
        if row.state == RequestState.OVERDUE:
            text = f"{_title(row)}: the evidence asked for by {_day(row)} is overdue."
            news.append(_news(row, "overdue", text, {**_asker(row), **_asked(row)}))
        else:
            text = f"{_title(row)}: you were asked for evidence by {_day(row)}."
            news.append(_news(row, "soon", text, _asked(row)))
    tell(news, now)


# --- inside ---------------------------------------------------------------------------------------


def _to_asked(row: EvidenceRequest, part: str, text: str, by: User | None = None) -> News:
    did_it = by.pk if by else row.asked_by_id
    return _news(row, part, text, {} if did_it == row.asked_of_id else _asked(row))


def _answer(row: EvidenceRequest) -> News:
    before, after = formats.percent(row.belief_before), formats.percent(row.belief_after)
    text = f"{_title(row)}: the evidence that you asked for is in; belief {before} → {after}."
    return _news(
        row, "answered", text, {} if row.answered_by_id == row.asked_by_id else _asker(row)
    )


def _asked(row: EvidenceRequest) -> dict[int, str]:
    return {row.asked_of_id: Because.ASKED}


def _asker(row: EvidenceRequest) -> dict[int, str]:
    return {row.asked_by_id: Because.ASKER}


def _news(row: EvidenceRequest, part: str, text: str, to: dict[int, str]) -> News:
    return News(
        kind=NoticeKind.REQUEST,
        about=f"request:{row.pk}:{part}",
        text=text,
        url=reverse("evidence:requests") + f"#request-{row.pk}",
        portfolio_id=row.bet.portfolio_id,
        bet=row.bet,
        to=to,
    )


def _title(row: EvidenceRequest) -> str:
    return in_brief(row.bet.title)


def _day(row: EvidenceRequest) -> str:
    return formats.full_moment(row.due_on)
