"""A proposal on paper: set by Typst from data alone, so that no text is ever markup."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).parent


def set_in_type(name: str, facts: Mapping[str, Any]) -> bytes:
    """A PDF.

    Args:
        name: the template in this directory, without its ending.
        facts: what it says, as JSON. Texts stand in the document letter by letter, whatever they
            look like.
    """
    made: bytes = typst.compile(
        str(TEMPLATES / f"{name}.typ"),
        root=str(TEMPLATES),
        sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
        ignore_system_fonts=True,
    )
    return made
