"""ctrf.json: the Common Test Report Format, with one test for each requirement."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Any

from conformance.report.account import NAMESPACE, Account, transcript_of
from conformance.report.outcome import OutcomeKind
from conformance.report.verdict import Finding

_STATUS = {
    OutcomeKind.PASSED: "passed",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.ERROR: "failed",
}
"""What is not here is ``other``: a check that did not run is neither passed nor skipped."""
_SPECIFICATION = "0.0.0"
_KINDS = ("passed", "failed", "skipped", "pending", "other")


def document(account: Account) -> dict[str, Any]:
    result, facts = account.result, account.result.facts
    start = round(datetime.datetime.fromisoformat(facts["started"]).timestamp() * 1000)
    duration = round(facts["seconds"] * 1000)
    tests = [_test(account, finding) for finding in result.findings]
    counted = Counter(test["status"] for test in tests)
    extra = {"verdict": str(result.verdict), "exitCode": account.exit_code, **_named(account)}
    return {
        "reportFormat": "CTRF",
        "specVersion": _SPECIFICATION,
        "timestamp": facts["started"],
        "generatedBy": f"{NAMESPACE} {facts['harness']}",
        "results": {
            "tool": {"name": NAMESPACE, "version": facts["harness"]},
            "summary": {
                "tests": len(tests),
                **{kind: counted[kind] for kind in _KINDS},
                "start": start,
                "stop": start + duration,
                "duration": duration,
                "extra": {NAMESPACE: extra},
            },
            "tests": tests,
        },
    }


def _named(account: Account) -> dict[str, Any]:
    facts = account.result.facts
    observations = {one.id: one.says for one in account.result.observations}
    return {
        "profile": str(account.result.profile),
        "target": facts["target"],
        "document": facts["document"],
        "seed": facts["seed"],
        "counts": account.result.summary(),
        "notes": list(account.notes),
        "observations": observations,
    }


def _test(account: Account, finding: Finding) -> dict[str, Any]:
    one, kind = finding.requirement, account.kind(finding)
    seconds = sum(account.seconds.get(test, 0.0) for test in finding.tests)
    return {
        "testId": one.id,
        "name": f"{one.id} {one.level.upper()} {one.section}: {one.title}",
        "status": _STATUS.get(kind, "other"),
        "rawStatus": str(kind),
        "duration": round(seconds * 1000),
        "suite": ["Help Center conformance", one.chapter],
        "tags": [str(one.level)],
        "labels": {"requirement": one.id, "level": str(one.level), "section": one.section},
        **dict(_details(account, finding)),
        "extra": {NAMESPACE: {"statement": one.statement, "judgements": list(finding.tests)}},
    }


def _details(account: Account, finding: Finding) -> Iterator[tuple[str, Any]]:
    if finding.reason:
        yield "message", finding.reason
    shown = account.failure(finding)
    if shown is None or shown.failure is None:
        return
    yield "trace", shown.failure.text
    if (path := transcript_of(shown)) is not None:
        yield "attachments", [{"name": "transcript", "contentType": "application/jsonl", "path": path}]
