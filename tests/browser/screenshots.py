"""Pictures of every page, to be looked at: three widths, light and dark, on a running product.

python -m tests.browser.screenshots OUT [--site http://127.0.0.1:8000] [--password WORDS]
                                        [--only board,bet] [--widths 1440,390] [--themes light]
python -m tests.browser.screenshots OUT --sheet BEFORE    one contact sheet: BEFORE beside OUT

`make run` prints the password of the demo's people. The pictures are named
``<page>-<width>-<theme>.png``, and a page prints as ``<page>-print.pdf`` with ``--print``.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests import chromium
from tests.browser.watching import wait_for_panels

HEIGHT_AT = {1440: 900, 1024: 768, 390: 844}
THEMES = ("light", "dark")
TALLEST = 12_000
# Pages that everybody may see, by name; those of one bet or proposal are found on the way.
LEAD = "lead@demo.example"
FINANCE = "cfo@demo.example"
STRANGER = ""
PAGES = {
    "allocation": (LEAD, "/"),
    "kanban": (LEAD, "/kanban"),
    "kanban-lanes": (LEAD, "/kanban?lanes=stream"),
    "kanban-nothing": (LEAD, "/kanban?q=nothing-like-this"),
    "bet": (LEAD, "bet"),
    "bet-edit": (LEAD, "edit"),
    "bet-new": (LEAD, "/bets/new"),
    "hypothesis": (LEAD, "hypothesis"),
    "log": (LEAD, "log"),
    "evidence": (LEAD, "/evidence"),
    "evidence-nothing": (LEAD, "/evidence?q=nothing-like-this"),
    "take-back": (LEAD, "retract"),
    "proposals": (FINANCE, "/proposals"),
    "proposal": (FINANCE, "proposal"),
    "proposal-decided": (FINANCE, "decided"),
    "guardrails": (LEAD, "/guardrails"),
    "scenarios": (LEAD, "/scenarios"),
    "scenario": (LEAD, "scenario"),
    "evidence-import": (LEAD, "/evidence/import"),
    "flow": (LEAD, "/flow"),
    "decisions": (LEAD, "/decisions?period=all"),
    "decisions-freed": (LEAD, "/decisions?period=all&part=freed"),
    "after-break": (LEAD, "/reports/after-break"),
    "ledger": (LEAD, "/ledger"),
    "settings": (LEAD, "/settings"),
    "design": (LEAD, "/design"),
    "new-portfolio": (LEAD, "/portfolios/new"),
    "tour": (LEAD, "/?tour"),
    "api": (LEAD, "/api/v1/docs"),
    "nothing-here": (LEAD, "/no-such-page"),
    "sign-in": (STRANGER, "/accounts/login/"),
    "password": (STRANGER, "/accounts/password/reset/"),
    "password-sent": (STRANGER, "/accounts/password/reset/done/"),
}


def sign_in(browser: Any, site: str, who: str, password: str, theme: str) -> Any:
    """A browser of its own in which ``who`` is signed in; nobody, if there is no ``who``."""
    context = browser.new_context(base_url=site, color_scheme=theme, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    if who:
        page = context.new_page()
        page.goto("/accounts/login/")
        page.fill("input[name=login]", who)
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        page.close()
    return context


def first(page: Any, address: str, pattern: str, skip: int = 0) -> str:
    """The path of the link on a page that matches ``pattern``, after ``skip`` others, if any."""
    page.goto(address)
    wait_for_panels(page)
    links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
    found = list(dict.fromkeys(link for link in links if re.fullmatch(pattern, link)))
    return found[skip] if len(found) > skip else "/none-of-these"


def find_addresses(context: Any) -> dict[str, str]:
    """The paths of one bet, hypothesis, proposal and so on that have something to show."""
    page = context.new_page()
    page.goto("/kanban?q=Merchant+credit+line")
    bet = page.locator(".bet-card__title a").first.get_attribute("href")
    found = {"bet": bet, "edit": f"{bet}/edit"}
    found["log"] = first(page, bet, r"/hypotheses/\d+/evidence")
    found["hypothesis"] = found["log"].replace("/evidence", "/edit")
    found["retract"] = first(page, bet, r"/evidence/\d+/retract")
    found["scenario"] = first(page, "/scenarios", r"/scenarios/\d+")
    found["proposal"] = first(page, "/proposals", r"/proposals/\d+")
    found["decided"] = first(page, "/proposals", r"/proposals/\d+", skip=1)
    page.close()
    return found


def wanted(only: str) -> Iterator[tuple[str, str, str]]:
    """Name, person and path of each page asked for."""
    names = only.split(",") if only else list(PAGES)
    for name in names:
        who, path = PAGES[name]
        yield name, who, path


def take(options: argparse.Namespace) -> None:
    """Take the pictures of every page that answers."""
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    widths = [int(width) for width in options.widths.split(",")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.arguments()
        )
        for theme in options.themes.split(","):
            contexts = {
                who: sign_in(browser, options.site, who, options.password, theme)
                for who in (LEAD, FINANCE, STRANGER)
            }
            found = find_addresses(contexts[LEAD])
            for name, who, path in wanted(options.only):
                page = contexts[who].new_page()
                picture(page, found.get(path, path), name, theme, widths, out, options.print)
                page.close()
            for context in contexts.values():
                context.close()
        browser.close()


def picture(
    page: Any, path: str, name: str, theme: str, widths: list[int], out: Path, prints: bool
) -> None:
    """One page at every width, and on paper if asked for; nothing if there is no such page."""
    answer = page.goto(path)
    if answer.status == 404 and name != "nothing-here":
        print(f"{name}: no {path} yet", file=sys.stderr)
        return
    for width in widths:
        page.set_viewport_size({"width": width, "height": HEIGHT_AT[width]})
        page.goto(path)
        wait_for_panels(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
        page.set_viewport_size({"width": width, "height": max(height, HEIGHT_AT[width])})
        page.wait_for_timeout(100)
        page.screenshot(path=out / f"{name}-{width}-{theme}.png")
        if wide > width:
            print(f"{name}: {wide} wide at {width}", file=sys.stderr)
    if prints and theme == "light":
        page.pdf(
            path=out / f"{name}-print.pdf",
            format="A4",
            print_background=False,
            margin={"top": "14mm", "bottom": "14mm", "left": "14mm", "right": "14mm"},
        )


def sheet(before: Path, after: Path) -> None:
    """An HTML page in ``after`` that shows each picture beside the one of the same name before."""
    rows = []
    for path in sorted(after.glob("*.png")):
        old = before / path.name
        was = f'<img src="{old.resolve().as_uri()}">' if old.exists() else "<i>new</i>"
        rows.append(f'<h2>{path.stem}</h2><div>{was}<img src="{path.name}"></div>')
    style = "div{display:grid;grid-template-columns:1fr 1fr;gap:8px}img{width:100%}"
    page = f"<!doctype html><meta charset=utf-8><style>{style}</style>{''.join(rows)}"
    (after / "sheet.html").write_text(page, encoding="utf-8")


def main() -> int:
    """Read the options and take the pictures, or put two sets of them side by side."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("out")
    parser.add_argument("--site", default="http://127.0.0.1:8000")
    parser.add_argument("--password", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--widths", default="1440,1024,390")
    parser.add_argument("--themes", default=",".join(THEMES))
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--sheet", default="")
    options = parser.parse_args()
    if options.sheet:
        sheet(Path(options.sheet), Path(options.out))
    else:
        take(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
