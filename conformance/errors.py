"""The ways a check can end badly, never mixed up (who is at fault is in the type)."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.formatting import printable


class Deviation(AssertionError):
    """The target did something that the document rules out: to other reporters, too, an assertion that failed.

    ``expected`` and ``actual`` are what a person reads, printable whatever the target sent; several mismatches are
    several lines of ``actual``. ``at`` are the serial numbers of the transcript's entries that show it, ``transcript``
    is the transcript's key (a law reads many). ``unless`` names the requirement that is to blame in its place where
    the same goes wrong without what this judges (``controls``).
    """

    def __init__(
        self,
        expected: str,
        actual: str,
        *,
        at: Sequence[int] = (),
        transcript: str | None = None,
        unless: str | None = None,
    ) -> None:
        super().__init__(f"expected {expected}; actual {actual}")
        self.expected = printable(expected)
        self.actual = printable(actual)
        self.at = tuple(at)
        self.transcript = transcript
        self.unless = unless


class Unverified(Exception):
    """The requirement could not be checked, and why; no requirement is blamed by this.

    ``because`` names the requirement that judges the precondition which failed, so that one bug is blamed once.
    """

    def __init__(self, reason: str, *, because: str | None = None) -> None:
        self.reason = printable(reason)
        self.because = because
        super().__init__(f"{self.reason} (see {because})" if because else self.reason)


class UsageError(Exception):
    """The run cannot start for how it was asked for: a bad option, no token. One clear line, whatever it quotes."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(printable(message).splitlines()))


class TargetUnusable(Exception):
    """The run cannot start for its target: unreachable, or not a Help Center. One clear line."""


def one_line(deviation: Deviation) -> str:
    """For verdict.json and the summary: expected and actual in one line."""
    expected, actual = ("; ".join(said.splitlines()) for said in (deviation.expected, deviation.actual))
    return f"expected {expected}; got {actual or 'nothing'}"
