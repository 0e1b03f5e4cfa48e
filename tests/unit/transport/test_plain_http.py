"""Requests outside of Engine.IO: their answers are read in bounded time and memory, and decompressed as clients do."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable
from itertools import pairwise

import httpx
import pytest

from conformance.transport import limits, plain_http
from conformance.transport.limits import Intake, TooMuch
from tests.support.peers import Stream, in_loop, raw_server

BOUND, SILENCE = 2**20, 0.3
BODY = b'{"messages": []}'
RAW = zlib.compressobj(wbits=-15)
RAW_DEFLATE = RAW.compress(BODY) + RAW.flush()


async def asked(handle: Callable[[Stream], Awaitable[None]], *, bound: int = BOUND) -> plain_http.Answer:
    async with raw_server(handle) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        return await plain_http.get(client, "/", Intake(bound), silence=SILENCE)


def answering(body: bytes, encoding: str = "identity", status: str = "200 OK") -> Callable[[Stream], Awaitable[None]]:
    async def handle(stream: Stream) -> None:
        await stream[0].readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
        stream[1].write(head.encode() + body)
        await stream[0].read()

    return handle


def too_much(answer: plain_http.Answer) -> tuple[str, int]:
    assert isinstance(answer.content, TooMuch)
    return str(answer.content), answer.content.limit


def dripping(head: bytes) -> Callable[[Stream], Awaitable[None]]:
    """Never silent for long, and never done."""

    async def handle(stream: Stream) -> None:
        await stream[0].readuntil(b"\r\n\r\n")
        stream[1].write(head)
        while not stream[1].is_closing():
            stream[1].write(b"x")
            await stream[1].drain()
            await asyncio.sleep(SILENCE / 10)

    return handle


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", BODY),
        ("gzip", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", RAW_DEFLATE),
        ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
    ],
    ids=["plain", "gzip", "x-gzip", "deflate", "raw deflate", "gzip twice"],
)
@in_loop
async def test_bodies_are_decompressed(encoding: str, body: bytes) -> None:
    assert (await asked(answering(body, encoding))).content == BODY


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", b"x" * (BOUND + 1)),
        ("gzip", gzip.compress(b"x" * 64 * BOUND)),
        ("deflate", zlib.compress(b"x" * 64 * BOUND)),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x" * 64 * BOUND))),
    ],
)
@in_loop
async def test_what_is_too_large_is_not_read(encoding: str, body: bytes) -> None:
    answer = await asked(answering(body, encoding))
    assert (answer.status, *too_much(answer)) == (200, f"sent more than {BOUND:,} bytes in one answer", BOUND)


@in_loop
async def test_nothing_is_kept_of_what_is_too_large() -> None:
    answer = await asked(answering(b"x" * (BOUND + 1)))
    assert isinstance(answer.content, TooMuch)
    assert answer.content.__traceback__ is None  # its frames hold the body


@in_loop
async def test_after_an_answer_that_is_too_large_others_may_not_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGE", 10)
    intake = Intake(100)
    sizes = iter((101, 11, 10))

    async def handle(stream: Stream) -> None:
        await answering(b"x" * next(sizes))(stream)

    async with raw_server(handle) as url:
        answers = []
        for _ in range(3):
            async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
                answers.append(await plain_http.get(client, "/", intake, silence=SILENCE))
    assert [too_much(answer)[1] for answer in answers[:2]] == [100, 10]
    assert answers[2].content == b"x" * 10


@in_loop
async def test_what_is_as_large_as_the_bound_is_read() -> None:
    answer = await asked(answering(gzip.compress(b"x" * BOUND), "gzip"))
    assert answer.content == b"x" * BOUND


@in_loop
async def test_too_many_values_are_not_decoded() -> None:
    answer = await asked(answering(b"[" + b"{}," * BOUND + b"{}]"), bound=4 * BOUND)
    assert too_much(answer) == (
        f"sent more than {4 * BOUND // limits.PER_VALUE:,} JSON values in one answer",
        4 * BOUND,
    )


@in_loop
async def test_large_bodies_are_read_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGE", 10)
    monkeypatch.setattr(limits, "AT_ONCE", 100)
    intake = Intake(BOUND)
    async with raw_server(answering(b"x" * 100)) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        with intake.turns() as turn:
            await turn.taken(11)
            waiting = asyncio.ensure_future(plain_http.get(client, "/", intake, silence=SILENCE))
            done, _ = await asyncio.wait([waiting], timeout=4 * SILENCE)
            assert not done
        assert (await waiting).content == b"x" * 100


@in_loop
async def test_what_is_compressed_waits_for_its_turn_before_much_is_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    async def taken(turn: limits.Turn, size: int) -> None:
        sizes.append(size)

    monkeypatch.setattr(limits.Turn, "taken", taken)
    monkeypatch.setattr(plain_http, "PART", 10)
    body = gzip.compress(gzip.compress(b"x" * 500))
    assert (await asked(answering(body, "gzip, gzip"))).content == b"x" * 500
    assert all(later - earlier <= 10 for earlier, later in pairwise([0, *sizes]))


@in_loop
async def test_error_pages_have_a_bound_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ERROR_BYTES", 10)
    answer = await asked(answering(b"x" * 11, status="500 No"))
    assert (answer.status, *too_much(answer)) == (500, "sent more than 10 bytes in one answer", 10)


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"],
    ids=["head", "body"],
)
@in_loop
async def test_what_drips_is_given_up(head: bytes) -> None:
    with pytest.raises(httpx.ReadTimeout, match="not answered within 0"):
        await asked(dripping(head))


@pytest.mark.parametrize(("encoding", "body"), [("gzip", b"plain"), ("deflate", b"plain"), ("gzip, " * 6, b"")])
@in_loop
async def test_what_cannot_be_decompressed_is_named(encoding: str, body: bytes) -> None:
    with pytest.raises(ValueError, match="Content-Encoding"):
        await asked(answering(body, encoding))
