"""What a run claims, in in-toto's words: a statement over the digests of what it is based on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.blocks import FILE as HISTORIES

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
PASSED, WARNED, FAILED = "PASSED", "WARNED", "FAILED"
CLAIMS = ("conformant", "non-conformant", "incomplete")
"""The verdicts that claim something."""
_WARNED = ("unverified", "waived")


def statement(folder: Path, verdict: Mapping[str, Any], exit_code: int) -> dict[str, Any]:
    """Of a run whose reports are in this folder."""
    subjects = [{"name": name, "digest": {"sha256": digest(folder / name)}} for name in files(folder)]
    return {
        "_type": STATEMENT,
        "subject": subjects,
        "predicateType": TEST_RESULT,
        "predicate": {"result": result_of(verdict, exit_code), **predicate(verdict)},
    }


def files(folder: Path) -> Sequence[str]:
    """What a statement speaks of: the verdict, and all that it was judged from."""
    transcripts = folder / "transcripts"
    found = sorted([*transcripts.glob("*.jsonl"), *transcripts.glob(HISTORIES)])
    return ["verdict.json", *(f"transcripts/{path.name}" for path in found)]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def result_of(verdict: Mapping[str, Any], exit_code: int) -> str:
    """``PASSED`` for exit code 0 alone."""
    if exit_code == 0:
        return PASSED
    return WARNED if verdict["verdict"] == "incomplete" and not _failed(verdict) else FAILED


def best_result(verdict: Mapping[str, Any]) -> str:
    """What a statement may claim at most by its verdict.json."""
    if verdict["verdict"] == "non-conformant" or _failed(verdict):
        return FAILED
    allowed = verdict.get("options", {}).get("allow_incomplete", False)
    return WARNED if verdict["verdict"] == "incomplete" and not allowed else PASSED


def _failed(verdict: Mapping[str, Any]) -> bool:
    """Whether anything failed the run."""
    levels = ("must", "should") if verdict.get("options", {}).get("level") == "should" else ("must",)
    failed = [one for one in verdict["requirements"] if one["status"] == "failed" and one["level"] in levels]
    return bool(failed or verdict.get("stale_waivers"))


def predicate(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """All of it but the result: what was tested, by what, and how each requirement ended."""
    scope = verdict.get("scope", {})
    by = {
        "help-center-socketio-api.md": verdict["document"],
        "requirements.toml": scope.get("requirements"),
        "schemas": scope.get("schemas"),
    }
    digests = [{"name": name, "digest": {"sha256": value}} for name, value in by.items() if value]
    target = {"name": "target", "uri": verdict["target"], "annotations": {"harness": verdict["harness"]}}
    return {
        "configuration": [target, *digests],
        "passedTests": list(_ended(verdict, ["passed"])),
        "warnedTests": [*_ended(verdict, _WARNED), *_advised(verdict)],
        "failedTests": list(_ended(verdict, ["failed"], level="must")),
    }


def _ended(verdict: Mapping[str, Any], statuses: Sequence[str], level: str = "") -> Iterator[str]:
    for one in verdict["requirements"]:
        if one["status"] in statuses and level in ("", one["level"]):
            yield one["id"]


def _advised(verdict: Mapping[str, Any]) -> Iterator[str]:
    yield from _ended(verdict, ["failed"], level="should")


def text(made: Mapping[str, Any]) -> bytes:
    return (json.dumps(made, indent=2) + "\n").encode()
