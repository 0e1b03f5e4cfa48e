"""Starts the embedded reference server for a run without ``--target``. The harness knows it by its URL only."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from types import TracebackType

from conformance.errors import TargetUnusable
from conformance.paths import PACKAGE


class EmbeddedServer:
    """A child process that serves the reference server on a free loopback port; ends with the block."""

    def __init__(self, secret: str | None = None) -> None:
        self.secret = secret or secrets.token_hex(32)
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._complaints = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        # (a file: a pipe that is not read would fill up and stop the server)

    def __enter__(self) -> EmbeddedServer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "conformance.reference", "--port=0", "--exit-with-parent"],
            cwd=PACKAGE.parent,  # first on its path: a team's folder may hold a package of the same name
            env={**os.environ, "HELP_CENTER_JWT_SECRET": self.secret},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            process_group=0,  # Ctrl-C is for us: the server ends when its input does, whatever becomes of us
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("listening on "):
            raise TargetUnusable(f"the embedded server did not start: {self._complaint()}")
        self.url = line.removeprefix("listening on ").strip()
        return self

    def _complaint(self) -> str:
        self._stop()
        self._complaints.seek(0)
        said = self._complaints.read().strip()
        return said.splitlines()[-1] if said else "it said nothing"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        self._complaints.close()

    def _stop(self) -> None:
        assert self._process is not None
        with self._process:  # closes the pipes
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
