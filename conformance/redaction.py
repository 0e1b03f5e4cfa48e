"""Keeps credentials out of everything a run writes."""

from __future__ import annotations

import base64
import html
import json
import re
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from conformance import fragments
from conformance.blocks import Blocks
from conformance.fragments import Fragments, base64s
from conformance.protocol import Json

_SHORTEST = 6
"""Below this length a "secret" would be replaced inside innocent words."""

_LONGEST = 200
"""Characters of somebody else's line that are shown."""
_RANDOM = 12
"""From this length on, letters and digits together look like a secret."""
_HARMLESS = "help_center:connected help_center:message help_center:error conversation messages support application/json"
"""Parts of this stand in every payload."""
_NAMED_SECRET = re.compile(r"auth|key|token|secret|session|cookie|pass|credential|signature|gateway", re.IGNORECASE)

_DEEPEST = 100
"""Levels of a value that are kept. The document speaks of three; what is nested a thousand deep would break whoever
walks, writes or prints it."""

_KEPT = 100_000
"""Characters of one text that are kept: the longest text of the document has 2,000, the longest that is sent 20,000."""

_TELLING = re.compile(r"(?<=\?)[^\s'\"]+|(?<=//)[^/\s]+(?=@)|[A-Za-z0-9_+=~-]{20,}[A-Za-z0-9_.+=~-]*")
"""The query of a URL, the user in one, and a word as long as tokens are."""


def masked(text: str) -> str:
    """A line that somebody else wrote, without what may be a credential in it, and not too long."""
    return _TELLING.sub("‹…›", text)[:_LONGEST]


class Redactor:
    """Replaces every registered secret, wherever it stands, by its label in ‹angle quotes›."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._by_length: list[str] = []
        self._least = sys.maxsize
        """Characters that a text has which may hold a secret, or a part of one."""
        self._fragments = Fragments()
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, str]] = {}
        """Messages that were seen, by id. Histories of thousands are shown again and again: they share them."""

    def register(self, secret: str, label: str, *, disguised: bool = False) -> None:
        """From now on ``secret`` reads ``‹label›``. The telling parts of a JWT are secrets of their own. ``disguised``:
        so is what others make of it (for the few secrets of a user, not for the thousands of tokens of a run)."""
        pieces = [secret, *_telling_parts(secret)]
        with self._lock:
            for piece in [*pieces, *(form for one in pieces if disguised for form in _disguises(one))]:
                if len(piece) >= _SHORTEST:
                    self._labels.setdefault(piece, f"‹{label}›")
            self._by_length = sorted(self._labels, key=len)
            self._least = min([fragments.SHORTEST, *map(len, self._by_length[:1])])
            if (signature := _signature(secret)) is not None:
                self._fragments.add(signature, f"‹part of {label}›")

    def register_key(self, pem: str, label: str) -> None:
        """A private key in PEM form: as a whole, and each of its lines."""
        lines = [line.strip() for line in pem.split("\n")]
        body = [line for line in lines if line and not line.startswith("-----")]
        for piece in (pem.strip(), "".join(body), *body):
            self.register(piece, label, disguised=True)

    def beginning(self, text: str, limit: int) -> str:
        """As ``text``, of no more characters. What is cut off is not looked through; and a secret that begins before
        the end is replaced as a whole."""
        longest = len(self._by_length[-1]) if self._by_length else 0
        return self._replaced(text[: limit + longest])[:limit]

    def text(self, text: str) -> str:
        """The text with every secret replaced, the longest first; of a very long one the beginning."""
        if len(text) <= _KEPT:
            return self._replaced(text)
        return f"{self.beginning(text, _KEPT)}… ({len(text):,} characters)"

    def _replaced(self, text: str) -> str:
        if len(text) < self._least:
            return text
        order = self._by_length
        fitting = bisect_right(order, len(text), key=len)  # a history has many short strings, a run many long tokens
        for secret in reversed(order[:fitting]):
            if secret in text:
                text = text.replace(secret, self._labels[secret])
        return self._fragments.replaced(text)

    def clean(self, value: Json, *, depth: int = _DEEPEST) -> Json:
        """The same value with every secret replaced, in keys too; what is nested too deeply is left out."""
        if isinstance(value, str):
            return value if len(value) < self._least else self.text(value)
        if not isinstance(value, (dict, list, tuple)) or isinstance(value, Blocks):
            return value  # blocks are made of what was cleaned before
        if depth == 0:
            return "‹nested too deeply›"
        if isinstance(value, dict):
            known = self._known.get(value["id"]) if isinstance(value.get("id"), str) else None
            return known if known == value else self._cleaned(value, depth)
        return [self.clean(inner, depth=depth - 1) for inner in value]

    def clean_message(self, message: dict[str, Json]) -> dict[str, Json]:
        """As ``clean``, of one of many thousands that is cleaned just once."""
        return {self.clean(name): self.clean(inner, depth=_DEEPEST - 1) for name, inner in message.items()}

    def _cleaned(self, value: dict[str, Json], depth: int) -> dict[str, Json]:
        cleaned = {self.clean(key): self.clean(inner, depth=depth - 1) for key, inner in value.items()}
        if "id" in value and all(isinstance(inner, str) for inner in cleaned.values()):
            self._known[value["id"]] = cleaned  # strings alone: 1 equals True, and is not the same
        return cleaned


def looks_secret(value: str, name: str = "") -> bool:
    """Whether a value of the command line is to be kept out of reports. Its name may say so; else it looks random, and
    not like a path, a media type or a word: words that payloads may hold must not be replaced in them."""
    random = bool(re.search("[0-9]", value) and re.search("[A-Za-z]", value)) and not re.search(r"[/{\s]", value)
    named = bool(_NAMED_SECRET.search(name)) and value.lower() not in _HARMLESS
    return named or (random and len(value) >= _RANDOM)


def _telling_parts(secret: str) -> list[str]:
    """Payload and signature of a JWT, and the JSON in its payload."""
    parts = secret.split(".")
    if len(parts) != 3 or not secret.startswith("ey"):
        return []
    try:
        inside = [base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)).decode()]
    except ValueError:
        inside = []
    return [*parts[1:], *inside]


def _signature(secret: str) -> str | None:
    """Of a JWT, which is of no use without it. It is random: no other word has twelve characters of it. What people
    choose as a secret may have parts in common with innocent words."""
    parts = secret.split(".")
    return parts[2] if len(parts) == 3 and secret.startswith("ey") else None


def _disguises(secret: str) -> Iterator[str]:
    """What logs, URLs, JSON and tracebacks make of it."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")
    yield from (*base64s(raw), raw.hex(), raw.hex().upper(), secret[::-1], secret.upper(), " ".join(secret))
    yield from (quote(raw), quote(raw, safe=""), quote_plus(raw))
    once = _quoted(secret)
    twice = [form for one in once for form in _quoted(one)]  # a KeyError quotes its message, and that another value
    for form in dict.fromkeys([*once, *twice]):
        yield from (form, html.escape(form))


def _quoted(text: str) -> list[str]:
    return [text, *(form[1:-1] for form in (json.dumps(text), json.dumps(text, ensure_ascii=False), repr(text)))]
