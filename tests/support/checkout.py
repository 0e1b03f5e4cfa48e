"""Small checkouts of the project: the harness as it is, with suites of a few judgements made up for one test.

They are quick, they do not change when the real suites grow, and they may be broken on purpose.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.schema.validator import mismatches

ROOT = Path(__file__).resolve().parents[2]
REPORTS = {"verdict.json", "report.html", "junit.xml", "ctrf.json", "badge.json", "transcripts"}
"""What every run leaves."""
TIMEOUT = 240
"""Seconds: what a hanging run is killed after (a bug of ours: it never hangs)."""

CHAT = '''
from conformance.checks.assertions import expect, expect_equal
from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario
async def chat(stage):
    """One device sends a text with white space around it; then REST shows the conversation."""
    async with stage.device("phone") as phone:
        await phone.send_text("  hello ", tag="padded")
    await stage.fetch()


@requirement("CONNECTED-SENT")
def test_greeting(chat):
    assert chat.connection().greeted


@requirement("SEND-TRIM")
def test_trim(chat):
    expect_equal(chat.send("padded").message.text, "hello", "ack.message.text", at=chat.send("padded").at)


@requirement("REST-OPEN")
def test_rest(chat):
    expect(chat.fetch().successful, "HTTP 2xx", chat.fetch().outcome)
'''
TOKENS = '''
from conformance.checks.assertions import expect
from conformance.requirements import requirement
from conformance.drive.scenario import scenario


@scenario(wave=2, limit_concurrency=True)
async def expired(stage):
    """A device with an expired token, which only a signing key can make."""
    async with stage.device("phone", token=await stage.user.bad("expired")):
        pass


@requirement("AUTH-EXPIRED")
def test_expired(expired):
    expect(not expired.connection().greeted, "no greeting", "a greeting")
'''

SHOULD = """
from conformance.checks.assertions import expect
from conformance.requirements import requirement


@requirement("DEVICE-COEXIST")
def test_advice(plain_chat):
    expect(False, "more than this", "less than that", at=[1])


@requirement("OBS-TRIM")
def test_observed(plain_chat, observe):
    observe("some", "White space is handled somehow.")
"""


@dataclass(frozen=True)
class Run:
    """How a run of pytest ended. ``verdict`` is verdict.json, None when there is none."""

    code: int
    output: str
    verdict: dict[str, Any] | None
    seconds: float
    reports: Path

    def line(self, beginning: str) -> str:
        """The one line that begins so."""
        found = [line for line in self.output.splitlines() if line.startswith(beginning)]
        assert len(found) == 1, self.output
        return found[0]

    def status(self, requirement: str) -> str:
        assert self.verdict is not None, self.output
        return next(str(r["status"]) for r in self.verdict["requirements"] if r["id"] == requirement)

    def reason(self, requirement: str) -> str:
        assert self.verdict is not None, self.output
        return next(str(r["reason"]) for r in self.verdict["requirements"] if r["id"] == requirement)


class Checkout:
    """A copy of the harness in ``folder`` with the suites given by name: ``Checkout(tmp_path, chat=CHAT)``."""

    def __init__(self, folder: Path, **suites: str) -> None:
        self.folder = folder / "checkout"
        ignore = shutil.ignore_patterns("*.pyc.*")  # what is just being compiled; what is compiled need not be again
        for name in ("conformance", "schemas"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=ignore)
        for name in ("conftest.py", "help_center_conformance.py", "pyproject.toml"):
            shutil.copy(ROOT / name, self.folder)
        self.write("suites/__init__.py", "")
        for name, text in suites.items():
            self.write(f"suites/test_{name}.py", text)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, *options: str, cwd: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        """Start ``python -m pytest`` in the checkout (or in ``cwd``), in a process group of its own."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HELP_CENTER_")}
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *options],
            cwd=cwd or self.folder,
            env={**inherited, "PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *options: str, cwd: Path | None = None, **environment: str) -> Run:
        """Run pytest to its end."""
        began = time.monotonic()
        return self.finish(self.start(*options, cwd=cwd, **environment), began, options, cwd=cwd)

    def finish(
        self, process: subprocess.Popen[str], began: float, options: tuple[str, ...] = (), *, cwd: Path | None = None
    ) -> Run:
        """Wait for a run that was started."""
        try:
            output, _ = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        seconds = time.monotonic() - began
        given = [option.partition("=")[2] for option in options if option.startswith("--reports=")]
        reports = (cwd or self.folder) / (given[0] if given else "reports")
        return Run(process.returncode, output, _verdict(reports), seconds, reports)


def _verdict(reports: Path) -> dict[str, Any] | None:
    path = reports / "verdict.json"
    if not path.exists():
        return None
    verdict = json.loads(path.read_text(encoding="utf-8"))
    assert not mismatches("verdict", verdict), mismatches("verdict", verdict)
    assert isinstance(verdict, dict)
    return verdict


def certify_with_all_suites(url: str, secret: str, reports: Path, *options: str) -> Run:
    """The real suites of the project against a server."""
    began = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--target={url}",
        f"--reports={reports}",
    ]
    done = subprocess.run(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, "HELP_CENTER_JWT_SECRET": secret},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=4 * TIMEOUT,
    )
    return Run(done.returncode, done.stdout + done.stderr, _verdict(reports), time.monotonic() - began, reports)
