"""What a run costs its target is counted where it crosses the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

import httpx
import pytest

from conformance.reference import HelpCenter, Served, Verifier
from conformance.transport import plain_http
from conformance.transport.close_reason import HandshakeFailed
from conformance.transport.connection import Connection
from conformance.transport.engineio import Transport
from conformance.transport.limits import Intake
from conformance.transport.meter import Meter
from tests.support.clients import DEADLINE, SECRET
from tests.support.peers import Heard, in_loop, send

WORDS = '2/help-center,["unheard of","é"]'


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Served(HelpCenter(Verifier(SECRET)).app) as served:
        yield served.url


def connection(url: str, heard: Heard, intake: Intake) -> Connection:
    return Connection(url, heard, headers={}, tls=None, deadline=DEADLINE, intake=intake)


@pytest.mark.parametrize("transport", list(Transport))
@in_loop
async def test_payloads_are_counted_in_bytes_both_ways(url: str, transport: Transport) -> None:
    heard, intake = Heard(), Intake()
    wire = connection(url, heard, intake)
    await wire.open(transport)
    shaken = intake.meter.bytes_received
    assert shaken > len(heard.handshake["sid"])
    send(wire, heard, WORDS)
    await wire.close()
    assert intake.meter.bytes_sent == len(f"4{WORDS}".encode()) + (transport is Transport.POLLING)  # its goodbye
    assert (intake.meter.connections, intake.meter.devices_at_once) == (1, 1)


@in_loop
async def test_the_most_devices_at_the_same_time_count_and_refused_ones_do_not(url: str) -> None:
    intake = Intake()
    async with AsyncExitStack() as stack:
        for _ in range(3):
            wire = connection(url, Heard(), intake)
            stack.push_async_callback(wire.close)
            await wire.open(Transport.WEBSOCKET)
    last = connection(url, Heard(), intake)
    await last.open(Transport.POLLING)
    await last.drop()
    nowhere = connection("http://127.0.0.1:9", Heard(), intake)
    with pytest.raises(HandshakeFailed):
        await nowhere.open(Transport.WEBSOCKET)
    assert (intake.meter.connections, intake.meter.devices_at_once) == (5, 3)


@in_loop
async def test_requests_and_their_answers_are_counted(url: str) -> None:
    intake = Intake()
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = await plain_http.get(client, "/help-center/messages", intake, silence=DEADLINE)
    assert answer.content
    assert intake.meter.reading() == {
        "devices_at_once": 0,
        "connections": 0,
        "messages": 0,
        "requests": 1,
        "bytes_sent": 0,
        "bytes_received": len(answer.content),
    }


def test_halves_of_surrogate_pairs_and_codes_of_close_frames_do_no_harm() -> None:
    meter = Meter()
    meter.sent("\ud800")
    meter.received(1000)
    meter.received(None)
    assert (meter.bytes_sent, meter.bytes_received) == (3, 0)
