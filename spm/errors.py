"""What rules raise, so that a page, the API, a task and a command answer alike."""

from collections.abc import Mapping, Sequence


class Invalid(Exception):
    """Input that cannot be taken. Each field says what is wrong and what would be right.

    ``fields`` maps the name of a field, as the caller knows it, to one sentence; the empty name
    stands for the whole.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__(
            "; ".join(f"{name}: {text}" if name else text for name, text in self.fields.items())
        )


class Conflict(Exception):
    """The world has changed since the caller looked. ``changed`` says in which respects."""

    def __init__(self, message: str, changed: Sequence[str] = ()) -> None:
        self.message = message
        self.changed = list(changed)
        super().__init__(message)


class Reused(Conflict):
    """A name that stands for one thing was given to another."""
