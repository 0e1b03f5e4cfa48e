"""Recognises pieces of secrets in texts, whatever they were encoded as: half a token, a signature alone, backwards, in
base64 (of any alignment) or hex, in capitals, percent-encoded, with a space after each character.

Every secret is cut into overlapping pieces of a few characters (grams). Of a text, words that could hold one are looked
at in steps, so that any piece of ``SHORTEST`` characters is found.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from math import ceil
from urllib.parse import unquote

GRAM, KEPT, SEEN = 12, 4, 3
"""Characters of a gram; from one gram of a secret to the next; from one that is looked at in a text to the next. The
last two have no divisor in common, so that they meet."""
SHORTEST = GRAM + KEPT * SEEN - 1
_WORD = re.compile(rf"[A-Za-z0-9_+/=.%~-]{{{SHORTEST},}}")
_LETTER = "[A-Za-z0-9_+=-]"
_BETWEEN = r"[\s,;:|./\x00\u200b]"
"""What may stand between characters. No signature has it."""
_APART = re.compile(
    rf"(?P<spaced>(?:{_LETTER}{_BETWEEN}{{1,2}}){{{SHORTEST - 1},}}{_LETTER})"
    rf"|(?P<pairs>(?:[0-9A-Fa-f]{{2}}{_BETWEEN}{{1,2}}){{{SHORTEST // 2},}}(?:[0-9A-Fa-f]{{2}})?)"
    rf"|(?P<percents>(?:%[0-9A-Fa-f]{{2}}){{{SHORTEST},}})"
    rf"|(?P<entities>(?:&#(?:[0-9]{{2,7}}|[xX][0-9A-Fa-f]{{2,6}});){{{SHORTEST},}})",
)
"""A word that was taken apart; the group says how."""
_SEPARATOR = re.compile(_BETWEEN)


class Fragments:
    """The grams of the secrets of a run, without regard to case; each with the label of its secret."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}

    def add(self, secret: str, label: str) -> None:
        for form in encodings(secret):
            lower = form.lower()
            for at in range(0, len(lower) - GRAM + 1, KEPT):
                self._labels.setdefault(lower[at : at + GRAM], label)

    def replaced(self, text: str) -> str:
        """The text with each word replaced that holds a piece of a secret."""
        if len(text) < SHORTEST or not self._labels:
            return text
        text = _WORD.sub(lambda word: self._label(word[0]) or word[0], text)
        return _APART.sub(lambda run: self._label(_together(run)) or run[0], text)

    def _label(self, word: str) -> str | None:
        lower, labels = word.lower(), self._labels
        for at in range(0, len(lower) - GRAM + 1, SEEN):
            if (label := labels.get(lower[at : at + GRAM])) is not None:
                return label
        return None


def _together(run: re.Match[str]) -> str:
    """The word that was taken apart."""
    match run.lastgroup:
        case "percents":
            return unquote(run[0])
        case "entities":
            return html.unescape(run[0])
    return _SEPARATOR.sub("", run[0])


def encodings(secret: str) -> Iterator[str]:
    """What is made of a secret, but for the case of its letters."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield from (secret, secret[::-1], raw.hex())
    yield from base64s(raw)


def base64s(raw: bytes) -> Iterator[str]:
    """What stands of it in the base64 of something longer: after 0, 1 or 2 further bytes. The characters that hold bits
    of others are left out."""
    for before in range(3):
        encoded = base64.urlsafe_b64encode(bytes(before) + raw).decode().rstrip("=")
        inside = encoded[ceil(before * 8 / 6) : (before + len(raw)) * 8 // 6]
        yield inside
        if "-" in inside or "_" in inside:
            yield inside.replace("-", "+").replace("_", "/")
