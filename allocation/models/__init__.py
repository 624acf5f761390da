"""Where the money goes: ledger, limits, proposal, study, comment, consent, decision, scenario."""

from allocation.models.actuals import ActualsFile, ActualSpend
from allocation.models.comment import ProposalComment
from allocation.models.consent import Consent
from allocation.models.decision import Decision
from allocation.models.imports import ImportedPeriod
from allocation.models.ledger import Account, LedgerHead, Transfer
from allocation.models.limits import Guardrail, LimitChange, Mandate
from allocation.models.proof import Proof, Seal
from allocation.models.proposal import (
    LatestRun,
    Move,
    Proposal,
    ProposalChange,
    RecomputeRequest,
)
from allocation.models.scenario import Scenario
from allocation.models.study import Study

__all__ = [
    "Account",
    "ActualSpend",
    "ActualsFile",
    "Consent",
    "Decision",
    "Guardrail",
    "ImportedPeriod",
    "LatestRun",
    "LedgerHead",
    "LimitChange",
    "Mandate",
    "Move",
    "Proof",
    "Proposal",
    "ProposalChange",
    "ProposalComment",
    "RecomputeRequest",
    "Scenario",
    "Seal",
    "Study",
    "Transfer",
]
