"""What proposals and decisions say to whoever listens, inside the transaction of their cause."""

from django.dispatch import Signal

#: A proposal was published. Arguments: ``proposal``.
published = Signal()

#: A proposal is no longer open: decided, superseded or withdrawn. Arguments: ``proposal``.
closed = Signal()

#: Somebody approved, refused or booked, or nobody did in time. Arguments: ``decision``, its
#: proposal closed and its money booked.
decided = Signal()

#: One of two people has approved, so another is needed. Arguments: ``proposal``, ``by`` (the person
#: who approved).
consented = Signal()

#: What is stored does not follow from what it was made from. Sent after the check, outside of its
#: transaction. Arguments: ``portfolio``, ``findings``.
proof_failed = Signal()
