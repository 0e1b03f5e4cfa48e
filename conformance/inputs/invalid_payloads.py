"""Named payloads that no client should send (sections 3.2 and 4.5): to be refused, or harmless. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.inputs import texts
from conformance.protocol import Json


@dataclass(frozen=True, slots=True)
class InvalidPayload:
    """The arguments of one emission, and in a few words what they are."""

    args: tuple[Json, ...]
    about: str

    @property
    def payload(self) -> Json:
        return self.args[0]


Misfits = Mapping[str, InvalidPayload]


def _texts(table: texts.Texts) -> Misfits:
    return {name: InvalidPayload(({"text": text.sent},), text.about) for name, text in table.items()}


def _as_text(value: Json, about: str) -> InvalidPayload:
    return InvalidPayload(({"text": value},), about)


LONG = _texts(texts.LONG)
EMPTY = _texts(texts.EMPTY)
BLANK = _texts(texts.BLANK)

ABSENT: Misfits = {
    "no-text": InvalidPayload(({},), "an empty object"),
    "other-field": InvalidPayload(({"message": "a text in the wrong field"},), "no text, but another field"),
    "null": _as_text(None, "null for a text"),
}
STRUCTURED: Misfits = {
    "array-of-text": _as_text(["a text in an array"], "an array of one text"),
    "array-of-texts": _as_text(["one", "two"], "an array of two texts"),
    "empty-array": _as_text([], "an empty array"),
    "nested-text": _as_text({"text": "a text in an object"}, "an object with a text"),
    "empty-object": _as_text({}, "an empty object for a text"),
    "like-a-string": _as_text({"length": 5, "toString": "hello"}, "an object that has what strings have"),
}
SCALAR: Misfits = {
    "number": _as_text(42, "a number"),
    "zero": _as_text(0, "the number zero"),
    "true": _as_text(True, "true"),
    "false": _as_text(False, "false"),
}

REFUSED: Mapping[str, Misfits] = {
    "long": LONG,
    "blank": {**EMPTY, **BLANK},
    "absent": ABSENT,
    "structured": STRUCTURED,
    "scalar": SCALAR,
}
"""Object payloads by family: what one connection sends."""

NO_OBJECT: Misfits = {
    "nothing": InvalidPayload((), "no payload at all"),
    "null-payload": InvalidPayload((None,), "null"),
    "string-payload": InvalidPayload(("a bare text",), "a string"),
    "number-payload": InvalidPayload((42,), "a number"),
    "true-payload": InvalidPayload((True,), "a boolean"),
    "empty-list-payload": InvalidPayload(([],), "an empty array"),
    "list-payload": InvalidPayload((["a text in a list"],), "an array of a text"),
    "list-of-payload": InvalidPayload(([{"text": "a payload in a list"}],), "an array of a good payload"),
}
"""Payloads of help_center:send that are no objects."""

ODD_TYPING: Misfits = {
    "nothing": InvalidPayload((), "no payload at all"),
    "null": InvalidPayload((None,), "null"),
    "string": InvalidPayload(("typing",), "a string"),
    "boolean": InvalidPayload((True,), "a bare boolean"),
    "list": InvalidPayload(([True],), "an array"),
    "empty": InvalidPayload(({},), "an object without isTyping"),
    "word": InvalidPayload(({"isTyping": "yes"},), "a word for a boolean"),
    "null-inside": InvalidPayload(({"isTyping": None},), "null for a boolean"),
    "more-arguments": InvalidPayload(({"isTyping": True}, "more", 2), "two arguments too many"),
}
"""Arguments of help_center:typing that the document does not describe."""
