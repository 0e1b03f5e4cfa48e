"""junit.xml: what pytest's own file says of a judgement in the places that CI systems show.

GitLab shows ``classname`` and ``name`` and ignores properties, Jenkins groups by ``classname``, Azure lists names, and
GitHub's reporters do as GitLab. So the class is the requirement, and the name says all of it."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import LogXML, bin_xml_escape, xml_key

from conformance.formatting import cut
from conformance.record.transcript import file_name
from conformance.report.naming import full_name
from conformance.report.outcome import Outcome, outcome_of
from conformance.report.verdict import Result
from conformance.requirements import catalogue

_PACKAGE = "help-center"
_SUITE = "Help Center conformance"
_PYTESTS_SUITE = "pytest"
_LONGEST = 300
"""Characters of a failure's message; its body has all."""


class JUnit:
    """Registered where pytest writes JUnit's XML. ``transcripts``: the folder; ``base``: what paths are relative to."""

    def __init__(self, config: pytest.Config, transcripts: Path, base: Path) -> None:
        self._config = config
        inside = transcripts.resolve().is_relative_to(base.resolve())
        self._transcripts = Path(os.path.relpath(transcripts, base)) if inside else transcripts.resolve()

    @property
    def _xml(self) -> LogXML | None:
        """pytest's writer, which is there from the end of configuration on."""
        return self._config.stash.get(xml_key, None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        outcome = outcome_of(report)
        if outcome is None or (xml := self._xml) is None:
            return (yield)
        case = xml.node_reporter(report)
        written = len(case.nodes)
        requirements = [catalogue()[name] for name in outcome.requirements]
        case.add_attribute("classname", f"{_PACKAGE}.{requirements[0].id}")
        case.add_attribute("name", full_name(report.nodeid, requirements))
        yield
        case.add_property("level", requirements[0].level)
        case.add_property("section", requirements[0].section)
        case.add_property("title", "; ".join(one.title for one in requirements))
        case.add_property("test", outcome.test)
        case.add_property("outcome", outcome.kind)
        for node in case.nodes[written:]:
            if node.tag == "failure" and outcome.failure is not None:
                node.set("message", bin_xml_escape(f"{requirements[0].id}: {cut(outcome.reason, _LONGEST)}"))
                node.set("type", AssertionError.__name__)
        if (attached := self._attachment(outcome)) is not None:
            case.append(attached)
        return None

    def _attachment(self, outcome: Outcome) -> ElementTree.Element | None:
        """As GitLab, and Jenkins' plugin for attachments, read it."""
        if outcome.failure is None or not outcome.failure.transcript:
            return None
        key, _, _ = outcome.failure.transcript.partition(" (")
        element = ElementTree.Element("system-out")
        element.text = bin_xml_escape(f"[[ATTACHMENT|{(self._transcripts / file_name(key)).as_posix()}.jsonl]]")
        return element

    def conclude(self, result: Result) -> None:
        """What is known of the whole run."""
        if (xml := self._xml) is None:
            return
        if xml.suite_name == _PYTESTS_SUITE:
            xml.suite_name = _SUITE
        for name in ("target", "harness", "document", "started", "seed"):
            xml.add_global_property(name, str(result.facts[name]))
        xml.add_global_property("verdict", str(result.verdict))
        xml.add_global_property("profile", str(result.profile))
