"""A recording held against every law."""

from __future__ import annotations

from conformance.checks.assertions import outcome_of
from conformance.checks.laws import LAWS
from conformance.errors import Deviation
from conformance.record.transcript import Transcript
from conformance.record.views import Record


def judge(transcript: Transcript) -> None:
    """Raises the Deviation that there should not be."""
    record = Record(transcript)
    for law in LAWS:
        outcome = outcome_of(law.check, [record])
        if isinstance(outcome, Deviation):
            raise outcome
