"""Finding a Chromium for the browser tests, or installing one.

python -m tests.chromium     prints its path; installs one first if there is none
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

VARIABLE = "SPM_CHROMIUM"
# The headless shell is Chromium without windows, tabs and toolbars of its own, which nobody sees.
PACKAGES = ("chromium-headless-shell", "chromium")
NAMES = (*PACKAGES, "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
NONE_FOUND = (
    "No Chromium for the browser tests: install one (Debian: apt-get install chromium), or set "
    f"{VARIABLE} to the path of one."
)
ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def arguments() -> list[str]:
    """What Chromium is started with; as root it refuses its own sandbox."""
    return ARGUMENTS + (["--no-sandbox"] if os.geteuid() == 0 else [])


def find() -> str | None:
    """The path of an installed Chromium: the one named, the system's, or Playwright's."""
    if named := os.environ.get(VARIABLE):
        return named
    installed = next((path for name in NAMES if (path := shutil.which(name))), None)
    if installed or Path(MAC).exists():
        return installed or MAC
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Try Playwright's own, then Debian's."""
    if _tried([sys.executable, "-m", "playwright", "install", "chromium"]) and _playwrights_own():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _tried(["apt-get", "update", "-qq"], quiet)
        getting = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        any(_tried([*getting, package], quiet) for package in PACKAGES)


def _tried(command: list[str], environment: dict[str, str] | None = None) -> bool:
    try:
        answer = subprocess.run(
            command, env=environment, timeout=300, stdout=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def main() -> int:
    """Print the path of a Chromium, installing one if need be."""
    if find() is None:
        print("No Chromium found, installing one ...", file=sys.stderr)
        install()
    path = find()
    print(path or NONE_FOUND, file=sys.stdout if path else sys.stderr)
    return 0 if path else 1


if __name__ == "__main__":
    sys.exit(main())
