"""Overlap (sections 4.6, 6 and 7): devices come and go and REST is asked while messages flow, and nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from conformance import answers, shown
from conformance.continuity import granted, misses_nothing, shows_once
from conformance.device import Device
from conformance.judge import every
from conformance.laws import over
from conformance.parity import heard_by
from conformance.record import Record
from conformance.requirements import requirement
from conformance.scenario import scenario
from conformance.stage import Stage

AT_ONCE, MOST = 4, 12
"""Texts that each of the two devices sends without waiting, and how often it does so at most while the others come."""
VISITORS = ("visitor", "guest", "watch")
NOTHING_SENT = "no text was accepted"


def kept(crowd: Record) -> None:
    over([crowd], shown.looks, shown.Kept([crowd]), nothing=NOTHING_SENT)


@scenario
async def crowd(stage: Stage) -> None:
    """Two devices of one user send some texts at a time; meanwhile three more connect, REST is asked each time, and
    the first of them leaves. One text more (the first device connects again where its connection was ended), and both
    roads show the conversation."""
    visitors = [stage.device(name) for name in VISITORS]
    arrived = asyncio.Event()

    async def chat(device: Device) -> None:
        for _ in range(MOST):
            await device.pipeline([stage.words() for _ in range(AT_ONCE)], tag="running")
            if arrived.is_set():
                return

    async def visit() -> None:
        for visitor in visitors:
            await visitor.connect()
            await stage.fetch(tag="meanwhile")
        await visitors[0].close()
        arrived.set()

    async with stage.device("phone") as phone, stage.device("tablet") as tablet:
        await stage.together(chat(phone), chat(tablet), visit())
        await phone.revive()
        answer = await phone.send(stage.words(), tag="last", plain=True)
        others = (tablet, *visitors[1:])
        await stage.together(*(other.until_told(answer) for other in others if not other.closed))
        await stage.together(*(other.catch_up() for other in others))
        await stage.together(*(other.settle() for other in others))
    await stage.fetch(tag="after")
    async with stage.device("laptop"):
        pass


@requirement("SEND-KEPT")
def test_nothing_is_lost_while_devices_come_and_go(crowd: Record) -> None:
    kept(crowd)


@requirement("RECONNECT-RESYNC")
def test_nothing_is_doubled_while_devices_come_and_go(crowd: Record) -> None:
    shows_once(crowd.connection("laptop").history, crowd.tagged("running"))


@requirement("ACK-MATCH")
def test_each_ack_is_its_own_while_devices_come_and_go(crowd: Record) -> None:
    every(answers.acked_sends(crowd), answers.answers_its_own, nothing=NOTHING_SENT)


@requirement("MESSAGE-DEVICES")
@pytest.mark.parametrize("device", ["tablet", "guest", "watch"])
def test_a_device_hears_on_after_another_has_left(crowd: Record, device: str) -> None:
    heard_by(crowd.connection(device), crowd.send("last"))


@requirement("DEVICE-JOIN")
@pytest.mark.parametrize("device", ["guest", "watch"])
def test_a_device_that_joins_a_running_chat_misses_nothing(crowd: Record, device: str) -> None:
    granted(lambda: kept(crowd), because="SEND-KEPT")
    misses_nothing(crowd.connection(device), crowd.send("last"))
