"""How values read: on one line, no longer than a person follows, and printable whatever the target sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from conformance.protocol import Json

_LONGEST_TEXT = 40
_MOST_ITEMS = 5
_DEEPEST = 3
_DEPTHS = (6, 3, 2, 1)
"""How many levels of an object are shown: the first that is short enough."""


def preview(value: Json, limit: int = 120) -> str:
    """JSON for a person: one line of about ``limit`` characters, long texts cut, with their length."""
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


def numbers(ascending: Iterable[int]) -> str:
    """What is numbered, as ranges: #1–#3, #5."""
    ranges: list[list[int]] = []
    for number in ascending:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    return ", ".join("–".join(f"#{end}" for end in ends) for ends in ranges)


def size(count: int) -> str:
    """Bytes, as people say it."""
    for unit, bytes_of_it in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_of_it:
            return f"{count / bytes_of_it:.1f} {unit}"
    return f"{count} bytes"


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


def shortened(value: object, depth: int = _DEEPEST) -> str:
    """A value in JSON's manner on one short line, for people: printable whatever it holds."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        fields = _first(value.items(), depth)
        inside = [f"{bare(name)}: {shortened(item, depth - 1)}" for name, item in fields]
        return "{" + _joined(inside, of=len(value)) + "}"
    if isinstance(value, list):
        inside = [shortened(item, depth - 1) for item in _first(value, depth)]
        return "[" + _joined(inside, of=len(value)) + "]"
    if isinstance(value, bytes | bytearray):
        return f"binary data ({len(value)} bytes)"
    return _scalar(value)


def _first(items: Iterable[Any], depth: int) -> list[Any]:
    if depth <= 0:
        return []
    return [item for item, _ in zip(items, range(_MOST_ITEMS), strict=False)]


def _joined(inside: list[str], *, of: int) -> str:
    left_out = ["…"] if len(inside) < of else []
    return ", ".join(inside + left_out)


def bare(name: object) -> str:
    """A field's name without quotes where it can do without them."""
    return name if isinstance(name, str) and name.isidentifier() else _quoted(str(name))


def _quoted(text: str) -> str:
    if len(text) <= _LONGEST_TEXT:
        return _printable(json.dumps(text, ensure_ascii=False))
    beginning = json.dumps(text[:_LONGEST_TEXT] + "…", ensure_ascii=False)
    return f"{_printable(beginning)} ({len(text):,} characters)"


def _printable(text: str) -> str:
    """Escapes what a terminal would obey, hide or refuse: controls, lone surrogates, direction marks."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _scalar(value: object) -> str:
    """A number, boolean or null; and whatever else a decoder might hand over."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text):,} digits)"
