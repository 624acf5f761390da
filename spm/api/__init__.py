"""What every API path has in common; the paths themselves are in ``<app>/api.py``.

Read in this order: authentication, strict_json, parsers, fields, serializers, views, idempotency,
problems, schema.
"""
