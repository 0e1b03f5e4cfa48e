"""Sections 3.2 and 4.5: what may be sent, and what becomes of it."""

from __future__ import annotations

from conformance.judge import every, expect, fits, same
from conformance.record import Everything, Record
from conformance.requirements import requirement
from conformance.scenario import scenario
from conformance.stage import Stage


@scenario
async def padded_text(stage: Stage) -> None:
    """One device sends a text with white space around it."""
    async with stage.device("phone") as phone:
        await phone.send("  hello \n")


@requirement("SEND-TRIM")
def test_the_saved_text_is_trimmed(padded_text: Record) -> None:
    send = padded_text.send()
    same(send.message.text, "hello", "ack.message.text", at=send.at)


@scenario(wave=2)
async def too_long(stage: Stage) -> None:
    """One device sends a text of 2,001 characters."""
    async with stage.device("phone") as phone:
        await phone.send("a" * 2001, valid=False)
        await phone.fence()


@requirement("SEND-MAX")
def test_a_text_of_2001_characters_is_refused(too_long: Record) -> None:
    send = too_long.send()
    expect(send.refused, "ack: {error: …}", "ack: {message: …}", at=send.at)


@requirement("MESSAGE-SHAPE")
def test_every_message_fits(everything: Everything) -> None:
    events = [(r, e) for r in everything for e in r.events("help_center:message")]
    every(events, lambda pair: fits("message", pair[1].payload, "message"), nothing="no message event")


@requirement("SEND-PLAIN")
def test_a_plain_text_is_accepted(plain_chat: Record) -> None:
    assert plain_chat.send("first").accepted
