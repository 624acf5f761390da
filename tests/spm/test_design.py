"""The page of the design system, and what it holds true: the icons and the colours."""

import re
from itertools import pairwise

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import make_user

ROOT = settings.BASE_DIR
SPRITE = (ROOT / "static/icons/sprite.svg").read_text(encoding="utf-8")
TOKENS = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
SOURCES = [
    path.read_text(encoding="utf-8")
    for folder in ("spm", "bets", "evidence", "allocation", "reports", "templates", "static/js")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".html", ".js"} and "vendor" not in path.parts
]


@pytest.mark.django_db
def test_whoever_is_signed_in_sees_the_design_system(client: Client) -> None:
    assert client.get("/design").status_code == 302
    client.force_login(make_user())
    page = client.get("/design")
    assert page.status_code == 200
    assert page.content.count(b'data-theme="dark"') == page.content.count(b'data-theme="light"')
    assert b"Merchant credit line" in client.get("/design/side").content


def test_every_icon_is_used_and_every_icon_that_is_used_exists() -> None:
    drawn = re.findall(r'<symbol id="([\w-]+)"', SPRITE)
    everything = "\n".join(SOURCES)
    unused = [name for name in drawn if not re.search(rf"""["']{name}["']""", everything)]
    asked = set(re.findall(r"""\{% icon ["']([\w-]+)["']""", everything))
    asked |= set(re.findall(r"""symbol=["']([\w-]+)["']""", everything))
    assert unused == []
    assert asked - set(drawn) == set()
    assert len(set(drawn)) == len(drawn)


def test_every_icon_is_drawn_on_the_same_grid() -> None:
    boxes = dict(re.findall(r'<symbol id="([\w-]+)" viewBox="([^"]+)"', SPRITE))
    assert {name: box for name, box in boxes.items() if not box.endswith(" 16")} == {}
    assert "style=" not in SPRITE
    assert not re.search(r'stroke="|fill="#', SPRITE)


def colours(theme: str) -> dict[str, tuple[float, float, float]]:
    """The linear red, green and blue of each token in one theme."""
    place = {"light": 1, "dark": 2}[theme]
    pairs = re.finditer(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS)
    return {found[1]: linear(found.groups()[place]) for found in pairs}


def linear(text: str) -> tuple[float, float, float]:
    shares = [int(text[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return red, green, blue


def luminance(colour: tuple[float, float, float]) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "raised", "sunken"])
def test_text_and_controls_stand_out_from_every_ground(theme: str, ground: str) -> None:
    colour = colours(theme)
    for text in ("ink", "ink-2", "ink-3", "inflow", "outflow"):
        assert contrast(colour[text], colour[ground]) >= 4.5, text
    for shape in ("control", "belief-line"):
        assert contrast(colour[shape], colour[ground]) >= 3, shape


def lightness(colour: tuple[float, float, float]) -> float:
    """The lightness of OKLab, in which equal steps look equal."""
    red, green, blue = colour
    long = 0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue
    medium = 0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue
    short = 0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue
    roots = [part ** (1 / 3) for part in (long, medium, short)]
    return 0.2104542553 * roots[0] + 0.7936177850 * roots[1] - 0.0040720468 * roots[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_ramp_of_belief_climbs_in_even_steps(theme: str) -> None:
    colour = colours(theme)
    ramp = [lightness(colour[f"belief-{step}"]) for step in range(11)]
    steps = [after - before for before, after in pairwise(ramp)]
    mean = sum(steps) / len(steps)
    assert all(abs(step - mean) <= 0.25 * abs(mean) for step in steps), steps
