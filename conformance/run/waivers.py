"""Requirements that are accepted as they are for now, each with a reason and a day on which that ends."""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.report.outcome import Status
from conformance.report.verdict import Finding
from conformance.requirements import Catalogue, Level

EXAMPLE = 'write [[waiver]] tables with requirement = "ID", reason = "…", expires = 2030-12-31'


class Accepts(StrEnum):
    """How a waived requirement may end."""

    FAILURE = "failure"
    UNVERIFIED = "unverified"
    EITHER = "either"

    def covers(self, status: Status) -> bool:
        kind = {Status.FAILED: Accepts.FAILURE, Status.UNVERIFIED: Accepts.UNVERIFIED}.get(status)
        return kind is not None and self in (kind, Accepts.EITHER)


@dataclass(frozen=True, slots=True)
class Waiver:
    """Holds until ``expires`` (inclusive), for ``target`` alone if one is named ("*" in it stands for anything).
    ``flaky``: the requirement passes now and then, so a pass does not make the waiver stale. ``issue``: a link."""

    requirement: str
    reason: str
    expires: datetime.date
    owner: str = ""
    target: str = ""
    accepts: Accepts = Accepts.FAILURE
    flaky: bool = False
    issue: str = ""

    def holds(self, today: datetime.date) -> bool:
        return today <= self.expires

    def is_for(self, target: str) -> bool:
        pattern = ".*".join(re.escape(part) for part in self.target.rstrip("/").split("*"))
        return not self.target or re.fullmatch(pattern, target.rstrip("/")) is not None

    @property
    def says(self) -> str:
        """Reason, last day and who answers for it, in one line."""
        owner = [f"owner {self.owner}"] if self.owner else []
        issue = [self.issue] if self.issue else []
        return f"{self.reason} ({', '.join([f'until {self.expires}', *owner, *issue])})"

    def to_json(self) -> dict[str, Any]:
        optional = {"owner": self.owner, "target": self.target, "issue": self.issue, "flaky": self.flaky}
        given = {name: value for name, value in optional.items() if value}
        return {
            "reason": self.reason,
            "expires": self.expires.isoformat(),
            "accepts": str(self.accepts),
            **given,
        }


_KNOWN = [field.name for field in fields(Waiver)]
_NEEDED = [field.name for field in fields(Waiver) if field.default is MISSING]


def load(path: Path, catalogue: Catalogue, target: str = "") -> Mapping[str, Waiver]:
    """The waivers of a TOML file that are meant for this target, by requirement: one that names it goes before one for
    any target. Raises UsageError on anything but well-formed ``[[waiver]]`` tables; there may be none."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"--waivers={path}: {error}; {EXAMPLE}") from error
    entries = data.get("waiver", [])
    if set(data) - {"waiver"} or not isinstance(entries, list):
        raise UsageError(f"--waivers={path} is not a list of waivers: {EXAMPLE}")
    waivers: dict[tuple[str, str], Waiver] = {}
    for number, entry in enumerate(entries, 1):
        problem = _problem(entry, catalogue) or _repeated(entry, waivers)
        if problem:
            name = entry.get("requirement") if isinstance(entry, dict) else None
            raise UsageError(f"--waivers={path}: {name or f'waiver {number}'} {problem}; {EXAMPLE}")
        waiver = Waiver(**{**entry, "accepts": Accepts(entry.get("accepts", Accepts.FAILURE))})
        waivers[waiver.requirement, waiver.target] = waiver
    meant = [waiver for waiver in waivers.values() if waiver.is_for(target)]
    return {one.requirement: one for one in sorted(meant, key=lambda waiver: bool(waiver.target))}


def _repeated(entry: Mapping[str, Any], waivers: Mapping[tuple[str, str], Waiver]) -> str | None:
    return "is waived twice" if (entry["requirement"], entry.get("target", "")) in waivers else None


def _problem(entry: Any, catalogue: Catalogue) -> str | None:
    """What is wrong with one table, if anything."""
    if not isinstance(entry, dict):
        return "is not a table"
    if unknown := [name for name in entry if name not in _KNOWN]:
        return f"has an unknown field {unknown[0]} (there are {', '.join(_KNOWN)})"
    if missing := [name for name in _NEEDED if name not in entry]:
        return f"lacks {missing[0]}"
    name = entry["requirement"]
    if not isinstance(name, str) or name not in catalogue:
        near = difflib.get_close_matches(str(name), catalogue, n=1)
        return f"is not a requirement{f': did you mean {near[0]}?' if near else ''}"
    if catalogue[name].level not in (Level.MUST, Level.SHOULD):
        return f"cannot fail (its level is {catalogue[name].level})"
    if type(entry["expires"]) is not datetime.date:
        return "lacks a date without quotes: expires = 2030-12-31"
    return next((problem for field, value in entry.items() if (problem := _wrong(field, value))), None)


def _wrong(field: str, value: Any) -> str | None:
    """What is wrong with a field of a waiver that is known otherwise."""
    if field == "flaky":
        return None if isinstance(value, bool) else "is flaky = true or false, without quotes"
    if field == "expires":
        return None
    if not isinstance(value, str) or not value.strip():
        return f"lacks a text for {field}"
    if field == "accepts" and value not in list(Accepts):
        return f"accepts {', '.join(Accepts)}, and not {value}"
    if field == "issue" and not re.fullmatch(r"https?://\S+", value):
        return "has an issue that is not a link: pass its URL"
    return None


class Waivers:
    """The waivers of one run, held against what it finds."""

    def __init__(self, entries: Mapping[str, Waiver], today: datetime.date) -> None:
        self._entries = entries
        self._today = today

    def accepting(self, ids: Iterable[str], status: Status) -> Waiver | None:
        """The waiver that accepts that a judgement of these requirements ends so, if each of them has one."""
        found = [self._entries.get(name) for name in ids]
        held = [one for one in found if one is not None and one.holds(self._today) and one.accepts.covers(status)]
        return held[0] if held and len(held) == len(found) else None

    def stale(self, found: Sequence[Finding]) -> Sequence[str]:
        """Of a full run the requirements that need no waiver any more."""
        return [waiver.requirement for waiver in self._passing(found) if not waiver.flaky]

    def _passing(self, found: Sequence[Finding]) -> Iterator[Waiver]:
        passed = [finding.requirement.id for finding in found if finding.status is Status.PASSED]
        yield from (self._entries[name] for name in passed if name in self._entries)

    def notes(self, found: Sequence[Finding]) -> Iterator[str]:
        """What a maintainer of the file should know."""
        for waiver in self._passing(found):
            if waiver.flaky:
                yield f"{waiver.requirement} passes this time; its waiver stays, for it is marked as flaky"
        statuses = {finding.requirement.id: finding.status for finding in found}
        for name, waiver in self._entries.items():
            if statuses.get(name) in (Status.FAILED, Status.UNVERIFIED) and not waiver.holds(self._today):
                yield f"the waiver of {name} has expired on {waiver.expires}"

    def settings(self) -> dict[str, str]:
        """For verdict.json: each with its last day."""
        return {name: waiver.expires.isoformat() for name, waiver in self._entries.items()}
