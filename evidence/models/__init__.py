"""What we learn. Read in this order: event, belief."""

from evidence.models.belief import BeliefPoint, HypothesisBelief, ThesisBreak
from evidence.models.event import Evidence, EvidenceKind, Source, Strength

__all__ = [
    "BeliefPoint",
    "Evidence",
    "EvidenceKind",
    "HypothesisBelief",
    "Source",
    "Strength",
    "ThesisBreak",
]
