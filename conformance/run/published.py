"""The reports of a run: where they go, and those that other programs read, written when it has ended."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from conformance.blocks import FILE as HISTORIES
from conformance.errors import UsageError
from conformance.report import badge, ctrf, github
from conformance.report.account import Account
from conformance.report.envelope import signed
from conformance.report.html_table import Report
from conformance.report.junit import JUnit
from conformance.report.statement import CLAIMS, statement, text
from conformance.report.verdict import write_json
from conformance.run.options import Options
from conformance.run.options_parser import REJUDGED, reports_of
from conformance.run.reservation import reserve

PAGE, JUNIT = "help-center-report", "help-center-junit"
"""Names of plugins."""
STATEMENT, SIGNED = "statement.json", "statement.dsse.json"
_LEFT = ("verdict.json", "report.html", "junit.xml", "ctrf.json", "badge.json", STATEMENT, SIGNED)
_RECORDED = ("*.jsonl", HISTORIES)
"""In the folder of the transcripts."""


def prepare(reports: Path) -> Callable[[], None]:
    """Make sure that the folder can be written to, and empty it: no one shall take what an earlier run left for this
    one's, which may come to judge nothing. Returns what gives the folder free again. Raises UsageError."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
        release = reserve(reports)
        with tempfile.TemporaryFile(dir=reports):
            _empty(reports)
    except OSError as error:
        raise UsageError(f"--reports={reports} cannot be written to: {error.strerror}") from error
    return release


def forget(config: pytest.Config) -> None:
    """Empty the folder for a run that cannot begin. One that is not known, or that another run is writing to, stays
    as it is."""
    with suppress(UsageError, OSError):
        if (reports := reports_of(config)).is_dir():
            prepare(reports)()


def _empty(reports: Path) -> None:
    for folder in (reports, reports / REJUDGED):
        for name in _LEFT:
            (folder / name).unlink(missing_ok=True)
    transcripts = reports / "transcripts"
    if transcripts.is_symlink():  # to a run that may be the one to judge again
        return
    for pattern in _RECORDED:
        for path in transcripts.glob(pattern):
            path.unlink()
    with suppress(OSError):  # what is not ours stays there
        transcripts.rmdir()


def aim(config: pytest.Config, reports: Path, transcripts: Path) -> None:
    """Have pytest's own reports written beside the verdict, unless their files are given."""
    if getattr(config.option, "htmlpath", None) is None:
        config.option.htmlpath = str(reports / "report.html")
        config.option.self_contained_html = True
    if config.pluginmanager.hasplugin("html"):
        config.pluginmanager.register(Report(), PAGE)
    if getattr(config.option, "xmlpath", None) is None:
        config.option.xmlpath = str(reports / "junit.xml")
    if config.pluginmanager.hasplugin("junitxml"):
        config.pluginmanager.register(JUnit(config, transcripts, config.invocation_params.dir), JUNIT)


def publish(account: Account, options: Options) -> None:
    """Into the folder of the reports, and to GitHub where it runs us."""
    folder = options.reports
    write_json(folder / "ctrf.json", ctrf.document(account))
    write_json(folder / "badge.json", badge.badge(account))
    if options.rejudge is None and account.result.verdict in CLAIMS:
        _state(account, options)
    github.write_summary(account)  # last: what is not ours may not be writable


def _state(account: Account, options: Options) -> None:
    """A statement of what a full run against a target claims; signed, too, where there is a key."""
    made = text(statement(options.reports, account.result.to_json(), account.exit_code))
    (options.reports / STATEMENT).write_bytes(made)
    if options.signing_key is not None:
        write_json(options.reports / SIGNED, signed(made, options.signing_key))
