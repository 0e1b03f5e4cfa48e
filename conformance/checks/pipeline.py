"""In which order messages stand that one device sent without waiting (section 5), in whatever was recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from conformance.checks.assertions import expect
from conformance.checks.history_window import HistoryWindow, windows
from conformance.protocol import Json
from conformance.record.views import Record, Send


@dataclass(frozen=True)
class Row:
    """What one connection sent, in the order in which it was sent, with the places where one history shows it."""

    window: HistoryWindow
    places: Sequence[tuple[Send, int]]

    @property
    def neighbours(self) -> Iterator[tuple[tuple[Send, int], tuple[Send, int]]]:
        """Each two of which the later one was sent before the earlier one was acked; what was awaited is
        HISTORY-ORDER's."""
        return ((one, two) for one, two in pairwise(self.places) if two[0].entry.serial < one[0].acks[0].serial)


def rows(record: Record) -> Iterator[Row]:
    """Those of which something was in flight. Not those of a connection that moves to another transport (CONN-UPGRADE),
    and nothing that was sent again: when it was saved is not known."""
    for window in windows(record):
        sends = [s for s in window.sends_before if len(s.attempts) == 1 and s.connection.transport != "upgrade"]
        own = Counter(_words(send.text) for send in record.sends)
        single = [send for send in sends if own[_words(send.text)] == 1]
        places = _places(window, {_words(send.text) for send in single})
        for number in sorted({send.connection.number for send in single}):
            mine = [send for send in single if send.connection.number == number and _words(send.text) in places]
            mine.sort(key=lambda send: send.entry.serial)
            row = Row(window, [(send, places[_words(send.text)]) for send in mine])
            if any(row.neighbours):
                yield row


def _words(text: Json) -> str:
    return str(text).strip()


def _places(window: HistoryWindow, texts: set[str]) -> Mapping[str, int]:
    """Where a history shows these texts; the last place of one that stands there more than once."""
    found = {text: window.history.where_is("text", text) for text in texts}
    return {text: window.messages.place_of(messages[-1]) for text, messages in found.items() if messages}


class AsSent:
    """PIPELINE-ORDER. Lists that stand newest first are HISTORY-ORDER's, and are turned round here."""

    def __init__(self, everything: Iterable[Record]) -> None:
        self._everything = everything

    @cached_property
    def _turned(self) -> set[str]:
        """The channels over which lists stand newest first."""
        return {window.channel for record in self._everything for window in windows(record) if window.newest_first}

    def __call__(self, row: Row) -> None:
        wrong = [(one, two) for one, two in row.neighbours if two[1] < one[1]]
        if wrong and row.window.channel in self._turned:
            wrong = [(one, two) for one, two in row.neighbours if two[1] > one[1]]
        actual = ", ".join(f"#{two[0].number} before #{one[0].number}" for one, two in wrong[:3])
        at = [serial for one, two in wrong[:1] for serial in (one[0].entry.serial, two[0].entry.serial)]
        history = row.window.history
        expected = f"{history.where} to show in order what was sent so"
        expect(not wrong, expected, f"send {actual}", at=[*at, history.at])
