"""Subjects that careless code and databases take for one another, though no two are the same. Pure data.

RFC 7519 compares a subject "with no transformations or canonicalizations applied". All are derived from one subject of
this run, so none is a real user's: what looks like a number has fifteen digits or more, drawn from the run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

LENGTH = 250
"""Characters of the long subjects; OpenID Connect allows 255."""
PLAIN = "plain"
"""The name of the first one, which is as the subjects of all other scenarios."""
_FULL_WIDTH = {ord(digit): chr(ord("\uff10") + int(digit)) for digit in "0123456789"}


def _digits(subject: str, count: int) -> str:
    """So many digits that belong to this subject alone, the first and last of them no zero."""
    number = int(hashlib.sha256(subject.encode()).hexdigest(), 16)
    return f"4{number % 10 ** (count - 2):0{count - 2}}2"


def _zero_padded(subject: str) -> str:
    before, _, number = subject.rpartition("-")
    return f"{before}-0{number}"


def _long(subject: str, ending: str) -> str:
    return f"{subject}-".ljust(LENGTH - len(ending), "x") + ending


TEXTS: Mapping[str, Callable[[str], str]] = {
    PLAIN: lambda s: s,
    "a capital letter": lambda s: s[0].upper() + s[1:],
    "a space after": lambda s: f"{s} ",
    "a space before": lambda s: f" {s}",
    "underscores": lambda s: s.replace("-", "_"),  # each a wildcard of LIKE
    "a percent sign": lambda s: f"{s}%",
    "an asterisk": lambda s: f"{s}*",
    "dots": lambda s: s.replace("-", "."),  # each a wildcard of regular expressions
    "no hyphens": lambda s: s.replace("-", ""),
    "a zero before its number": _zero_padded,
    "more after": lambda s: f"{s}-2",
    "more before": lambda s: f"x-{s}",
    "a colon and more": lambda s: f"{s}:2",
    "a slash after": lambda s: f"{s}/",
    "a wildcard of AMQP": lambda s: f"{s}.#",  # each of these three subscribes to the plain subject, or to all below it
    "a wildcard of MQTT": lambda s: f"{s}/#",
    "a wildcard of NATS": lambda s: f"{s}.>",
    "quotes around": lambda s: f'"{s}"',
    "an accent": lambda s: s.replace("e", "\u00e9", 1),
    "an accent, decomposed": lambda s: s.replace("e", "e\u0301", 1),
    "full-width digits": lambda s: s.translate(_FULL_WIDTH),
    "a zero-width space": lambda s: s.replace("-", "\u200b-", 1),
    "sharp s": lambda s: f"{s}-\u00df",
    "double s": lambda s: f"{s}-ss",
    "an emoji": lambda s: f"{s}-\U0001f363",  # some collations take all emoji for one
    "another emoji": lambda s: f"{s}-\U0001f37a",
    "an address": lambda s: f"{s}@example.com",
    "an address with a tag": lambda s: f"{s}+tag@example.com",
    "an address with a dot": lambda s: f"{s[:3]}.{s[3:]}@example.com",
    "an address elsewhere": lambda s: f"{s}@example.org",
    "a provider": lambda s: f"auth0|{s}",
    "another provider": lambda s: f"google-oauth2|{s}",
    "an escape of URLs": lambda s: s.replace("-", "%2D", 1),
    "a plus sign": lambda s: f"{s}+b",
    "a space inside": lambda s: f"{s} b",
    "an ampersand": lambda s: f"{s}&b",
    "an entity": lambda s: f"{s}&amp;b",
    "a long id": lambda s: _long(s, "a"),
    "a long id with another end": lambda s: _long(s, "b"),
    "a Java hash": lambda s: f"{s}-AaBB",
    "the same Java hash": lambda s: f"{s}-BBAa",
    "a checksum": lambda s: f"{s}-plumless",
    "the same checksum": lambda s: f"{s}-buckeroo",  # CRC-32, whatever stands before
}
"""Each differs from the plain subject, or from the one beside it, in what its name says."""

NUMBERS: Mapping[str, Callable[[str], str]] = {
    "a number": lambda s: f"{_digits(s, 12)}000",
    "a number after a zero": lambda s: f"0{_digits(s, 12)}000",
    "a number after a plus": lambda s: f"+{_digits(s, 12)}000",
    "a number with a decimal": lambda s: f"{_digits(s, 12)}000.0",
    "a number with an exponent": lambda s: f"{_digits(s, 12)}e3",
    "a number and a letter": lambda s: f"{_digits(s, 12)}000a",
    "a number beyond doubles": lambda s: f"{_digits(s, 18)}2",
    "the number after it": lambda s: f"{_digits(s, 18)}3",
}
"""These differ in their spelling; read as numbers, some are equal."""

ALIKE: Mapping[str, Callable[[str], str]] = {**TEXTS, **NUMBERS}


def claims_for(extra: Mapping[str, Any], plain: str) -> dict[str, Any]:
    """The extra claims of a look-alike's tokens. ``{user}`` stays, and becomes its subject, where a claim is an id; in
    others, such as addresses, which are rightly compared otherwise, it becomes a plain name of its own."""
    return {name: value if _is_id(name) else _plain(value, plain) for name, value in extra.items()}


def _is_id(claim: str) -> bool:
    return claim == "sub" or claim.lower().endswith("id")


def _plain(value: Any, plain: str) -> Any:
    if isinstance(value, str):
        return value.replace("{user}", plain)
    if isinstance(value, dict):
        return claims_for(value, plain)
    return [_plain(inner, plain) for inner in value] if isinstance(value, list) else value
