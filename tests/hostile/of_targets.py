"""What is not a Help Center, or stops being one."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from urllib.parse import quote

from tests.hostile.peer import HANDSHAKE, Peer, frame
from tests.hostile.target import everything, hostile, rest, sockets, websockets

HTML = b"Content-Type: text/html\r\n"


@hostile(everything, 4, says="does not answer within")
async def says_nothing(peer: Peer) -> None:
    await peer.gone()


@hostile(everything, 4, says="does not answer within")
async def drips_its_head(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await peer.forever(b"x", 0.5)


@hostile(everything, 4, says="does not speak HTTP")
async def speaks_no_http(peer: Peer) -> None:
    await peer.send(b"\x15\x03\x01\x00\x02 \x1b[2Jthis is not HTTP\r\n\r\n")


@hostile(everything, 4, says="no Help Center")
async def a_web_page(peer: Peer) -> None:
    await peer.answer(b"<!doctype html><title>Welcome</title>", headers=HTML)


@hostile(everything, 4, says="login")
async def a_login_wall(peer: Peer) -> None:
    await peer.answer(b"", status="302 Found", headers=b"Location: /login?next=%2F\r\n")


@hostile(everything, 4, says="elsewhere.example")
async def a_redirect_to_another_host(peer: Peer) -> None:
    await peer.answer(b"", status="301 Moved", headers=b"Location: https://elsewhere.example/\r\n")


@hostile(everything, 4)
async def a_page_without_end(peer: Peer) -> None:
    await peer.begin(HTML)
    await peer.forever(b"<p>more" * 1000)


@hostile(everything, 4, says="Engine.IO 3")
async def socket_io_2(peer: Peer) -> None:
    old = b'{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":5000}'
    if " /socket.io/" not in peer.request:
        return await peer.answer(b"not found", status="404 Not Found", headers=b"Content-Type: text/plain\r\n")
    if "websocket" in peer.request:
        await peer.upgrade()
        await peer.send(frame(b"0" + old) + frame(b"40"))
        return await peer.gone()
    await peer.answer(b"%d:0%b2:40" % (len(old) + 1, old), headers=b"Content-Type: text/plain\r\n")


@hostile(everything, 4, says="no Help Center")
async def refuses_engine_io_4(peer: Peer) -> None:
    if " /socket.io/" not in peer.request:
        return await peer.answer(b"not found", status="404 Not Found", headers=b"Content-Type: text/plain\r\n")
    await peer.answer(b'{"code":5,"message":"Unsupported protocol version"}', status="400 Bad Request")


@hostile(sockets)
async def greets_no_one(peer: Peer) -> None:
    if "websocket" not in peer.request:
        return await peer.answer(b"no", status="400 Bad Request")
    await peer.upgrade()
    await peer.send(frame(HANDSHAKE) + frame(b'40/help-center,{"sid":"a"}'))
    await peer.gone()


@hostile(sockets)
async def shakes_hands_and_says_no_more(peer: Peer) -> None:
    if "websocket" not in peer.request:
        return await peer.answer(b"no", status="400 Bad Request")
    await peer.upgrade()
    await peer.send(frame(HANDSHAKE))
    await peer.gone()


@hostile(everything, 0, 1, seconds=300)  # it is conformant: who is slow is waited for
async def answers_everything_in_four_seconds(peer: Peer) -> None:
    await asyncio.sleep(4)
    await peer.through()


_began = time.monotonic()


@hostile(everything, 0, 1, 4, 10)
async def away_from_the_sixth_to_the_sixteenth_second(peer: Peer) -> None:
    if 6 < time.monotonic() - _began < 16:
        return

    async def leave(peer: Peer) -> None:
        await asyncio.sleep(max(0.0, 6 - (time.monotonic() - _began)) or 10**6)
        peer.writer.transport.abort()

    await peer.through(beside=leave)


@hostile(everything, 0, 1, 4)
async def dies_after_six_seconds(peer: Peer) -> None:
    if time.monotonic() - _began > 6:
        return

    async def leave(peer: Peer) -> None:
        await asyncio.sleep(max(0.0, 6 - (time.monotonic() - _began)))
        peer.writer.transport.abort()

    await peer.through(beside=leave)


# -- echoes ------------------------------------------------------------------------------------------------------------


def disguises(token: str) -> dict[str, str]:
    """What a target may make of a token."""
    head, _, tail = token.rpartition(".")
    encoded = base64.b64encode(f"x{token}".encode()).decode()
    return {
        "plain": token,
        "base64": base64.b64encode(token.encode()).decode(),
        "base64_shifted": encoded,
        "url": quote(token.replace(".", "%2E"), safe=""),
        "hex": token.encode().hex(),
        "reversed": token[::-1],
        "upper": token.upper(),
        "spaced": " ".join(token),
        "first_half": token[: len(token) // 2],
        "second_half": token[len(token) // 2 :],
        "signature": tail,
        "head": head,
    }


@hostile(rest, 0, 1)
async def rest_echoes_the_token_in_every_form(peer: Peer) -> None:
    token = peer.token or "none"
    body = {"conversation": {"id": disguises(token)["second_half"]}, "messages": [], **disguises(token)}
    await peer.answer(
        json.dumps(body).encode(), status=f"200 {token[::-1]}", headers=b"X-Token: " + token.encode() + b"\r\n"
    )


@hostile(websockets)
async def closes_with_the_second_half_of_the_token(peer: Peer) -> None:
    token = peer.token
    await peer.upgrade()
    await peer.send(frame(HANDSHAKE))
    token = token or (await peer.reader.read(4096)).decode("latin-1")
    await peer.send(frame(b"\x0f\xa1" + token[len(token) // 2 :][:120].encode(), 8))
    await peer.gone()
