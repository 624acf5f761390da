"""Sources by name: one for each name in a portfolio, whatever its capitals."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from evidence.models import Source


def known_sources(portfolio_id: int, names: Iterable[str]) -> dict[str, Source]:
    """The sources with these names, by the name in small letters."""
    wanted = {name.lower() for name in names}
    if not wanted:
        return {}
    rows = Source.objects.filter(portfolio_id=portfolio_id).alias(small=Lower("name"))
    return {source.name.lower(): source for source in rows.filter(small__in=wanted)}


def sources_named(portfolio_id: int, names: Iterable[str]) -> dict[str, Source]:
    """The same, with those made that there are not yet: fully reliable until somebody says else.

    They are made in order of their names, so that two who need the same ones never wait for each
    other in a circle.
    """
    first_spelling = {name.lower(): name for name in reversed(list(names))}
    found = known_sources(portfolio_id, first_spelling)
    for small in sorted(first_spelling.keys() - found.keys()):
        found[small] = _made(portfolio_id, first_spelling[small])
    return found


def _made(portfolio_id: int, name: str) -> Source:
    try:
        with transaction.atomic():
            source: Source = Source.objects.create(portfolio_id=portfolio_id, name=name)
            return source
    except IntegrityError:  # somebody else has just made it
        return known_sources(portfolio_id, [name])[name.lower()]
