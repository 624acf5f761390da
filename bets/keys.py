"""The name that another system has for a bet, where that system gives it another one."""

from django.db import transaction

from bets.models import Bet, ExternalKey
from spm import reading
from spm.errors import Conflict


@transaction.atomic
def set_key(bet: Bet, source: str, key: str, url: str, instead_of: str = "") -> None:
    """Let a bet be known by ``key``, and not by ``instead_of`` any more.

    Args:
        bet: which; whoever calls has asked whether it may be changed.
        source: the other system, such as 'jira'.
        key: the name that it has there now.
        url: where it is to be seen there.
        instead_of: the name that it had before, if it had another.

    Raises:
        Invalid: a name or an address that cannot be taken.
        Conflict: another bet of the portfolio is known by it.
    """
    key = reading.text(255, required=True)(key, "key")
    url = reading.web_address(200)(url, "url")
    known = ExternalKey.objects.filter(portfolio=bet.portfolio_id, source=source, key=key).first()
    if known is not None and known.bet_id != bet.pk:
        raise Conflict(f"{key} is the key of another bet, ‘{known.bet.title}’.", ["key"])
    if instead_of and instead_of != key:
        bet.external_keys.filter(source=source, key=instead_of).delete()
    ExternalKey.objects.update_or_create(
        portfolio_id=bet.portfolio_id, source=source, key=key, defaults={"bet": bet, "url": url}
    )
