"""One line under pytest's own progress while it waits for a slow target: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import TracebackType

import pytest

from conformance.formatting import cut

DELAY = 1.0
"""Seconds that pytest waits before anything is said."""


class Progress:
    """``with progress:`` around a wait (they nest); ``show`` says how it stands; leaving takes the line away."""

    def __init__(self, config: pytest.Config | None = None) -> None:
        self._config = config
        self._watched: bool | None = None
        self._depth = 0
        self._began = 0.0
        self._shown = ""

    def __enter__(self) -> Progress:
        self._depth += 1
        if self._depth == 1:
            self._began = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0 and self._shown:
            self._write("")
            self._shown = ""

    def show(self, standing: Callable[[], str]) -> None:
        if self._config is None or time.monotonic() - self._began < DELAY:
            return
        if self._watched is None:  # not asked before, as pytest makes its reporter after us
            self._watched = _is_watched(self._config)
        if not self._watched:
            return
        text = standing()
        if text != self._shown:
            self._shown = text  # first: whoever interrupts the writing still finds that there is a line to take away
            self._write(text)

    def _write(self, text: str) -> None:
        """The line below that of pytest's cursor, which returns to where it was. By relative movements alone, as the
        screen may scroll; and past pytest's writer, which shall not count these characters."""
        assert self._config is not None
        writer = self._config.get_terminal_writer()
        column = writer.width_of_current_line % writer.fullwidth + 1
        line = cut(text, writer.fullwidth - 2) if text else ""
        capture = self._config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            writer.flush()
            os.write(_STDOUT, f"\r\n\x1b[K{line}\r\x1b[A\x1b[{column}G".encode("utf-8", "replace"))


_STDOUT = 1


def _is_watched(config: pytest.Config) -> bool:
    """Whether a person looks on: a terminal that moves its cursor, pytest's own reporter, and no CI."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    own = type(reporter) is pytest.TerminalReporter and config.pluginmanager.hasplugin("capturemanager")
    ci = any(os.environ.get(name) for name in ("CI", "BUILD_NUMBER"))
    return own and reporter.isatty and not ci and os.environ.get("TERM", "dumb") != "dumb"
