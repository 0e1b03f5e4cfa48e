"""Known failures that do not fail the run, each with a reason and a day on which it ends."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.requirements import Catalogue, Level

EXAMPLE = 'write [[waiver]] tables with requirement = "ID", reason = "…", expires = 2030-12-31'


@dataclass(frozen=True, slots=True)
class Waiver:
    """A failed requirement that is accepted for now, until ``expires`` (inclusive)."""

    requirement: str
    reason: str
    expires: datetime.date

    def holds(self, today: datetime.date) -> bool:
        return today <= self.expires


def load(path: Path, catalogue: Catalogue) -> Mapping[str, Waiver]:
    """Read ``[[waiver]]`` tables with requirement, reason and expires. Raises UsageError on anything else."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"--waivers={path}: {error}; {EXAMPLE}") from error
    entries = data.get("waiver")
    if set(data) != {"waiver"} or not isinstance(entries, list):
        raise UsageError(f"--waivers={path} is not a list of waivers: {EXAMPLE}")
    waivers: dict[str, Waiver] = {}
    for number, entry in enumerate(entries, 1):
        problem = _problem(entry, catalogue) or ("is waived twice" if entry["requirement"] in waivers else None)
        if problem:
            name = entry.get("requirement") if isinstance(entry, dict) else None
            raise UsageError(f"--waivers={path}: {name or f'waiver {number}'} {problem}; {EXAMPLE}")
        waivers[entry["requirement"]] = Waiver(**entry)
    return waivers


def _problem(entry: Any, catalogue: Catalogue) -> str | None:
    """What is wrong with one table, if anything."""
    known = {field.name for field in fields(Waiver)}
    if not isinstance(entry, dict) or set(entry) != known:
        return f"needs just {', '.join(sorted(known))}"
    name = entry["requirement"]
    if not isinstance(name, str) or name not in catalogue:
        return "is not a requirement"
    if catalogue[name].level not in (Level.MUST, Level.SHOULD):
        return f"cannot fail (its level is {catalogue[name].level})"
    if not isinstance(entry["reason"], str) or not entry["reason"].strip():
        return "lacks a reason"
    return None if type(entry["expires"]) is datetime.date else "lacks a date without quotes"
