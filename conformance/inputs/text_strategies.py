"""Generated texts: strategies, the labels they carry, and how a person reads the smallest one that deviates.

A text is labelled only where every reading of the document agrees (section 4.5, docs/readings.md): its ends are
characters that no language takes for white space, it has no U+0000 and no half of a surrogate pair, and its length is
within the limit however characters are counted, or beyond it however they are counted; and its packet is no larger than
every server has to take.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable

from hypothesis import strategies as st

from conformance.protocol import LARGEST, LONGEST

WHITE = " \t\n\r"
"""White space that every common trim removes."""
_SOLID = ("L", "N", "P", "S")
"""Categories of characters that no trim removes and that start a grapheme of their own."""
_CATEGORIES = [
    "Lu",
    "Ll",
    "Lt",
    "Lm",
    "Lo",
    "Mn",
    "Mc",
    "Me",
    "Nd",
    "Nl",
    "No",
    "Pc",
    "Pd",
    "Ps",
    "Pe",
    "Pi",
    "Pf",
    "Po",
    "Sm",
    "Sc",
    "Sk",
    "So",
    "Zs",
    "Zl",
    "Zp",
    "Cc",
    "Cf",
    "Co",
    "Cn",
]
"""All of Unicode but surrogates. Drawn from one by one: most code points are ideographs, and most bugs are not."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789äöüßéñ漢字"
"""One character each, whether code points, UTF-16 units or what a person sees is counted."""
_ROOMY = LARGEST - 200
"""Bytes of JSON, with room for what is around a text in its packet."""
_LENGTHS = (0, 0, 0, 1, 2, 255, 256, 1000, 1001, LONGEST - 1, LONGEST)
BATCH = 8
_BEFORE = (0xE33, 0xEB3, 0xFF9E, 0xFF9F, *range(0x1F3FB, 0x1F400))
_AFTER = (0xD4E, 0x111C2, 0x111C3, 0x1193F, 0x11941, 0x11A3A, *range(0x11A84, 0x11A8A), 0x11D46, 0x11F02)
_JOINING = "".join(map(chr, _BEFORE + _AFTER))
"""Letters and symbols that are one grapheme with what stands before or after them, white space included: a trim that
goes by graphemes takes the one away with the other, or leaves both."""


def _characters(categories: Iterable[str], but: str = "\0") -> st.SearchStrategy[str]:
    of_one = [st.characters(categories=[category], exclude_characters=but) for category in categories]  # type: ignore[list-item]
    return st.one_of(of_one)


_solid = _characters((category for category in _CATEGORIES if category[0] in _SOLID), but=_JOINING)
_any = _characters(_CATEGORIES)


def units(text: str) -> int:
    """Length in UTF-16 units: no way of counting characters gives more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _written(text: str) -> int:
    """Bytes of a text in JSON, which needs six for a control character."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _fitting(first: str, inside: str, last: str, length: int) -> str:
    """A text that begins and ends solidly; with a ``length``, what is inside is repeated up to so many UTF-16 units."""
    if length == 0:
        return first + inside + last
    room = length - units(first) - units(last)
    if room < 0:
        return first if units(first) <= length else "x"
    repeated = (inside or "x") * (room // units(inside or "x") + 1)
    while units(repeated) > room:
        repeated = repeated[:-1]
    text = first + repeated + last
    return text if _written(text) <= _ROOMY else first + inside + last


valid_texts = st.builds(_fitting, _solid, st.text(_any, max_size=30), _solid, st.sampled_from(_LENGTHS))
padded_texts = st.builds(
    lambda before, text, after: before + text + after if units(before + text + after) <= LONGEST else text,
    st.text(WHITE, max_size=3),
    valid_texts,
    st.text(WHITE, max_size=3),
)
blank_texts = st.text(WHITE, min_size=1, max_size=40)
long_texts = st.builds(
    lambda letters, more: (letters * (LONGEST + more))[: LONGEST + more],
    st.text(_LETTERS, min_size=1, max_size=8),
    st.integers(1, 200),
)
valid_batches = st.lists(st.one_of(valid_texts, padded_texts), min_size=BATCH // 2, max_size=BATCH)
invalid_batches = st.tuples(blank_texts, long_texts, st.one_of(blank_texts, long_texts))


def label(text: str) -> str | None:
    """ "valid", "blank" or "long" where all readings agree; None where they do not (then nothing may be asked)."""
    core = text.strip(WHITE)
    if not core:
        return "blank"
    if "\0" in text or any(0xD800 <= ord(c) < 0xE000 for c in text) or not (_is_solid(core[0]) and _is_solid(core[-1])):
        return None
    if units(text) <= LONGEST:
        return "valid" if _written(text) <= _ROOMY else None
    return "long" if len(core) > LONGEST and set(core) <= set(_LETTERS) else None


def _is_solid(character: str) -> bool:
    return unicodedata.category(character)[0] in _SOLID and character not in _JOINING


def described(text: str) -> str:
    """The text escaped to ASCII, cut in the middle when long, with its length in code points and UTF-16 units."""
    escaped = ascii(text) if len(text) <= 80 else f"{text[:50]!a} ... {text[-20:]!a}"
    return f"{escaped} ({len(text):,} code points, {units(text):,} UTF-16 units)"
