"""Certifies broken servers side by side, each by the real command line, in a process of its own."""

from __future__ import annotations

import json
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.serialization import load_pem_public_key

from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.tokens import PublicKey
from tests.faults.fault import HS256, Fault
from tests.faults.worker import run
from tests.support.keys import key_files

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret that every server of the battery trusts"
SIDE_BY_SIDE = 5
TIMEOUT = 900
"""Seconds: what a hanging certification would be killed after, by default (a bug of ours: it never hangs)."""
VERDICT_ONLY = ("-p", "no:html", "-p", "no:junitxml")
"""Options for whoever reads no report."""
QUICK = ("--examples=4", *VERDICT_ONLY)
"""Options for tests: more examples are for the commands python -m tests.faults and python -m tests.legal."""

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.faults.worker"])


@dataclass(frozen=True)
class Certified:
    """How one certification ended."""

    exit_code: int
    verdict: dict[str, Any]
    output: str

    def ids(self, status: str) -> set[str]:
        return {r["id"] for r in self.verdict.get("requirements", ()) if r["status"] == status}

    @property
    def failed(self) -> set[str]:
        """The requirements that failed, SHOULDs included."""
        return self.ids("failed")

    @property
    def contradictions(self) -> list[str]:
        """Requirements that were left unverified for a failure of one that passed."""
        reported = self.verdict.get("contradictions", ())
        return [f"{one['id']} for {one['because']}: {one['reason']}" for one in reported]

    def reason(self, requirement: str) -> str:
        return next((r.get("reason", "") for r in self.verdict.get("requirements", ()) if r["id"] == requirement), "")


def certify(
    url: str | None,
    reports: Path,
    *options: str,
    secret: str = SECRET,
    folder: Path | None = None,
    timeout: float = TIMEOUT,
) -> Certified:
    """``pytest suites --target=url`` with everything else at its default. In another
    ``folder`` it is ``pytest --target=url``, as teams start it there, with a conftest.py of their own. Without a URL it
    is the embedded server, or what the options say."""
    reports.mkdir(parents=True, exist_ok=True)
    suites = ["suites"] if folder is None else []
    target = [f"--target={url}"] if url is not None else []
    arguments = [*suites, *target, f"--reports={reports}", "-q", "-p", "no:cacheprovider"]
    output = reports / "output.txt"
    environment = {"HELP_CENTER_JWT_SECRET": secret}
    process = FORKS.Process(target=run, args=([*arguments, *options], environment, folder or ROOT, output))
    process.start()
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        process.join()
    path = reports / "verdict.json"
    verdict = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Certified(process.exitcode or 0, verdict, output.read_text(encoding="utf-8", errors="replace"))


def certify_app(help_center: HelpCenter, reports: Path, *options: str) -> Certified:
    """Serve the application on a free loopback port and certify it."""
    with Served(help_center.app) as server:
        return certify(server.url, reports, *options)


def certify_fault(fault: Fault, reports: Path, *options: str) -> Certified:
    """Serve the broken server and certify it, with the key that its tokens are signed with."""
    if fault.algorithm == HS256:
        return certify_app(fault.build(SECRET), reports, *options)
    private, public = key_files(fault.algorithm, reports)
    key = load_pem_public_key(public.read_bytes())
    keys = (f"--jwt-key={private}", f"--jwt-algorithm={fault.algorithm}")
    return certify_app(fault.build(cast("PublicKey", key)), reports, *keys, *options)


@contextmanager
def reports_in(kept: Path | None) -> Iterator[Path]:
    """Where the reports of a battery go: into this folder, or into one that is gone afterwards."""
    if kept is not None:
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SIDE_BY_SIDE)


def selection(requirements: Sequence[str]) -> list[str]:
    """Options that judge only these requirements."""
    return ["-k", " or ".join(requirements)]
