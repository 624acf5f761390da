"""One web process, on the listening socket that the supervisor holds.

    python -m spm.embedded.serve --fd 7

The socket outlives a crashed process: while it is started again nobody is refused, the other
process answers, and what nobody answers yet waits in the kernel's queue.
"""

from __future__ import annotations

import argparse
import socket
from collections.abc import Sequence

import uvicorn

APPLICATION = "spm.asgi:application"
GRACEFUL_SECONDS = 2  # open live streams would keep it from ever stopping


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="One web process on an inherited socket.")
    parser.add_argument("--fd", type=int, required=True, help="the listening socket")
    options = parser.parse_args(arguments)
    config = uvicorn.Config(
        APPLICATION,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        access_log=False,
        server_header=False,
        log_level="info",
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=options.fd)])


if __name__ == "__main__":
    main()
