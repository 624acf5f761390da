"""Noticing the moment at which something shows on an open page, to the millisecond.

The page itself looks, at each change of its document, so that several pages can be watched at
once and how often a test asks does not matter.
"""

import time
from datetime import UTC, datetime
from typing import Any

WATCH = """([name, selector, text]) => {
  window.seenAt ??= {};
  delete window.seenAt[name];
  const look = () => {
    const found = [...document.querySelectorAll(selector)].some(
      (node) => node.textContent.replace(/\\s+/g, " ").includes(text));
    if (found) { window.seenAt[name] ??= Date.now(); }
    return found;
  };
  if (look()) return;
  const observer = new MutationObserver(() => { if (look()) observer.disconnect(); });
  observer.observe(document.documentElement, {
    childList: true, subtree: true, characterData: true, attributes: true });
}"""


def watch(page: Any, name: str, selector: str, text: str) -> None:
    """Begin to watch for an element that matches ``selector`` and says ``text``."""
    assert not page.locator(selector, has_text=text).count(), f"{name} shows already"
    page.evaluate(WATCH, [name, selector, text])


def seen_at(page: Any, name: str, within: float = 30.0) -> datetime:
    """The moment at which what is watched for first showed, waiting for it if need be.

    Raises:
        AssertionError: it does not show in ``within`` seconds.
    """
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        milliseconds = page.evaluate("(name) => window.seenAt?.[name] ?? null", name)
        if milliseconds is not None:
            return datetime.fromtimestamp(milliseconds / 1000, UTC)
        time.sleep(0.02)
    raise AssertionError(f"{name}: not seen within {within:g} s on {page.url}")


def is_live(page: Any) -> None:
    """Wait until the page hears what changes."""
    page.wait_for_selector("#live-status[data-state=live]")


def wait_for_panels(page: Any, within: float = 10.0) -> None:
    """Wait until no part of the page is still being fetched."""
    deadline = time.monotonic() + within
    waiting = ".htmx-request, [hx-get] :text-matches('^(Loading|Drawing)')"
    while page.locator(waiting).count():
        assert time.monotonic() < deadline, f"{page.url} is still loading"
        time.sleep(0.05)
