"""Changing limits: the one door for the page, the API and the command.

Guardrails, the envelope and the reserve floor. Each change is judged here before it is made (what
the engine could not take is refused with the field named), journalled with who and why, and owes
the portfolio a recomputation, all in one transaction. All functions raise ``NotAllowed``,
``Invalid`` with the names of fields, and ``DoesNotExist`` for what the principal may not see.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import IntegrityError, transaction

from allocation import guardrails, ledger, limit_journal
from allocation.guardrails import CENT, KINDS, LONGEST_NAME, Limit
from allocation.ledger import Overdrawn
from allocation.limit_journal import Subject, terms_of
from allocation.models import Account, Guardrail, LimitChange
from allocation.requests import ask
from bets.edit import Editor, Office
from bets.models import Portfolio
from spm import formats, live, reading
from spm.accounts.models import User
from spm.accounts.permissions import person_behind, require
from spm.errors import Conflict, Invalid

FIELDS = ("name", "kind", "scope", "minimum", "maximum", "active", "reason")
LONGEST_REASON = 2_000
LONGEST_SCOPE = 200

Given = Mapping[str, Any]


@dataclass(frozen=True)
class Upsert:
    """What an upsert did: made the guardrail, changed it, or found it as it was given."""

    guardrail: Guardrail
    created: bool
    changed: bool


def create_guardrail(by: Editor, portfolio: Portfolio, given: Given) -> Guardrail:
    """Make a guardrail.

    Args:
        by: who does it.
        portfolio: where.
        given: ``name``, ``kind``, ``scope``, ``minimum``, ``maximum`` and the ``reason``; shares
            of the envelope are 0 to 1, the others as in ``Guardrail``.
    """
    _require(by, portfolio.pk)
    fields, reason = _read(given, "name", "kind")
    if fields.pop("active", True) is not True:
        raise Invalid({"active": "A new guardrail holds; take it out of force later."})
    limit = Limit(**fields)
    _refuse_faults(limit, portfolio)
    with _one_of_a_name():
        [made] = guardrails.create(portfolio, [limit], by=by, reason=reason)
    return made


def change_guardrail(
    by: Editor, guardrail_id: int, given: Given, version: int | None = None
) -> Guardrail:
    """Change a guardrail, take it out of force or put it back; what is not given stays.

    Args:
        by: who does it.
        guardrail_id: which.
        given: as for ``create_guardrail``; the kind cannot be changed; ``active`` is whether it is
            in force.
        version: the version that the change was made from; None for whatever it is now.

    Raises:
        Conflict: it has been changed since.
    """
    return _change(by, guardrail_id, given, version)[0]


def upsert_guardrail(by: Editor, portfolio: Portfolio, name: str, given: Given) -> Upsert:
    """Make the guardrail of this name, or change it to what is given; the same twice is once."""
    name = reading.text(LONGEST_NAME, required=True)(name, "name")
    _require(by, portfolio.pk)
    known = Guardrail.objects.filter(portfolio=portfolio, name__iexact=name).first()
    if known is None:
        try:
            made = create_guardrail(by, portfolio, {"name": name, **given})
            return Upsert(made, created=True, changed=True)
        except Invalid as refusal:  # somebody else has just made it; anything else comes again
            known = Guardrail.objects.filter(portfolio=portfolio, name__iexact=name).first()
            if known is None or set(refusal.fields) != {"name"}:
                raise
    guardrail, changed = _change(by, known.pk, given, None)
    return Upsert(guardrail, created=False, changed=changed)


def change_envelope(by: Editor, portfolio_id: int, amount: Any, reason: Any) -> Portfolio:
    """Change what the portfolio may commit, currency per month; the reserve takes the difference.

    Raises:
        Invalid: it would shrink by more than the reserve holds, or nothing would change.
    """
    after, why = _read_amount(by, portfolio_id, "envelope", amount, reason)
    if after <= 0:
        raise Invalid({"envelope": "An envelope is a sum above nothing."})
    with transaction.atomic():
        ledger.hold(portfolio_id)
        account = Account.objects.filter(portfolio_id=portfolio_id, kind=Account.Kind.ENVELOPE)
        before = -sum(account.values_list("booked", flat=True), Decimal(0))
        _refuse_the_same("envelope", before, after)
        change = _noted(by, portfolio_id, Subject.ENVELOPE, before, after, why)
        try:
            ledger.set_envelope(portfolio_id, after, booked_by=_person(by), limit_change=change)
        except Overdrawn as error:
            books = Portfolio.objects.get(pk=portfolio_id)
            held = formats.exact_rate(books.envelope - books.reserve, books.currency)
            text = f"Bets hold {held}: free money first, then make it smaller."
            raise Invalid({"envelope": text}) from error
    return Portfolio.objects.get(pk=portfolio_id)


def change_reserve_floor(by: Editor, portfolio_id: int, amount: Any, reason: Any) -> Portfolio:
    """Change what no proposal may take out of the reserve, currency per month."""
    after, why = _read_amount(by, portfolio_id, "reserve_floor", amount, reason)
    with transaction.atomic():
        ledger.hold(portfolio_id)  # first, as in every booking; what is journalled is sealed
        portfolio = Portfolio.objects.select_for_update(no_key=True).get(pk=portfolio_id)
        before = portfolio.reserve_floor
        _refuse_the_same("reserve_floor", before, after)
        Portfolio.objects.filter(pk=portfolio_id).update(reserve_floor=after)
        _noted(by, portfolio_id, Subject.RESERVE_FLOOR, before, after, why)
    return Portfolio.objects.get(pk=portfolio_id)


def draft_of(guardrail: Guardrail | None, portfolio: Portfolio, given: Given) -> Guardrail:
    """The guardrail as it would be, not saved: what its effect is worked out from.

    Raises:
        Invalid: it could not be taken.
    """
    if guardrail is None:
        fields, _ = _read({**given, "reason": "-"}, "name", "kind")
        fields.pop("active", None)
        limit = Limit(**fields)
        _refuse_faults(limit, portfolio)
        return guardrails.row_of(portfolio, limit)
    fields, _ = _read({**given, "reason": "-"})
    return _changed(guardrail, fields)


@transaction.atomic
def _change(
    by: Editor, guardrail_id: int, given: Given, version: int | None
) -> tuple[Guardrail, bool]:
    visible = (
        Guardrail.objects.all() if isinstance(by, Office) else Guardrail.objects.visible_to(by)
    )
    guardrail = visible.select_for_update(no_key=True, of=("self",)).get(pk=guardrail_id)
    _require(by, guardrail.portfolio_id)
    fields, reason = _read(given)
    if version is not None and guardrail.version != version:
        raise Conflict(_who_was_first(guardrail), ["guardrail"])
    before = terms_of(guardrail)
    _changed(guardrail, fields)
    if terms_of(guardrail) == before:
        return guardrail, False
    guardrail.version += 1
    with _one_of_a_name():
        guardrail.save()
    limit_journal.note(
        guardrail.portfolio_id,
        Subject.GUARDRAIL,
        before,
        terms_of(guardrail),
        by=by,
        reason=reason,
        guardrail=guardrail,
    )
    ask(guardrail.portfolio_id, f"Guardrail ‘{guardrail.name}’ was changed.")
    live.say(guardrail.portfolio_id, "limits")
    return guardrail, True


def _changed(guardrail: Guardrail, fields: dict[str, Any]) -> Guardrail:
    """The same row with these fields, judged; not saved."""
    if fields.get("kind", guardrail.kind) != guardrail.kind:
        raise Invalid({"kind": "A guardrail keeps its kind; make another one instead."})
    for name, value in fields.items():
        setattr(guardrail, name, value)
    limit = Limit(
        guardrail.name, guardrail.kind, guardrail.minimum, guardrail.maximum, guardrail.scope
    )
    _refuse_faults(limit, guardrail.portfolio)
    return guardrail


def _refuse_faults(limit: Limit, portfolio: Portfolio) -> None:
    wrong = guardrails.faults(limit, portfolio)
    if wrong:
        raise Invalid(wrong)


def _who_was_first(guardrail: Guardrail) -> str:
    last = guardrail.changes.select_related("changed_by", "api_key").first()
    who = (last.changed_by or last.api_key or "The office") if last else "Somebody"
    return f"{who} has changed this guardrail since you opened it. This is how it stands now."


@contextmanager
def _one_of_a_name() -> Iterator[None]:
    """A name that is taken is a fault of the field, and leaves the transaction usable."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "guardrail_name_once" not in str(error):
            raise
        raise Invalid({"name": "There is a guardrail of this name already."}) from error


# --- reading --------------------------------------------------------------------------------------


def _require(by: Editor, portfolio_id: int) -> None:
    if not isinstance(by, Office):
        require(by, "set_limits", portfolio_id)


def _person(by: Editor) -> User | None:
    return None if isinstance(by, Office) else person_behind(by)


def _read(given: Given, *needed: str) -> tuple[dict[str, Any], str]:
    """The fields of a guardrail and the reason."""
    fields = reading.Fields(given, FIELDS)
    for name in (*needed, "reason"):
        if name not in given:
            fields.wrong[name] = (
                "Say why: it is kept with the change."
                if name == "reason"
                else (f"Give the {name}.")
            )
    fields.read("name", reading.text(LONGEST_NAME, required=True))
    fields.read("kind", reading.one_of(tuple(KINDS)))
    fields.read("scope", read_scope)
    fields.read("minimum", reading.optional(_figure))
    fields.read("maximum", reading.optional(_figure))
    fields.read("active", _yes_or_no)
    fields.read("reason", reading.text(LONGEST_REASON, required=True))
    values = fields.done()
    return values, values.pop("reason")


def _figure(value: Any, field: str) -> Decimal:
    """A limit: a number, or its digits as text; four places at most."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise Invalid({field: "Give a number."})
    try:
        figure = Decimal(value if isinstance(value, Decimal) else str(value).strip())
    except InvalidOperation:
        raise Invalid({field: "Give a number such as 0.2 or 125000."}) from None
    if not figure.is_finite() or abs(figure) >= guardrails.LARGEST_LIMIT:
        raise Invalid({field: "Give a number below a million million."})
    return figure + 0


def read_scope(value: Any, field: str) -> dict[str, list[str]]:
    """Lists of values by attribute; ids may be given as numbers."""
    if not isinstance(value, Mapping):
        raise Invalid({field: 'Give an object such as {"horizon": ["H3"]}.'})
    scope = {}
    for attribute, values in value.items():
        words = [str(each) for each in values] if isinstance(values, list | tuple) else None
        if words is None or any(isinstance(each, bool | dict | list) for each in values):
            raise Invalid({field: f"Give a list of values for '{attribute}'."})
        if len(words) > LONGEST_SCOPE:
            raise Invalid({field: f"Give at most {LONGEST_SCOPE} values for '{attribute}'."})
        scope[str(attribute)] = sorted(set(words))
    return dict(sorted(scope.items()))


def _yes_or_no(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid({field: "Say true or false."})
    return value


def _read_amount(
    by: Editor, portfolio_id: int, field: str, amount: Any, reason: Any
) -> tuple[Decimal, str]:
    _require(by, portfolio_id)
    fields = reading.Fields({field: amount, "reason": reason}, (field, "reason"))
    fields.read(field, reading.money)
    fields.read("reason", reading.text(LONGEST_REASON, required=True))
    values = fields.done()
    return values[field], values["reason"]


def _refuse_the_same(field: str, before: Decimal, after: Decimal) -> None:
    if before == after:
        raise Invalid({field: "It is that already."})


def _noted(
    by: Editor, portfolio_id: int, subject: Subject, before: Decimal, after: Decimal, why: str
) -> LimitChange:
    change = limit_journal.note(
        portfolio_id,
        subject,
        {"amount": f"{before.quantize(CENT)}"},
        {"amount": f"{after.quantize(CENT)}"},
        by=by,
        reason=why,
    )
    ask(portfolio_id, f"{subject.label}: changed to {after:.2f} a month.")
    live.say(portfolio_id, "limits", "allocation", "ledger")
    return change
