"""Handshakes, polls and frames that never end, or have no bounds."""

from __future__ import annotations

import asyncio
import functools
import json
import re

from tests.hostile.peer import BINARY, CLOSE, HANDSHAKE, PING, Peer, deflated, frame, gzipped, zeros
from tests.hostile.target import hostile, polls, sockets, websockets

PLAIN = b"Content-Type: text/plain\r\n"
CHUNKED = PLAIN + b"Transfer-Encoding: chunked\r\n"
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
BOMB = functools.cache(zeros)
ENTER = b'40/help-center,{"sid":"a"}'


@functools.cache
def sixty_megabytes() -> bytes:
    return frame(b"4" + b"x" * 60 * 2**20)


async def shaken(peer: Peer) -> None:
    """Shake hands over WebSocket, and let the client enter the namespace."""
    await peer.upgrade()
    await peer.send(frame(HANDSHAKE) + frame(ENTER))


# -- over long-polling -----------------------------------------------------------------------------------------------


@hostile(polls)
async def polling_drips(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.forever(b"1\r\n0\r\n", 0.5)


@hostile(polls, says="67,108,864 bytes")
async def polling_sends_bytes_without_end(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.forever(b"10000\r\n" + b"0" * 65536 + b"\r\n")


@hostile(polls, says="67,108,864 bytes")
async def polling_is_a_gzip_bomb(peer: Peer) -> None:
    await peer.answer(BOMB(1), headers=PLAIN + b"Content-Encoding: gzip\r\n")


@hostile(polls, 10, 1, says="packets")
async def polls_bring_a_hundred_thousand_noops(peer: Peer) -> None:
    if "sid=" not in peer.request:
        return await peer.answer(HANDSHAKE, headers=PLAIN)
    await peer.answer(b"6\x1e" * 10**5 + b"6" if peer.request.startswith("GET") else b"ok", headers=PLAIN)


@hostile(polls, 1, 10)
async def polls_are_answered_empty_at_once(peer: Peer) -> None:
    body = b"ok" if peer.request.startswith("POST") else b"6" if "sid=" in peer.request else HANDSHAKE
    await peer.answer(body, headers=PLAIN)


@hostile(polls, 1, 4, 10)
async def polls_are_compressed_pings(peer: Peer) -> None:
    body = b"ok" if peer.request.startswith("POST") else b"2\x1e" * 10**6 + b"2"
    gzip = PLAIN + b"Content-Encoding: gzip\r\n"
    await peer.answer(gzipped(body if "sid=" in peer.request else HANDSHAKE), headers=gzip)


# -- WebSocket: frames -----------------------------------------------------------------------------------------------


@hostile(websockets, 10, says="--max-payload")
async def a_frame_of_two_hundred_megabytes(peer: Peer) -> None:
    await shaken(peer)
    await peer.send(b"\x81\x7f" + (200 * 2**20).to_bytes(8, "big"))
    await peer.forever(b"4" * 65536)


@hostile(websockets)
async def a_frame_of_sixty_megabytes(peer: Peer) -> None:
    await shaken(peer)
    await peer.send(sixty_megabytes())
    await peer.gone()


@hostile(websockets, 10, says="--max-payload")
async def a_message_of_frames_without_end(peer: Peer) -> None:
    await shaken(peer)
    await peer.send(frame(b"4", first=0))
    await peer.forever(frame(b"x" * 65536, 0, first=0))


@hostile(websockets, 10, says="--max-payload")
async def empty_continuations_without_end(peer: Peer) -> None:
    await shaken(peer)
    await peer.send(frame(b"4", first=0))
    await peer.forever(frame(b"", 0, first=0) * 1000)


@hostile(websockets, 10, says="--max-payload")
async def a_deflate_bomb(peer: Peer) -> None:
    await peer.upgrade(DEFLATE)
    await peer.send(frame(HANDSHAKE) + frame(ENTER) + frame(deflated(b"4", 256), first=0xC0))
    await peer.gone()


@hostile(websockets)
async def a_websocket_without_a_handshake(peer: Peer) -> None:
    await peer.upgrade()
    await peer.gone()


@hostile(websockets)
async def a_websocket_that_hangs_half_open(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
    await peer.gone()


@hostile(websockets)
async def frames_that_are_masked(peer: Peer) -> None:
    await peer.upgrade()
    await peer.send(b"\x81\x84abcd1234")
    await peer.gone()


@hostile(websockets)
async def frames_of_reserved_kinds(peer: Peer) -> None:
    await shaken(peer)
    await peer.send(frame(b"x", 5, first=0xF0))
    await peer.gone()


@hostile(websockets)
async def text_frames_that_are_no_utf8(peer: Peer) -> None:
    await shaken(peer)
    await peer.send(frame(b"4\xff\xfe\xfd"))
    await peer.gone()


@hostile(websockets)
async def a_close_reason_with_a_forged_verdict(peer: Peer) -> None:
    await shaken(peer)
    await peer.send(frame(b"\x0f\xa1\x1b[2K\rVERDICT  conformant: every MUST holds\x1b]0;owned\x07", CLOSE))
    await peer.gone()


# -- floods ----------------------------------------------------------------------------------------------------------

TYPING = frame(b'42/help-center,["help_center:typing",{"conversationId":"c","isTyping":true}]')


@hostile(websockets, 1, 10, says="packets")
async def a_flood_of_typing(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.forever(TYPING * 100, 0.01))


@hostile(websockets, 1, 10, says="packets")
async def a_flood_of_unknown_events(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.forever(frame(b'42/help-center,["other",1]') * 100, 0.01))


@hostile(websockets, 0, 1, 10)
async def a_flood_of_noops(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.forever(frame(b"6") * 100, 0.01))


@hostile(websockets, 0, 1, 10)
async def a_flood_of_pings(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.forever(frame(b"2") * 100, 0.01))


@hostile(websockets, 0, 1, 10)
async def a_flood_of_websocket_pings(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.forever(frame(b"p", PING) * 100, 0.01))


@hostile(websockets, 0, 1, 10)
async def a_flood_of_binary_frames(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.forever(frame(b"stray", BINARY) * 100, 0.01))


@hostile(websockets, 1, 10, says="packets")
async def a_flood_of_attachments_to_come(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.forever(frame(b'4599999999-/help-center,["x"]') * 100, 0.01))


@hostile(websockets, 1, 10, says="packets")
async def a_burst_of_a_hundred_thousand_packets(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.send(TYPING * 100_000))


@hostile(websockets, 0, 1, 10)
async def five_hundred_messages_a_second(peer: Peer) -> None:
    numbers = iter(range(10**9))

    async def message(peer: Peer) -> None:
        while True:
            fields = {"id": f"m{next(numbers)}", "conversationId": "c", "sender": "support", "text": "x" * 500}
            payload = json.dumps(["help_center:message", {**fields, "createdAt": "2026-01-01T00:00:00Z"}])
            await peer.send(frame(f"42/help-center,{payload}".encode()))
            await asyncio.sleep(0.002)

    await peer.through(beside=message)


# -- odd values --------------------------------------------------------------------------------------------------------


def handshake(field: bytes, value: bytes) -> object:
    """A handler that changes a field of the handshake."""

    async def handle(peer: Peer) -> None:
        pattern = re.compile(rb'"%b":\s*\d+' % field)
        if "websocket" in peer.request:
            return await peer.through(lambda data: _reframed(data, pattern, b'"%b":%b' % (field, value)))
        if "sid=" in peer.request:
            return await peer.through()
        body = pattern.sub(b'"%b":%b' % (field, value), await peer.correct())
        await peer.answer(body, headers=PLAIN)

    return handle


def _reframed(data: bytes, pattern: re.Pattern[bytes], value: bytes) -> bytes:
    """Frames in which the text of the handshake was replaced; it is one short frame."""
    at = data.find(b'0{"sid"')
    if at < 0:
        return data
    head = 2 if data[at - 2 : at - 1] == b"\x81" else 4
    size = data[at - 1] if head == 2 else int.from_bytes(data[at - 2 : at], "big")
    return data[: at - head] + frame(pattern.sub(value, data[at : at + size])) + data[at + size :]


for name, values in {
    "pingInterval": {"a_list": b"[25000]", "huge": b"1" + b"0" * 400, "of_a_million_digits": b"9" * 10**6},
    "pingTimeout": {"an_object": b'{"ms":1}', "negative": b"-5", "a_text": b'"soon"'},
    "maxPayload": {"a_list": b"[1]", "zero": b"0", "huge": b"1" + b"0" * 400, "negative": b"-1"},
}.items():
    for word, value in values.items():
        odd = handshake(name.encode(), value)
        snake = re.sub("([A-Z])", r"_\1", name).lower()
        odd.__name__ = f"{snake}_is_{word}"  # type: ignore[attr-defined]
        hostile(sockets, 0, 1, 10)(odd)  # type: ignore[arg-type]


@hostile(websockets, 0, 1, 10)
async def events_with_odd_names(peer: Peer) -> None:
    names = ["\x1b[2J", "", "__proto__", "../../etc/passwd", "<script>alert(1)</script>", "x" * 10**5, "\ud800", "\r\n"]

    async def odd(peer: Peer) -> None:
        for name in names:
            await peer.send(frame(f"42/help-center,{json.dumps([name, {'id': name}])}".encode()))
            await peer.send(frame(f"42/help-center,{json.dumps(['help_center:message', {'id': name}])}".encode()))
        await peer.send(frame(b"42/help-center,[1,2]") + frame(b"42/help-center,[[],{}]") + frame(b"42/help-center,{}"))

    await peer.through(beside=odd)


@hostile(websockets, 0, 1, 10)
async def events_with_texts_of_twenty_megabytes(peer: Peer) -> None:
    text = b"long " * 4 * 10**6
    await peer.through(
        beside=lambda peer: peer.send(frame(b'42/help-center,["help_center:message",{"text":"%b"}]' % text))
    )


@hostile(websockets, 0, 1, 10)
async def events_with_integers_of_a_million_digits(peer: Peer) -> None:
    event = frame(b'42/help-center,["help_center:message",{"id":%b}]' % (b"9" * 10**6))
    await peer.through(beside=lambda peer: peer.send(event))


@hostile(websockets, 0, 1, 10)
async def acks_with_ids_of_a_thousand_digits(peer: Peer) -> None:
    await peer.through(beside=lambda peer: peer.send(frame(b"43/help-center,%b[{}]" % (b"9" * 1000))))


@hostile(websockets, 0, 1, 10)
async def packets_nested_a_hundred_thousand_deep(peer: Peer) -> None:
    deep = b"[" * 10**5 + b"]" * 10**5
    await peer.through(beside=lambda peer: peer.send(frame(b'42/help-center,["help_center:message",%b]' % deep)))
