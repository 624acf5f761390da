"""One server, one origin: ``/live`` natively, everything else through Django's WSGI application.

Django's own ASGI handler serves a page at a quarter of the speed and spools any body to disk
before the first middleware runs. So bodies are measured here, and pages go to WSGI threads.
"""

import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings

from spm.body_limit import BodyLimit
from spm.wsgi import application as pages

# isort: split
from spm import live

WEB_THREADS = 4

_pages: Any = BodyLimit(
    WSGIMiddleware(cast(Any, pages), workers=WEB_THREADS),
    limit_bytes=settings.BODY_LIMIT_BYTES,
    larger={
        "/evidence/attachments": settings.ATTACHMENT_BODY_LIMIT_BYTES,
        "/evidence/import": settings.IMPORT_BODY_LIMIT_BYTES,
        "/api/v1/evidence/bulk": settings.IMPORT_BODY_LIMIT_BYTES,
        "/ledger/actuals/files": settings.IMPORT_BODY_LIMIT_BYTES,
        "/api/v1/actuals/bulk": settings.IMPORT_BODY_LIMIT_BYTES,
    },
)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Send each connection to the half of the product that serves it."""
    if scope["type"] == "http" and scope["path"] == "/live":
        await live.application(scope, receive, send)
    elif scope["type"] == "http":
        await _pages(scope, receive, send)
    elif scope["type"] == "lifespan":
        await live.lifespan(receive, send)
