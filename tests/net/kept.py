"""Of each broken server the few transcripts that show what it breaks, compressed, and what was said of them: in git, so
that all judges are tested in seconds, with no server."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.blocks import FILE

FOLDER = Path(__file__).with_name("kept")


@dataclass(frozen=True)
class Kept:
    """``requirements``: those that are judged; ``files``: the text of each transcript, by file name,
    and where they need it the table of long histories, in base64; ``expected``: the
    judgements that did not pass, each with its status and its text."""

    name: str
    requirements: Sequence[str]
    files: Mapping[str, str]
    expected: Mapping[str, Any]

    def unpack(self, folder: Path) -> Path:
        """Write the transcripts into a folder of their own, which is returned."""
        own = folder / self.name / "transcripts"
        own.mkdir(parents=True)
        for name, text in self.files.items():
            data = base64.b64decode(text) if name == FILE else text.encode()
            (own / name).write_bytes(data)
        return own

    def save(self, folder: Path = FOLDER) -> None:
        folder.mkdir(exist_ok=True)
        data = {"requirements": list(self.requirements), "files": self.files, "expected": self.expected}
        text = json.dumps(data, sort_keys=True, indent=0, ensure_ascii=True)
        (folder / f"{self.name}.json.gz").write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def load(path: Path) -> Kept:
    data = json.loads(gzip.decompress(path.read_bytes()))
    return Kept(path.name.partition(".")[0], data["requirements"], data["files"], data["expected"])


def load_all(folder: Path = FOLDER) -> dict[str, Kept]:
    """Every kept run, by name."""
    return {kept.name: kept for kept in map(load, sorted(folder.glob("*.json.gz")))}
