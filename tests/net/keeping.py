"""What of a whole saved run is kept in git: the smallest transcripts that show what a broken server breaks."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from conformance.blocks import FILE
from conformance.record.transcript import file_name
from tests.net.kept import Kept
from tests.net.session import Run, Said, judged

_WIRE = re.compile(r"^  Wire      (?P<key>\S+)", re.MULTILINE)
_LONG = '"histories": [['
_BESIDE = re.compile(r"\(in (?P<key>[^\s()]+)\)")
SMALL, LARGE = 40_000, 10_000_000
"""Bytes of a transcript: small ones are tried first."""
CORRECT = ("Reference", "Node")
"""Runs of correct servers, which are kept whole."""


def keep(runs: Mapping[str, Path], breaks: Mapping[str, Sequence[str]], folder: Path) -> tuple[list[Kept], list[str]]:
    """What is kept of each run, by the requirements that it breaks, and the names of those that do not show them all.
    ``folder``: for what is written meanwhile."""
    kept: dict[str, Kept] = {}
    for limit in (SMALL, LARGE):
        whole = limit == LARGE
        left = {name: path for name, path in runs.items() if name not in kept and (breaks[name] or whole)}
        parts = {
            name: _part(path, _new(folder / f"{limit}" / name / "transcripts"), limit) for name, path in left.items()
        }
        kept |= _kept(parts, breaks, _new(folder / f"kept{limit}")) if parts else {}
    return list(kept.values()), sorted({*runs} - {*kept})


def _kept(parts: Mapping[str, Path], breaks: Mapping[str, Sequence[str]], folder: Path) -> dict[str, Kept]:
    whole = judged([Run(name, path, breaks[name]) for name, path in parts.items()], _new(folder / "whole"))
    chosen = {name: _chosen(parts[name], whole[name], breaks[name]) for name in parts}
    some = [Kept(name, breaks[name], files, {}) for name, files in chosen.items() if files]
    place = _new(folder / "kept")
    said = judged([Run(one.name, one.unpack(place), one.requirements) for one in some], _new(folder / "again"))
    made = [Kept(one.name, one.requirements, one.files, expected(one, said[one.name])) for one in some]
    return {one.name: one for one in made if shows(one)}


def shows(kept: Kept) -> bool:
    """Whether every requirement that is broken fails."""
    texts = [one["text"] for one in kept.expected.values() if one["status"] == "failed"]
    return all(any(text.startswith(one) for text in texts) for one in kept.requirements)


def _part(folder: Path, place: Path, limit: int) -> Path:
    """The transcripts of a run that are no larger, and the table of long histories."""
    for path in folder.iterdir():
        if path.name == FILE or path.stat().st_size <= limit:
            (place / path.name).symlink_to(path)
    return place


def expected(kept: Kept, said: Said) -> Said:
    """Of a broken server its failures only: what lacks its transcript is unverified."""
    wanted = {test: one for test, one in said.items() if not kept.requirements or one["status"] != "unverified"}
    return {test: {"status": one["status"], "text": one["text"]} for test, one in wanted.items()}


def _chosen(folder: Path, said: Said, requirements: Sequence[str]) -> dict[str, str]:
    """The texts of the files to keep: of each requirement the smallest transcript that a failure cites."""
    if not requirements:
        names = {path.name for path in folder.iterdir()}
    else:
        names = {path.name for one in requirements for path in _smallest(folder, said, one)}
    texts = {name: (folder / name).read_text("utf-8") for name in sorted(names) if name.endswith(".jsonl")}
    if any(_LONG in text for text in texts.values()):
        texts[FILE] = base64.b64encode((folder / FILE).read_bytes()).decode()
    return texts


def _smallest(folder: Path, said: Said, requirement: str) -> Sequence[Path]:
    """What one failure of a requirement needs: a transcript that it cites, and those of the scenarios that its test
    names."""
    failures = [one for one in said.values() if one["status"] != "unverified" and one["text"].startswith(requirement)]
    needs = (_present(folder, [key, *one["scenarios"]]) for one in failures for key in _cited(one["text"]))
    return min(needs, key=_weight, default=[])


def _cited(text: str) -> list[str]:
    """The keys of the transcripts in which a failure stands."""
    return [found["key"].removesuffix(":") for found in (*_WIRE.finditer(text), *_BESIDE.finditer(text))]


def _present(folder: Path, keys: Sequence[str]) -> list[Path]:
    paths = [folder / f"{file_name(key)}.jsonl" for key in dict.fromkeys(keys)]
    return [path for path in paths if path.exists()]


def _weight(paths: Sequence[Path]) -> tuple[bool, int]:
    """Those weigh more that need the table of long histories, too."""
    texts = [path.read_text("utf-8") for path in paths]
    return any(_LONG in text for text in texts), sum(map(len, texts))


def _new(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
