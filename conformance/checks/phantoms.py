"""Messages that were emitted in a user's name and are not in the conversation: events of a transaction, say, that was
rolled back and tried again (section 4.2). A client that drops duplicates by id shows such a message twice.

Where a text that was sent once was emitted under several ids, each of them has to be there. Where it was emitted under
one, others judge it: SEND-KEPT, PARITY-EVENT, REJECT-EMITTED.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.checks.assertions import expect
from conformance.checks.history_window import HistoryWindow, windows
from conformance.checks.selectors import good_connections
from conformance.formatting import preview
from conformance.inputs.texts import WHITE
from conformance.protocol import MESSAGE, USER
from conformance.record.views import Event, Record


@dataclass(frozen=True)
class Emission:
    """The first event of each id under which a text was emitted, and a history that was asked for a while later."""

    events: Sequence[Event]
    window: HistoryWindow


def repeated(record: Record) -> Iterator[Emission]:
    """The texts that were sent once, and emitted under several ids."""
    settle = float(record.transcript.facts.get("settle", 0.0))
    times = Counter((send.connection.user, str(send.text).strip(WHITE)) for send in record.sends)
    for (user, text), events in _emitted(record).items():
        if times[user, text] == 1 and len(events) > 1:
            since = max(event.entry.at for event in events.values()) + settle
            own = (window for window in windows(record) if window.user == user and window.began >= since)
            yield from (Emission(list(events.values()), window) for window in own)


def _emitted(record: Record) -> Mapping[tuple[str, str], Mapping[str, Event]]:
    """What was emitted in the users' names: by user and text, and then by id."""
    found: defaultdict[tuple[str, str], dict[str, Event]] = defaultdict(dict)
    for connection in good_connections(record):
        for event in connection.events(MESSAGE):
            payload = event.payload
            if isinstance(payload, dict) and payload.get("sender") == USER and isinstance(payload.get("text"), str):
                found[connection.user, payload["text"]].setdefault(event.message.id, event)
    return found


def there(emission: Emission) -> None:
    """MESSAGE-STORED. What is older than all that is shown may be missing."""
    window = emission.window
    listed = [event for event in emission.events if window.history.where_is("id", event.message.id)]
    due = [event for event in emission.events if window.reaches_before(event.entry)]
    missing = [event for event in due if listed and event not in listed]
    names = ", ".join(preview(event.message.id) for event in missing)
    at = [event.entry.serial for event in emission.events] + [window.history.at]
    expect(not missing, f"{window.history.where} to show what was emitted under its id", f"no message {names}", at=at)
