"""Where the money goes. Read in this order: ledger, limits, proposal, decision, scenario."""

from allocation.models.decision import Decision
from allocation.models.imports import ImportedPeriod
from allocation.models.ledger import Account, LedgerHead, Transfer
from allocation.models.limits import Guardrail, Mandate
from allocation.models.proposal import (
    LatestRun,
    Lever,
    Move,
    Proposal,
    ProposalChange,
    RecomputeRequest,
)
from allocation.models.scenario import Scenario

__all__ = [
    "Account",
    "Decision",
    "Guardrail",
    "ImportedPeriod",
    "LatestRun",
    "LedgerHead",
    "Lever",
    "Mandate",
    "Move",
    "Proposal",
    "ProposalChange",
    "RecomputeRequest",
    "Scenario",
    "Transfer",
]
