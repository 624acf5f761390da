"""Capital after break in words: the sentence over the timeline of a bet."""

from reports.broken.report import BrokenBet
from spm import formats


def sentence(broken: BrokenBet, currency: str) -> str:
    """What was spent, where the bet stands, and what became of the proposals to move its money.

    '€1.58M spent after the break; broken since 30 Jul 2026, it still holds €400k/mo, in Scaling. Of
    the proposals to withdraw its money, 1 was ignored and 2 were refused.'
    """
    bet, since = broken.bet, broken.row.broken_on
    spent = formats.money(broken.row.spent, currency)
    if since is not None:
        holds = formats.rate(broken.row.rate, currency)
        stands = f"broken since {since.day} {since:%b %Y}, it still holds {holds}"
    else:
        stands = f"its thesis has revived, it holds {formats.rate(bet.funding, currency)}"
    return (
        f"{spent} spent after the break{_really(broken, currency)}; {stands}, "
        f"in {bet.get_stage_display()}. "
        f"{proposals_in_words(broken.ignored, broken.refused)}"
    )


def _really(broken: BrokenBet, currency: str) -> str:
    """', really €90k in 3 of its 5 months', or nothing where nobody has said what it cost."""
    actual = broken.actual
    if actual is None:
        return ""
    months = f"{actual.months_known} of its {actual.months} months"
    return f", really {formats.money(actual.spent, currency)} in {months}"


def proposals_in_words(ignored: int, refused: int) -> str:
    """'No proposal to withdraw its money was ignored or refused.', or how many were."""
    if not ignored and not refused:
        return "No proposal to withdraw its money was ignored or refused."
    parts = [
        f"{count} {'was' if count == 1 else 'were'} {word}"
        for count, word in ((ignored, "ignored"), (refused, "refused"))
        if count
    ]
    return f"Of the proposals to withdraw its money, {' and '.join(parts)}."
