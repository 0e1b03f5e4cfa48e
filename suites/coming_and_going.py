"""Scenarios that several chapters judge, of devices that come and go while another one of their user stays."""

from __future__ import annotations

import contextlib

from conformance.drive.device import ScenarioAborted
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage

PASSERS_BY, TIMES = ("laptop", "desk", "watch", "guest"), 4
"""Devices that come and go side by side, and how often each of them does."""


@scenario(many_steps=True, extra=True)
async def cut_off(stage: Stage) -> None:
    """Two devices of a user are connected. A third one is cut off as soon as it has asked for the namespace, and one of
    the two as soon as it has sent a text. Another one comes and sends a text; then one more shows what has become of
    the first text, and the device that has stayed is waited for to hear it."""
    phone, watch, lost = stage.device("phone"), stage.device("watch", greet=False), stage.words()
    async with stage.device("tablet") as tablet:
        await stage.together(phone.connect(), watch.open())
        await watch.enter()
        phone.send_unawaited(lost, tag="cut off")
        await stage.together(watch.drop(), phone.drop())
        async with stage.device("laptop") as laptop:
            await laptop.send_text(stage.words(), tag="after")
            async with stage.device("guest") as guest:
                await tablet.until_heard_as_listed(lost, guest.inbox.listed)


@scenario(many_steps=True, extra=True)
async def passers_by(stage: Stage) -> None:
    """A device stays while others of its user come and go again, four at a time. Then one more comes, and sends a text;
    the one that has stayed does so, too."""

    async def pass_by(name: str) -> None:
        visitor = stage.device(name)
        with contextlib.suppress(ScenarioAborted):  # so many in a short time may be too many
            for _ in range(TIMES):
                await visitor.reconnect()
                await visitor.close()

    async with stage.device("phone") as phone:
        await stage.together(*(pass_by(name) for name in PASSERS_BY))
        async with stage.device("tablet") as tablet:
            await phone.revive()
            await tablet.send_text(stage.words(), tag="passed")
            await phone.send_text(stage.words(), tag="passed")
        await stage.fetch(tag="passed")
