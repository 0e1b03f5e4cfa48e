"""Scenarios that several chapters judge, of devices that come and go, and of tokens that expire meanwhile."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from conformance.drive import rejected
from conformance.drive.device import ScenarioAborted
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.observations import experiments
from conformance.protocol import Json
from conformance.record.heartbeats import announced

EXPIRES, SILENT, PINGED = 3, 5.5, 10.0
"""Seconds: of the life of a token, of a device's silence, and after which a connection is dead that answers no ping, at
most, for that to be waited for."""
NOTICED = 1.6
"""How many times as long it may take until a target has noticed that."""
CUTS = 4
"""How often in a row a device is cut off."""
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
async def cut_often(stage: Stage) -> None:
    """A user's only device sends a text and is cut off, four times in a row. Each time it comes back as official
    clients do, with what the target recovers connections by, where it does; at last it sends one more."""
    phone = stage.device("phone", token=await stage.user.token())
    await phone.connect()
    for _ in range(CUTS):
        await phone.send_plain(tag="cut")
        await phone.drop()
        await phone.reconnect(recover=True)
    await phone.send_plain(tag="last")
    await phone.close()


@scenario(many_steps=True, extra=True)
async def passers_by(stage: Stage) -> None:
    """A device stays, over long-polling, while others of its user come and go again, four at a time. Then another one
    comes over long-polling; each of the two sends two texts at once, and is waited for to hear those of the other."""

    async def pass_by(name: str) -> None:
        visitor = stage.device(name)
        with contextlib.suppress(ScenarioAborted):  # so many in a short time may be too many
            for _ in range(TIMES):
                await visitor.reconnect()
                await visitor.close()

    async with stage.device("phone", transport="polling") as phone:
        await stage.together(*(pass_by(name) for name in PASSERS_BY))
        async with stage.device("tablet", transport="polling") as tablet:
            await phone.revive()
            pollers = [one for one in (phone, tablet) if not one.gone]
            await stage.together(*(one.pipeline([stage.words() for _ in pollers], tag="passed") for one in pollers))
            await stage.together(*(one.catch_up() for one in pollers))
        await stage.fetch(tag="passed")


@scenario(takes_seconds=True, extra=True)
async def renewed(stage: Stage) -> None:
    """A user's first device has a token that lives for three seconds, connects and goes. Another one, with a token that
    lives on, stays over long-polling and is silent for some seconds, for longer where pings go unanswered for no more
    than ten, or do not come. Then the first one comes back with a new token and sends a text, which the other one is
    waited for to hear. When both have gone, a third one connects."""
    phone = stage.device("phone", token=await stage.user.short_lived(EXPIRES))
    await rejected.call(phone)
    async with stage.device("tablet", transport="polling") as tablet:
        silent = tablet.wait_closed(within=max(SILENT, _dead_within(tablet.inbox.handshake)))
        await stage.together(silent, tablet.until_pinged(at_most=PINGED))
        await phone.reconnect(token=await stage.user.token())
        await tablet.until_message_of(await phone.send_text(stage.words(), tag="renewed"))
        await phone.close()
    async with stage.device("laptop"):
        pass


@scenario(wave=2, takes_seconds=True)
async def expires_while_connected(stage: Stage) -> None:
    """A device with a token of two seconds sends a text, stays until the token has expired and sends another one. REST
    and another device, with new tokens, show what has become of that; then one more device presents the first token,
    unless no token of two seconds could be signed."""
    token = await stage.user.short_lived(experiments.LIFETIME)
    async with stage.device(token=token, unjudged=True) as phone:
        await phone.send_plain(tag="before")
        if not await phone.wait_closed(experiments.WELL_PAST):
            await phone.send_text(stage.words(), tag="after", valid=False)
    await stage.fetch()
    with contextlib.suppress(ScenarioAborted):
        async with stage.device("tablet"):
            pass
    if token.lifetime is not None:
        async with stage.device("late phone", token=replace(token, good=False), unjudged=True):
            pass


def _dead_within(handshake: Mapping[str, Json]) -> float:
    """Seconds after which a target ends a connection that answers no ping, where those are few."""
    seconds = announced(handshake)
    return NOTICED * seconds if seconds is not None and seconds <= PINGED else 0.0
