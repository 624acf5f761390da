"""The journal of decisions: what was decided, how soon after the evidence, and what came of it."""
