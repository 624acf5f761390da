"""What webhooks say to the floors above, in the transaction of its cause."""

from django.dispatch import Signal

#: Nothing is sent to a webhook any more, and nobody has asked for that. Arguments: ``webhook``.
disabled = Signal()
