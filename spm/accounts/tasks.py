"""What is tidied up by the clock."""

from celery import shared_task

from spm.api.idempotency import forget_old


@shared_task(name="accounts.forget_old_answers")
def forget_old_answers() -> int:
    """Remove the answers kept for idempotency keys that have run out."""
    return forget_old()
