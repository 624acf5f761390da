"""What we learn. Read in this order: event, belief, resolution, file_import."""

from evidence.models.belief import BeliefPoint, HypothesisBelief, ThesisBreak
from evidence.models.event import Evidence, EvidenceKind, Source, Strength
from evidence.models.file_import import EvidenceImport, ImportedEvidence
from evidence.models.resolution import Outcome, Resolution, SourceChange

__all__ = [
    "BeliefPoint",
    "Evidence",
    "EvidenceImport",
    "EvidenceKind",
    "HypothesisBelief",
    "ImportedEvidence",
    "Outcome",
    "Resolution",
    "Source",
    "SourceChange",
    "Strength",
    "ThesisBreak",
]
