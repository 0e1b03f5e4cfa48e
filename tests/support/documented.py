"""The commands that README.md, CONTRIBUTING.md and docs/ show. A block of the language ``sh`` is run by a test; a word
after ``sh`` says how:

- none: at once, in tests/unit/test_documented.py;
- ``slow``: in tests/live/test_documented.py;
- ``server``: it is ended once it has said something;
- ``illustration``: not at all, for it needs what a test has not (a registry, Docker, a server of yours).

Of commands in sentences and tables, and of illustrations, only the names are looked up.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from tests.support.checkout import ROOT

PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
KINDS = ("", "slow", "server", "illustration")
STANDS_FOR = {
    "http://localhost:3000": "$TARGET",
    "--target=URL": '--target="$TARGET"',
    "HELP_CENTER_JWT_SECRET=…": 'HELP_CENTER_JWT_SECRET="$SECRET"',
    "--port=3000": "--port=0",
    "--wait=60 ": "--wait=60 -k SEND-MAX ",
    "--header='X-Gateway: abc' ": "--header='X-Gateway: abc' -k SEND-MAX ",
    "--examples=100 --hypothesis-seed=7 ": "--examples=100 --hypothesis-seed=7 -k SEND-VERBATIM ",
    "--signing-key=key.pem": "--signing-key=key.pem --examples=4",
    "--users=200 --rate=20 --time=60s --budget=p95_ack=300ms": "--users=5 --rate=5 --time=3s --budget=p95_ack=30s",
}
"""What the pages say in place of what only a test knows, and of what would take a minute."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, ``kind`` as above."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def script(self) -> str:
        text = self.text
        for shown, meant in STANDS_FOR.items():
            text = text.replace(shown, meant)
        return f"set -euo pipefail\n{text}"

    def _start(self, folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        """In a shell, in a folder, with the programs of this environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HELP_CENTER_", "PYTEST_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]])
        return subprocess.Popen(
            ["bash", "-c", self.script],
            cwd=folder,
            env={**kept, "PATH": path, "PYTHONPATH": str(ROOT), **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, folder: Path, seconds: float, **environment: str) -> str:
        """What it says until its end, or of a server until it listens. Raises AssertionError where a command fails."""
        with self._start(folder, environment) as process:
            try:
                if self.kind == "server":
                    assert process.stdout is not None
                    said = process.stdout.readline()
                    os.killpg(process.pid, signal.SIGINT)
                else:
                    said, _ = process.communicate(timeout=seconds)
                assert process.wait(seconds) == 0, said
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        return said


def blocks() -> list[Block]:
    """All blocks of shell commands."""
    return [block for page in PAGES for block in _blocks_of(page)]


def _blocks_of(page: Path) -> Iterator[Block]:
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        language, _, kind = token.info.partition(" ")
        if token.type == "fence" and language == "sh":
            assert token.map is not None
            yield Block(page.name, token.map[0] + 1, kind, token.content)


def named() -> Iterator[tuple[str, list[str]]]:
    """Every command of a page, in words: those of blocks, and what stands as code in sentences and tables."""
    for page in PAGES:
        tokens = MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))
        inline = [child for token in tokens for child in token.children or () if child.type == "code_inline"]
        codes = [child.content for child in inline]
        codes += [
            token.content.replace("\\\n", " ") for token in tokens if token.type == "fence" and token.info[:2] == "sh"
        ]
        for line in "\n".join(codes).splitlines():
            for part in re.split(r" && | \|\| |; ", line):
                if words := _words(part):
                    yield page.name, words


def _words(text: str) -> list[str]:
    """Without what is not a command of this project."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:  # a part of a sentence
        return []
    words = [word.rpartition("/")[2] if number == 0 else word for number, word in enumerate(words)]
    ours = words[:1] in (["pytest"], ["help-center-conformance"]) or words[:2] == ["python", "-m"]
    return words if ours else []
