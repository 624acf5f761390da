"""Sources by name: one for each name in a portfolio, whatever its capitals."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from bets.edit import Editor, Office, signature
from evidence.models import Evidence, Source, SourceChange
from spm import reading
from spm.accounts.models import User
from spm.accounts.permissions import require, visible_portfolio_ids
from spm.errors import Invalid
from spm.reading import Fields


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


def last_source_of(person: User, portfolio_id: int) -> str:
    """The source that a person named last when they logged something by hand, or nothing."""
    rows = Evidence.objects.filter(portfolio_id=portfolio_id, recorded_by=person, imported=None)
    named = rows.filter(source__isnull=False).order_by("-id")
    return named.values_list("source__name", flat=True).first() or ""


def _made(portfolio_id: int, name: str) -> Source:
    try:
        with transaction.atomic():
            source: Source = Source.objects.create(portfolio_id=portfolio_id, name=name)
            return source
    except IntegrityError:  # somebody else has just made it
        return known_sources(portfolio_id, [name])[name.lower()]


@transaction.atomic
def set_reliability(principal: Editor, source_id: int, reliability: Any, based_on: str) -> Source:
    """Say how far a source is to be relied on, and what that is based on.

    Evidence that was taken keeps the reliability of its day; what comes from now on has the new
    one unless it brings its own.

    Raises:
        Source.DoesNotExist: there is none that they may see.
        NotAllowed: they may not edit bets here.
        Invalid: no share above 0 and up to 1, or no word on what it is based on.
    """
    rows = Source.objects.all() if isinstance(principal, Office) else visible_sources(principal)
    source = rows.select_for_update().get(pk=source_id)
    if not isinstance(principal, Office):
        require(principal, "edit_bet", source.portfolio_id)
    fields = Fields({"reliability": reliability, "based_on": based_on}, _READERS)
    for name, reader in _READERS.items():
        fields.read(name, reader)
    read = fields.done()
    SourceChange.objects.create(
        source=source,
        before=source.reliability,
        after=read["reliability"],
        based_on=read["based_on"],
        changed_at=timezone.now(),
        **signature(principal),
    )
    source.reliability = read["reliability"]
    source.save(update_fields=["reliability"])
    return source


def visible_sources(principal: Any) -> QuerySet[Source]:
    """The sources of the portfolios that the principal may see."""
    return Source.objects.filter(portfolio_id__in=visible_portfolio_ids(principal))


def _share(value: Any, field: str) -> float:
    share: float = reading.number(0, 1)(value, field)
    if share == 0:
        raise Invalid({field: "Write a share above 0 and up to 100 per cent."})
    return share


_READERS: dict[str, reading.Reader] = {
    "reliability": _share,
    "based_on": reading.text(2_000, required=True),
}
