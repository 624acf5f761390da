"""What bets say to the floors above, which they do not know."""

from django.dispatch import Signal

#: Hypotheses, priors, thresholds or kill criteria of a bet changed. Arguments: ``bet``.
thesis_changed = Signal()

#: Anything that the allocation depends on changed: value, limits, teams, needs, stage.
#: Arguments: ``portfolio_id``, ``reason`` (a short sentence).
position_terms_changed = Signal()
