"""From evidence to belief: what we learn says about the hypotheses and theses that bets rest on.

Pure: no database, no clock, no randomness, no Django. Read it in this order:

    facts         hypotheses, evidence, bets: what a belief is worked out from
    record        strict reading of one JSON object
    reading       facts from JSON, refusing what makes no sense
    retraction    which evidence counts at a moment
    measurements  measurements of the leading indicator, pooled into one Bayes factor
    kill          kill criteria
    hypothesis    the belief in a hypothesis and the weight of each item
    running       the same belief while evidence comes in, at many moments
    replay        the life of many theses, gone through at once
    thesis        the belief in a bet's thesis, its breaks and revivals
    many          the beliefs of a whole portfolio at once, from columns of figures
    contract      all of it, JSON to JSON

`python -m evidence.belief < hypotheses.json` does the last from the command line.
"""

from evidence.belief.contract import judge
from evidence.belief.facts import (
    BeliefInputError,
    Bet,
    Hypothesis,
    Id,
    Item,
    Judgement,
    KillCriterion,
    MeanMeasurement,
    Metric,
    ProportionMeasurement,
    Ratio,
    Retraction,
)
from evidence.belief.hypothesis import (
    HypothesisBelief,
    ItemWeight,
    Preview,
    hypothesis_belief,
    preview,
)
from evidence.belief.many import Columns, ManyBeliefs, beliefs_of_many, columns_of
from evidence.belief.reading import Document, parse_document, parse_hypothesis, parse_item
from evidence.belief.replay import ThesisEvent
from evidence.belief.thesis import ThesisBelief, histories, history, thesis_belief

__all__ = [
    "BeliefInputError",
    "Bet",
    "Columns",
    "Document",
    "Hypothesis",
    "HypothesisBelief",
    "Id",
    "Item",
    "ItemWeight",
    "Judgement",
    "KillCriterion",
    "ManyBeliefs",
    "MeanMeasurement",
    "Metric",
    "Preview",
    "ProportionMeasurement",
    "Ratio",
    "Retraction",
    "ThesisBelief",
    "ThesisEvent",
    "beliefs_of_many",
    "columns_of",
    "histories",
    "history",
    "hypothesis_belief",
    "judge",
    "parse_document",
    "parse_hypothesis",
    "parse_item",
    "preview",
    "thesis_belief",
]
