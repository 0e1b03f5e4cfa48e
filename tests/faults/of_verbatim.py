"""Servers that save another text than the one that was sent (section 4.5)."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from urllib.parse import unquote

from conformance.reference.help_center import HelpCenter
from conformance.reference.store import Message
from tests.faults.fault import fault


class Changes(HelpCenter):
    """Saves what ``changed`` makes of a text."""

    def save(self, user: str, text: str, *, sender: str) -> Message:
        return super().save(user, self.changed(text), sender=sender)

    def changed(self, text: str) -> str:
        return text


@fault("SEND-VERBATIM")
class CutsAt255(Changes):
    def changed(self, text: str) -> str:
        return text[:255]


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
class Composes(Changes):
    def changed(self, text: str) -> str:
        return unicodedata.normalize("NFC", text)


@fault("SEND-VERBATIM")
class Decomposes(Changes):
    """As HFS+ did with names."""

    def changed(self, text: str) -> str:
        return unicodedata.normalize("NFD", text)


@fault("SEND-VERBATIM")
class NormalizesCompatibly(Changes):
    def changed(self, text: str) -> str:
        return unicodedata.normalize("NFKC", text)


@fault("SEND-VERBATIM")
class LowerCases(Changes):
    def changed(self, text: str) -> str:
        return text.lower()


@fault("SEND-VERBATIM")
class FoldsOddLetters(Changes):
    """A slug library at work."""

    def changed(self, text: str) -> str:
        return text.replace("ß", "ss").replace("ı", "i")


@fault("SEND-VERBATIM")
class UnifiesLineBreaks(Changes):
    def changed(self, text: str) -> str:
        return text.replace("\r\n", "\n")


@fault("SEND-VERBATIM")
class WritesWindowsLineBreaks(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"(?<!\r)\n", "\r\n", text)


@fault("SEND-VERBATIM")
class CollapsesSpaces(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r" {2,}", " ", text)


@fault("SEND-VERBATIM")
class CollapsesEmptyLines(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"\n{3,}", "\n\n", text)


@fault("SEND-VERBATIM")
class TrimsEachLine(Changes):
    def changed(self, text: str) -> str:
        return "\n".join(line.rstrip(" ") for line in text.split("\n"))


@fault("SEND-VERBATIM")
class PlainsSpaces(Changes):
    """No-break spaces become spaces."""

    def changed(self, text: str) -> str:
        return text.replace("\u00a0", " ")


@fault("SEND-VERBATIM")
class ExpandsTabs(Changes):
    def changed(self, text: str) -> str:
        return text.expandtabs(4)


@fault("SEND-VERBATIM")
class CutsAtEmoji(Changes):
    """MySQL without strict mode."""

    def changed(self, text: str) -> str:
        return re.split(r"[^\u0000-\uffff]", text)[0] or "?"


@fault("SEND-VERBATIM")
class SplitsSurrogates(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"[^\u0000-\uffff]", "\ufffd\ufffd", text)


@fault("SEND-VERBATIM")
class DropsSkinTones(Changes):
    def changed(self, text: str) -> str:
        return re.sub("[\U0001f3fb-\U0001f3ff]", "", text)


@fault("SEND-VERBATIM")
class DropsVariationSelectors(Changes):
    def changed(self, text: str) -> str:
        return re.sub("[\ufe0e\ufe0f]", "", text)


@fault("SEND-VERBATIM")
class DropsTagCharacters(Changes):
    """A filter against hidden instructions."""

    def changed(self, text: str) -> str:
        return re.sub("[\U000e0000-\U000e007f]", "", text)


@fault("SEND-VERBATIM")
class DropsZeroWidth(Changes):
    def changed(self, text: str) -> str:
        return re.sub("[\u200b\u200c\u200d\u2060\ufeff]", "", text)


@fault("SEND-VERBATIM")
class DropsDirectionMarks(Changes):
    def changed(self, text: str) -> str:
        return re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)


@fault("SEND-VERBATIM")
class DropsByteOrderMarks(Changes):
    def changed(self, text: str) -> str:
        return text.replace("\ufeff", "")


@fault("SEND-VERBATIM")
class DropsSoftHyphens(Changes):
    def changed(self, text: str) -> str:
        return text.replace("\u00ad", "")


@fault("SEND-VERBATIM")
class BreaksLineSeparators(Changes):
    """Python's splitlines knows more line ends than anybody else."""

    def changed(self, text: str) -> str:
        return text.replace("\u2028", "\n").replace("\u2029", "\n")


@fault("SEND-VERBATIM")
class DropsPrivateUse(Changes):
    def changed(self, text: str) -> str:
        return "".join(c for c in text if unicodedata.category(c) != "Co")


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
