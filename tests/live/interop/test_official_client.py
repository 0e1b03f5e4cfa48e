"""The official JavaScript client, and our recorder: the same flow, the same conversation, the same story."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from conformance.auth.tokens import KeyMinter
from conformance.auth.users import Minted, User
from conformance.redaction import Redactor
from conformance.reference import HelpCenter, Served, Verifier
from tests.support.clients import CONNECTED, DEADLINE, ERROR, MESSAGE, SECRET, in_loop
from tests.support.network import Network, network
from tests.support.phones import (
    ACK,
    DISCONNECT,
    LEFT,
    LOST,
    REFUSED,
    REST,
    Phone,
    Recorded,
    Story,
    Tablet,
    official,
    saw,
    tablet_of,
)
from tests.support.servers import node_server
from tests.support.staging import stage_at

OFFLINE = ("written in a tunnel", "and another one")
TABLETS = ("from the tablet", "meanwhile")


@dataclass(frozen=True)
class Setting:
    """How a mobile app sets up its transports. ``ours``: how the recorder does the same; ``ends_on``: the transport
    that it comes to; ``websockets``: whether the network lets any through."""

    options: Mapping[str, Any]
    ours: str
    ends_on: str
    websockets: bool = True


SETTINGS: Mapping[str, Setting] = {
    "as in the document": Setting({"transports": ["websocket", "polling"]}, "websocket", "websocket"),
    "the client's default": Setting({}, "upgrade", "websocket"),
    "websocket only": Setting({"transports": ["websocket"]}, "websocket", "websocket"),
    "polling only": Setting({"transports": ["polling"]}, "polling", "polling"),
    "websocket where there is none": Setting(
        {"transports": ["websocket", "polling"], "tryAllTransports": True}, "polling", "polling", websockets=False
    ),
}


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    app = HelpCenter(Verifier(SECRET)).app
    with Served(app) as reference, node_server(f"--jwt-secret={SECRET}") as node:
        yield {"reference": reference.url, "node": node}


def somebody() -> User:
    """A user whom no server has seen."""
    return User("user 1", uuid.uuid4().hex, Minted(KeyMinter(SECRET)), Redactor(), brand_new=True)


# -- the flow ------------------------------------------------------------------------------------------------------


async def flow(phone: Phone, tablet: Tablet, net: Network, user: User) -> None:
    """Sections 5 to 8: the last messages by REST; connect, render; send, with acks; typing; another device; no network,
    and what is written then; back with a token that has expired meanwhile; a new token; the rest is sent; leave."""
    expired, fresh = await user.bad("expired"), await user.token(fresh=True)
    await phone.store(await user.token())
    await phone.fetch()
    await phone.until(REST, 1)
    await phone.connect()
    await phone.until(CONNECTED, 1)
    await tablet.connect()
    for number, text in enumerate(("hello", "  with white space \n"), 1):
        await phone.send(text)
        await phone.until(ACK, number)
        await phone.until(MESSAGE, 2 * number)  # its own, and support's
    await phone.send(" \t")
    await phone.until(ACK, 3)
    await phone.typing(True)
    await phone.typing(False)
    await tablet.say(TABLETS[0])
    await phone.until(MESSAGE, 6)
    net.down()
    await phone.until(DISCONNECT, 1)
    for text in OFFLINE:
        await phone.send(text)
    await tablet.say(TABLETS[1])
    await tablet.until(MESSAGE, 8)
    await phone.store(expired)
    net.up()
    await phone.come_back()
    await phone.until(DISCONNECT, 2)
    await phone.store(fresh)
    await phone.connect()
    await phone.until(ACK, 5)
    await phone.until(MESSAGE, 10)
    await tablet.until(MESSAGE, 12)
    await phone.fetch()
    await phone.until(REST, 2)


# -- the story -----------------------------------------------------------------------------------------------------


def plain(story: Story) -> tuple[Story, Story]:
    """What two users' stories have in common. Support answers when it likes: its messages are a story of their own."""
    words = {"transport close": LOST, "transport error": LOST}  # of the official client
    seen = [(what, words.get(detail, detail) if what == DISCONNECT else blank(detail)) for what, detail in story]
    support = [one for one in seen if one[0] == MESSAGE and one[1]["sender"] == "support"]
    return [one for one in seen if one not in support], support


OWN = {"id", "conversationId", "userId", "createdAt", "updatedAt"}


def blank(value: Any) -> Any:
    """Without ids and instants; histories with what support said after what the user said."""
    if isinstance(value, dict):
        return {key: f"some {key}" if key in OWN else blank(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return sorted((blank(inner) for inner in value), key=lambda message: message["sender"] == "support")
    return value


def check_conversation(story: Story, heard: Sequence[Any]) -> None:
    """What a phone saw, beside what the tablet heard at the same time: the very same messages."""
    missed = [message for message in heard if message not in saw(story, MESSAGE)]
    assert [(message["sender"], message["text"]) for message in missed[:1]] == [("user", TABLETS[1])]
    assert [message["sender"] for message in missed] == ["user", "support"]
    assert saw(story, MESSAGE) == [message for message in heard if message not in missed]
    first, second = saw(story, CONNECTED)
    assert (first["messages"], second["messages"]) == ([], heard[:8])
    assert [answer["message"] for answer in saw(story, ACK) if "message" in answer] == [
        message for message in heard if message["sender"] == "user" and message["text"] not in TABLETS
    ]
    launch, later = saw(story, REST)
    assert (launch["messages"], later["messages"]) == ([], heard)
    assert launch["conversation"]["id"] == first["conversation"]["id"] == later["conversation"]["id"]


@pytest.mark.parametrize("make", ["reference", "node"])
@pytest.mark.parametrize("name", SETTINGS)
@in_loop
async def test_the_official_client_and_the_recorder_tell_the_same_story(
    urls: dict[str, str], name: str, make: str
) -> None:
    setting, url = SETTINGS[name], urls[make]
    theirs, ours = await asyncio.gather(official_story(url, setting), recorded_story(url, setting))
    assert plain(theirs) == plain(ours)
    assert [error["code"] for error in saw(theirs, ERROR)] == ["UNAUTHORIZED"]
    assert saw(plain(theirs)[0], DISCONNECT) == [LOST, REFUSED, LEFT]


async def official_story(url: str, setting: Setting) -> Story:
    user = somebody()
    async with network(url, websockets=setting.websockets) as net, tablet_of(user, url) as tablet:
        async with official(net.url, setting.options) as phone:
            await flow(phone, tablet, net, user)
            assert await phone.transport(moves=setting.ours == "upgrade") == setting.ends_on
            rendered = await phone.rendered()
            await phone.leave()
        check_conversation(phone.story, tablet.messages)
        assert rendered == tablet.messages
        return phone.story


async def recorded_story(url: str, setting: Setting) -> Story:
    user = somebody()
    async with network(url) as net, tablet_of(user, url) as tablet, stage_at(net.url, deadline=DEADLINE) as stage:
        phone = Recorded(stage, user, setting.ours)
        await flow(phone, tablet, net, user)
        await phone.leave()
        check_conversation(phone.story, tablet.messages)
        return phone.story
