"""Keeps credentials out of everything a run writes."""

from __future__ import annotations

import re
import threading
from bisect import bisect_right

from conformance.transcript import Json

_SHORTEST = 6
"""Below this length a "secret" would be replaced inside innocent words."""

_LONGEST = 200
"""Characters of somebody else's line that are shown."""

_DEEPEST = 100
"""Levels of a value that are kept. The document speaks of three; what is nested a thousand deep would break whoever
walks, writes or prints it."""

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
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, str]] = {}
        """Messages that were seen, by id. Histories of thousands are shown again and again: they share them."""

    def register(self, secret: str, label: str) -> None:
        """From now on ``secret`` reads ``‹label›``. The three parts of a JWT are secrets of their own."""
        parts = secret.split(".")
        payload_and_signature = parts[1:] if len(parts) == 3 and secret.startswith("ey") else []
        with self._lock:
            for piece in (secret, *payload_and_signature):
                if len(piece) >= _SHORTEST:
                    self._labels.setdefault(piece, f"‹{label}›")
            self._by_length = sorted(self._labels, key=len)

    def text(self, text: str) -> str:
        """The text with every secret replaced, the longest first."""
        order = self._by_length
        if not order or len(text) < len(order[0]):
            return text
        fitting = bisect_right(order, len(text), key=len)  # a history has many short strings, a run many long tokens
        for secret in reversed(order[:fitting]):
            if secret in text:
                text = text.replace(secret, self._labels[secret])
        return text

    def clean(self, value: Json, *, depth: int = _DEEPEST) -> Json:
        """The same value with every secret replaced, in keys too; what is nested too deeply is left out."""
        if isinstance(value, str):
            return self.text(value)
        if not isinstance(value, (dict, list, tuple)):
            return value
        if depth == 0:
            return "‹nested too deeply›"
        if isinstance(value, dict):
            known = self._known.get(value["id"]) if isinstance(value.get("id"), str) else None
            return known if known == value else self._cleaned(value, depth)
        return [self.clean(inner, depth=depth - 1) for inner in value]

    def _cleaned(self, value: dict[str, Json], depth: int) -> dict[str, Json]:
        cleaned = {self.clean(key): self.clean(inner, depth=depth - 1) for key, inner in value.items()}
        if "id" in value and all(isinstance(inner, str) for inner in cleaned.values()):
            self._known[value["id"]] = cleaned  # strings alone: 1 equals True, and is not the same
        return cleaned
