"""The reports of a run that other programs read, written when it has ended."""

from __future__ import annotations

import tempfile
from pathlib import Path

from conformance.errors import UsageError
from conformance.report import badge, ctrf, github
from conformance.report.account import Account
from conformance.report.envelope import signed
from conformance.report.statement import CLAIMS, statement, text
from conformance.report.verdict import write_json
from conformance.run.options import Options
from conformance.run.options_parser import REJUDGED

_STATEMENT, _SIGNED = "statement.json", "statement.dsse.json"
_VERDICTS = ("verdict.json", "ctrf.json", "badge.json", _STATEMENT, _SIGNED)


def prepare(reports: Path) -> None:
    """Make sure that the folder can be written to; so that no one takes the verdict of an earlier run for this one's.
    Raises UsageError."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=reports):
            for folder in (reports, reports / REJUDGED):
                for name in _VERDICTS:
                    (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"--reports={reports} cannot be written to: {error.strerror}") from error


def publish(account: Account, options: Options) -> None:
    """Into the folder of the reports, and to GitHub where it runs us."""
    folder = options.reports
    write_json(folder / "ctrf.json", ctrf.document(account))
    write_json(folder / "badge.json", badge.badge(account))
    github.write_summary(account)
    if options.rejudge is None and account.result.verdict in CLAIMS:
        _state(account, options)


def _state(account: Account, options: Options) -> None:
    """A statement of what a full run against a target claims; signed, too, where there is a key."""
    made = text(statement(options.reports, account.result.to_json(), account.exit_code))
    (options.reports / _STATEMENT).write_bytes(made)
    if options.signing_key is not None:
        write_json(options.reports / _SIGNED, signed(made, options.signing_key))
