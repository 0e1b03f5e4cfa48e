"""What happens around a run: Ctrl-C and SIGTERM, a terminal that is closed or full, reports that cannot be written."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import pytest

from conformance.report.verdict import Exit

UNWRITTEN = pytest.StashKey[str]()
"""Which reports could not be written, and why: the run then has the exit code of a broken environment."""
AT_THE_HEELS = 5.0
"""Seconds after a signal in which another one says the same."""


class Surroundings:
    """Hooks of every certification; made before anything else of it is loaded, as Ctrl-C may come at any moment."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        sys.stdout = Lasting(sys.stdout)
        if threading.current_thread() is threading.main_thread():
            interrupt = Interrupt()
            for number, usual in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
                if signal.getsignal(number) is usual:
                    self._handle(number, interrupt)

    def _handle(self, number: int, handler: Any) -> None:
        self._before.setdefault(number, signal.signal(number, handler))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """The reports are written now, which takes seconds at most, and is not interrupted a second time."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handle(number, signal.SIG_IGN)
        with unwritten(session.config):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> Generator[None, Any, Any]:
        result = yield
        if (why := config.stash.get(UNWRITTEN, None)) is not None:
            terminalreporter.write_line(f"ERROR: {why}", red=True)
        return result

    def pytest_unconfigure(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def attempt(config: pytest.Config, write: Callable[..., object], *arguments: object) -> None:
    """Write a report, if that can be."""
    with unwritten(config):
        write(*arguments)


@contextmanager
def unwritten(config: pytest.Config) -> Iterator[None]:
    """Go on where a report cannot be written, and say so at the end."""
    try:
        yield
    except OSError as error:
        config.stash.setdefault(UNWRITTEN, f"the reports cannot be written: {error.strerror or error}")
        session = config.pluginmanager.get_plugin("session")
        if session is not None:
            session.exitstatus = Exit.USAGE


class Interrupt:
    """SIGTERM ends a run as Ctrl-C does: reports are written, and whatever was started is ended. A second signal at the
    heels of the first one would only keep pytest from doing so."""

    def __init__(self) -> None:
        self._last = -math.inf

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if now >= self._last + AT_THE_HEELS:
            self._last = now
            raise KeyboardInterrupt


class Lasting:
    """Standard output that may be closed or full: the run goes on without it, for its verdict is in the reports."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return int(self._stream.write(text))
        except OSError:
            self._lost()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            self._lost()

    def _lost(self) -> None:
        """Python would try again to write what is left as it exits, and exit with another code."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
