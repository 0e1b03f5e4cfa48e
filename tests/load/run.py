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

SECRET = "a secret that every server of the battery trusts"
"""As in ``tests.faults.battery``: the deployments trust it, too."""

TIMEOUT = 240


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


def loaded(exit_code: int, reports: Path, output: str) -> Loaded:
    path = reports / "load.json"
    verdict = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Loaded(exit_code, verdict, output)


def shape(*, users: int, seconds: int, rate: int | None = None) -> Sequence[str]:
    return (f"--users={users}", f"--rate={rate or users}", f"--time={seconds}s")
