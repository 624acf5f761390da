"""The JSON contract of engine.md section 1: a document of hypotheses and bets in, beliefs out."""

from typing import Any

from evidence.belief.facts import id_order
from evidence.belief.hypothesis import HypothesisBelief, hypothesis_belief
from evidence.belief.many import beliefs_of_many, columns_of
from evidence.belief.reading import parse_document
from evidence.belief.thesis import ThesisBelief, thesis_belief


def judge(document: object) -> dict[str, Any]:
    """Return the beliefs in all hypotheses and bets of a document, ready to be written as JSON.

    Hypotheses, their items, and bets come in id order (numbers before text), whatever order they
    were given in. Raises BeliefInputError where the document makes no sense.
    """
    facts = parse_document(document)
    beliefs = {
        identifier: hypothesis_belief(facts.hypotheses[identifier], facts.as_of)
        for identifier in sorted(facts.hypotheses, key=id_order)
    }
    bets = [
        thesis_belief(bet, facts.hypotheses, facts.as_of, beliefs)
        for bet in sorted(facts.bets, key=lambda bet: id_order(bet.id))
    ]
    return {
        "hypotheses": [hypothesis_answer(belief) for belief in beliefs.values()],
        "bets": [bet_answer(belief) for belief in bets],
    }


def judge_without_items(document: object) -> dict[str, Any]:
    """Return the beliefs alone, worked out all at once: for documents of a whole portfolio.

    As `judge`, to 1e-9, under fewer keys: what an item weighs, freshness, kill criteria, and what
    becomes of a thesis are left out.
    """
    facts = parse_document(document)
    found = beliefs_of_many(columns_of(facts.hypotheses, facts.bets, facts.as_of), facts.as_of)
    hypotheses = sorted(facts.hypotheses, key=id_order)
    bets = sorted((bet.id for bet in facts.bets), key=id_order)
    weakest = [hypotheses[place] for place in found.weakest.tolist()]
    return {
        "hypotheses": _rows(
            id=hypotheses,
            belief=found.belief.tolist(),
            judgement_db=found.judgement_decibans.tolist(),
            measurement_db=found.measurement_decibans.tolist(),
        ),
        "bets": _rows(id=bets, belief=found.thesis_belief.tolist(), weakest=weakest),
    }


def _rows(**columns: list[Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def hypothesis_answer(belief: HypothesisBelief) -> dict[str, Any]:
    """Return the belief in one hypothesis under the keys of the contract."""
    return {
        "id": belief.id,
        "belief": belief.belief,
        "judgement_db": belief.judgement_decibans,
        "measurement_db": belief.measurement_decibans,
        "freshness": belief.freshness,
        "items": [
            {"id": item.id, "db": item.decibans, "belief_without": item.belief_without}
            for item in belief.items
        ],
        "kill": list(belief.kill),
    }


def bet_answer(belief: ThesisBelief) -> dict[str, Any]:
    """Return the belief in one bet's thesis under the keys of the contract."""
    return {
        "id": belief.id,
        "belief": belief.belief,
        "uncertainty": belief.uncertainty,
        "weakest": belief.weakest,
        "status": belief.status,
    }
