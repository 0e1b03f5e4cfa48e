"""badge.json: what a shields.io endpoint badge says. Never a percentage: a number hides the clause."""

from __future__ import annotations

from typing import Any

from conformance.report.account import Account
from conformance.report.outcome import Status
from conformance.report.terminal import label
from conformance.report.verdict import Verdict
from conformance.requirements import Level

_COLOURS = {Verdict.CONFORMANT: "brightgreen", Verdict.NON_CONFORMANT: "red", Verdict.INCOMPLETE: "yellow"}


def badge(account: Account) -> dict[str, Any]:
    """In shields' schema for endpoints, version 1."""
    result = account.result
    waived = len(result.of(Level.MUST, Status.WAIVED))
    but = f", but for {waived} waived" if waived and result.verdict is Verdict.CONFORMANT else ""
    colour = _COLOURS.get(result.verdict, "lightgrey")
    return {
        "schemaVersion": 1,
        "label": "Help Center API",
        "message": f"{label(result)}{but} | document {account.revision} | {account.day}",
        "color": "green" if but else colour,
        "isError": result.verdict is Verdict.NON_CONFORMANT,
    }
