"""Pings, floods and large messages are bounded for a connection and for a run."""

from __future__ import annotations

import asyncio

import pytest

from conformance.transport import goodbyes, limits
from conformance.transport.close_reason import CloseReason
from conformance.transport.connection import AT_ONCE
from conformance.transport.limits import Intake
from tests.support.peers import Stream, accept_websocket, in_loop, raw_server, rounds_until
from tests.support.speakers import connected, frame, saying

BOUND, LARGE = 64_000, 5_000


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGE", LARGE)
    monkeypatch.setattr(limits, "MAX_BYTES", BOUND)
    monkeypatch.setattr(goodbyes, "CLOSING", goodbyes.SHORTENED)  # these peers answer no goodbye


@pytest.mark.parametrize(("sign", "answered"), [(b"\x89", 4), (b"\x8a", 0)], ids=["pings", "pongs"])
@in_loop
async def test_pings_are_answered_until_there_are_too_many(
    sign: bytes, answered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_PING", BOUND // 4)
    answers: list[bytes] = []

    async def pinging(stream: Stream) -> None:
        await accept_websocket(stream)
        await stream[0].read(1)
        stream[1].write((sign + b"\x01p") * 4 + b"\x81\x024x" + sign + b"\x01p")
        answers.append(await stream[0].read())

    async with raw_server(pinging) as url:
        async with connected(url, Intake(BOUND)) as heard:
            ending = await heard.the_end()
            assert heard.messages == ["x"]
        assert ending == CloseReason("target", reason="sent more than 4 pings of WebSocket", oversized=BOUND)
        await rounds_until(lambda: answers)
    assert answers[0].count(b"\x8a\x81") == answered


def test_when_large_ones_were_too_much_in_all_no_more_are_taken() -> None:
    intake = Intake(BOUND)
    half = limits.IN_A_RUN * BOUND // 2
    intake.took(half)
    intake.took(half)
    intake.took(LARGE)  # is not large
    assert intake.limit(limits.MESSAGE) == intake.limit(limits.ANSWER) == BOUND
    intake.took(LARGE + 1)
    assert intake.limit(limits.MESSAGE) == intake.limit(limits.ANSWER) == LARGE


def test_conversations_may_be_shown_as_often_as_somebody_asks() -> None:
    intake = Intake(BOUND)
    shown = '42/help-center,["help_center:connected",{"messages":[' + "x" * (BOUND - 100) + "]}]"
    for _ in range(limits.IN_A_RUN + 2):
        intake.check(shown, limits.MESSAGE)
        intake.check(shown.encode(), limits.ANSWER)
    assert not intake.exceeded
    for _ in range(limits.IN_A_RUN + 2):
        intake.check("x" * BOUND, limits.MESSAGE)
    assert intake.exceeded == {limits.ANSWER, limits.POLL, limits.MESSAGE}


def test_a_lower_limit_of_one_lowers_neither_that_of_all_nor_that_of_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_PING", BOUND // 4)
    lower = Intake(2 * LARGE)
    assert lower.of_pings == 4
    for _ in range(limits.IN_A_RUN * BOUND // (2 * LARGE)):
        lower.took(2 * LARGE)
    assert not lower.exceeded


@in_loop
async def test_a_message_that_is_being_read_then_is_given_up() -> None:
    intake, goes_on = Intake(BOUND), asyncio.Event()

    async def handle(stream: Stream) -> None:
        await accept_websocket(stream)
        await stream[0].read(1)
        stream[1].write(frame(4 * LARGE, sent=2 * LARGE))
        await goes_on.wait()
        stream[1].write(b"x" * LARGE)
        await stream[0].read()

    async with raw_server(handle) as url, connected(url, intake) as heard:
        await rounds_until(lambda: intake.in_hand)
        for _ in range(limits.IN_A_RUN + 1):
            intake.took(BOUND)
        goes_on.set()
        ending = await heard.the_end()
    assert ending == CloseReason("target", reason=f"sent more than {LARGE:,} bytes in one message", oversized=LARGE)


@in_loop
async def test_what_is_no_text_counts_as_well() -> None:
    intake = Intake(BOUND)
    for _ in range(limits.IN_A_RUN - 1):
        intake.took(BOUND)
    intake.took(BOUND - 2 * LARGE)
    no_text = b"\x81\x7e" + (4 * LARGE).to_bytes(2, "big") + b"\xff" * 4 * LARGE
    async with raw_server(saying(no_text)) as url, connected(url, intake) as heard:
        assert "UTF-8" in (await heard.the_end()).reason
    assert intake.limit(limits.MESSAGE) == LARGE


def test_what_was_given_up_counts_as_well() -> None:
    intake = Intake(BOUND)
    for _ in range(limits.IN_A_RUN + 1):
        turn = intake.turn()
        assert turn.admitted(BOUND)
        turn.too_slow(BOUND)
    assert intake.limit(limits.MESSAGE) == LARGE


@in_loop
async def test_others_have_their_turn_while_a_flood_is_read() -> None:
    noop = b"\x81\x016"
    async with raw_server(saying(noop * 10 * AT_ONCE)) as url, connected(url, Intake()) as heard:
        await heard.until(lambda: heard.engine)
        assert len(heard.engine) < 10 * AT_ONCE
        await heard.until(lambda: len(heard.engine) == 10 * AT_ONCE)
