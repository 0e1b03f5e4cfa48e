"""The devices of a scenario that are there while support answers: what a history shows has to be emitted to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from conformance.auth.users import User
from conformance.drive.inbox import PacketInbox
from conformance.protocol import Json


class Attendee(Protocol):
    """A device, as far as it can hear support."""

    @property
    def user(self) -> User: ...
    @property
    def inbox(self) -> PacketInbox: ...
    @property
    def present(self) -> bool:
        """Whether it was greeted, and hears what is emitted."""

    async def until_any_heard(self, message_id: str, beside: Sequence[PacketInbox]) -> bool:
        """Wait until it, or one of those inboxes, has received a message of support. Whether it has, or has gone."""


@dataclass
class WaitBudget:
    """How many messages of support a whole run still waits for in vain: often enough, it is clear that they are not
    emitted."""

    left: int = 5


class Attendance:
    """Knows which devices are there, and waits for what support says to them."""

    def __init__(self, budget: WaitBudget) -> None:
        self._budget = budget
        self._devices: list[Attendee] = []

    def add(self, device: Attendee) -> None:
        self._devices.append(device)

    def present(self, user: User) -> list[tuple[Attendee, int]]:
        """The user's devices that are there, each with the number of its connection."""
        own = (device for device in self._devices if device.user is user and device.present)
        return [(device, device.inbox.connection) for device in own]

    def newest(self, user: User) -> str | None:
        """The id of the message that the user's devices received last."""
        received = (device.inbox.newest for device in self._devices if device.user is user)
        return max((one for one in received if one is not None), default=(0, None))[1]

    async def announced(self, there: Sequence[tuple[Attendee, int]], listed: Sequence[Json]) -> None:
        """Wait until what a history shows of support was emitted to one of the devices that were there before it was
        asked for, and still are; unless the run has seen often enough that it is not."""
        devices = [device for device, connection in there if device.present and device.inbox.connection == connection]
        unheard = {one: device for device in devices for one in device.inbox.presence.new(listed)}
        waited = unheard if self._budget.left > 0 else {}
        inboxes = [device.inbox for device in devices]
        heard = await asyncio.gather(*(device.until_any_heard(one, inboxes) for one, device in waited.items()))
        self._budget.left -= heard.count(False)
        for inbox in inboxes:
            inbox.since = listed
