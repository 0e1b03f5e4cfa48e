"""What a character is, and what white space is (section 4.5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import USER, Json, Problem
from conformance.reference.store import Message
from tests.legal.legal import legal

Length = Callable[[str], int]
Trim = Callable[[str], str]

ASCII = "\t\n\v\f\r "
UNICODE = ASCII + "\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""Characters with the property White_Space."""
NO_BREAK = "\xa0\u2007\u202f"
SEPARATORS = "\x1c\x1d\x1e\x1f"


def without(characters: str, these: str) -> str:
    return "".join(one for one in characters if one not in these)


def stripping(characters: str) -> Trim:
    return lambda text: text.strip(characters)


TRIMS: dict[str, Trim] = {
    "java": stripping("".join(map(chr, range(0x21)))),
    "java_strip": stripping(without(UNICODE, NO_BREAK + "\x85") + SEPARATORS),
    "go": stripping(UNICODE),
    "c_sharp": stripping(UNICODE),
    "javascript": stripping(without(UNICODE, "\x85") + "\ufeff"),
    "php": stripping(" \t\n\r\0\v"),
    "ruby": lambda text: text.lstrip(ASCII + "\0").rstrip(ASCII + "\0"),
    "elixir": stripping(UNICODE),
    "postgres": stripping(" \t\n\r"),
    "kotlin": stripping(UNICODE + SEPARATORS),
}


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def code_points(text: str) -> int:
    return len(text)


_JOINED = re.compile("\u200d.", re.DOTALL)


def graphemes(text: str) -> int:
    """Close enough: no combining marks, joined emoji, skin tones or second halves of flags."""
    text = unicodedata.normalize("NFC", _JOINED.sub("", text))
    flags = sum(0x1F1E6 <= ord(one) <= 0x1F1FF for one in text)
    marks = sum(unicodedata.category(one).startswith("M") or 0x1F3FB <= ord(one) <= 0x1F3FF for one in text)
    return max(len(text) - marks - flags // 2, min(len(text), 1))


class CountsUtf16(HelpCenter):
    """After trimming."""

    def length(self, text: str) -> int:
        return utf16(text)


class CountsGraphemes(HelpCenter):
    """After trimming."""

    def length(self, text: str) -> int:
        return graphemes(text)


legal()(CountsUtf16)
legal()(CountsGraphemes)


class CountsBeforeTrimming(HelpCenter):
    """The validator looks at what was sent; then it is trimmed, and must not be empty."""

    def validate(self, payload: object) -> str:
        text = self.text_of(payload)
        self.check_storable(text)
        self.check_length(text)
        text = self.trim(text)
        self.check_length(text)
        return text


legal(advice=["SEND-PADDED-FULL"])(CountsBeforeTrimming)


@legal(advice=["SEND-PADDED-FULL"])
class CountsUtf16BeforeTrimming(CountsBeforeTrimming):
    def length(self, text: str) -> int:
        return utf16(text)


def _trimming(name: str, trim: Trim, length: Length) -> None:
    methods = {"trim": staticmethod(trim), "length": staticmethod(length), "__module__": __name__}
    legal()(type(name, (HelpCenter,), methods))


_CLUSTER = rf"[{re.escape(UNICODE)}][\u0300-\u036f\uff9e\uff9f\U0001f3fb-\U0001f3ff\u0e33\u0eb3]*"
_SWIFT = re.compile(rf"^(?:{_CLUSTER})+|(?:{_CLUSTER})+$")
"""Swift's characters are graphemes, and white if they begin with white space."""
_trimming("TrimsAsSwift", lambda text: _SWIFT.sub("", text), graphemes)
for _name, _language in {"TrimsAsJavaStrips": "java_strip", "TrimsAsKotlin": "kotlin"}.items():
    _trimming(_name, TRIMS[_language], utf16)
_trimming("TrimsAsPostgres", TRIMS["postgres"], code_points)


@legal()
class CannotHoldNul(HelpCenter):
    """PostgreSQL refuses U+0000, and the ORM takes that for a failure of the server; halves of pairs are replaced."""

    def check_storable(self, text: str) -> None:
        if "\0" in text:
            raise self.server_problem()

    def trim(self, text: str) -> str:
        return super().trim(re.sub("[\ud800-\udfff]", "\ufffd", text))


@legal()
class StoresHalvesReplaced(HelpCenter):
    """Half of a surrogate pair goes through memory into the ack, and is replaced on its way to the database."""

    def check_storable(self, text: str) -> None: ...

    def message_payload(self, message: Message) -> Json:
        return super().message_payload(message) | {"text": message.text.encode("utf-16", "replace").decode("utf-16")}

    def ack_payload(self, message: Message) -> Json:
        return {"message": self.message_payload(message) | {"text": message.text}}


@legal()
class RefusesControlCharacters(HelpCenter):
    """U+0000 and halves of surrogate pairs are refused as invalid."""

    def check_storable(self, text: str) -> None:
        super().check_storable(text)
        if "\0" in text:
            raise Problem("VALIDATION_ERROR", "no control characters")


@legal(advice=["SEND-TWICE"])
class RefusesDoubles(HelpCenter):
    """Whoever says the same again has pressed the button twice: it is refused."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.said: set[tuple[str, str]] = set()

    def key(self, text: str) -> str:
        return text

    def save(self, user: str, text: str, *, sender: str) -> Message:
        key = (user, self.key(text))
        if sender == USER and key in self.said:
            raise self.invalid("This has been sent already.", rule="double")
        self.said.add(key)
        return super().save(user, text, sender=sender)


@legal(advice=["SEND-TWICE"])
class RefusesNearDoubles(RefusesDoubles):
    """The same, whatever the case, and with a full stop or without."""

    def key(self, text: str) -> str:
        return text.casefold().rstrip(".")
