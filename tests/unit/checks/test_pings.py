"""The pings that a handshake announces: missing beyond doubt, late, or read late."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks.assertions import outcome_of
from conformance.checks.law import check_records
from conformance.checks.pings import held, pinged
from conformance.errors import Deviation
from conformance.protocol import MESSAGE
from conformance.record.heartbeats import announced, overdue
from conformance.record.transcript import Entry, Kind
from tests.support.handmade import Handmade, message

Play = Callable[["Timed"], object]


class Timed(Handmade):
    """``passes`` seconds between one entry and the next. The handshake announces four seconds, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def passes(self, seconds: float) -> None:
        self.passed += seconds

    def add(self, kind: Kind, **data: object) -> Entry:
        if kind is Kind.HANDSHAKE:
            data |= {"pingInterval": 4000, "pingTimeout": 4000}
        entry = super().add(kind, **data)
        self.transcript.entries[-1] = Entry(
            entry.serial, entry.at + self.passed, entry.kind, entry.device, entry.connection, entry.data
        )
        return self.transcript.entries[-1]

    def ping(self) -> None:
        self.add(Kind.ENGINE, direction="<", packet="ping", via="websocket")


def outcome(play: Play, **opens: object) -> BaseException | None:
    made = Timed()
    made.opens(**opens)
    made.greeted()
    play(made)
    return outcome_of(lambda records: check_records(records, held, pinged), [made.record])


def silent_for(seconds: float) -> Play:
    def play(made: Timed) -> None:
        made.passes(seconds)
        made.says()

    return play


def read_late(made: Timed) -> None:
    """We did not read for long: the ping is there, and what was sent meanwhile comes after it."""
    made.passes(60)
    made.ping()
    made.says()


def answered_late(made: Timed) -> None:
    """The text was sent at once, and it was the answer that took long."""
    made.emits({"text": "hello"})
    made.passes(60)
    made.ack({"message": message()})


def heard_from_elsewhere(made: Timed) -> None:
    """The text of another device is heard after a long silence."""
    listening = made.connection
    made.passes(20)
    made.opens("tablet")
    made.emits({"text": "hello"})
    made.connection = listening
    made.event(MESSAGE, message())


def pinged_in_between(made: Timed) -> None:
    made.passes(10)
    made.ping()
    made.passes(10)
    made.says()


def not_asked(made: Timed) -> None:
    """Something comes after long, of which nobody knows when it was sent."""
    made.passes(60)
    made.event(MESSAGE, message("from support", sender="support"))
    made.closed()


def test_official_clients_are_given_up_on_after_both_times() -> None:
    assert announced({"pingInterval": 4000, "pingTimeout": 4000}) == 8.0
    assert announced({"pingInterval": 4000}) is None
    assert announced({"pingInterval": [4], "pingTimeout": 10**400}) is None
    assert overdue(8.0) == 14.0


@pytest.mark.parametrize("play", [silent_for(15), heard_from_elsewhere], ids=["an ack", "another's message"])
def test_a_ping_that_never_came_is_missed(play: Play) -> None:
    found = outcome(play)
    assert isinstance(found, Deviation)
    assert "nothing for" in str(found)
    assert "a ping within 8 s" in str(found)


@pytest.mark.parametrize(
    "play", [silent_for(13), read_late, answered_late, pinged_in_between, not_asked], ids=lambda play: play.__name__
)
def test_what_may_be_late_only_is_nobodys_fault(play: Play) -> None:
    assert outcome(play) is None


def test_an_upgrade_is_judged_elsewhere() -> None:
    assert outcome(silent_for(60), transport="upgrade") is None
