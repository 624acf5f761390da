"""Where other commands find the servers that run in a home.

Apart from the rest, as settings read it on every platform, those without embedded servers too.
"""

from pathlib import Path

SERVICES_FILE = "services.env"


def noted_services(home: Path) -> dict[str, str]:
    """The URLs of the services that run in a home right now; empty if none do.

    Args:
        home: the home's directory; it need not exist, nor be ours.
    """
    try:
        lines = (home / SERVICES_FILE).read_text("utf-8").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)
