"""Measurements and long trials of the whole product."""
