"""Servers whose bugs hide in characters that no table of ours lists (sections 4.5 and 4.6)."""

from __future__ import annotations

import unicodedata

from conformance.reference.help_center import HelpCenter
from tests.faults.fault import fault


@fault("SEND-VERBATIM")
class DropsControlCharacters(HelpCenter):
    """Sanitises texts: every control character but tab and line breaks is removed."""

    def trim(self, text: str) -> str:
        return "".join(c for c in text.strip() if c in "\t\n\r" or unicodedata.category(c) != "Cc")


@fault("SEND-VERBATIM")
class FoldsCompatibilityDigits(HelpCenter):
    """Turns every digit of every script into an ASCII digit."""

    def trim(self, text: str) -> str:
        return "".join(str(unicodedata.digit(c)) if unicodedata.category(c) == "Nd" else c for c in text.strip())


@fault("SEND-VERBATIM")
class RefusesTheUnassigned(HelpCenter):
    """Takes code points that its Unicode tables do not know for garbage."""

    def check_storable(self, text: str) -> None:
        super().check_storable(text)
        if any(unicodedata.category(c) == "Cn" for c in text):
            raise self.invalid("Unknown character.", rule="unicode")
