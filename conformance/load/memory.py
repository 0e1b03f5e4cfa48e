"""What a user remembers of earlier visits: a law over visits cannot be judged by the record of one.

SEND-KEPT and RECONNECT-RESYNC in small steps, with the same reading as ``checks.history_window``: a server may show the
last part of a conversation only, but something, and without a gap.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.checks.assertions import expect
from conformance.checks.history_window import HistoryWindow, windows
from conformance.checks.selectors import saved
from conformance.formatting import preview
from conformance.record.views import Record

REMEMBERED = 64
"""Messages of earlier visits that are looked for."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message that was acked. ``sent`` and ``acked`` count the user's sends and acks in the order in which they
    happened, over all visits."""

    id: str
    text: str
    sent: float
    acked: float


@dataclass
class Memory:
    """Bounded: of the last messages."""

    said: deque[Said] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def learn(self, record: Record, began: float) -> None:
        """Remember a visit that is over. ``began``: when it did, on the clock of all visits."""
        for send in saved(record):
            message = send.message
            self.said.append(Said(message.id, message.text, began + send.entry.at, began + send.acks[0].at))

    def kept(self, window: HistoryWindow) -> None:
        """SEND-KEPT, of what was acked in earlier visits."""
        listed = set(window.history.readable_ids()) | set(window.history.all("text"))
        missing = [one for one in self.said if one.id not in listed and one.text not in listed]
        first = min((one.acked for one in self.said if one not in missing), default=None)
        lost = [one for one in missing if first is not None and one.sent > first]
        if window.length == 0:
            lost = missing
        examples = ", ".join(preview(one.text) for one in lost[:3])
        expect(
            not lost,
            f"{window.history.where} to show every message that was acked, or the last ones without a gap",
            lambda: f"of earlier visits {len(lost)} missing among {window.length} messages: {examples}",
            at=[window.history.at],
        )

    def once(self, window: HistoryWindow) -> None:
        """RECONNECT-RESYNC: what was sent once, in an earlier visit, is shown once."""
        known = {one.text for one in self.said}
        times = Counter(text for text in window.history.all("text") if text in known)
        twice = [text for text, often in times.items() if often > 1]
        expect(
            not twice,
            f"each message once in {window.history.where}",
            lambda: f"more than once: {', '.join(map(preview, twice[:3]))}",
            at=[window.history.at],
        )


def doubled(record: Record) -> Iterator[tuple[HistoryWindow, str, int]]:
    """The texts of this visit that were sent once, in every history that shows them, with how often it does."""
    alone = [send for send in record.sends if len(send.attempts) == 1 and isinstance(send.text, str)]
    for window in windows(record):
        for send in alone:
            times = sum(one.sender == "user" for one in window.history.where_is("text", send.text))
            if times:
                yield window, send.text, times


def shown_once(found: tuple[HistoryWindow, str, int]) -> None:
    """RECONNECT-RESYNC, of those."""
    window, text, times = found
    expect(
        times == 1,
        f"each message once in {window.history.where}",
        f"{preview(text)} {times} times",
        at=[window.history.at],
    )
