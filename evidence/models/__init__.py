"""What we learn. Read in this order: event, belief, file_import."""

from evidence.models.belief import BeliefPoint, HypothesisBelief, ThesisBreak
from evidence.models.event import Evidence, EvidenceKind, Source, Strength
from evidence.models.file_import import EvidenceImport, ImportedEvidence

__all__ = [
    "BeliefPoint",
    "Evidence",
    "EvidenceImport",
    "EvidenceKind",
    "HypothesisBelief",
    "ImportedEvidence",
    "Source",
    "Strength",
    "ThesisBreak",
]
