"""Known failures that do not fail the run, each with a reason and a day on which it ends."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import Unusable
from conformance.requirements import Catalogue


@dataclass(frozen=True, slots=True)
class Waiver:
    """A failed requirement that is accepted for now, until ``expires`` (inclusive)."""

    requirement: str
    reason: str
    expires: datetime.date

    def holds(self, today: datetime.date) -> bool:
        return today <= self.expires


def load(path: Path, catalogue: Catalogue) -> Mapping[str, Waiver]:
    """Read ``[[waiver]]`` tables with requirement, reason and expires. Raises Unusable on anything else."""
    example = 'write [[waiver]] tables with requirement = "ID", reason = "…", expires = 2030-12-31'
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).pop("waiver")
        waivers = [Waiver(**entry) for entry in entries]
    except (KeyError, TypeError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Unusable(f"--waivers={path}: {error}; {example}") from error
    for waiver in waivers:
        if waiver.requirement not in catalogue:
            raise Unusable(f"--waivers={path}: there is no requirement {waiver.requirement}")
        if type(waiver.expires) is not datetime.date or not str(waiver.reason).strip():
            raise Unusable(f"--waivers={path}: {waiver.requirement} lacks a reason or a date; {example}")
    return {waiver.requirement: waiver for waiver in waivers}
