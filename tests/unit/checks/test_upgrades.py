"""What goes wrong around an upgrade is the upgrade's fault only where it goes right without one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.checks.controls import CONTROLS
from conformance.checks.upgrades import heard_once
from conformance.errors import Deviation
from conformance.protocol import MESSAGE
from conformance.record.views import Record
from tests.support.handmade import Handmade, message

Chat = Callable[[str], Record]


def _phantom(transport: str) -> Record:
    """A text is emitted under two ids, and stored under one."""
    made = Handmade()
    made.opens(transport=transport)
    made.greeted()
    saved = made.says("hello")
    made.event(MESSAGE, message("hello", id="m9"))
    made.opens("tablet")
    made.greeted([saved])
    return made.record


def _doubled(transport: str) -> Record:
    """A text that was sent once is listed twice."""
    made = Handmade()
    made.opens(transport=transport)
    made.greeted()
    saved = made.says("hello", plain=True)
    made.opens("tablet")
    made.greeted([saved, message("hello", id="m9")])
    return made.record


def _gap(transport: str) -> Record:
    """A device does not hear the first of two messages that another one sends."""
    made = Handmade()
    tablet = made.opens("tablet", transport=transport)
    made.greeted()
    made.opens("phone")
    made.greeted()
    made.says("one")
    made.event(MESSAGE, made.says("two"), connection=tablet, device="tablet")
    return made.record


@pytest.mark.parametrize(
    ("requirement", "chat"), [("MESSAGE-STORED", _phantom), ("RECONNECT-RESYNC", _doubled), ("MESSAGE-DEVICES", _gap)]
)
def test_it_goes_wrong_anyhow_where_nothing_moves(requirement: str, chat: Chat) -> None:
    assert CONTROLS[requirement]([chat("websocket")])
    assert not CONTROLS[requirement]([chat("upgrade")])
    assert not any(CONTROLS[requirement]([other("websocket")]) for other in (_phantom, _doubled, _gap) if other != chat)


@pytest.mark.parametrize(
    ("heard", "blamed"), [((), "MESSAGE-ECHO"), (("m2", "m2"), "MESSAGE-ONCE"), (("m2", "m9"), "MESSAGE-STORED")]
)
def test_what_the_sender_hears_says_who_may_be_to_blame(heard: tuple[str, ...], blamed: str) -> None:
    made = Handmade()
    made.opens(transport="upgrade")
    made.greeted()
    made.says("before", tag="before")
    made.emits({"text": "moving"}, tag="moving")
    made.ack({"message": message("moving", id="m2")})
    for name in heard:
        made.event(MESSAGE, message("moving", id=name))
    with pytest.raises(Deviation) as raised:
        heard_once(made.record, "phone")
    assert raised.value.unless == blamed


@pytest.mark.parametrize(("echoed", "blamed"), [(True, "MESSAGE-DEVICES"), (False, "MESSAGE-ECHO")])
def test_what_a_listener_misses_is_the_senders_loss_or_its_own(echoed: bool, blamed: str) -> None:
    made = Handmade()
    phone = made.opens("phone", transport="upgrade")
    made.greeted()
    made.opens("tablet")
    made.greeted()
    made.event(MESSAGE, made.says("before", tag="before"), connection=phone, device="phone")
    made.emits({"text": "moving"}, tag="moving")
    if echoed:
        made.event(MESSAGE, message("moving", id="m2"))
    made.ack({"message": message("moving", id="m2")})
    with pytest.raises(Deviation) as raised:
        heard_once(made.record, "phone")
    assert raised.value.unless == blamed
