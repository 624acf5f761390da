"""The two sums above which more is needed to decide: finance, and a second person.

Currency per month; what counts is the money that a decision moves (``allocation.authority``).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from allocation import ledger, limit_journal
from allocation.limit_journal import Subject
from bets.edit import Editor, Office
from bets.models import Portfolio
from spm import live, reading
from spm.accounts.permissions import require, require_person
from spm.errors import Invalid

LONGEST_REASON = 2_000
SUBJECTS = {
    "finance_above": Subject.FINANCE_ABOVE,
    "two_people_above": Subject.TWO_PEOPLE_ABOVE,
}


@transaction.atomic
def change(by: Editor, portfolio_id: int, given: Mapping[str, Any]) -> Portfolio:
    """Set one threshold or both; each change is journalled with the reason.

    Args:
        by: who does it.
        portfolio_id: where.
        given: ``finance_above``, up to which portfolio leads decide too (0: finance always);
            ``two_people_above``, above which two people approve (None: never); ``reason``.

    Raises:
        NotAllowed: they may not set limits, or are a key.
        Invalid: a field cannot be taken, or nothing would change.
    """
    portfolio = held(by, portfolio_id)
    wanted = _read(given)
    reason = wanted.pop("reason")
    changed = {name: sum_ for name, sum_ in wanted.items() if sum_ != getattr(portfolio, name)}
    if not changed:
        raise Invalid(dict.fromkeys(wanted, "It is that already.") or {"": "Give one of the sums."})
    for name, sum_ in changed.items():
        before = {"amount": _text(getattr(portfolio, name))}
        limit_journal.note(
            portfolio_id, SUBJECTS[name], before, {"amount": _text(sum_)}, by=by, reason=reason
        )
        setattr(portfolio, name, sum_)
    portfolio.save(update_fields=list(changed))
    live.say(portfolio_id, "limits", "proposals")
    return portfolio


def held(by: Editor, portfolio_id: int) -> Portfolio:
    """The portfolio, locked, if the principal may change its thresholds; raises NotAllowed."""
    if not isinstance(by, Office):
        require(by, "set_limits", portfolio_id)
        require_person(by, "say who decides")
    ledger.hold(portfolio_id)  # first, as in every booking; what is journalled is sealed
    return Portfolio.objects.select_for_update(no_key=True).get(pk=portfolio_id)


def _read(given: Mapping[str, Any]) -> dict[str, Any]:
    fields = reading.Fields(given, (*SUBJECTS, "reason"))
    if "reason" not in given:
        fields.wrong["reason"] = "Say why: it is kept with the change."
    fields.read("finance_above", reading.or_default(reading.money, Decimal(0)))
    fields.read("two_people_above", reading.optional(reading.money))
    fields.read("reason", reading.text(LONGEST_REASON, required=True))
    return fields.done()


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
