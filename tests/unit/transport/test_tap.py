"""What crosses between a client library and the target is bounded, too."""

from __future__ import annotations

import aiohttp
import pytest

from conformance.transport.close_reason import CloseReason
from conformance.transport.engineio import MOST_PONGS, Pongs, Transport
from conformance.transport.meter import Meter
from conformance.transport.tap import Tap
from tests.support.peers import HANDSHAKE, Heard

WEBSOCKET = Transport.WEBSOCKET


class Listener(Heard):
    def on_opening(self, via: Transport) -> None:
        pass

    def on_written(self, message: str, via: Transport) -> None:
        pass


def opened() -> tuple[Tap, Listener]:
    heard = Listener()
    tap = Tap(heard, Meter())
    tap.opening(WEBSOCKET)
    return tap, heard


def test_pings_that_are_answered_may_be_as_many_as_a_server_likes() -> None:
    tap, heard = opened()
    tap.received(HANDSHAKE, WEBSOCKET)
    for _ in range(2 * MOST_PONGS):
        tap.received("2body", WEBSOCKET)
        tap.sent("3body", WEBSOCKET)
    assert heard.ending is None


def test_a_ping_too_many_ends_the_connection() -> None:
    tap, heard = opened()
    tap.received(HANDSHAKE, WEBSOCKET)
    tap.received("2" + "x" * 2**15, WEBSOCKET)
    tap.received("2" + "x" * 2**15, WEBSOCKET)
    with pytest.raises(aiohttp.ClientPayloadError, match="3 unanswered pings of 65,537 characters"):
        tap.received("2x", WEBSOCKET)
    assert heard.ending == CloseReason("target", reason="3 unanswered pings of 65,537 characters")


def test_so_do_empty_ones() -> None:
    pongs = Pongs(packets=MOST_PONGS)
    assert pongs.too_many is None
    pongs.add("")
    assert pongs.too_many == CloseReason("target", reason="10,001 unanswered pings of 0 characters")


def test_a_sid_that_no_url_can_hold_is_not_used() -> None:
    tap, heard = opened()
    handshake = '0{"sid":"%s","pingInterval":1,"pingTimeout":1,"upgrades":[]}' % ("x" * 1001)
    with pytest.raises(aiohttp.ClientPayloadError, match="a sid of 1,001 characters"):
        tap.received(handshake, WEBSOCKET)
    assert heard.ending is not None
    assert heard.ending.by == "target"
