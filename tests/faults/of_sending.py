"""Servers that take the wrong texts (sections 3.2 and 4.5)."""

from __future__ import annotations

from conformance.reference.help_center import HelpCenter
from tests.faults.fault import fault


@fault("SEND-TRIM")
class KeepsWhiteSpace(HelpCenter):
    """Validates the trimmed text but saves it as it came."""

    def trim(self, text: str) -> str:
        return text
