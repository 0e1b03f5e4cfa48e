"""Starts the embedded reference server for a run without ``--target``. The harness knows it by its URL only."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from types import TracebackType

from conformance.errors import Unusable


class EmbeddedServer:
    """A child process that serves the reference server on a free loopback port; ends with the block."""

    def __init__(self, secret: str | None = None) -> None:
        self.secret = secret or secrets.token_hex(32)
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> EmbeddedServer:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "conformance.reference", "--port=0", "--exit-with-parent"],
            env={**os.environ, "HELP_CENTER_JWT_SECRET": self.secret},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.startswith("listening on "):
            raise Unusable(f"the embedded server did not start: {self._complaint()}")
        self.url = line.removeprefix("listening on ").strip()
        return self

    def _complaint(self) -> str:
        assert self._process is not None
        _, errors = self._process.communicate(timeout=10)
        return errors.strip().splitlines()[-1] if errors.strip() else "it said nothing"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=10)
