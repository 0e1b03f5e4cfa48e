"""Processes of a deployment: each says when it is ready, listens on 127.0.0.1, and is ended by its own id."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

HOST = "127.0.0.1"
START_DEADLINE = 120.0  # seconds; generous, for a machine that runs everything else at the same time
STOP_DEADLINE = 10.0  # seconds; servers may finish what is under way

_PORTS = range(20_000, 30_000)
"""Below the ports that systems give to outgoing connections: a server that is replaced finds its own free again."""


class NotRun(Exception):
    """A deployment could not be certified as it should: one line that says why, and what to do."""


def program(name: str, *, install: str) -> str:
    """The path of a program. Raises NotRun with the command that installs it."""
    path = shutil.which(
        name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    )
    if path is None:
        raise NotRun(f"{name} is not installed: {install}")
    return path


def free_port() -> int:
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as trying:
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trying.bind((HOST, port))
            except OSError:
                continue
            return port
    raise NotRun(f"no port of {HOST} between {_PORTS.start} and {_PORTS.stop} is free: end what occupies them")


class Process:
    """A program that runs until it is ended. What it prints goes to ``log``; with ``ready`` in it, it has started."""

    def __init__(self, command: Sequence[str], log: Path, *, ready: str, environment: Mapping[str, str] | None = None):
        self._command, self._log, self._ready = command, log, ready
        self._environment = {**os.environ, **(environment or {})}

    def start(self) -> None:
        """Raises NotRun when it does not say that it is ready."""
        said, is_ready = threading.Event(), threading.Event()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            cwd=self._log.parent,
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout, said, is_ready), daemon=True)
        self._reader.start()
        said.wait(START_DEADLINE)
        if not is_ready.is_set():
            self.stop()
            words = " ".join(self.said().split())
            raise NotRun(f"{Path(self._command[0]).name} did not start: {words[-400:] or 'it said nothing'}")

    def _read(self, output: IO[bytes], said: threading.Event, is_ready: threading.Event) -> None:
        with output, self._log.open("ab") as log:
            for line in output:
                log.write(line)
                log.flush()
                if self._ready.encode() in line:
                    is_ready.set()
                    said.set()
        said.set()  # it will say no more

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._process.terminate()
        try:
            self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self.kill()
        self._reader.join(STOP_DEADLINE)

    def kill(self) -> None:
        """End it at once, without a word to its clients."""
        self._process.kill()
        self._process.wait()

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> Process:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    """An empty Redis; its URL."""
    redis = program("redis-server", install="apt-get install redis-server")
    port = free_port()
    options = {"bind": HOST, "port": str(port), "dir": str(folder), "save": "", "appendonly": "no", "daemonize": "no"}
    command = [redis, *(word for name, value in options.items() for word in (f"--{name}", value))]
    with Process(command, folder / "redis.log", ready="Ready to accept connections"):
        yield f"redis://{HOST}:{port}"
