"""Days as the moments that evidence is dated by."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

NOON = time(12, tzinfo=UTC)
#: How far ahead of UTC the clocks on earth are at most.
EARLIEST_MORNING = timedelta(hours=14)


def latest_day() -> date:
    """The day that it is where the day begins first."""
    return (timezone.now() + EARLIEST_MORNING).date()


def moment_of(day: date) -> datetime | None:
    """Noon of a past day, None (now) for what is today anywhere; the rule refuses a day to come."""
    is_today = timezone.now().date() <= day <= latest_day()
    return None if is_today else datetime.combine(day, NOON)
