"""How a judgement ended, recorded twice: in pytest's report of it, and with the certification."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.checks.blame import explained
from conformance.drive.scenario import scenario_calls
from conformance.errors import Deviation, Unverified, one_line
from conformance.paths import PACKAGE, ROOT, SUITES, resolved
from conformance.record.missing import Missing
from conformance.record.payloads import MalformedPayload
from conformance.record.transcript import Transcript
from conformance.report.failure import FailureReport, failure_report
from conformance.report.outcome import Outcome, OutcomeKind, Status, put
from conformance.requirements import Level, ids_of
from conformance.run.certification import Certification
from conformance.run.reproduce import again


def test_id(item: pytest.Item) -> str:
    """The node id as seen from the checkout, wherever pytest's rootdir is."""
    inside = item.nodeid.partition("::")[2]
    return f"{resolved(item.path).relative_to(ROOT).as_posix()}::{inside}"


def is_ours(item: pytest.Item, error: BaseException) -> bool:
    """Whether pytest need not put an exception into words: all but its own ways to skip and to expect a failure."""
    own = isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception))
    return not own and item.get_closest_marker("xfail") is None


def unformatted(raised: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """What pytest makes a report of without formatting a traceback. That takes it 80 ms, and a run against a server
    that answers nothing has hundreds; and it shows the values of arguments and variables, cut in the middle: parts of
    tokens, which the redactor no longer recognizes."""
    return pytest.ExceptionInfo.from_exception(pytest.skip.Exception("judged").with_traceback(raised.tb))


def trace(error: BaseException) -> str:
    """The traceback from the first frame of ours on, as Python prints it: without any values."""
    frame = error.__traceback__
    while frame is not None and not _is_ours(frame.tb_frame.f_code.co_filename):
        frame = frame.tb_next
    return "".join(traceback.format_exception(type(error), error, frame or error.__traceback__))


def _is_ours(file: str) -> bool:
    return any(folder in resolved(Path(file)).parents for folder in (SUITES, PACKAGE))


class OutcomeRecorder:
    """For one judgement: its outcome is noted by the certification and put on pytest's report, which is rewritten to
    say the same in pytest's own terms."""

    def __init__(self, item: pytest.Item, report: pytest.TestReport, certification: Certification) -> None:
        self._item = item
        self._report = report
        self._certification = certification
        self._requirements = [certification.catalogue[name] for name in ids_of(item)]

    def passed(self) -> None:
        observed = all(requirement.level is Level.OBSERVATION for requirement in self._requirements)
        self._record(OutcomeKind.OBSERVED if observed else OutcomeKind.PASSED)

    def raised(self, error: BaseException) -> None:
        """Only a Deviation or a failed assertion blames the target."""
        if isinstance(error, Missing | MalformedPayload):
            error = explained(error)
        if isinstance(error, Unverified):
            self._unverified(error)
        elif isinstance(error, pytest.skip.Exception):
            self._unverified(Unverified(str(error) or "skipped"))
        elif isinstance(error, pytest.xfail.Exception) or hasattr(self._report, "wasxfail"):
            self._expected(error)
        elif isinstance(error, Deviation) and self._collateral(error):
            self._excused(error)
        elif isinstance(error, Deviation):
            self._deviates(error)
        elif isinstance(error, AssertionError):
            self._deviates(Deviation(self._requirements[0].statement, str(error)))
        else:
            self.erred(f"{type(error).__name__}: {error}", trace(error))

    def erred(self, what: str, trace: str) -> None:
        """The harness's own fault, whatever the target did."""
        self._record(OutcomeKind.ERROR, f"error of the harness: {what}")
        self._report.outcome = "failed"
        clean = self._certification.redactor.text(trace)
        self._report.longrepr = f"ERROR OF THE HARNESS, not of the target; please report it\n\n{clean}"

    def _record(
        self,
        kind: OutcomeKind,
        reason: str = "",
        *,
        because: str | None = None,
        failure: FailureReport | None = None,
        accepted: Status | None = None,
        excuse: str = "",
    ) -> str:
        reason, excuse = self._line(reason), self._line(excuse)
        ids = [requirement.id for requirement in self._requirements]
        outcome = Outcome(test_id(self._item), ids, kind, reason, because, failure, accepted, excuse)
        put(self._report, outcome)
        self._certification.judged(outcome)
        return f"{excuse}; {reason}" if excuse else reason

    def _line(self, text: str) -> str:
        return "; ".join(self._certification.redactor.text(text).splitlines())

    def _skipped(self, reason: str) -> None:
        path, _, _ = test_id(self._item).partition("::")
        self._report.outcome = "skipped"
        self._report.longrepr = (path, self._item.location[1] or 0, reason)

    def _unverified(self, reason: Unverified) -> None:
        if self._waived(Status.UNVERIFIED, str(reason), None):
            return
        self._skipped(f"unverified: {self._record(OutcomeKind.UNVERIFIED, str(reason), because=reason.because)}")

    def _expected(self, error: BaseException) -> None:
        """A suite says of its own judgement that it is not to be trusted."""
        reason = getattr(self._report, "wasxfail", "") or str(error)
        self._report.wasxfail = self._record(OutcomeKind.UNVERIFIED, f"the judgement is marked as failing: {reason}")
        self._report.longrepr = self._report.wasxfail  # pytest's own would show values

    def _deviates(self, deviation: Deviation) -> None:
        if self._requirements[0].level is Level.OBSERVATION:
            return self._unverified(Unverified(one_line(deviation)))
        failure = self._failure(deviation)
        if self._waived(Status.FAILED, one_line(deviation), failure):
            return None
        if self._advice():
            self._skipped(f"advice: {self._record(OutcomeKind.ADVICE, one_line(deviation), failure=failure)}")
        else:
            self._record(OutcomeKind.FAILED, one_line(deviation), failure=failure)
            self._report.outcome = "failed"
            self._report.when = "call"  # pytest takes what fails in a fixture for an error of the test
            self._report.longrepr = failure.text
        return None

    def _waived(self, status: Status, why: str, failure: FailureReport | None) -> bool:
        """Whether a waiver accepts that this judgement ends so; then it is recorded as waived."""
        waiver = self._certification.waivers.accepting([one.id for one in self._requirements], status)
        if waiver is None:
            return False
        outcome = self._record(OutcomeKind.WAIVED, why, failure=failure, accepted=status, excuse=waiver.says)
        self._skipped(f"waived: {outcome}")
        self._report.wasxfail = f"waived: {outcome}"
        return True

    def _collateral(self, deviation: Deviation) -> bool:
        """Whether the same goes wrong without what this judges, so that another requirement is to blame."""
        own = [requirement.id for requirement in self._requirements]
        if deviation.unless is None or deviation.unless in own:
            return False
        judged = [deviation.transcript] if deviation.transcript else []
        judged += [call.key for call in scenario_calls(self._item)]
        return self._certification.fails_anyhow(deviation.unless, judged)

    def _excused(self, deviation: Deviation) -> None:
        """Nothing can be said where a MUST fails anyhow. What is merely advised against may happen here, too."""
        assert deviation.unless is not None
        if self._certification.catalogue[deviation.unless].level is Level.MUST:
            reason = f"it goes wrong in other scenarios, too ({deviation.actual})"
            return self._unverified(Unverified(reason, because=deviation.unless))
        self.passed()
        self._report.outcome, self._report.longrepr = "passed", None
        return None

    def _advice(self) -> bool:
        lowest = self._certification.options.level
        return lowest is Level.MUST and all(r.level is Level.SHOULD for r in self._requirements)

    def _failure(self, deviation: Deviation) -> FailureReport:
        brand_new = any(call.scenario.brand_new for call in scenario_calls(self._item))
        command = again(self._certification.options, self._requirements[0].id, new_users=brand_new)
        report = failure_report(self._requirements, deviation, self._transcript(deviation), command)
        clean = self._certification.redactor.text
        return replace(report, text=clean(report.text), figure=clean(report.figure))

    def _transcript(self, deviation: Deviation) -> Transcript | None:
        key = deviation.transcript or next((call.key for call in scenario_calls(self._item)), None)
        return self._certification.known(key) if key else None
