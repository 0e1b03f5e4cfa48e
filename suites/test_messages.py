"""Sections 4.2 and 5: help_center:message, and the conversation that grows by it."""

from __future__ import annotations

import pytest

from conformance.checks import history, laws, parity, support
from conformance.checks.assertions import check_all
from conformance.drive.device import Device
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.inputs.texts import FULL_MIXED
from conformance.protocol import MESSAGE
from conformance.record.payloads import said_by_support
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

DEPTH = 20
PAGES = 4
"""How far back a history should reach (HISTORY-DEPTH)."""


@requirement("EVENT-ARGUMENT")
def test_an_event_has_one_argument_an_object(everything: Everything, wrong_texts: Record, unwelcome: Record) -> None:
    _ = wrong_texts, unwelcome
    laws.EVENT_ARGUMENT.check(everything)


@requirement("MESSAGE-SHAPE")
def test_every_message_fits(everything: Everything) -> None:
    laws.MESSAGE_SHAPE.check(everything)


@requirement("MESSAGE-ECHO")
def test_the_sender_hears_its_own_message(everything: Everything, passers_by: Record) -> None:
    _ = passers_by
    laws.MESSAGE_ECHO.check(everything)


@requirement("MESSAGE-ONCE")
def test_a_message_is_emitted_once_to_each_device(everything: Everything) -> None:
    laws.MESSAGE_ONCE.check(everything)


@requirement("MESSAGE-CONVERSATION")
def test_a_message_belongs_to_the_conversation_of_the_greeting(everything: Everything) -> None:
    laws.MESSAGE_CONVERSATION.check(everything)


# -- several devices ---------------------------------------------------------------------------------------------


@scenario
async def two_devices(stage: Stage) -> None:
    """Two devices of one user are connected; one sends a long text with markup, then each sends a short one; each time
    the other is waited for to hear it. What one of them has heard of support, the other is waited for to hear, too."""
    async with stage.device("phone") as phone, stage.device("tablet") as tablet:
        since = len(stage.transcript.entries)
        await tablet.until_message_of(await phone.send_text(FULL_MIXED, tag="long"))
        await tablet.until_message_of(await phone.send_text(stage.words(), tag="by phone", plain=True))
        await phone.until_message_of(await tablet.send_text(stage.words(), tag="by tablet", plain=True))
        await stage.together(
            tablet.until_support_heard(_heard_of_support(phone, since)),
            phone.until_support_heard(_heard_of_support(tablet, since)),
        )


def _heard_of_support(device: Device, since: int) -> set[str]:
    """The ids of what a device has heard of support, from so many entries of the transcript on."""
    heard = [event.get("args") for event in device.inbox.heard(MESSAGE) if event.serial >= since]
    return {name for args in heard for name in said_by_support({"messages": args})}


@requirement("MESSAGE-DEVICES")
@pytest.mark.parametrize(("sender", "listener"), [("phone", "tablet"), ("tablet", "phone")])
def test_the_other_device_hears_the_message(two_devices: Record, sender: str, listener: str) -> None:
    parity.heard_by(two_devices.connection(listener), two_devices.send(f"by {sender}"))


@requirement("MESSAGE-DEVICES")
def test_each_device_hears_what_support_says(two_devices: Record) -> None:
    check_all(support.missed_by_a_device(two_devices), support.heard_there)


@requirement("MESSAGE-DEVICES")
def test_what_another_device_hears_has_no_gaps(everything: Everything, crowd: Record) -> None:
    _ = crowd
    laws.MESSAGE_DEVICES.check(everything)


@requirement("MESSAGE-DEVICES")
def test_a_device_that_was_silent_hears_what_another_one_sends(renewed: Record) -> None:
    check_all(parity.beside(renewed, "renewed"), parity.without_gaps)


# -- ids and senders ---------------------------------------------------------------------------------------------


@requirement("MESSAGE-ID")
def test_no_two_emitted_messages_share_an_id(everything: Everything, long_chat: Record) -> None:
    _ = long_chat
    laws.MESSAGE_ID.check(everything)


@requirement("MESSAGE-ID")
def test_no_two_listed_messages_share_an_id(everything: Everything, long_chat: Record) -> None:
    _ = long_chat
    laws.MESSAGE_ID_LISTED.check(everything)


@requirement("MESSAGE-SENDER")
def test_the_ack_names_the_user_as_sender(everything: Everything) -> None:
    laws.MESSAGE_SENDER.check(everything)


@requirement("MESSAGE-SENDER")
def test_event_and_history_name_the_user_as_sender(everything: Everything) -> None:
    laws.MESSAGE_SENDER_ELSEWHERE.check(everything)


@requirement("MESSAGE-SENDER")
def test_nothing_that_the_user_did_not_send_is_said_in_its_name(everything: Everything) -> None:
    laws.MESSAGE_SENDER_UNSENT.check(everything)


@requirement("MESSAGE-STORED")
def test_what_was_emitted_in_the_users_name_is_in_the_conversation(everything: Everything, crowd: Record) -> None:
    _ = crowd
    laws.MESSAGE_STORED.check(everything)


# -- when (4.2) ----------------------------------------------------------------------------------------------------


@requirement("MESSAGE-TIME")
def test_a_message_is_created_when_the_targets_clock_says(everything: Everything) -> None:
    laws.MESSAGE_TIME.check(everything)


@requirement("MESSAGE-TIME")
def test_messages_sent_seconds_apart_have_instants_of_their_own(everything: Everything, patient_chat: Record) -> None:
    _ = patient_chat
    laws.MESSAGE_TIME_MOVES.check(everything)


# -- the conversation as it is listed ----------------------------------------------------------------------------


DEEPER = (50, 70, 70)
"""Further texts sent at once: well past a hundred, two hundred and two hundred and fifty in all."""
DEEPEST = PAGES * DEPTH + sum(DEEPER)


@scenario
async def long_chat(stage: Stage) -> None:
    """One device sends two texts one after the other, then four times twenty without waiting in between: more than a
    page of any usual size. Unless the target is slow or limits its rate, or the conversation is as long already, it
    goes on to 270 in larger bursts. Then REST and a second device show the conversation."""
    async with stage.device("phone") as phone:
        await phone.send_plain()
        await phone.send_plain()
        began = stage.recorder.now
        for _ in range(PAGES):
            began = stage.recorder.now
            await phone.pipeline([stage.words() for _ in range(DEPTH)])
        pace = (stage.recorder.now - began) / DEPTH
        for size in DEEPER if len(phone.inbox.listed) < DEEPEST else ():
            texts = [stage.words() for _ in range(size)]
            if pace * size > stage.run.deadline or not await phone.flood(texts, tag="deep", within=stage.run.deadline):
                break
    await stage.fetch()
    async with stage.device("tablet"):
        pass


@requirement("SEND-KEPT")
def test_an_acked_message_is_in_the_conversation_from_then_on(everything: Everything, long_chat: Record) -> None:
    _ = long_chat
    laws.SEND_KEPT.check(everything)


@requirement("HISTORY-ORDER")
def test_messages_are_listed_oldest_first(everything: Everything) -> None:
    laws.HISTORY_ORDER.check(everything)


@requirement("HISTORY-DEPTH")
@pytest.mark.parametrize("route", ["greeting", "REST"])
def test_the_last_messages_are_listed(long_chat: Record, route: str) -> None:
    history.deep(history.last_window(long_chat, route), DEPTH)


@requirement("HISTORY-DEPTH")
def test_the_last_messages_are_listed_wherever_there_are_as_many(everything: Everything, long_chat: Record) -> None:
    _ = long_chat
    laws.HISTORY_DEPTH.check(everything)
