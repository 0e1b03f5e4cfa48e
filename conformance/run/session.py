"""The hooks that turn a run of the suites into a certification; registered where suites are asked for."""

from __future__ import annotations

import gc
from collections.abc import Collection, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.drive.scenario import TRANSCRIPTS, basics, scenario_calls
from conformance.errors import TargetUnusable, Unverified, UsageError
from conformance.paths import SUITES, resolved
from conformance.record.views import Everything
from conformance.report import terminal
from conformance.report.account import Account
from conformance.report.github import Guard, commands
from conformance.report.grouping import grouped
from conformance.report.html_table import NOTES, RESULT, UNUSABLE
from conformance.report.outcome import OutcomeKind, outcome_of
from conformance.report.verdict import Exit, Observation, Verdict
from conformance.requirements import catalogue, ids_of
from conformance.run import selection
from conformance.run.certification import Certification
from conformance.run.completeness import is_complete, missed
from conformance.run.options_parser import parse
from conformance.run.outcome_recorder import OutcomeRecorder, is_ours, test_id, unformatted
from conformance.run.profiles import of_profile
from conformance.run.progress import Progress
from conformance.run.published import JUNIT, PAGE, aim, forget, prepare, publish
from conformance.run.shield import shield
from conformance.run.surroundings import UNWRITTEN, attempt

CERTIFICATION = pytest.StashKey[Certification]()
ACTIVE = pytest.StashKey[bool]()
ITEMS = pytest.StashKey[Sequence[pytest.Item]]()
DESELECTED = pytest.StashKey[int]()
"""How many judgements were."""
LEFT_OUT = pytest.StashKey[Collection[Path]]()
"""Files of the suites in which nothing is meant to be judged."""
UNCOLLECTED = pytest.StashKey[bool]()
"""A file of the suites could not be collected: an error of the harness."""
SECONDS = pytest.StashKey[dict[str, float]]()
"""How long each judgement took."""
ACCOUNT = pytest.StashKey[Account]()
OTHERS_FAILED = pytest.StashKey[bool]()
"""A test failed that is not a judgement (of the harness's own, run along)."""

_ONLY_TELLING = (
    "help",
    "version",
    "markers",
    "showfixtures",
    "show_fixtures_per_test",
    "cacheshow",
    "collectonly",
    "setupplan",
)
"""Options with which pytest runs nothing: nothing is started and nothing is written."""


def begin(config: pytest.Config) -> None:
    """Decide whether this run certifies, and keep pytest in one process."""
    only_telling = any(getattr(config.option, name, None) for name in _ONLY_TELLING)
    config.stash[ACTIVE] = not only_telling
    if not only_telling and (getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None)):
        config.option.numprocesses, config.option.dist, config.option.tx = None, "no", []
        print("help-center: ignoring -n: scenarios already run concurrently in one process")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not config.stash.get(ACTIVE, False):
        return
    try:
        options = parse(config)
        certification = Certification(options, catalogue(), Progress(config))
        config.add_cleanup(prepare(options.reports))
    except UsageError as error:
        forget(config)
        raise pytest.UsageError(str(error)) from None
    config.stash[CERTIFICATION] = config.stash[TRANSCRIPTS] = certification
    aim(config, options.reports, certification.folder)


def pytest_report_header(config: pytest.Config) -> list[str]:
    certification = config.stash.get(CERTIFICATION, None)
    if certification is None:
        return []
    options = certification.options
    return [f"help-center: {line}" for line in (options.headline, *options.warnings)]


# -- collecting --------------------------------------------------------------------------------------------------


def pytest_itemcollected(item: pytest.Item) -> None:
    item.extra_keyword_matches.update(ids_of(item))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what is meant for other tests away."""
    if CERTIFICATION in config.stash:
        shield(config, items)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        item.config.stash[DESELECTED] = item.config.stash.get(DESELECTED, 0) + bool(ids_of(item))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    path, stash = resolved(collector.path), collector.config.stash
    if report.failed and SUITES in (path, *path.parents):
        stash[UNCOLLECTED] = True
    items = [one for one in report.result if isinstance(one, pytest.Item)]
    if items and (certification := stash.get(CERTIFICATION, None)) is not None:
        options, known = certification.options, certification.catalogue
        meant = selection.meant(items, known.as_of(options.as_of), public_key=certification.has_public_key)
        left_out = set(items).difference(of_profile(meant, options.profile, known))
        report.result = [one for one in report.result if one not in left_out]  # before pytest counts them
        if not report.result:
            stash[LEFT_OUT] = {*stash.get(LEFT_OUT, ()), path}
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Collection has ended: check the target and let the recordings begin."""
    certification = session.config.stash.get(CERTIFICATION, None)
    judgements = [item for item in session.items if ids_of(item)]
    session.config.stash[ITEMS] = judgements
    if certification is None or not judgements or (session.testsfailed and not _goes_on(session.config)):
        return
    calls = [call for item in judgements for call in scenario_calls(item)]
    if any("everything" in getattr(item, "fixturenames", ()) for item in judgements):
        calls += basics()
    try:
        certification.open(calls)
    except (UsageError, TargetUnusable, Unverified) as error:
        why = " ".join(certification.redactor.text(str(error)).split())
        session.config.stash[UNUSABLE] = why
        raise pytest.UsageError(why) from None


def _goes_on(config: pytest.Config) -> bool:
    return bool(config.option.continue_on_collection_errors)


# -- judging -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def everything(request: pytest.FixtureRequest) -> Everything:
    """All the records of the run, for laws."""
    return request.config.stash[CERTIFICATION].everything()


@pytest.fixture
def observe(request: pytest.FixtureRequest) -> Any:
    """``observe(value, says)``: report how the target behaves where the document is silent."""
    certification = request.config.stash[CERTIFICATION]
    one = certification.catalogue[ids_of(request.node)[0]]

    def report(value: str, says: str) -> None:
        clean = certification.redactor.text
        certification.observed(Observation(one.id, one.section, clean(value), clean(says)))

    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    certification = item.config.stash.get(CERTIFICATION, None)
    ids = ids_of(item)
    raised = call.excinfo
    if certification is not None and ids and raised is not None and is_ours(item, raised.value):
        call.excinfo = unformatted(raised)
    report = yield
    call.excinfo = raised
    if certification is None or not ids:
        item.config.stash[OTHERS_FAILED] = item.config.stash.get(OTHERS_FAILED, False) or report.failed
        return report
    report.user_properties.append(("requirement", " ".join(ids)))
    seconds, test = item.config.stash.setdefault(SECONDS, {}), test_id(item)
    seconds[test] = seconds.get(test, 0.0) + report.duration
    recorder = OutcomeRecorder(item, report, certification)
    if raised is not None:
        recorder.raised(raised.value)
    elif report.failed:  # as a judgement does that is marked as failing, and passes
        recorder.erred(str(report.longrepr), str(report.longrepr))
    elif call.when == "call":
        recorder.passed()
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, Any] | None:
    """Advice has its own word and colour; so have harness errors."""
    outcome = outcome_of(report)
    if outcome is not None and outcome.kind is OutcomeKind.ADVICE:
        return "advice", "a", ("ADVICE", {"yellow": True})
    if outcome is not None and outcome.kind is OutcomeKind.ERROR:
        return "error", "E", ("HARNESS ERROR", {"red": True})
    return None


# -- the end -----------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    certification = session.config.stash.get(CERTIFICATION, None)
    if certification is None:
        return
    ended_badly = exitstatus in (Exit.INTERRUPTED, Exit.INTERNAL) or session.config.stash.get(UNCOLLECTED, False)
    try:
        if certification.opened or ended_badly:
            _conclude(session, certification, exitstatus)
    finally:
        certification.close()
        gc.freeze()  # hundreds of thousands of objects, which pytest and Python would look through as they end


def _conclude(session: pytest.Session, certification: Certification, exitstatus: int) -> None:
    """The verdict, its reports and its exit code."""
    stash, options = session.config.stash, certification.options
    attempt(session.config, certification.save_transcripts)  # first: the verdict has their digest
    uncollected = stash.get(UNCOLLECTED, False)
    result = certification.result(
        complete=not stash.get(DESELECTED, 0)
        and is_complete(session.config, stash.get(ITEMS, ()), certification, stash.get(LEFT_OUT, ())),
        interrupted=exitstatus == Exit.INTERRUPTED and not uncollected,
        broken=exitstatus == Exit.INTERNAL or uncollected,
    )
    attempt(session.config, result.write, options.reports)
    notes = [*terminal.notes(result, certification.circumstances), *certification.waivers.notes(result.findings)]
    imposed = result.verdict is Verdict.PARTIAL and result.cut and not selection.is_wanted(session.config)
    notes += [selection.intruders(session.config)] if imposed else []
    notes += selection.left_out(certification.catalogue, options.as_of)
    stash[RESULT], stash[NOTES] = result, notes
    if (junit := session.config.pluginmanager.get_plugin(JUNIT)) is not None:
        junit.conclude(result)
    if imposed and session.exitstatus == Exit.OK:
        session.exitstatus = Exit.USAGE
    code = result.exit_code(level=options.level, allow_incomplete=options.allow_incomplete)
    if (
        UNWRITTEN not in stash
        and code is not None
        and not (code in (Exit.OK, Exit.INCOMPLETE) and stash.get(OTHERS_FAILED, False))
    ):
        session.exitstatus = code
    outcomes, exit_code = list(certification.outcomes.values()), int(session.exitstatus)
    seconds = stash.setdefault(SECONDS, {})
    account = Account(result, outcomes, exit_code, options.level, notes, seconds)
    stash[ACCOUNT] = account
    attempt(session.config, publish, account, options)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Generator[None, None, None]:
    """The verdict comes first, then pytest's account of what failed, then the rest."""
    result, certification = config.stash.get(RESULT, None), config.stash.get(CERTIFICATION, None)
    if result is None or certification is None:
        judgements, deselected = config.stash.get(ITEMS, None), config.stash.get(DESELECTED, 0)
        if certification is not None and (why := missed(config, certification, judgements, deselected)):
            terminalreporter.write_line(f"help-center: {why}", red=True)
        return (yield)
    rejudged = list(certification.agreement.lines()) if certification.agreement is not None else []
    reports, page = certification.options.reports, config.pluginmanager.hasplugin(PAGE)
    summary = terminal.Summary(result, config.stash.get(NOTES, ()), rejudged, reports, page)
    guard = Guard()
    for line in guard.stop():
        terminalreporter.write_line(line)
    terminal.write(terminalreporter, summary)
    if not (failures := terminal.has_failures(terminalreporter)):
        terminal.write_end(terminalreporter, summary)
    with grouped(terminalreporter):
        yield
    if failures:
        terminal.write_end(terminalreporter, summary)
    if guard.active:
        for line in [*guard.resume(), *commands(config.stash[ACCOUNT])]:
            terminalreporter.write_line(line)
    return None
