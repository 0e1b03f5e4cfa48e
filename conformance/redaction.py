"""Keeps credentials out of everything a run writes."""

from __future__ import annotations

import threading

from conformance.transcript import Json

_SHORTEST = 6
"""Below this length a "secret" would be replaced inside innocent words."""


class Redactor:
    """Replaces every registered secret, wherever it stands, by its label in ‹angle quotes›."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._order: list[str] = []
        self._lock = threading.Lock()

    def register(self, secret: str, label: str) -> None:
        """From now on ``secret`` reads ``‹label›``. The three parts of a JWT are secrets of their own."""
        parts = secret.split(".")
        payload_and_signature = parts[1:] if len(parts) == 3 and secret.startswith("ey") else []
        with self._lock:
            for piece in (secret, *payload_and_signature):
                if len(piece) >= _SHORTEST:
                    self._labels.setdefault(piece, f"‹{label}›")
            self._order = sorted(self._labels, key=len, reverse=True)

    def text(self, text: str) -> str:
        for secret in self._order:
            if secret in text:
                text = text.replace(secret, self._labels[secret])
        return text

    def clean(self, value: Json) -> Json:
        """The same value with every secret replaced, in keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.clean(key): self.clean(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean(inner) for inner in value]
        return value
