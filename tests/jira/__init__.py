"""A small Jira to test against: it speaks the parts of Jira Cloud and Server that are used.

Written from the public documentation of the two products' REST APIs. ``python -m tests.jira`` runs
one by hand.
"""
