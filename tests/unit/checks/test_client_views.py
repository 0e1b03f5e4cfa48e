"""What the handlers of a client library saw, beside what crossed the wire: the same, or the harness is at fault."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.client_views import Disagreement, views_agree
from conformance.errors import Unverified
from conformance.protocol import CONNECTED, ERROR, MESSAGE, TYPING
from conformance.record.transcript import Entry, Kind
from tests.support.handmade import CONVERSATION, Handmade, message

ANSWER = {"message": message()}
GREETING = {"conversation": CONVERSATION, "messages": []}


class Client(Handmade):
    """The record of a client library: what came, and what its handlers were called with."""

    def __init__(self) -> None:
        super().__init__()
        self.opens("app", trial=True, client="a library")

    def saw(self, event: str, *args: Any) -> Entry:
        return self.add(Kind.CLIENT, saw="event", event=event, args=list(args))

    def called_back(self, *args: Any, send: int = 1, **notes: Any) -> Entry:
        return self.add(Kind.CLIENT, saw="ack", send=send, attempt=1, args=list(args), **notes)

    def lived(self) -> Client:
        """It was greeted, and a send was acked, to its callback."""
        self.event(CONNECTED, GREETING)
        self.saw(CONNECTED, GREETING)
        self.emits({"text": "hello"})
        self.event(MESSAGE, message())
        self.ack(ANSWER)
        self.saw(MESSAGE, message())
        self.called_back(ANSWER)
        return self


def test_what_was_seen_is_what_was_recorded() -> None:
    client = Client().lived()
    client.closed()
    views_agree(client.record)


@pytest.mark.parametrize(
    "goes_on",
    [
        lambda client: client.saw(TYPING, {"isTyping": True, "sender": "support"}),
        lambda client: client.event(ERROR, {"code": "SERVER_ERROR", "message": "No."}),
        lambda client: client.called_back(ANSWER),
        lambda client: client.called_back(ANSWER, send=2),
        lambda client: (client.event(MESSAGE, message("one")), client.saw(MESSAGE, message("another"))),
        lambda client: (client.event(MESSAGE, message(flag=1)), client.saw(MESSAGE, message(flag=True))),
        lambda client: (client.event(MESSAGE, message()), client.saw(MESSAGE)),
        lambda client: (client.emits({"text": "x"}), client.ack(ANSWER)),
        lambda client: (client.emits({"text": "x"}), client.ack(ANSWER), client.called_back({}, send=2)),
    ],
    ids=[
        "an event that never came",
        "an event that was not seen",
        "an ack twice",
        "an ack that never came",
        "another text",
        "true for one",
        "no argument",
        "an ack that was not seen",
        "another ack",
    ],
)
def test_any_difference_is_an_error_of_the_harness(goes_on: Any) -> None:
    client = Client().lived()
    goes_on(client)
    client.closed()
    with pytest.raises(Disagreement):
        views_agree(client.record)


def test_the_order_of_events_is_the_same() -> None:
    client = Client()
    for text in ("one", "two"):
        client.event(MESSAGE, message(text))
    for text in ("two", "one"):
        client.saw(MESSAGE, message(text))
    with pytest.raises(Disagreement):
        views_agree(client.record)


def test_what_came_after_the_goodbye_need_not_be_seen() -> None:
    client = Client().lived()
    client.closed()
    client.event(MESSAGE, message("late"))
    views_agree(client.record)


def test_a_scenario_that_was_cut_owes_nothing_more() -> None:
    client = Client().lived()
    client.event(MESSAGE, message("late"))
    client.transcript.cut = "the scenario took longer than 30 s"
    views_agree(client.record)


def test_events_elsewhere_and_of_other_names_are_none_of_its_handlers() -> None:
    client = Client().lived()
    client.event(MESSAGE, message(), namespace="/")
    client.event("presence", {"online": 3})
    views_agree(client.record)


@pytest.mark.parametrize("args", [(), (None,)])
def test_call_returns_none_for_no_argument_and_for_null(args: tuple[Any, ...]) -> None:
    client = Client()
    client.emits({"text": "x"})
    client.ack(*args)
    client.called_back(call=True)
    views_agree(client.record)


def test_broken_packets_are_judged_elsewhere() -> None:
    client = Client()
    client.add(Kind.GARBLED, text="x", why="no packet")
    client.saw(MESSAGE, message())
    with pytest.raises(Unverified) as raised:
        views_agree(client.record)
    assert raised.value.because == "CONN-PACKETS"


def test_each_device_of_ours_is_left_alone() -> None:
    phone = Handmade()
    phone.opens()
    phone.greeted()
    views_agree(phone.record)
