"""What evidence says to the floors above, in its own transaction."""

from django.dispatch import Signal

#: Beliefs changed. Sent inside the transaction that changed them. Arguments: ``portfolio_id``,
#: ``evidence`` (the event, or None where only time has passed), ``bet_ids``, ``reason``.
beliefs_changed = Signal()
