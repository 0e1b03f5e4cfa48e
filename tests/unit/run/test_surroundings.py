"""What ends a run is one interruption, however often it is said at once."""

from __future__ import annotations

import signal

import pytest

from conformance.run import surroundings
from conformance.run.surroundings import AT_THE_HEELS, Interrupt


def test_a_signal_at_the_heels_of_another_one_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(surroundings.time, "monotonic", lambda: now)
    interrupt = Interrupt()
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)
    for number in (signal.SIGINT, signal.SIGTERM):
        now += 0.4 * AT_THE_HEELS
        interrupt(number, None)
    now += 0.4 * AT_THE_HEELS  # whoever means it again is heard
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)
