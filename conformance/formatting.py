"""How values read: on one line, no longer than a person follows, and printable whatever the target sent."""

from __future__ import annotations

import json
import re

from conformance.record.transcript import Json
from conformance.schema.mismatch import shortened

_DEPTHS = (6, 3, 2, 1)
"""How many levels of an object are shown: the first that is short enough."""


def shown(value: Json, limit: int = 120) -> str:
    """JSON for a person: one line of about ``limit`` characters, long texts cut and told with their length."""
    if isinstance(value, str):
        text = escaped(json.dumps(value, ensure_ascii=False))
        return text if len(text) <= limit else f'{text[:limit]}…" ({len(value):,} characters)'
    text = ""
    for depth in _DEPTHS:
        text = escaped(shortened(value, depth))
        if len(text) <= 2 * limit:
            return text
    return f"{text[: 2 * limit]}…"


def escaped(text: str) -> str:
    """The same text in characters that the eye tells apart: all but visible ones of the BMP are escaped as in JSON."""
    if text.isprintable() and max(text, default="") < "\U00010000":
        return text
    return "".join(c if c.isprintable() and ord(c) < 0x10000 else json.dumps(c)[1:-1] for c in text)


def printable(text: str) -> str:
    """The same text as any terminal and file takes it: controls (but line breaks), direction marks and halves of
    surrogate pairs are escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def cut(identifier: Json, limit: int = 9) -> str:
    """The beginning of an id, enough to tell it from others."""
    text = str(identifier)
    return text if len(text) <= limit else f"{text[:limit]}…"


_CODE = re.compile(r'code: "([^"]*)"')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?|‹[^›]*›')
_ASIDE = re.compile(r"\s*(?:\([^()]*\)|\{[^{}]*[}…]|\[[^\[\]]*[\]…])")
_NUMBER = re.compile(r"(?<!HTTP )\b\d[\d.,:]*")
_TELLING = 160
"""Characters: what follows is how a payload goes on."""


def kind_of(text: str) -> str:
    """What two reasons have in common that tell of one thing with other names, numbers or payloads. Codes of errors
    and statuses of HTTP are no such details."""
    bare = _QUOTED.sub("", text)
    while (less := _ASIDE.sub("", bare)) != bare:
        bare = less
    return " ".join([_NUMBER.sub("", bare)[:_TELLING], *_CODE.findall(text)])
