"""One certification of a hostile target: how it ended, seconds, memory, and which promises it broke."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.schema.validator import mismatches
from tests.hostile import leaks
from tests.hostile.target import SECRET, Target

ROOT = Path(__file__).resolve().parents[2]
MEGABYTES = 400
"""Of memory that a run may take."""
_BYTE = rb"(?:(?!2e)[0-9a-f]{2})"
TOKEN = re.compile(
    rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}|65794a%b{10,}2e65794a%b{10,}2e%b{20,}" % (_BYTE, _BYTE, _BYTE)
)
"""A token with its signature, as it is, or in hex."""
LIVE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal obeys."""


@dataclass(frozen=True)
class Certified:
    """``line``: the verdict, or the one line that says why there is none."""

    exit_code: int
    output: str
    seconds: float
    waited: float
    """Seconds of these, or more, in which it or the target had something to do and no processor."""
    megabytes: float
    verdict: dict[str, Any]
    left: list[str]
    """What it has not let go of: threads, tasks, sockets, processes, files."""
    broken: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        lines = [line for line in self.output.splitlines() if line.startswith(("VERDICT", "ERROR: "))]
        failed = [one["id"] for one in self.verdict.get("requirements", ()) if one["status"] == "failed"]
        more = f" ({len(failed)} failed: {', '.join(failed[:3])})" if failed else ""
        return (lines[0] if lines else "") + more


def certify(target: Target, reports: Path, *options: str, checkout: Path = ROOT) -> Certified:
    """In a process of its own; the target serves in another one."""
    reports.mkdir(parents=True, exist_ok=True)
    with _serving(target) as (server, url):
        run = _run(url, reports, checkout, *target.options, *options, seconds=2 * target.seconds, beside=server)
        return _judged(target, reports, run)


@contextlib.contextmanager
def _serving(target: Target) -> Iterator[tuple[int, str]]:
    """The id of its process, and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.serve", target.name],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it is killed in the middle of everything
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.pid, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def _run(url: str, reports: Path, checkout: Path, *options: str, seconds: float, beside: int) -> Certified:
    """``seconds``: after which it is killed; ``beside``: the process of the target."""
    command = [sys.executable, "-m", "pytest", "suites", "-q", "-p", "no:cacheprovider", "-p", leaks.__name__]
    output, began = reports / "output.txt", time.monotonic()
    left = reports.with_suffix(".left")
    left.unlink(missing_ok=True)
    temporary = reports.with_suffix(".temporary")
    temporary.mkdir(exist_ok=True)
    surroundings = {leaks.FILE: str(left), "TMPDIR": str(temporary), "HELP_CENTER_JWT_SECRET": SECRET}
    with output.open("wb") as out:
        process = subprocess.Popen(
            [*command, f"--target={url}", f"--reports={reports}", *options],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": f"{checkout}{os.pathsep}{ROOT}", **surroundings},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        code, kilobytes, waited = _ended(process, began + seconds, beside)
    path = reports / "verdict.json"
    verdict = json.loads(path.read_text("utf-8")) if path.exists() else {}
    text = output.read_text("utf-8", "replace")
    seconds = time.monotonic() - began
    behind = list(leaks.left_behind(left, process.pid, temporary))
    return Certified(code, text, seconds, waited, kilobytes / 1024, verdict, behind)


def _ended(process: subprocess.Popen[bytes], latest: float, beside: int) -> tuple[int, int, float]:
    """Exit code, kilobytes at most, and seconds for which it and the process beside it waited for a processor; killed
    when it takes too long."""
    kilobytes, waited = 0, 0.0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return process.returncode, usage.ru_maxrss, waited
        waited = max(waited, _waited(process.pid) + _waited(beside))
        if time.monotonic() > latest + waited or kilobytes > 1.5 * 2**20:
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(OSError, ValueError):
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
            kilobytes = int(found[1]) if found else kilobytes
        time.sleep(0.1)


def _waited(process: int) -> float:
    """Seconds that its threads have waited for a processor, as Linux counts them; 0 elsewhere."""
    waited = 0
    for path in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, IndexError):  # a thread that has just ended
            waited += int(path.read_text().split()[1])
    return waited / 10**9


def _judged(target: Target, reports: Path, one: Certified) -> Certified:
    return replace(one, broken=list(_broken(target, reports, one)))


def _broken(target: Target, reports: Path, one: Certified) -> Iterator[str]:
    """The promises that were not kept."""
    if one.exit_code not in target.codes:
        yield f"exit code {one.exit_code}, expected {target.codes}: {one.output[-300:]!r}"
    if one.seconds > target.seconds + one.waited:
        yield f"{one.seconds:.0f} s"
    if one.megabytes > MEGABYTES:
        yield f"{one.megabytes:.0f} MB"
    if one.left:
        yield f"left: {', '.join(one.left)}"
    if target.says not in one.output:
        yield f"does not say {target.says!r}"
    if "Traceback" in one.output:
        yield "a traceback"
    if found := LIVE.search(one.output):
        yield f"{found[0]!r} reached the terminal"
    yield from _reports(reports, one)


def _reports(reports: Path, one: Certified) -> Iterator[str]:
    for path in filter(Path.is_file, reports.rglob("*")):
        if found := TOKEN.search(path.read_bytes()):
            yield f"a token in {path.name}: {found[0]!r}"
    if one.exit_code in (0, 1, 10):
        yield from mismatches("verdict", one.verdict)
    with contextlib.suppress(FileNotFoundError):
        try:
            ElementTree.parse(reports / "junit.xml")  # noqa: S314  our own
        except ElementTree.ParseError as error:
            yield f"junit.xml: {error}"
