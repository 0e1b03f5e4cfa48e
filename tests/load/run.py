"""``help-center-conformance load`` as its users start it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.command.load import LOCUSTFILE
from tests.deployments.processes import free_port

SECRET = "a secret that every server of the battery trusts"
"""As in ``tests.faults.battery``: the deployments trust it, too."""

TIMEOUT = 900


@dataclass(frozen=True)
class Loaded:
    """How a run ended. ``verdict``: what load.json says; empty where there is none."""

    exit_code: int
    verdict: dict[str, Any]
    output: str

    @property
    def violated(self) -> set[str]:
        return {row["id"] for row in self.verdict.get("requirements", ()) if row["violated"]}

    @property
    def held(self) -> set[str]:
        return {row["id"] for row in self.verdict.get("requirements", ()) if row["status"] == "held"}

    def example(self, requirement: str) -> str:
        return str(self.verdict["examples"][requirement][0])


def environment() -> dict[str, str]:
    return {**os.environ, "HELP_CENTER_JWT_SECRET": SECRET}


def command(url: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "conformance.command.main", "load", url, *options]


def load(url: str, reports: Path, *options: str) -> Loaded:
    done = subprocess.run(
        command(url, f"--reports={reports}", *options),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    return loaded(done.returncode, reports, done.stdout + done.stderr)


def distributed(url: str, reports: Path, *options: str, workers: int) -> Loaded:
    """The same on a master and workers of Locust, as docs/load.md has it. ``options``: as of the command."""
    locust, port = [sys.executable, "-m", "locust", f"--locustfile={LOCUSTFILE}"], free_port()
    named = {"--rate": "--spawn-rate", "--time": "--run-time"}
    words = [f"{named.get(flag, flag)}={value}" for flag, _, value in (one.partition("=") for one in options)]
    fixed = ["--headless", "--only-summary", f"--expect-workers={workers}", "--stop-timeout=60", "--loglevel=WARNING"]
    bind = ["--master", "--master-bind-host=127.0.0.1", f"--master-bind-port={port}"]
    join = ["--worker", "--master-host=127.0.0.1", f"--master-port={port}"]
    command = [*locust, *bind, *fixed, f"--host={url}", f"--reports={reports}", *words]
    master = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    joined = [subprocess.Popen([*locust, *join], env=environment(), stderr=subprocess.DEVNULL) for _ in range(workers)]
    try:
        output, _ = master.communicate(timeout=TIMEOUT)
        codes = [worker.wait(30) for worker in joined]
    finally:
        for process in (master, *joined):
            process.kill()
    assert not any(codes), f"a worker failed: {codes}\n{output}"
    return loaded(master.returncode, reports, output)


def loaded(exit_code: int, reports: Path, output: str) -> Loaded:
    path = reports / "load.json"
    verdict = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Loaded(exit_code, verdict, output)


def shape(*, users: int, seconds: int, rate: int | None = None) -> Sequence[str]:
    return (f"--users={users}", f"--rate={rate or users}", f"--time={seconds}s")
