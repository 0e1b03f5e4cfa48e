"""Servers that accept what has to be refused (section 4.5)."""

from __future__ import annotations

import re
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MAX_LENGTH
from tests.faults.fault import fault

# -- too long, too short -------------------------------------------------------------------------------------------


@fault("SEND-MAX")
class AcceptsOneMore(HelpCenter):
    """Off by one at the upper limit."""

    def length(self, text: str) -> int:
        return len(text) - (len(text) == MAX_LENGTH + 1)


@fault("SEND-MAX")
class HasNoLimit(HelpCenter):
    def length(self, text: str) -> int:
        return min(len(text), MAX_LENGTH)


@fault("SEND-MAX", "SEND-VERBATIM")
class CutsLongTexts(HelpCenter):
    """Shortens in place of refusing: texts, too, that are short enough if accents are not counted."""

    def trim(self, text: str) -> str:
        return super().trim(text)[:MAX_LENGTH]


@fault("SEND-MAX")
class CountsWords(HelpCenter):
    """Counts ideographs by half, as some counters of messages do."""

    def length(self, text: str) -> int:
        return len(text) if text.isascii() else -(-len(text) // 2)


@fault("SEND-MAX")
class CountsWithoutMarkup(HelpCenter):
    """The editor sends HTML: what is counted is ``strip_tags(text)``, runs of white space as one."""

    def length(self, text: str) -> int:
        return len(re.sub(r"\s+", " ", re.sub(r"<[^<>]+>", "", text))) or len(text)


@fault("SEND-MAX")
class MatchesOneLine(HelpCenter):
    """``/^.{1,2000}$/`` in Ruby, whose ``^`` and ``$`` are those of lines: one line that fits is enough."""

    def check_length(self, text: str) -> None:
        super().check_length(next((line for line in text.split("\n") if 0 < len(line) <= MAX_LENGTH), text))


@fault("SEND-EMPTY")
class AcceptsEmpty(HelpCenter):
    def check_length(self, text: str) -> None:
        super().check_length(text or "-")

    def trim(self, text: str) -> str:
        return super().trim(text) or (" " if text else "")

    def length(self, text: str) -> int:
        return len(text.strip())


@fault("SEND-BLANK")
class ChecksBeforeTrimming(HelpCenter):
    """``MinLength(1)``, then trim."""

    def validate(self, payload: object) -> str:
        text = self.text_of(payload)
        if not text:
            self.check_length(text)
        text = self.trim(text)
        self.check_length(text or "-")
        return text


@fault("SEND-BLANK")
class TakesLineBreaksForText(HelpCenter):
    """``/^ *$/`` without the other kinds of white space."""

    def check_length(self, text: str) -> None:
        super().check_length(text or "-")

    def trim(self, text: str) -> str:
        if not text.strip(" "):
            super().check_length("")
        return super().trim(text)


# -- no text at all ------------------------------------------------------------------------------------------------


class Reads(HelpCenter):
    """Makes a text of what is none."""

    def text_of(self, payload: Any) -> str:
        if isinstance(payload, dict) and not isinstance(payload.get("text"), str):
            made = self.made(given="text" in payload, value=payload.get("text"))
            if made is not None:
                return made
        return super().text_of(payload)

    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        """The text, or None to go the correct way."""
        return None


@fault("SEND-ABSENT")
class StoresUndefined(Reads):
    """``String(payload.text)``."""

    def made(self, *, given: bool, value: Any) -> str | None:
        return None if given else str(value or "undefined")


@fault("SEND-ABSENT")
class StoresNull(Reads):
    """``@IsOptional()``, then ``String(null)``."""

    def made(self, *, given: bool, value: Any) -> str | None:
        return "null" if given and value is None else None


@fault("SEND-ABSENT")
class AcceptsTheWrongField(HelpCenter):
    """``payload.text ?? payload.message``, for old clients."""

    def text_of(self, payload: Any) -> str:
        if isinstance(payload, dict) and "message" in payload and "text" not in payload:
            return str(payload["message"])
        return super().text_of(payload)


@fault("SEND-STRUCTURED")
class JoinsArrays(Reads):
    """``String(["a", "b"])``."""

    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return ",".join(map(str, value)) if isinstance(value, list) else None


@fault("SEND-STRUCTURED")
class ChecksEachOfAnArray(Reads):
    """``@IsString({each: true})``, then the first one."""

    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return value[0] if isinstance(value, list) and value else None


@fault("SEND-STRUCTURED")
class UnwrapsArraysOfOne(Reads):
    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return str(value[0]) if isinstance(value, list) and len(value) == 1 else None


@fault("SEND-STRUCTURED")
class PrintsObjects(Reads):
    """``String({})``."""

    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return "[object Object]" if isinstance(value, dict) else None


@fault("SEND-STRUCTURED")
class UnwrapsObjects(Reads):
    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return value.get("text") if isinstance(value, dict) else None


@fault("SEND-STRUCTURED")
class MeasuresAnyLength(Reads):
    """``text.length`` in place of a check of the type."""

    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return str(value.get("toString")) if isinstance(value, dict) and value.get("length") else None


@fault("SEND-STRUCTURED")
class AcceptsEmptyArrays(Reads):
    """``[]`` is truthy, and its text is empty."""

    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return "[]" if value == [] else None


@fault("SEND-SCALAR")
class CoercesNumbers(Reads):
    """``enableImplicitConversion``."""

    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


@fault("SEND-SCALAR")
class CoercesBooleans(Reads):
    def made(self, *, given: bool, value: Any) -> str | None:  # noqa: ARG002
        return str(value).lower() if isinstance(value, bool) else None
