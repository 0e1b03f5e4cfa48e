"""Sections 4.2 and 9: what support says is emitted, stored and told from what the user says."""

from __future__ import annotations

import pytest

from conformance.checks import clock, laws, support
from conformance.checks.law import check_records
from conformance.drive.device import Device
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.protocol import MESSAGE
from conformance.record.payloads import said_by_support
from conformance.record.views import Everything, Record
from conformance.requirements import requirement


@scenario
async def answered_chat(stage: Stage) -> None:
    """A user's only device sends texts with quiet windows after them, with REST asked before, between and after. It
    stays until it has heard what support said, sends support's last words back, and REST is asked until it shows what
    support said; then a second device shows the conversation."""
    async with stage.device("phone") as phone:
        before = await stage.fetch(tag="before")
        await phone.send_plain(tag="question")
        await phone.fence()
        after = await stage.fetch(tag="after")
        await phone.until_support_heard(said_by_support(after) - said_by_support(before))
        await phone.fence()
        replies = [named for one in phone.inbox.told if (named := said_by_support({"messages": [one]}))]
        await phone.quote_support()
        await phone.fence()
    await stage.rest.fetch_until(lambda body: not replies or replies[-1] <= said_by_support(body), tag="later")
    async with stage.device("tablet"):
        pass


@requirement("SUPPORT-EMITTED")
def test_what_support_says_is_emitted_to_the_device_that_is_there(answered_chat: Record) -> None:
    support.announced(answered_chat.connection(), answered_chat.fetch("before"), answered_chat.fetch("after"))


WAYS = pytest.mark.parametrize("way", ["older-left", "newer-left", "cut-off", "closed", "handed-over"])
ANSWERED = 3.0
"""Seconds that an answer is waited for."""


async def _ask(stage: Stage, device: Device) -> None:
    """A text, and a while for support to answer."""
    await device.send_plain(tag="question")
    asked = len(stage.transcript.entries)

    def answered() -> bool | None:
        return any(entry.serial >= asked for entry in device.inbox.heard(MESSAGE)) or None

    await stage.recorder.until(answered, within=ANSWERED)
    await device.fence()


@scenario(takes_seconds=True)
async def answered_elsewhere(stage: Stage, way: str) -> None:
    """The older or newer one of two devices leaves, and the other one sends a text; or a device sends one, is cut off
    or closes at once, comes back and sends another; or another device, whose transport is open already, takes over
    from it and sends another. REST is asked before and after the last text."""
    phone = stays = stage.device("phone")
    await phone.connect()
    if way == "handed-over":
        stays = stage.device("tablet")
        await stays.open()
        await phone.send_plain(tag="early")
        await phone.close()
        await stays.enter()
    elif way in ("cut-off", "closed"):
        await phone.send_plain(tag="early")
        await (phone.drop() if way == "cut-off" else phone.close())
        await phone.reconnect()
    else:
        tablet = stage.device("tablet")
        await tablet.connect()
        leaves, stays = (phone, tablet) if way == "older-left" else (tablet, phone)
        await leaves.close()
        await stays.settle()
        if await stays.wait_closed(within=0):  # the target keeps one session for each user
            await stays.reconnect()
    if way in ("cut-off", "closed", "handed-over"):  # the first text may still be answered
        await stage.fetch(tag="back")
        await stays.settle()
    await stage.fetch(tag="before")
    await _ask(stage, stays)
    await stage.fetch(tag="after")
    await stays.close()


@requirement("SUPPORT-EMITTED")
@WAYS
def test_what_support_says_is_emitted_whoever_has_left(answered_elsewhere: Record) -> None:
    laws.SUPPORT_EMITTED.check([answered_elsewhere])
    assert answered_elsewhere.fetch("after").history


@requirement("SUPPORT-EMITTED")
def test_what_support_says_is_emitted_to_some_device_that_is_there(
    everything: Everything, patient_chat: Record
) -> None:
    _ = patient_chat
    laws.SUPPORT_EMITTED.check(everything)


@requirement("SUPPORT-STORED")
def test_what_support_said_is_in_the_conversation(everything: Everything, answered_chat: Record) -> None:
    _ = answered_chat
    laws.SUPPORT_STORED.check(everything)


@requirement("MESSAGE-SENDER")
def test_a_user_who_says_what_support_said_is_its_sender(answered_chat: Record) -> None:
    """Where support said something in time that a user may say as well."""
    laws.MESSAGE_SENDER_ELSEWHERE.check([answered_chat])


@requirement("MESSAGE-TIME")
def test_what_support_says_is_created_when_the_targets_clock_says(answered_chat: Record) -> None:
    check_records([answered_chat], clock.said_by_support, clock.said_on_time)
