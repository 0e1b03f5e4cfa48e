"""The pytest plugin: turns a run of the suites into a certification. Inert where no suite is collected."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance import options as command_line
from conformance import summary
from conformance.certification import Certification
from conformance.errors import Deviation, Unusable, Unverified
from conformance.failure import one_line, text
from conformance.payloads import Misshapen
from conformance.record import Everything
from conformance.requirements import Catalogue, Level, catalogue, ids_of
from conformance.scenario import RECORDINGS, basics, castings_of
from conformance.transcript import Transcript
from conformance.verdict import Exit, Observation, Outcome, Result, Status

ROOT = Path(__file__).resolve().parent.parent
SUITES = ROOT / "suites"

CERTIFICATION = pytest.StashKey[Certification]()
RESULT = pytest.StashKey[Result]()
ACTIVE = pytest.StashKey[bool]()
DESELECTED = pytest.StashKey[bool]()
ITEMS = pytest.StashKey[Sequence[pytest.Item]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    command_line.add(parser)


# -- is this a certification? ------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, Any, Any]:
    """Point pytest at the suites, and keep it in one process."""
    _aim(config)
    config.stash[ACTIVE] = _names_suites(config)
    if config.stash[ACTIVE] and getattr(config.option, "numprocesses", None):
        config.option.numprocesses, config.option.dist, config.option.tx = None, "no", []
        print("help-center: one process (the scenarios overlap already; -n would repeat the traffic)")
    return (yield)


def _aim(config: pytest.Config) -> None:
    """No paths given: the suites are meant, wherever pytest found its rootdir."""
    ours = config.getoption(command_line.dest("--target")) or config.getoption(command_line.dest("--rejudge"))
    at_home = Path(config.invocation_params.dir).resolve() == ROOT
    if config.args_source is not pytest.Config.ArgsSource.ARGS and (ours or at_home):
        config.args = [str(SUITES)]
        if config.rootpath != ROOT:  # a path option pulled it elsewhere: leave no cache beside somebody's keys
            config._inicache["cache_dir"] = str(ROOT / ".pytest_cache")  # type: ignore[attr-defined]


def _names_suites(config: pytest.Config) -> bool:
    folder = Path(config.invocation_params.dir)
    paths = [(folder / arg.split("::")[0]).resolve() for arg in config.args]
    return any(path == SUITES or SUITES in path.parents or path in SUITES.parents for path in paths)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(*ids): the requirements that a judgement judges")
    if not config.stash.get(ACTIVE, False) or config.option.collectonly:
        return
    try:
        options = command_line.read(config)
        options.reports.mkdir(parents=True, exist_ok=True)
    except Unusable as error:
        raise pytest.UsageError(str(error)) from None
    except OSError as error:
        raise pytest.UsageError(f"--reports cannot be written to: {error}") from None
    certification = Certification(options, catalogue())
    config.stash[CERTIFICATION] = config.stash[RECORDINGS] = certification
    _aim_reports(config, options.reports)


def _aim_reports(config: pytest.Config, folder: Path) -> None:
    if getattr(config.option, "htmlpath", None) is None:
        config.option.htmlpath = str(folder / "report.html")
        config.option.self_contained_html = True
    if getattr(config.option, "xmlpath", None) is None:
        config.option.xmlpath = str(folder / "junit.xml")


# -- collecting --------------------------------------------------------------------------------------------------


def pytest_itemcollected(item: pytest.Item) -> None:
    item.extra_keyword_matches.update(ids_of(item))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        item.config.stash[DESELECTED] = True


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Collection has ended: check the target and let the recordings begin."""
    certification = session.config.stash.get(CERTIFICATION, None)
    judgements = [item for item in session.items if ids_of(item)]
    session.config.stash[ITEMS] = judgements
    if certification is None or not judgements or session.testsfailed:
        return
    castings = [casting for item in judgements for casting in castings_of(item)]
    if any("everything" in getattr(item, "fixturenames", ()) for item in judgements):
        castings += basics()
    try:
        certification.open(castings)
    except Unusable as error:
        raise pytest.UsageError(certification.redactor.text(str(error))) from None


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
    report = yield
    certification = item.config.stash.get(CERTIFICATION, None)
    ids = ids_of(item)
    if certification is None or not ids:
        return report
    report.user_properties.append(("requirement", " ".join(ids)))
    if call.excinfo is not None:
        _Ending(item, report, certification, call.excinfo.value).tell()
    elif call.when == "call":
        certification.judged(Outcome(_test_id(item), ids, Status.PASSED))
    return report


class _Ending:
    """How a judgement that did not pass ended, told to pytest and to the certification."""

    def __init__(
        self,
        item: pytest.Item,
        report: pytest.TestReport,
        certification: Certification,
        error: BaseException,
    ) -> None:
        self._item = item
        self._report = report
        self._certification = certification
        self._error = error
        self._requirements = [certification.catalogue[name] for name in ids_of(item)]

    def tell(self) -> None:
        error = self._error
        if isinstance(error, Misshapen):
            error = Unverified(f"a payload lacks what this needs: {one_line(error)}", because=error.because)
        if isinstance(error, Unverified):
            self._unverified(error)
        elif isinstance(error, pytest.skip.Exception):
            self._unverified(Unverified(str(error)))
        elif isinstance(error, Deviation):
            self._deviates(error)
        elif isinstance(error, AssertionError):
            self._deviates(Deviation(self._requirements[0].statement, str(error)))
        elif isinstance(error, Exception):
            self._erred(error)

    def _judged(self, status: Status, reason: str, because: str | None = None) -> str:
        reason = self._certification.redactor.text(reason)
        ids = [requirement.id for requirement in self._requirements]
        self._certification.judged(Outcome(_test_id(self._item), ids, status, reason, because))
        return reason

    def _skipped(self, reason: str) -> None:
        path, line, _ = self._item.location
        self._report.outcome = "skipped"
        self._report.longrepr = (path, line or 0, reason)

    def _unverified(self, reason: Unverified) -> None:
        self._skipped(f"unverified: {self._judged(Status.UNVERIFIED, str(reason), reason.because)}")

    def _deviates(self, deviation: Deviation) -> None:
        if self._requirements[0].level is Level.OBSERVATION:
            return self._unverified(Unverified(one_line(deviation)))
        waiver = self._certification.waiver([requirement.id for requirement in self._requirements])
        if waiver is not None:
            reason = self._judged(Status.WAIVED, f"{waiver.reason} (until {waiver.expires}); {one_line(deviation)}")
            self._skipped(f"waived: {reason}")
            self._report.wasxfail = reason
            return None
        reason = self._judged(Status.FAILED, one_line(deviation))
        if self._advice():
            return self._skipped(f"advice: {reason}")
        self._report.outcome = "failed"
        self._report.longrepr = self._story(deviation)
        return None

    def _advice(self) -> bool:
        lowest = self._certification.options.level
        return lowest is Level.MUST and all(r.level is Level.SHOULD for r in self._requirements)

    def _story(self, deviation: Deviation) -> str:
        again = summary.again(self._certification, self._requirements[0].id)
        story = text(self._requirements, deviation, self._transcript(deviation), again)
        return self._certification.redactor.text(story)

    def _transcript(self, deviation: Deviation) -> Transcript | None:
        key = deviation.transcript or next((casting.key for casting in castings_of(self._item)), None)
        return self._certification.known(key) if key else None

    def _erred(self, error: Exception) -> None:
        self._judged(Status.ERROR, f"error of the harness: {type(error).__name__}: {error}")
        self._report.outcome = "failed"
        clean = self._certification.redactor.text(str(self._report.longrepr))
        self._report.longrepr = f"ERROR OF THE HARNESS, not of the target; please report it\n\n{clean}"


def _test_id(item: pytest.Item) -> str:
    """The node id as seen from the checkout, wherever pytest's rootdir is."""
    inside = item.nodeid.partition("::")[2]
    return f"{item.path.resolve().relative_to(ROOT).as_posix()}::{inside}"


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, Any] | None:
    """Advice has its own word and colour; so have harness errors."""
    if not isinstance(report.longrepr, (tuple, str)) or getattr(report, "wasxfail", None):
        return None
    if isinstance(report.longrepr, tuple) and report.longrepr[2].startswith("advice: "):
        return "advice", "a", ("ADVICE", {"yellow": True})
    if isinstance(report.longrepr, str) and report.longrepr.startswith("ERROR OF THE HARNESS"):
        return "error", "E", ("HARNESS ERROR", {"red": True})
    return None


def pytest_html_results_table_row(report: pytest.TestReport, cells: list[str]) -> None:
    """pytest-html knows no advice: say it in the row."""
    longrepr = getattr(report, "longrepr", None)
    if isinstance(longrepr, tuple) and longrepr[2].startswith("advice: "):
        cells[0] = '<td class="col-result">Advice</td>'


# -- the end -----------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    certification = session.config.stash.get(CERTIFICATION, None)
    if certification is None or not certification.target:
        return
    judgements = session.config.stash.get(ITEMS, ())
    result = certification.result(
        complete=_complete(session, judgements, certification.catalogue),
        interrupted=exitstatus == Exit.INTERRUPTED,
        broken=exitstatus == Exit.INTERNAL,
    )
    options = certification.options
    certification.save_transcripts()
    certification.close()
    result.write(options.reports)
    session.config.stash[RESULT] = result
    code = result.exit_code(level=options.level, allow_incomplete=options.allow_incomplete)
    if code is not None:
        session.exitstatus = code


def _complete(session: pytest.Session, judgements: Sequence[pytest.Item], known: Catalogue) -> bool:
    """Whether every judgement of every suite was selected, and has run."""
    certification = session.config.stash[CERTIFICATION]
    files = {path.resolve() for path in SUITES.glob("test_*.py")}
    collected = {item.path.resolve() for item in judgements}
    picked = session.config.stash.get(DESELECTED, False) or any("::" in arg for arg in session.config.args)
    ran = {_test_id(item) for item in judgements} <= {*certification.outcomes, *_observations(judgements, known)}
    return files <= collected and not picked and ran


def _observations(judgements: Sequence[pytest.Item], known: Catalogue) -> set[str]:
    return {_test_id(i) for i in judgements if known[ids_of(i)[0]].level is Level.OBSERVATION}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    result = config.stash.get(RESULT, None)
    if result is not None:
        summary.write(terminalreporter, result, config.stash[CERTIFICATION])
