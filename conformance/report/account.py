"""What reports for other programs are made from: a run that has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from conformance.record.transcript import file_name
from conformance.report.outcome import Outcome, OutcomeKind, Status
from conformance.report.verdict import Finding, Result
from conformance.requirements import Level

NAMESPACE = "help-center-conformance"
"""Of what is ours in the formats of others."""


@dataclass(frozen=True)
class Account:
    """``seconds``: how long each test took; ``notes``: lines that belong to the verdict; ``level``: the lowest whose
    failures fail the run."""

    result: Result
    outcomes: Sequence[Outcome]
    exit_code: int
    level: Level = Level.MUST
    notes: Sequence[str] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """The text of the API document that was judged by: its digest, cut, and its day."""
        facts = self.result.facts
        day = facts.get("scope", {}).get("document_date")
        return f"{facts['document'][:8]}{f' of {day}' if day else ''}"

    @property
    def day(self) -> str:
        return str(self.result.facts["started"]).partition("T")[0]

    def kind(self, finding: Finding) -> OutcomeKind:
        """How a requirement ended, in the words for people."""
        advised = finding.requirement.level is Level.SHOULD and self.level is Level.MUST
        failed = OutcomeKind.ADVICE if advised else OutcomeKind.FAILED
        return failed if finding.status is Status.FAILED else OutcomeKind(str(finding.status))

    def failure(self, finding: Finding) -> Outcome | None:
        """The first judgement of a requirement that has something to show."""
        own = (one for one in self.outcomes if finding.requirement.id in one.requirements)
        return next((one for one in own if one.failure is not None and one.status is finding.status), None)


def transcript_of(outcome: Outcome) -> str | None:
    """The file, from the folder of the reports, in which an outcome was seen."""
    if outcome.failure is None or not outcome.failure.transcript:
        return None
    return f"transcripts/{file_name(outcome.failure.transcript.partition(' (')[0])}.jsonl"
