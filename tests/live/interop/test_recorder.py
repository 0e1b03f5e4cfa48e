"""The recorder beside the official python-socketio client: in the same conversation both tell the same story."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import socketio
from socketio import packet

from conformance import strict_json
from conformance.record.transcript import Kind
from conformance.reference import HelpCenter, Served, Verifier
from conformance.transport.socketio_packets import Received, fields_of
from tests.support.clients import CONNECTED, DEADLINE, ERROR, MESSAGE, NAMESPACE, SECRET, SEND, official_client
from tests.support.peers import in_loop
from tests.support.servers import node_server
from tests.support.staging import stage_at

Story = list[tuple[str, Any]]
ROUTES = pytest.mark.parametrize("transport", ["websocket", "polling"])
MAKES = pytest.mark.parametrize("make", ["reference", "node"])
TEXTS = [f'text {number} – äöü 😀 \\ " \u2028.' for number in range(100)]
LONG = 10 * DEADLINE
"""Seconds: for a hundred texts at once of two clients, on a busy machine."""


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    app = HelpCenter(Verifier(SECRET)).app
    with Served(app) as reference, node_server(f"--jwt-secret={SECRET}") as node:
        yield {"reference": reference.url, "node": node}


class Official:
    """A python-socketio client with a sync handler: events come in order as long as no handler awaits."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.story: Story = []
        self._changed = asyncio.Event()
        self.client.on("*", self._keep, namespace=NAMESPACE)

    def _keep(self, event: str, *args: Any) -> None:
        self.story.append((event, list(args)))
        self._changed.set()

    async def connect(self, url: str, token: str, transport: str) -> None:
        where = {"namespaces": [NAMESPACE], "transports": [transport], "auth": {"token": token}}
        await self.client.connect(url, wait=False, **where)
        await self.until(1)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(LONG):
            while len(self.story) < count:
                self._changed.clear()
                await self._changed.wait()

    async def send(self, text: str) -> Any:
        return await self.client.call(SEND, {"text": text}, namespace=NAMESPACE, timeout=LONG)


@MAKES
@ROUTES
@in_loop
async def test_both_tell_the_same_story(urls: dict[str, str], make: str, transport: str) -> None:
    async with official_client() as client, stage_at(urls[make], deadline=DEADLINE) as stage:
        official = Official(client)
        token = await stage.user.token()
        phone = stage.device("phone", token=token, transport=transport)
        await phone.connect()
        await official.connect(urls[make], token.value, transport)
        acks = await asyncio.gather(phone.pipeline(TEXTS), *(official.send(text) for text in TEXTS))
        heard = 1 + 2 * 2 * len(TEXTS)  # the greeting; a message for each send, and an answer of support
        await official.until(heard)
        await stage.recorder.until(lambda: len(phone.inbox.heard(MESSAGE)) == heard - 1 or None, within=LONG)
        events = [e for e in stage.transcript.of(Kind.RECEIVED) if e.get("event")]
        story: Story = [(e.get("event"), e.get("args")) for e in events]
    assert [event for event, _ in story] == [CONNECTED] + [MESSAGE] * (heard - 1)
    assert story == official.story
    assert sorted(ack["message"]["text"] for ack in acks[1:]) == sorted(TEXTS)


@MAKES
@ROUTES
@in_loop
async def test_both_read_the_same_acks(urls: dict[str, str], make: str, transport: str) -> None:
    """Each sends the same texts, valid or not: but for ids and times the answers are the same."""
    texts = ["hello", "", "  padded\n", "x" * 2001, "\u2028"]
    async with official_client() as client, stage_at(urls[make], deadline=DEADLINE) as stage:
        official = Official(client)
        token = await stage.user.token()
        async with stage.device("phone", token=token, transport=transport) as phone:
            await official.connect(urls[make], token.value, transport)
            ours = [await phone.send_payload({"text": text}, tag="text") for text in texts]
            theirs = [await official.send(text) for text in texts]
    assert list(map(_timeless, ours)) == list(map(_timeless, theirs))
    assert [set(answer) for answer in ours[:4]] == [{"message"}, {"error"}, {"message"}, {"error"}]


def _timeless(answer: Any) -> Any:
    message = answer.get("message")
    return answer if message is None else {**message, "id": "", "createdAt": ""}


@MAKES
@ROUTES
@in_loop
async def test_both_are_refused_in_the_same_words(urls: dict[str, str], make: str, transport: str) -> None:
    async with official_client() as client, stage_at(urls[make], deadline=DEADLINE) as stage:
        official = Official(client)
        bad = await stage.user.bad("garbage")
        async with stage.device("phone", token=bad, transport=transport) as phone:
            reported = [(e.get("event"), e.get("args")) for e in phone.inbox.heard(ERROR)]
        await official.connect(urls[make], "not-a-token", transport)
    assert reported == official.story
    assert reported[0][1][0]["code"] == "UNAUTHORIZED"


# -- what we rely on inside of libraries ---------------------------------------------------------------------------


def test_socketio_packets_are_what_we_take_them_for() -> None:
    names = ["CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK"]
    assert packet.packet_names == names
    assert [getattr(packet, name) for name in names] == list(range(7))
    assert packet.Packet(packet.EVENT, data=["e", {"a": "ä"}], namespace="/n", id=7).encode() == (
        '2/n,7["e",{"a":"\\u00e4"}]'
    )


def test_socketio_decodes_with_the_json_of_the_class() -> None:
    with pytest.raises(ValueError, match="NaN is not JSON"):
        Received('2["e",NaN]', strict_json.loads)
    assert fields_of(Received('3/n,7["a"]', strict_json.loads)) == {
        "packet": "ACK",
        "namespace": "/n",
        "id": 7,
        "args": ["a"],
    }


def test_aiohttp_websockets_keep_their_response() -> None:
    source = inspect.getsource(aiohttp.ClientWebSocketResponse.__init__)
    assert "self._response = response" in source
    assert inspect.isroutine(aiohttp.ClientResponse.close)


def test_pytest_items_know_their_fixtures(request: pytest.FixtureRequest, urls: dict[str, str]) -> None:
    assert urls
    found = request.node._fixtureinfo.name2fixturedefs["urls"][-1]
    assert found.func.__name__ == "urls"
    assert isinstance(request.config._inicache, dict)
