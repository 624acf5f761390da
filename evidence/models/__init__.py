"""What we learn. Read in this order: event, attachment, belief, resolution, file_import, asking,
notice_settings, notice, jira.
"""

from evidence.models.asking import EvidenceRequest, RequestState, RequestWithdrawal
from evidence.models.attachment import Attachment, Upload
from evidence.models.belief import BeliefPoint, HypothesisBelief, ThesisBreak
from evidence.models.event import SAID, Evidence, EvidenceKind, Source, Strength
from evidence.models.file_import import EvidenceImport, ImportedEvidence
from evidence.models.jira import (
    JiraBody,
    JiraComment,
    JiraConnection,
    JiraIssue,
    JiraKind,
    JiraRun,
    JiraState,
)
from evidence.models.notice import Because, Notice, NoticeMail
from evidence.models.notice_settings import MailWhen, NoticeChoice, NoticeKind, NoticeSettings
from evidence.models.resolution import Outcome, Resolution, SourceChange

__all__ = [
    "SAID",
    "Attachment",
    "Because",
    "BeliefPoint",
    "Evidence",
    "EvidenceImport",
    "EvidenceKind",
    "EvidenceRequest",
    "HypothesisBelief",
    "ImportedEvidence",
    "JiraBody",
    "JiraComment",
    "JiraConnection",
    "JiraIssue",
    "JiraKind",
    "JiraRun",
    "JiraState",
    "MailWhen",
    "Notice",
    "NoticeChoice",
    "NoticeKind",
    "NoticeMail",
    "NoticeSettings",
    "Outcome",
    "RequestState",
    "RequestWithdrawal",
    "Resolution",
    "Source",
    "SourceChange",
    "Strength",
    "ThesisBreak",
    "Upload",
]
