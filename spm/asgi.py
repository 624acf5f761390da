"""One server, one origin: ``/live`` and ``/mcp`` natively, all else through Django's WSGI.

Django's own ASGI handler serves a page at a quarter of the speed and spools any body to disk
before the first middleware runs. So bodies are measured here, and pages go to WSGI threads.
"""

import gc
import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spm.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings

from spm.body_limit import BodyLimit
from spm.wsgi import application as pages

# isort: split
from spm import live
from spm.agents.application import PATH, Agents

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

_agents = Agents(_pages, settings.CSRF_TRUSTED_ORIGINS)
_mcp: Any = BodyLimit(_agents, limit_bytes=settings.BODY_LIMIT_BYTES)


# What is loaded by now stays as long as the process does: the collector need not look at it again
# and again, nor after every 700 objects of a page that is being drawn.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Send each connection to the half of the product that serves it."""
    if scope["type"] == "http" and scope["path"] == "/live":
        await live.application(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] == PATH:
        await _mcp(scope, receive, send)
    elif scope["type"] == "http":
        await _pages(scope, receive, send)
    elif scope["type"] == "lifespan":
        await live.lifespan(_with_agents(receive), send)


def _with_agents(receive: Any) -> Any:
    """The messages of a process' life; what serves agents ends when it does."""

    async def heard() -> Any:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            await _agents.end()
        return message

    return heard
