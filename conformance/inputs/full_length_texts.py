"""Texts of exactly as many characters as may be, of every nature (SEND-FULL): what grows when it is escaped, encoded or
decomposed, and what no compression makes shorter. Pure data.

Code points, UTF-16 units and graphemes agree on their length, and none takes more than 6,002 bytes of JSON in UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from conformance.inputs.texts import Text, Texts, of_length
from conformance.protocol import LONGEST

_PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ESCAPED = "\"'&<>\\/%{}$`;\n"
_ACCENTED = [chr(code) for code in range(0xC0, 0x17F) if chr(code).isalpha()]
_SYMBOLS = "\u20ac\u2026\u2014\u2192\u2713\u3002\u201c\u201d"
_STEP = 7919
"""A prime: in such steps every character of a block is met once, far from the one before."""


def _chance() -> Iterator[int]:
    """Numbers in no order, the same ones in every run and in every version of Python."""
    state = LONGEST
    while True:
        state = (state * 1103515245 + 12345) % 2**31
        yield state >> 8


def _drawn(alphabet: Sequence[str], around: str = "") -> str:
    """Characters in no order; ``around``: the first and the last one, where the alphabet has white space."""
    drawn = "".join(alphabet[number % len(alphabet)] for number in islice(_chance(), LONGEST - 2 * len(around)))
    return f"{around}{drawn}{around}"


def _different(first: int, count: int) -> str:
    """Characters of a block of so many, each once."""
    return "".join(chr(first + number * _STEP % count) for number in range(LONGEST))


LONGEST_TEXTS: Texts = {
    "2000-random": Text(_drawn(_PRINTABLE), "as long as may be, all of ASCII in no order"),
    "2000-prose": Text(_drawn(_LETTERS + " " * 5, "x"), "as long as may be, words and spaces"),
    "2000-one-word": Text(_drawn(_LETTERS), "as long as may be, in one word"),
    "2000-quotes": Text(of_length("\"'", LONGEST), "as long as may be, quotes"),
    "2000-ampersands": Text("&" * LONGEST, "as long as may be, ampersands"),
    "2000-angles": Text(of_length("<>", LONGEST), "as long as may be, angle brackets"),
    "2000-backslashes": Text("\\" * LONGEST, "as long as may be, backslashes"),
    "2000-percents": Text("%" * LONGEST, "as long as may be, percent signs"),
    "2000-lines": Text("a\n" * (LONGEST // 2 - 1) + "ab", "as long as may be, in short lines"),
    "2000-escaped": Text(_drawn(_ESCAPED, "x"), "as long as may be, all that is escaped somewhere"),
    "2000-accented": Text(_drawn(_ACCENTED), "as long as may be, letters that decompose, 4,000 bytes"),
    "2000-ideographs": Text(_different(0x4E00, 20_000), "as long as may be, each another ideograph, 6,000 bytes"),
    "2000-hangul": Text(_different(0xAC00, 11_172), "as long as may be, each another syllable, 6,000 bytes"),
    "2000-symbols": Text(_drawn(_SYMBOLS), "as long as may be, signs of three bytes each"),
}
