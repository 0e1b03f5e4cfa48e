"""Servers that take texts for something else: JSON, numbers, markup, bad language (section 4.5)."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import unquote

from conformance.reference.help_center import HelpCenter
from tests.faults.fault import fault
from tests.faults.of_verbatim import Changes


@fault("SEND-VERBATIM")
class EscapesHtml(Changes):
    def changed(self, text: str) -> str:
        return html.escape(text)


@fault("SEND-VERBATIM")
class UnescapesHtml(Changes):
    def changed(self, text: str) -> str:
        return html.unescape(text)


@fault("SEND-VERBATIM")
class StripsTags(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"<[^>]*>", "", text)


@fault("SEND-VERBATIM")
class StoresLatin1(Changes):
    def changed(self, text: str) -> str:
        return text.encode("latin-1", "replace").decode("latin-1")


@fault("SEND-VERBATIM")
class DecodesTwice(Changes):
    """UTF-8 read as Latin-1: "Ã©"."""

    def changed(self, text: str) -> str:
        return text.encode().decode("latin-1") if not text.isascii() else text


@fault("SEND-VERBATIM")
class EncodesJsonTwice(Changes):
    """Quotes and backslashes come back escaped."""

    def changed(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=False)[1:-1]


@fault("SEND-VERBATIM")
class StripsSlashes(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


@fault("SEND-VERBATIM")
class DoublesQuotes(Changes):
    """Escaped for SQL by hand, and for a driver that escapes too."""

    def changed(self, text: str) -> str:
        return text.replace("'", "''")


@fault("SEND-VERBATIM")
class ParsesNumbers(Changes):
    """A column without a type, or a spreadsheet."""

    def changed(self, text: str) -> str:
        return str(int(text)) if text.isascii() and text.isdigit() else text


@fault("SEND-VERBATIM")
class ParsesFloats(Changes):
    def changed(self, text: str) -> str:
        try:
            return f"{float(text):g}" if text[:1] in "123456789" else text
        except ValueError:
            return text


@fault("SEND-VERBATIM")
class ParsesJson(Changes):
    """A helper that parses whatever looks like JSON, and writes it again."""

    def changed(self, text: str) -> str:
        try:
            return json.dumps(json.loads(text), separators=(",", ":")) if text[:1] in '{["' else text
        except ValueError:
            return text


@fault("SEND-VERBATIM")
class RevivesDates(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"^(\d{4}-\d\d-\d\d)T([\d:]+)\.000Z$", r"\1 \2+00", text)


@fault("SEND-VERBATIM")
class TakesNullForNothing(HelpCenter):
    """The words null and undefined are refused like an absent text."""

    def check_length(self, text: str) -> None:
        super().check_length("" if text in ("null", "undefined") else text)


@fault("SEND-VERBATIM")
class TakesFalseForNothing(HelpCenter):
    """A query-string parser in the middle."""

    def check_length(self, text: str) -> None:
        super().check_length("" if text in ("false", "NaN") else text)


@fault("SEND-VERBATIM")
class DecodesPercents(Changes):
    def changed(self, text: str) -> str:
        return unquote(text)


@fault("SEND-VERBATIM")
class FormatsPercents(Changes):
    def changed(self, text: str) -> str:
        return text.replace("%%", "%")


@fault("SEND-VERBATIM")
class ExpandsTemplates(Changes):
    def changed(self, text: str) -> str:
        return text.replace("${7*7}", "49").replace("{{7*7}}", "49")


@fault("SEND-VERBATIM")
class CurlsQuotes(Changes):
    def changed(self, text: str) -> str:
        return text.replace("'", "\u2019").replace("--", "\u2013").replace("...", "\u2026")


@fault("SEND-VERBATIM")
class StraightensQuotes(Changes):
    def changed(self, text: str) -> str:
        return text.replace("\u201c", '"').replace("\u201d", '"').replace("\u2026", "...")


@fault("SEND-VERBATIM")
class StarsRudeWords(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"\b(damn|crap)\b", "****", text)


@fault("SEND-VERBATIM")
class MakesEmoji(Changes):
    def changed(self, text: str) -> str:
        return text.replace(":smile:", "\U0001f604")


@fault("SEND-VERBATIM")
class LinksUrls(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"https?://\S+", r"[\g<0>](\g<0>)", text)


@fault("SEND-VERBATIM")
class RendersMarkdown(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)


@fault("SEND-VERBATIM")
class RefusesMarkup(HelpCenter):
    """A firewall rule against scripts and SQL."""

    def check_length(self, text: str) -> None:
        super().check_length(text)
        if re.search(r"<script|drop table", text, re.IGNORECASE):
            raise self.invalid("The text looks dangerous.", rule="safe")
