"""Sections 3.2 and 4.3: typing, which no device receives yet and which harms nothing."""

from __future__ import annotations

import pytest

from conformance.checks import parity
from conformance.checks.assertions import check_all, expect
from conformance.checks.law import check_records
from conformance.checks.selectors import saved
from conformance.checks.sending import is_taken, lives_on
from conformance.checks.typing import (
    form_survived,
    harmless_as_often,
    not_echoed,
    typing_events,
    typing_fits,
    typing_sent,
)
from conformance.checks.unacked import errors_after
from conformance.checks.unexpected_messages import nothing_unexpected, unexpected_emitted, unexpected_in_rest
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.inputs.invalid_payloads import ODD_TYPING
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

BUFFERED, WORDS, KEYS, PAUSE = 30, 8, 5, 0.5
"""Keys that are said at once, as official clients send what they have buffered; then words, the keys of each, and the
seconds until somebody who is quick has typed one."""


@scenario(takes_seconds=True, extra=True)
async def typing_long(stage: Stage) -> None:
    """One device sends a plain text, begins to type thirty times in a row, and five times each half second for eight
    times, as apps do that say so at each key; then it sends a plain text."""
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        for _ in range(BUFFERED):
            await phone.typing({"isTyping": True})
        for key in range(WORDS * KEYS):
            if key % KEYS == 0:
                await phone.wait_closed(within=PAUSE)
            await phone.typing({"isTyping": True})
        await phone.fence()


@scenario(many_steps=True, extra=True)
async def typists(stage: Stage) -> None:
    """A device begins to type; another one of its user connects, and the first one sends a text, which the other one is
    waited for to hear. The first one types on and is cut off; after a quiet window, the other one sends a text, begins
    to type, and goes. Then a third one connects and sends a text."""
    phone = stage.device("phone")
    await phone.connect()
    await phone.typing({"isTyping": True})
    async with stage.device("tablet") as tablet:
        await tablet.until_message_of(await phone.send_text(stage.words(), tag="typed"))
        await phone.typing({"isTyping": True})
        await phone.drop()
        await tablet.settle()
        await tablet.send_text(stage.words(), tag="typed")
        await tablet.typing({"isTyping": True})
    async with stage.device("laptop") as laptop:
        await laptop.send_text(stage.words(), tag="typed")


@scenario
async def typing_beside(stage: Stage) -> None:
    """Two devices of one user are connected; after a quiet window, one begins and stops typing, three times, and REST
    is asked; and so once more. No one sends."""
    async with stage.device("phone") as phone, stage.device("tablet") as tablet:
        for _ in range(2):
            await stage.nobody_types(phone, tablet)
            for is_typing in [True, False] * 3:
                await phone.typing({"isTyping": is_typing})
            await stage.fetch(tag="after typing")


@requirement("TYPING-HARMLESS")
def test_typing_does_not_end_the_connection(typing_alone: Record) -> None:
    lives_on(typing_alone)


@requirement("TYPING-HARMLESS")
def test_a_text_is_taken_after_typing(typing_alone: Record) -> None:
    is_taken(typing_alone.send("fence"), "typing")


@requirement("TYPING-HARMLESS")
def test_typing_is_answered_by_no_error(typing_alone: Record) -> None:
    first = typing_sent(typing_alone)[0]
    errors = errors_after(typing_alone.connection("phone"), first.serial)
    expect(not errors, "no help_center:error", f"{[e.payload for e in errors]}", at=[e.entry.serial for e in errors])


@requirement("TYPING-HARMLESS")
def test_typing_that_is_not_stopped_does_not_end_the_connection(patient_chat: Record) -> None:
    lives_on(patient_chat)


@requirement("TYPING-HARMLESS")
def test_a_text_is_taken_after_typing_that_is_not_stopped(patient_chat: Record) -> None:
    is_taken(patient_chat.send("late"), "typing")


@requirement("TYPING-HARMLESS")
def test_typing_at_each_key_does_not_end_the_connection(typing_fast: Record) -> None:
    lives_on(typing_fast)


@requirement("TYPING-HARMLESS")
def test_a_text_is_taken_after_typing_at_each_key(typing_fast: Record) -> None:
    is_taken(typing_fast.send("fence"), "many typing events in a row")


@requirement("TYPING-HARMLESS")
def test_a_long_text_that_is_typed_fast_does_not_end_the_connection(typing_long: Record) -> None:
    check_all((each for each in [typing_long] if each.connections), lives_on)


@requirement("TYPING-HARMLESS")
def test_a_long_text_is_taken_after_typing_at_each_key(typing_long: Record) -> None:
    fences = [send for send in typing_long.sends if send.tag == "fence"]
    check_all(fences, lambda send: is_taken(send, "typing at each key"))


@requirement("TYPING-HARMLESS")
def test_a_text_is_taken_whichever_device_of_its_user_types(typists: Record) -> None:
    check_all(typists.acked(), lambda send: is_taken(send, "typing, of this device or another one"))


@requirement("MESSAGE-ECHO")
def test_the_sender_hears_its_own_message_whichever_device_types(typists: Record) -> None:
    check_records([typists], saved, parity.heard)


@requirement("MESSAGE-DEVICES")
def test_a_device_that_joins_one_that_types_hears_what_that_sends(typists: Record) -> None:
    check_all(parity.beside(typists, "typed"), parity.without_gaps)


@requirement("TYPING-NO-MESSAGE")
def test_typing_is_not_emitted_as_a_message(typing_alone: Record) -> None:
    typing_alone.send("fence")
    nothing_unexpected(unexpected_emitted(typing_alone))


@requirement("TYPING-NO-MESSAGE")
def test_typing_is_not_stored(typing_alone: Record) -> None:
    typing_alone.send("fence")
    nothing_unexpected(unexpected_in_rest(typing_alone))


@requirement("TYPING-SHAPE")
def test_every_typing_event_fits(everything: Everything, typing_beside: Record, typists: Record) -> None:
    _ = typing_beside, typists
    check_records(everything, typing_events, typing_fits)


@requirement("TYPING-ECHO")
@pytest.mark.parametrize("device", ["phone", "tablet"])
def test_the_users_typing_is_not_shown_as_supports(typing_beside: Record, device: str) -> None:
    not_echoed(typing_beside, device)


@scenario(wave=2)
async def odd_typing(stage: Stage) -> None:
    """One device emits typing events of forms that the document does not describe, and a plain text after each; REST
    shows the conversation before and after."""
    await stage.fetch(tag="before")
    async with stage.device("phone") as phone:
        await phone.send_plain(tag="before")
        for name, misfit in ODD_TYPING.items():
            await phone.typing(*misfit.args)
            await phone.send_plain(tag=name)
        await phone.fence()
    await stage.fetch(tag="after")


@requirement("TYPING-ODD")
@pytest.mark.parametrize("form", ODD_TYPING)
def test_a_text_is_taken_after_odd_typing(odd_typing: Record, typing_fast: Record, form: str) -> None:
    harmless_as_often(typing_fast)
    is_taken(odd_typing.send(form), f"typing with {ODD_TYPING[form].about}")


@requirement("TYPING-ODD")
def test_odd_typing_does_not_end_the_connection(odd_typing: Record, typing_fast: Record) -> None:
    form_survived(odd_typing, typing_fast)


@requirement("TYPING-ODD")
def test_odd_typing_is_not_emitted_as_a_message(odd_typing: Record) -> None:
    odd_typing.send("before")
    nothing_unexpected(unexpected_emitted(odd_typing))


@requirement("TYPING-ODD")
def test_odd_typing_is_not_stored(odd_typing: Record) -> None:
    odd_typing.send("before")
    nothing_unexpected(unexpected_in_rest(odd_typing))
