"""REST that never ends, or has no bounds."""

from __future__ import annotations

import asyncio
import functools
import json
import zlib

from tests.hostile.peer import Peer, zeros
from tests.hostile.target import hostile, rest

JSON = b"Content-Type: application/json\r\n"
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n"
BOMB = functools.cache(zeros)


@hostile(rest)
async def rest_drips_its_head(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await peer.forever(b"x", 0.5)


@hostile(rest)
async def rest_drips_headers(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\n")
    await peer.forever(b"X-Slow: yes\r\n", 0.5)


@hostile(rest)
async def rest_drips_its_body(peer: Peer) -> None:
    await peer.begin(JSON + b"Content-Length: 1000000\r\n")
    await peer.forever(b" ", 0.5)


@hostile(rest)
async def rest_never_ends_after_good_json(peer: Peer) -> None:
    body = await peer.correct()
    await peer.begin(CHUNKED)
    await peer.send(b"%x\r\n%b\r\n" % (len(body), body))
    await peer.gone()


@hostile(rest)
async def rest_goes_on_with_spaces_after_good_json(peer: Peer) -> None:
    body = await peer.correct()
    await peer.begin(CHUNKED)
    await peer.send(b"%x\r\n%b\r\n" % (len(body), body))
    await peer.forever(b"1\r\n \r\n", 0.5)


@hostile(rest)
async def rest_says_continue_for_ever(peer: Peer) -> None:
    await peer.forever(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01)


@hostile(rest)
async def rest_says_continue_as_fast_as_it_can(peer: Peer) -> None:
    await peer.forever(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@hostile(rest, 10, says="--max-payload")
async def rest_sends_bytes_without_end(peer: Peer) -> None:
    await peer.begin(CHUNKED)
    await peer.forever(b"10000\r\n" + b" " * 65536 + b"\r\n")


@hostile(rest, 10, says="--max-payload")
async def rest_announces_a_terabyte(peer: Peer) -> None:
    await peer.begin(JSON + b"Content-Length: %d\r\n" % 2**40)
    await peer.forever(b" " * 65536)


@hostile(rest, 10, says="--max-payload")
async def rest_is_a_gzip_bomb(peer: Peer) -> None:
    await peer.answer(BOMB(1), headers=JSON + b"Content-Encoding: gzip\r\n")


@hostile(rest, 10, says="--max-payload")
async def rest_is_a_deflate_bomb(peer: Peer) -> None:
    await peer.answer(BOMB(1, 15), headers=JSON + b"Content-Encoding: deflate\r\n")


@hostile(rest, 10, says="--max-payload")
async def rest_is_a_bomb_in_a_bomb(peer: Peer) -> None:
    squeeze = zlib.compressobj(9, wbits=31)
    body = squeeze.compress(BOMB(4)) + squeeze.flush()
    await peer.answer(body, headers=JSON + b"Content-Encoding: gzip, gzip\r\n")


@hostile(rest)
async def rest_has_a_thousand_encodings(peer: Peer) -> None:
    await peer.answer(b"x", headers=JSON + b"Content-Encoding: " + b"gzip, " * 999 + b"gzip\r\n")


@hostile(rest)
async def rest_has_headers_without_end(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\n")
    await peer.forever(b"X-More: " + b"x" * 1000 + b"\r\n")


@hostile(rest)
async def rest_has_a_header_without_end(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    await peer.forever(b"x" * 65536)


@hostile(rest, 0)
async def rest_answers_each_in_four_seconds(peer: Peer) -> None:
    await asyncio.sleep(4)
    await peer.through()


@hostile(rest)
async def rest_has_an_integer_of_a_million_digits(peer: Peer) -> None:
    body = json.loads(await peer.correct() or b"{}")
    await peer.answer(json.dumps({**body, "x": "X"}).encode().replace(b'"X"', b"1" * 10**6))


@hostile(rest)
async def rest_is_nested_a_million_deep(peer: Peer) -> None:
    await peer.answer(b"[" * 10**6 + b"]" * 10**6)


@hostile(rest, 0, 1)
async def rest_has_a_text_of_twenty_megabytes(peer: Peer) -> None:
    body = json.loads(await peer.correct() or b"{}")
    for message in body.get("messages", ()):
        message["text"] = "long " * 4 * 10**6
        break
    await peer.answer(json.dumps(body).encode())


@hostile(rest)
async def rest_redirects_to_itself(peer: Peer) -> None:
    await peer.answer(b"", status="302 Found", headers=b"Location: /api/help-center/messages\r\n")


@hostile(rest)
async def rest_redirects_elsewhere(peer: Peer) -> None:
    await peer.answer(b"", status="307 Elsewhere", headers=b"Location: http://elsewhere.example/\r\n")


@hostile(rest)
async def rest_reason_is_a_terminal_escape(peer: Peer) -> None:
    await peer.answer(b"{}", status="500 \x1b[2J\x1b]0;owned\x07", headers=JSON)


@hostile(rest)
async def rest_speaks_no_http(peer: Peer) -> None:
    await peer.send(b"\x1b[2J\x1b]0;owned\x07 this is no HTTP\r\n\r\n")


@hostile(rest)
async def rest_closes_at_once(_: Peer) -> None:
    pass
