"""Scenarios in the product: made, changed, solved, compared, and turned into proposals.

What a change is and does is in ``allocation.assumptions``. Read in this order: made_from, edit,
solving, wording, typed, sheets, answer, comparison, proposing; then the pages (views) and the
paths of the API.
"""
