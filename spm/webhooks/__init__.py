"""Webhooks out: what happens here is told to addresses that administrators name.

Read in this order: models, events, signing, sending, changes, reading.
"""
