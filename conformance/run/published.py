"""The reports of a run that other programs read, written when it has ended."""

from __future__ import annotations

import tempfile
from pathlib import Path

from conformance.errors import UsageError
from conformance.report import badge, ctrf, github
from conformance.report.account import Account
from conformance.report.verdict import write_json
from conformance.run.options_parser import REJUDGED

_VERDICTS = ("verdict.json", "ctrf.json", "badge.json")


def prepare(reports: Path) -> None:
    """Make sure that the folder can be written to; nobody shall take the verdict of an earlier run for this one's.
    Raises UsageError."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=reports):
            for folder in (reports, reports / REJUDGED):
                for name in _VERDICTS:
                    (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"--reports={reports} cannot be written to: {error.strerror}") from error


def publish(account: Account, folder: Path) -> None:
    """Into the folder of the reports, and to GitHub where it runs us."""
    write_json(folder / "ctrf.json", ctrf.document(account))
    write_json(folder / "badge.json", badge.badge(account))
    github.write_summary(account)
