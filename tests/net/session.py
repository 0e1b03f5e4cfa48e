"""One pytest session that judges many saved runs one after the other: the suites are collected once."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.drive.scenario import TRANSCRIPTS, scenario_calls
from conformance.record.transcript import file_name
from conformance.requirements import catalogue, ids_of
from conformance.run.certification import Certification
from conformance.run.outcome_recorder import test_id
from conformance.run.progress import Progress
from conformance.run.session import CERTIFICATION
from tests.faults.battery import FORKS, ROOT, VERDICT_ONLY

AT_ONCE = 2
UNMOVED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""What was imported before the fork stays as it is."""
_SKIPPED = "Skipped: "
_AGAIN = re.compile(r"^  Again .*\n?", re.MULTILINE)
"""It names the folder."""


EVERYTHING = "everything"
"""The fixture of judgements that hold in every recording."""


@dataclass(frozen=True)
class Run:
    """A folder of transcripts, and the requirements to judge; none: all."""

    name: str
    folder: Path
    requirements: Sequence[str] = ()


Said = dict[str, dict[str, Any]]
"""What was said of a run: of each judgement that did not pass its status, its text, and the keys of the scenarios that
it names, by test id."""


def _judges(item: pytest.Item, ids: set[str], run: Run) -> bool:
    """Whether a judgement is of a requirement of the run, and anything that it judges is there: else it is unverified,
    which nobody asks of a broken server."""
    files = (run.folder / f"{file_name(call.key)}.jsonl" for call in scenario_calls(item))
    names = getattr(item, "fixturenames", ())
    return bool(ids & set(run.requirements)) and (EVERYTHING in names or any(map(Path.exists, files)))


class Judging:
    """A plugin of pytest that judges all the runs with the items that were collected once."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._runs = runs
        self._texts: dict[str, str] = {}
        self._scenarios: dict[str, list[str]] = {}
        self.said: dict[str, Said] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item: set(ids_of(item)) for item in session.items if ids_of(item)}
        calls = [call for item in items for call in scenario_calls(item)]
        self._scenarios = {test_id(item): [call.key for call in scenario_calls(item)] for item in items}
        first = session.config.stash[CERTIFICATION]
        for run in self._runs:
            options = dataclasses.replace(first.options, rejudge=run.folder)
            certification = Certification(options, catalogue(), Progress(session.config))
            certification.open(calls)
            session.config.stash[CERTIFICATION] = session.config.stash[TRANSCRIPTS] = certification
            self._judge([item for item, ids in items.items() if not run.requirements or _judges(item, ids, run)])
            self.said[run.name] = self._said(certification)
        session.config.stash[CERTIFICATION] = session.config.stash[TRANSCRIPTS] = first
        return True

    def _judge(self, items: Sequence[pytest.Item]) -> None:
        self._texts.clear()
        for item, following in itertools.zip_longest(items, items[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            reported = report.longrepr
            text = reported[2] if isinstance(reported, tuple) else str(reported or "")
            self._texts[report.nodeid.removeprefix("suites/")] = _AGAIN.sub("", text.removeprefix(_SKIPPED))

    def _said(self, certification: Certification) -> Said:
        outcomes = {test: one for test, one in certification.outcomes.items() if str(one.status) != "passed"}
        texts = {test: self._texts.get(test.removeprefix("suites/"), "") for test in outcomes}
        return {
            test: {"status": str(one.status), "text": texts[test], "scenarios": self._scenarios[test]}
            for test, one in outcomes.items()
        }


def _session(runs: Sequence[Run], output: Path) -> None:
    """In a process of its own: judge, and write what was said as JSON."""
    os.chdir(ROOT)
    sys.dont_write_bytecode = False
    with output.with_suffix(".txt").open("w") as terminal:
        os.dup2(terminal.fileno(), 1)
        os.dup2(terminal.fileno(), 2)
    judging = Judging(runs)
    arguments = ["suites", f"--rejudge={runs[0].folder}", "-q", "--hypothesis-seed=1", "--level=should", *VERDICT_ONLY]
    with tempfile.TemporaryDirectory() as reports:
        pytest.main([*arguments, f"--reports={reports}", "-p", "no:cacheprovider", *UNMOVED], plugins=[judging])
    output.write_text(json.dumps(judging.said), "utf-8")


def judged(runs: Sequence[Run], folder: Path) -> Mapping[str, Any]:
    """What is said of each run, by its name. ``folder``: for what is written meanwhile."""
    if not runs:
        return {}
    parts = [runs[start::AT_ONCE] for start in range(AT_ONCE) if runs[start::AT_ONCE]]
    with ThreadPoolExecutor(len(parts)) as pool:
        said = pool.map(lambda part: _in_a_process(part[1], folder / f"{part[0]}.json"), enumerate(parts))
        return {name: one for each in said for name, one in each.items()}


def _in_a_process(runs: Sequence[Run], output: Path) -> dict[str, Said]:
    process = FORKS.Process(target=_session, args=(runs, output))
    process.start()
    process.join()
    said: dict[str, Said] = json.loads(output.read_text("utf-8")) if output.exists() else {}
    if said.keys() != {run.name for run in runs}:
        raise RuntimeError(output.with_suffix(".txt").read_text("utf-8")[-3000:])
    return said
