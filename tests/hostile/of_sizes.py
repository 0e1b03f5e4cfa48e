"""What is just below the limits, on every connection and in every answer of a run."""

from __future__ import annotations

import functools
import itertools
import json

from tests.hostile.peer import Peer, deflated, frame
from tests.hostile.target import hostile, polls, rest, websockets

MEGABYTES = 60
"""Of each; ``--max-payload`` is 64."""
JSON = b"Content-Type: application/json\r\n"
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"


@functools.cache
def typing(value: bytes) -> bytes:
    """A packet of so many megabytes that holds this again and again."""
    return b'42/help-center,["help_center:typing",{"conversationId":"c","isTyping":true,"more":%b}]' % listed(value)


@functools.cache
def listed(value: bytes) -> bytes:
    """So many megabytes of it."""
    return b"[%b]" % b",".join([value] * (MEGABYTES * 2**20 // (len(value) + 1)))


@functools.cache
def framed(value: bytes) -> bytes:
    """The same as a frame, made once: it is the harness that is to have the work."""
    return frame(typing(value))


LOOKS = itertools.count()
LONG, MANY = b'"%b"' % (b"x" * 2**20), b"{}"
"""A text of a megabyte, and a value of two bytes that takes forty times as many in memory."""


@hostile(websockets, 0, 1, 4, 10)
async def frames_just_below_the_limit(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.send(framed(LONG)))


@hostile(websockets, 0, 1, 4, 10)
async def frames_of_many_values_just_below_the_limit(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.send(framed(MANY)))


@hostile(websockets, 0, 1, 4, 10)
async def frames_that_stop_just_before_their_end(peer: Peer) -> None:
    async def most(peer: Peer) -> None:
        await peer.send(memoryview(framed(LONG))[:-1])
        await peer.gone()

    await peer.through(beside=most)


@hostile(websockets)
async def compressed_frames_just_below_the_limit(peer: Peer) -> None:
    await peer.upgrade(DEFLATE)
    await peer.send(
        frame(deflated(b'0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000}', 0), first=0xC0)
    )
    await peer.send(frame(deflated(b"4", MEGABYTES), first=0xC0))
    await peer.gone()


@hostile(polls, 0, 1, 10)
async def polls_just_below_the_limit(peer: Peer) -> None:
    await polled(peer, typing(LONG))


@hostile(polls, 0, 1, 10)
async def polls_of_many_values_just_below_the_limit(peer: Peer) -> None:
    await polled(peer, typing(MANY))


async def polled(peer: Peer, packet: bytes) -> None:
    """Whatever else a poll brings, it brings this too."""
    if peer.request.startswith("POST"):
        return await peer.through()
    body = await peer.correct()
    if b"help_center:connected" in body:
        body += b"\x1e" + packet
    await peer.answer(body, headers=b"Content-Type: text/plain\r\n")


@hostile(rest, 0, 1, 10)
async def rest_just_below_the_limit(peer: Peer) -> None:
    await answered(peer, LONG)


@hostile(rest, 0, 1, 10)
async def rest_of_many_values_just_below_the_limit(peer: Peer) -> None:
    await answered(peer, MANY)


async def answered(peer: Peer, value: bytes) -> None:
    """The conversation, and much else."""
    body = json.loads(await peer.correct() or b"{}")
    begins = json.dumps({**body, "more": 0})[:-2].encode()
    await peer.begin(JSON + b"Content-Length: %d\r\n" % (len(begins) + len(listed(value)) + 1))
    for part in (begins, listed(value), b"}"):
        await peer.send(part)


@hostile(rest, 0, 1, 10)
async def rest_shows_another_long_history_each_time(peer: Peer) -> None:
    """Twelve megabytes of messages that nobody has seen before."""
    body = json.loads(await peer.correct() or b"{}")
    looks = next(LOOKS)
    message = {"conversationId": "c", "sender": "user", "text": "x" * 150, "createdAt": "2026-01-01T00:00:00Z"}
    shown = [{"id": f"{looks}-{number}", **message} for number in range(50_000)]
    await peer.answer(json.dumps({**body, "messages": shown}, separators=(",", ":")).encode())
