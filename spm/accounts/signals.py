"""What accounts say to the floors above, in the transaction of its cause."""

from django.dispatch import Signal

#: A key was made. Arguments: ``key``, and ``by``, who made it, or None for the command.
key_made = Signal()

#: Somebody signs in by something new: another password, another app, other recovery codes.
#: Argument: ``user``.
sign_in_changed = Signal()
