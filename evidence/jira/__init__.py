"""Jira: what a site says of its issues becomes bets, delivery signals and evidence.

Two ways lead here, and either suffices: pulls of pages of issues, and webhooks. Both say facts with
a time (``facts``), which are put together in whatever order they come (``known``) and then taken
(``taking``). Read in this order: text, facts, bodies, mapping, mapping_fields, known, taking, site,
pull, hooks, changes, reading.
"""
