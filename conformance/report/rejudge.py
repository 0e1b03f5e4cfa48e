"""Whether saved transcripts, judged again, give the verdict that was given when they were recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.report.verdict import Result, Verdict
from conformance.schema import validator

_UNFINISHED = (Verdict.PARTIAL, Verdict.INTERRUPTED)
_ABSENT = "not judged"
_SHOWN = 20
"""How many differences the terminal tells; verdict.json has all."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A requirement that ended otherwise: its status in both verdicts."""

    id: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """``was``: the earlier verdict.json. ``changed``: what is no longer as it was then, of the transcripts and of
    what judges them. ``agrees`` is None where nothing can be said."""

    was: Mapping[str, Any] | None
    now: str
    agrees: bool | None
    differences: Sequence[Difference] = ()
    changed: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        earlier = {name: self.was[name] for name in ("verdict", "target", "started", "seed")} if self.was else None
        differences = [{"id": one.id, "was": one.was, "now": one.now} for one in self.differences]
        return {
            "agrees": self.agrees,
            "earlier": earlier,
            "changed": list(self.changed),
            "differences": differences,
        }

    def lines(self) -> Iterator[str]:
        """For the terminal."""
        if self.was is None:
            yield "nothing to compare with: there is no verdict.json beside the transcripts"
            return
        yield f"{self._says()} (of {self.was['started']}, {self.was['target']})"
        if "transcripts" in self.changed:
            yield "the transcripts have changed since: altered, added or lost"
        if others := [one for one in self.changed if one != "transcripts"]:
            yield f"changed since that verdict: {', '.join(others)}"
        for one in self.differences[:_SHOWN]:
            yield f"{one.id} was {one.was}, is now {one.now}"
        if len(self.differences) > _SHOWN:
            yield f"and {len(self.differences) - _SHOWN} more: see verdict.json"

    def _says(self) -> str:
        assert self.was is not None
        was = self.was["verdict"]
        if self.agrees is None:
            return f"no differences, but only part of the run was judged: the verdict was {was}, is now {self.now}"
        if self.agrees:
            return f"same verdict and findings: {was}"
        verdict = f"the verdict is still {was}" if was == self.now else f"the verdict was {was}, is now {self.now}"
        return f"DIFFERENT: {verdict}; {self._counted()}"

    def _counted(self) -> str:
        number = len(self.differences)
        return f"{number or 'no'} requirement{' has' if number == 1 else 's have'} another status"


def earlier(folder: Path) -> dict[str, Any] | None:
    """The verdict.json of a folder; None when there is none (or something else of that name)."""
    try:
        verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return verdict if validator.fits("verdict", verdict) else None


def agreement(was: Mapping[str, Any] | None, now: Result) -> Agreement:
    """Hold a result against the verdict.json of the run that its transcripts come from."""
    if was is None:
        return Agreement(None, str(now.verdict), None)
    judged = {f.requirement.id: (str(f.status), set(f.tests)) for f in now.findings}
    before = {one["id"]: (one["status"], set(one["tests"])) for one in was["requirements"]}
    same_verdict = was["verdict"] == now.verdict
    if was["verdict"] in _UNFINISHED or now.verdict in _UNFINISHED:
        alike = {name for name in judged.keys() & before.keys() if judged[name][1] == before[name][1]}
        whole = same_verdict and alike == judged.keys() == before.keys()
    else:
        alike, whole = judged.keys() | before.keys(), True
    differences = [
        Difference(name, before.get(name, (_ABSENT,))[0], judged.get(name, (_ABSENT,))[0])
        for name in dict.fromkeys([*before, *judged])
        if name in alike and before.get(name, (_ABSENT,))[0] != judged.get(name, (_ABSENT,))[0]
    ]
    contradicted = bool(differences) or (whole and not same_verdict)
    agrees = False if contradicted else True if whole else None
    return Agreement(was, str(now.verdict), agrees, differences, list(_changed(was, now.facts)))


def _changed(was: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[str]:
    """What differs of all that both name (an older verdict.json names less)."""
    for name in ("harness", "document"):
        if was[name] != facts.get(name):
            yield name
    then, now = was.get("scope", {}), facts.get("scope", {})
    known = [name for name in ("requirements", "schemas", "transcripts") if name in then]
    yield from (name for name in known if then[name] != now.get(name))
