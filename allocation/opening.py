"""Opening a portfolio: its envelope in the books, a few sensible guardrails, its people."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.utils.text import slugify

from allocation import guardrails, ledger
from bets.models import Portfolio, Stage, WipLimit
from spm.accounts.people import SignIn, bring_in
from spm.errors import Invalid

TESTING_LIMIT = 10


@transaction.atomic
def open_portfolio(
    name: str, envelope: Decimal, people: Mapping[str, str], *, currency: str = "EUR"
) -> tuple[Portfolio, list[SignIn]]:
    """Make a portfolio that its people can begin to work in.

    Args:
        name: what it is called; its slug is made from it.
        envelope: what it may commit, currency per month.
        people: role by address.
        currency: three capitals.

    Raises:
        Invalid: a name, sum, currency, address or role that cannot be taken.
    """
    slug = slugify(name)
    if envelope <= 0:
        raise Invalid({"envelope": "An envelope is a sum above nothing, such as 250000."})
    if not slug:
        raise Invalid({"name": "Give it a name with letters."})
    if Portfolio.objects.filter(slug=slug).exists():
        raise Invalid({"name": f"There is a portfolio '{slug}' already."})
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise Invalid({"currency": f"'{currency}' is not three capitals such as EUR."})
    portfolio = Portfolio.objects.create(name=name, slug=slug, currency=currency)
    ledger.set_envelope(portfolio.pk, envelope)
    guardrails.create(portfolio, guardrails.proposed_limits(envelope))
    WipLimit.objects.create(portfolio=portfolio, stage=Stage.TESTING, limit=TESTING_LIMIT)
    sign_ins = [bring_in(portfolio.pk, email, role) for email, role in people.items()]
    portfolio.refresh_from_db()
    return portfolio, sign_ins
