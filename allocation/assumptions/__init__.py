"""What is assumed otherwise: typed changes of a snapshot, applied and undone by pure functions.

Snapshots are the engine's input documents (allocation.engine.reading), changes are
``{kind, target, from, to}``. Nothing here knows a database. Read in this order: change, readers,
kinds, apply, for_engine, moved.
"""

from allocation.assumptions.apply import apply, in_order, put, rebased, set_to, without
from allocation.assumptions.change import Change, ChangeError, changes_from, changes_to_json
from allocation.assumptions.for_engine import STOP_PREFIX, for_engine
from allocation.assumptions.kinds import KINDS
from allocation.assumptions.moved import moved_on

__all__ = [
    "KINDS",
    "STOP_PREFIX",
    "Change",
    "ChangeError",
    "apply",
    "changes_from",
    "changes_to_json",
    "for_engine",
    "in_order",
    "moved_on",
    "put",
    "rebased",
    "set_to",
    "without",
]
