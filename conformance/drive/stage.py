"""What a scenario is given: its users, devices of theirs, and REST."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import cached_property
from typing import Unpack

from conformance.auth.users import User
from conformance.drive.context import ScenarioContext
from conformance.drive.device import Device
from conformance.drive.device_options import DeviceArguments, DeviceOptions
from conformance.drive.rest import FetchArguments, RestClient
from conformance.drive.together import together
from conformance.protocol import Json
from conformance.record.events import is_typing
from conformance.record.timeouts import ACK
from conformance.transport.cookies import Cookies

OTHERS_TYPE, LONG_ACK = 8.0, 2.0
"""Seconds: no scenario types on for longer; acks take longer only where all is slow."""


class Stage(ScenarioContext):
    """The context of one recording, which makes devices in it."""

    @cached_property
    def devices(self) -> list[Device]:
        """Those that were made so far."""
        return []

    @cached_property
    def rest(self) -> RestClient:
        return RestClient(self)

    async def fetch(self, **question: Unpack[FetchArguments]) -> Json:
        """``RestClient.fetch``, which most scenarios call."""
        return await self.rest.fetch(**question)

    def cookies(self) -> Cookies:
        """A jar that an app keeps for its socket and REST; empty."""
        return Cookies.beside(self.run.headers)

    def device(self, name: str = "phone", *, user: User | None = None, **options: Unpack[DeviceArguments]) -> Device:
        """A device of ``user`` (the first one unless given). ``async with`` connects it, and on leaving waits for quiet
        and closes."""
        device = Device(self, name, user or self.user, DeviceOptions(**options))
        self.devices.append(device)
        return device

    together = staticmethod(together)

    async def nobody_types(self, *listening: Device) -> None:
        """Wait until these devices have heard of no typing for longer than an answer takes: what they hear from this
        very step on is not what others of the run typed before, on a target that tells it to everybody."""
        window = self.run.settle + min(self.run.timeout.slowest(ACK), LONG_ACK)
        connections = (device.inbox.connection for device in listening)
        await self.recorder.quiet(window, *connections, at_most=OTHERS_TYPE, of=is_typing)

    async def close(self) -> None:
        """Let go of everything, whatever state the scenario left it in, also where it is cancelled before any goodbye
        has begun. Raises what went wrong in the harness."""
        async with AsyncExitStack() as at_last:
            at_last.push_async_callback(self.rest.close)
            for device in self.devices:
                at_last.push_async_callback(device.let_go)
            endings = await asyncio.gather(*(device.close() for device in self.devices), return_exceptions=True)
        for error in endings:
            if error is not None:
                raise error
