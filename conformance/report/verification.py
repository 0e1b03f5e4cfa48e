"""Whether a statement holds: is it signed, are its files as they were, and do they lead to its verdict?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from conformance.report import envelope
from conformance.report.rejudge import earlier
from conformance.report.statement import (
    CLAIMS,
    FAILED,
    PASSED,
    STATEMENT,
    TEST_RESULT,
    WARNED,
    best_result,
    digest,
    files,
    predicate,
)

_WORST_FIRST = (FAILED, WARNED, PASSED)
_SHOWN = 3


class Refuted(Exception):
    """Why a statement does not hold, in one line."""


@dataclass
class Claim:
    """A statement. ``note``: who has signed it; ``verdict``: verdict.json, known when the files were checked."""

    statement: Mapping[str, Any]
    note: str
    verdict: Mapping[str, Any] | None = None

    @property
    def says(self) -> str:
        assert self.verdict is not None
        result, verdict = self.statement["predicate"]["result"], self.verdict
        day = verdict["started"].partition("T")[0]
        revised = verdict.get("scope", {}).get("document_date")
        document = f"{verdict['document'][:8]}{f' of {revised}' if revised else ''}"
        return f"{result}, {verdict['target']} was {verdict['verdict']} by document {document} on {day} ({self.note})"

    @property
    def release(self) -> str:
        """By whose requirements it was judged: later releases judge more."""
        assert self.verdict is not None
        return str(self.verdict.get("options", {}).get("as_of") or self.verdict["harness"])

    def check_files(self, folder: Path) -> None:
        """Raises Refuted unless the files are those of the statement, and it says what its verdict.json says."""
        stated = {one["name"]: one["digest"]["sha256"] for one in self.statement["subject"]}
        for name, expected in stated.items():
            path = folder / name
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise Refuted(f"{name} is outside of its folder")
            if not path.is_file():
                raise Refuted(f"{name} is missing")
            if digest(path) != expected:
                raise Refuted(f"{name} was altered since")
        if added := [name for name in files(folder) if name not in stated]:
            raise Refuted(f"{added[0]} was added since")
        self._check_verdict(earlier(folder))

    def _check_verdict(self, verdict: dict[str, Any] | None) -> None:
        if verdict is None or verdict["verdict"] not in CLAIMS:
            raise Refuted("its verdict.json claims nothing")
        claimed = dict(self.statement["predicate"])
        result = claimed.pop("result")
        if result not in _WORST_FIRST or _WORST_FIRST.index(result) > _WORST_FIRST.index(best_result(verdict)):
            raise Refuted(f"it says {result}, and its verdict.json {verdict['verdict']}")
        if claimed != predicate(verdict):
            raise Refuted("it names other requirements, or another target, than its verdict.json")
        self.verdict = verdict

    def check_judged_again(self, again: Mapping[str, Any] | None) -> None:
        """Raises Refuted unless the transcripts, judged now, end each requirement as the verdict says. What was waived
        may end as the waiver accepted."""
        assert self.verdict is not None
        if again is None or "rejudged" not in again:
            raise Refuted("its transcripts cannot be judged again")
        accepted = {one["id"]: one.get("accepted") for one in self.verdict["requirements"]}
        differ = [one for one in again["rejudged"]["differences"] if one["now"] != accepted.get(one["id"])]
        if differ:
            changes = [f"{one['id']} was {one['was']}, is {one['now']}" for one in differ[:_SHOWN]]
            changed = [one for one in again["rejudged"]["changed"] if one != "transcripts"]
            by = f" (by other {', '.join(changed)} than then)" if changed else ""
            raise Refuted(f"judged again, {'; '.join(changes)}{by}")


def read(content: bytes, key: Ed25519PublicKey | None) -> Claim:
    """The claim of a statement, signed or not. Raises Refuted."""
    found = _parsed(content)
    if "payload" not in found:
        if key is not None:
            raise Refuted("it is not signed")
        return Claim(_statement(found), "not signed")
    try:
        payload = envelope.payload_of(found)
    except (ValueError, TypeError) as error:
        raise Refuted(str(error)) from error
    if key is None:
        return Claim(_statement(_parsed(payload)), "signature not checked: pass --key")
    if not envelope.is_signed_by(found, key):
        raise Refuted(f"it is not signed by the key {envelope.key_id(key)[:16]}, or was altered since")
    return Claim(_statement(_parsed(payload)), f"signed by the key {envelope.key_id(key)[:16]}")


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refuted("it is not a statement: not JSON") from error
    if not isinstance(found, dict):
        raise Refuted("it is not a statement: not a JSON object")
    return found


def _statement(found: dict[str, Any]) -> dict[str, Any]:
    """Raises Refuted for what is none of a test result."""
    subjects, said = found.get("subject"), found.get("predicate")
    well_formed = isinstance(subjects, list) and all(_names_a_file(one) for one in subjects) and isinstance(said, dict)
    if found.get("_type") != STATEMENT or found.get("predicateType") != TEST_RESULT or not well_formed:
        raise Refuted("it is not an in-toto statement of a test result")
    if not any(one["name"] == "verdict.json" for one in subjects or ()):
        raise Refuted("it does not speak of verdict.json")
    return found


def _names_a_file(subject: Any) -> bool:
    try:
        return isinstance(subject["name"], str) and isinstance(subject["digest"]["sha256"], str)
    except (LookupError, TypeError):
        return False
