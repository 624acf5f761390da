"""Makes the portfolio itself: themes, value streams, sources, guardrails, and who may see it."""

from collections.abc import Iterable
from decimal import Decimal

from allocation import guardrails
from allocation.demo.make import PEOPLE
from allocation.portfolio_import.mapping import GuardrailTerms, ImportMapping
from allocation.portfolio_import.plan import Plan
from bets.models import Portfolio, Theme, ValueStream
from evidence.models import Source
from spm.accounts.models import Membership, User
from spm.errors import Invalid
from spm.sheets.problems import Unusable


def open_portfolio(plan: Plan, mapping: ImportMapping) -> tuple[Portfolio, bool]:
    """The portfolio with the mapping's slug, locked, and whether it is new.

    Themes, streams and sources that it lacks are added; what is there stays as it is. Guardrails
    are those of the mapping only where the portfolio is new: afterwards they are finance's.

    Raises:
        Unusable: it exists in another currency.
    """
    terms = mapping.portfolio
    portfolio, created = Portfolio.objects.get_or_create(
        slug=terms.slug,
        defaults={
            "name": terms.name,
            "intent": terms.intent,
            "currency": terms.currency,
            "horizon_months": terms.horizon_months,
            "switching_cost": Decimal(str(terms.switching_cost)),
        },
    )
    # Against a second import only: what people write meanwhile must not wait for this one.
    portfolio = Portfolio.objects.select_for_update(no_key=True).get(pk=portfolio.pk)
    if portfolio.currency != terms.currency:
        raise Unusable(
            f"portfolio.currency: the portfolio '{terms.slug}' is kept in {portfolio.currency}, "
            f"not in {terms.currency}."
        )
    _add_themes(portfolio, plan, mapping)
    _add_streams(portfolio, plan, mapping)
    _add_sources(portfolio, mapping)
    if created:
        for guardrail in mapping.guardrails:
            _add_guardrail(portfolio, guardrail)
    return portfolio, created


def _add_themes(portfolio: Portfolio, plan: Plan, mapping: ImportMapping) -> None:
    known = {theme.name.casefold() for theme in Theme.objects.filter(portfolio=portfolio)}
    for name in plan.themes:
        if name.casefold() not in known:
            least, most = mapping.theme.targets.get(name, (0.0, 1.0))
            Theme.objects.create(
                portfolio=portfolio, name=name, target_min_share=least, target_max_share=most
            )
            known.add(name.casefold())


def _add_streams(portfolio: Portfolio, plan: Plan, mapping: ImportMapping) -> None:
    known = {stream.name.casefold() for stream in ValueStream.objects.filter(portfolio=portfolio)}
    for name in plan.streams:
        if name.casefold() not in known:
            purpose = mapping.stream.names.get(name, "")
            ValueStream.objects.create(portfolio=portfolio, name=name, purpose=purpose)
            known.add(name.casefold())


def _add_sources(portfolio: Portfolio, mapping: ImportMapping) -> None:
    for judgement in mapping.judgements:
        known = Source.objects.filter(portfolio=portfolio, name__iexact=judgement.source)
        if not known.exists():
            Source.objects.create(
                portfolio=portfolio,
                name=judgement.source,
                reliability=judgement.reliability,
                basis=judgement.basis,
            )


def _add_guardrail(portfolio: Portfolio, terms: GuardrailTerms) -> None:
    """One guardrail; names of streams and themes in its scope become their ids."""
    ids = {
        "stream": {row.name.casefold(): str(row.pk) for row in portfolio.streams.all()},
        "theme": {row.name.casefold(): str(row.pk) for row in portfolio.themes.all()},
    }
    scope = {}
    for attribute, values in terms.scope.items():
        known = ids.get(attribute)
        unknown = [name for name in values if known is not None and name.casefold() not in known]
        if unknown:
            raise Unusable(f"guardrail '{terms.name}': there is no {attribute} '{unknown[0]}'.")
        scope[attribute] = [known[name.casefold()] if known else name for name in values]
    limit = guardrails.Limit(
        terms.name,
        terms.kind,
        None if terms.minimum is None else Decimal(str(terms.minimum)),
        None if terms.maximum is None else Decimal(str(terms.maximum)),
        scope,
    )
    try:
        guardrails.create(portfolio, [limit], reason="Set by the import.")
    except Invalid as error:
        raise Unusable(f"guardrail {error}.") from error


def people_of_the_demo() -> list[tuple[str, str]]:
    """Address and role of the demo's people, as far as there are any: they see imports too."""
    roles = {email: str(role) for _, email, role in PEOPLE}
    known = User.objects.filter(email__in=roles).order_by("email")
    return [(user.email, roles[user.email]) for user in known]


def give_access(portfolio: Portfolio, roles: Iterable[tuple[str, str]]) -> list[str]:
    """Give people their role; returns a sentence for each new member.

    Args:
        portfolio: where.
        roles: address and role of each. A role that somebody has already stays.

    Raises:
        Unusable: nobody has this address.
    """
    said = []
    for email, role in roles:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise Unusable(f"--{role} {email}: there is nobody with this address.")
        _, created = Membership.objects.get_or_create(
            user=user, portfolio=portfolio, defaults={"role": role}
        )
        if created:
            said.append(f"{user.email} is now {role} of this portfolio.")
    return said
