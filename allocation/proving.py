"""When the books are proved: every night, and whenever finance or an administrator asks for it.

What is owed is a ``Proof`` that is not finished. The message to a worker is a bell: if it is lost,
beat's sweep finds the row.
"""

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from allocation.models import Proof
from allocation.verify import Checked, checked
from bets.models import Portfolio
from spm import celery, live, valkey
from spm.accounts.permissions import Principal, person_behind, require

logger = logging.getLogger(__name__)

TASK = "allocation.prove"
MOST_FINDINGS = 100
#: At night the books are proved once; where nothing runs at night, as soon as it is overdue.
NIGHT_ENDS = 5
ONCE_A_NIGHT = timedelta(hours=20)
OVERDUE = timedelta(hours=36)


def ask_for_proof(principal: Principal, portfolio_id: int) -> Proof:
    """Have the books proved by a worker; asked for twice is proved once.

    Raises:
        Portfolio.DoesNotExist: there is none that the principal may see.
        NotAllowed: they may not.
    """
    portfolio = Portfolio.objects.visible_to(principal).get(pk=portfolio_id)
    require(principal, "prove", portfolio.pk)
    proof, _ = Proof.objects.get_or_create(
        portfolio=portfolio,
        finished_at=None,
        defaults={"asked_at": timezone.now(), "asked_by": person_behind(principal)},
    )
    transaction.on_commit(lambda: _ring(portfolio.pk))
    live.say(portfolio.pk, "ledger")
    return proof


def _ring(portfolio_id: int) -> None:
    with suppress(valkey.Away), valkey.asked():
        celery.ring(TASK, portfolio_id)


def prove(portfolio_id: int) -> Proof:
    """Prove the books of a portfolio now, write down what was found, and log what is wrong."""
    portfolio = Portfolio.objects.get(pk=portfolio_id)
    started = time.monotonic()
    [done] = checked(portfolio)
    for finding in done.findings[:MOST_FINDINGS]:
        logger.error("The books do not tie out: %s", finding)
    return _written_down(done, time.monotonic() - started)


def _written_down(done: Checked, seconds: float) -> Proof:
    now = timezone.now()
    said = {
        "finished_at": now,
        "seconds": seconds,
        "transfers": done.end.sequence,
        "seals": done.end.seals,
        "wrong": len(done.findings),
        "findings": [[each.row, each.problem] for each in done.findings[:MOST_FINDINGS]],
    }
    with transaction.atomic():
        owed = Proof.objects.select_for_update().filter(
            portfolio=done.portfolio, finished_at__isnull=True
        )
        proof = owed.first() or Proof(portfolio=done.portfolio, asked_at=now)
        for name, value in said.items():
            setattr(proof, name, value)
        proof.save()
        live.say(done.portfolio.pk, "ledger")
    return proof


def owed() -> list[int]:
    """The portfolios that are owed a proof."""
    rows = Proof.objects.filter(finished_at__isnull=True).order_by("asked_at")
    return list(rows.values_list("portfolio_id", flat=True))


def due(now: datetime) -> list[int]:
    """The portfolios whose books are to be proved again: at night, or as soon as overdue."""
    is_night = timezone.localtime(now).hour < NIGHT_ENDS
    since = now - (ONCE_A_NIGHT if is_night else OVERDUE)
    proved = Proof.objects.filter(finished_at__gt=since).values("portfolio_id")
    rows = Portfolio.objects.exclude(pk__in=proved).order_by("id")
    return list(rows.values_list("id", flat=True))


def latest(portfolio: Portfolio) -> tuple[Proof | None, bool]:
    """The last proof that is finished, and whether one is owed; two queries."""
    proofs = Proof.objects.filter(portfolio=portfolio).select_related("asked_by")
    finished = proofs.filter(finished_at__isnull=False).first()
    return finished, proofs.filter(finished_at__isnull=True).exists()
