"""Servers that save other characters than those that were sent (section 4.5)."""

from __future__ import annotations

import re
import unicodedata

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
class WritesPersianLetters(Changes):
    """Arabic yeh and kaf become Persian ones, so that both are found."""

    def changed(self, text: str) -> str:
        return text.replace("\u064a", "\u06cc").replace("\u0643", "\u06a9")


@fault("SEND-VERBATIM")
class LimitsMarks(Changes):
    """A letter with three combining marks loses them."""

    def changed(self, text: str) -> str:
        return re.sub("[\u0300-\u036f]{3,}", "", text)


@fault("SEND-VERBATIM")
class HalvesPunctuation(Changes):
    """A Chinese input filter: full-width punctuation becomes ASCII."""

    def changed(self, text: str) -> str:
        return re.sub("[\uff01-\uff1f]", lambda found: chr(ord(found[0]) - 0xFEE0), text)


@fault("SEND-VERBATIM")
class CalmsDown(Changes):
    def changed(self, text: str) -> str:
        return re.sub(r"([!?])\1+", r"\1", text)


@fault("SEND-VERBATIM")
class MapsTheTilde(Changes):
    """Windows-31J, read as Shift_JIS: the full-width tilde becomes a wave dash."""

    def changed(self, text: str) -> str:
        return text.replace("\uff5e", "\u301c")


@fault("SEND-VERBATIM")
class MapsTheBars(Changes):
    """Shift_JIS of another vendor: parallel lines and the horizontal bar."""

    def changed(self, text: str) -> str:
        return text.replace("\u2225", "\u2016").replace("\u2015", "\u2014")


@fault("SEND-VERBATIM")
class CutsWhatItAcceptsToUnits(Changes):
    """Counts code points, and keeps 2,000 UTF-16 units, in the ack as well."""

    def changed(self, text: str) -> str:
        return text.encode("utf-16-le", "surrogatepass")[:4000].decode("utf-16-le", "ignore")
