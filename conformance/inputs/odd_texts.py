"""Texts on which readings of the document differ: a server may accept or refuse them, or trim them in its own way
(section 4.5). Pure data."""

from __future__ import annotations

from collections.abc import Mapping

EMOJI = "\N{GRINNING FACE}"
COMPOSABLE = "e\N{COMBINING ACUTE ACCENT}"
COMBINED = "q\N{COMBINING DOT ABOVE}"
"""With no composed form of its own."""
FEW, MANY = 100, 1500
"""Few are within the limit however one counts; of many, 2,000 lies between one way of counting and another."""
COUNTED: Mapping[str, str] = {
    "few emoji": EMOJI * FEW,
    "many emoji": EMOJI * MANY,
    "few combined": COMBINED * FEW,
    "many combined": COMBINED * MANY,
    "many composable": COMPOSABLE * MANY,
}
"""Texts by their tags."""
HALF_A_PAIR = "\ud83d"
"""Half of a surrogate pair."""
WHITE_SPACE = "\u000b\u000c\u001c\u0085\u00a0\u180e\u200b\u2003\u2028\u3000\ufeff"
"""What one language's trim removes and another's keeps. U+0000 is OBS-NUL's."""


def point(character: str) -> str:
    """A character's code point, as people write it."""
    return f"U+{ord(character):04X}"
