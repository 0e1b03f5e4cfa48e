"""Generated tokens that are none: words, and changes to a good token after which it is no longer valid (section 2.2).

A change is plain data and never holds the token, so that it can be described, kept and made smaller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.auth.tokens import decode_part, encode_part

PARTS = ("header", "payload", "signature")
_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=+/"
"""What a token may be made of: safe in any header."""


@dataclass(frozen=True, slots=True)
class Words:
    """Something else altogether."""

    text: str

    def __call__(self, _: str) -> str:
        return self.text

    def __str__(self) -> str:
        return f"the words {self.text}"


@dataclass(frozen=True, slots=True)
class Altered:
    """One character of a part is another one. Never the last of it, whose bits may mean nothing."""

    part: str
    place: int
    """Thousandths of the part's length."""

    def __call__(self, good: str) -> str:
        parts = good.split(".")
        index = PARTS.index(self.part) % len(parts)
        text = parts[index]
        at = min(self.place * len(text) // 1000, len(text) - 2)
        parts[index] = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        return ".".join(parts)

    def __str__(self) -> str:
        return f"another character in the {self.part}"


@dataclass(frozen=True, slots=True)
class Shortened:
    """A part that ends early, or is empty."""

    part: str
    keep: int
    """Thousandths of it."""

    def __call__(self, good: str) -> str:
        parts = good.split(".")
        index = PARTS.index(self.part) % len(parts)
        parts[index] = parts[index][: self.keep * (len(parts[index]) - 2) // 1000]
        return ".".join(parts)

    def __str__(self) -> str:
        return f"{'an empty' if self.keep == 0 else 'a shortened'} {self.part}"


@dataclass(frozen=True, slots=True)
class Composed:
    """The parts in another number or order."""

    parts: Sequence[str]

    def __call__(self, good: str) -> str:
        own = good.split(".")
        forged = ".".join(own[PARTS.index(name) % len(own)] for name in self.parts)
        return forged if forged != good else Altered("signature", 500)(good)

    def __str__(self) -> str:
        return f"made of {', '.join(self.parts)}"


@dataclass(frozen=True, slots=True)
class Claiming:
    """A claim that was never signed."""

    name: str
    value: Any

    def __call__(self, good: str) -> str:
        return _with_part(good, 1, {self.name: self.value})

    def __str__(self) -> str:
        return f"claiming {self.name} = {self.value}"


@dataclass(frozen=True, slots=True)
class Declaring:
    """Another header: an algorithm, a key, or where to find one; with the old signature or without."""

    name: str
    value: Any
    signed: bool

    def __call__(self, good: str) -> str:
        forged = _with_part(good, 0, {self.name: self.value})
        return forged if self.signed else forged.rpartition(".")[0] + "."

    def __str__(self) -> str:
        return f"declaring {self.name} = {self.value}{'' if self.signed else ', unsigned'}"


Change = Words | Altered | Shortened | Composed | Claiming | Declaring


def _with_part(good: str, index: int, fields: dict[str, Any]) -> str:
    """The token with more fields in a part, the signature as it was. One that has no such parts is altered instead."""
    parts = good.split(".")
    try:
        parts[index] = encode_part({**decode_part(parts[index]), **fields})
    except (IndexError, ValueError, TypeError):
        return Altered("signature", 500)(good)
    forged = ".".join(parts)
    return forged if forged != good else Altered("signature", 500)(good)


_parts = st.sampled_from(PARTS)
_composed = [
    ("header", "payload"),
    ("header", "signature"),
    ("payload", "signature"),
    ("signature",),
    ("header",),
    ("payload", "header", "signature"),
]
"""Never the whole token with something behind it: a verifier that reads three parts and no more lets no one in who has
no good token."""
_claims = [
    ("sub", "admin"),
    ("sub", ""),
    ("sub", None),
    ("exp", 4102444800),
    ("exp", None),
    ("role", "admin"),
    ("nbf", 0),
]
_headers = [
    ("alg", "none"),
    ("alg", "None"),
    ("alg", "NONE"),
    ("alg", ""),
    ("alg", None),
    ("alg", ["none"]),
    ("alg", "HS999"),
    ("kid", "../../dev/null"),
    ("kid", "' OR '1'='1"),
    ("typ", "none"),
]
changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(Words, st.text(_ALPHABET, min_size=1, max_size=20)),
    st.builds(Altered, _parts, st.integers(0, 999)),
    st.builds(Shortened, _parts, st.integers(0, 999)),
    st.builds(Composed, st.sampled_from(_composed)),
    st.builds(lambda claim: Claiming(claim[0], claim[1]), st.sampled_from(_claims)),
    st.builds(lambda field, signed: Declaring(field[0], field[1], signed), st.sampled_from(_headers), st.booleans()),
)
batches = st.lists(changes, min_size=4, max_size=5, unique_by=str)
