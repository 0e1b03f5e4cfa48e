"""Things that overlap: devices that enter at the same moment, requests that arrive together, bursts.

How near to each other they reach the target is what counts, so everything that takes time (handshakes, connections) is
done before, and one user comes after the other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from conformance.auth.users import User
from conformance.drive.device import Device, ScenarioAborted
from conformance.drive.retry import growing_pauses
from conformance.drive.stage import Stage
from conformance.record.rate_limits import SLOWER
from conformance.record.transcript import Kind

BURST = 5
"""Messages that a client has buffered: fewer than any sane limit of a request or of a server's pace."""


def parties(stage: Stage, *names: str, early: bool = False) -> list[list[Device]]:
    """Devices of these names for each user, each with its number; ``early`` ones will send before they are greeted,
    which no law judges. Marks who may be known to the target: users whom the command line names."""
    given = [user.name for user in stage.users if not user.brand_new]
    if given:
        stage.mark(f"{', '.join(given)}: given, and perhaps not new", given=given)
    numbered = enumerate(stage.users, 1)
    return [
        [stage.device(f"{name} {n}", user=user, greet=not early, unjudged=early) for name in names]
        for n, user in numbered
    ]


async def opened(stage: Stage, devices: Sequence[Device]) -> None:
    """Open all transports; whatever becomes of one device, the others are waited for."""

    async def open_one(device: Device) -> None:
        with contextlib.suppress(ScenarioAborted):
            await device.open()

    await stage.together(*map(open_one, devices))


async def entered(stage: Stage, devices: Sequence[Device]) -> None:
    """Enter the namespace on all of them at the same moment."""

    async def enter_one(device: Device) -> None:
        with contextlib.suppress(ScenarioAborted):
            await device.enter()

    await stage.together(*map(enter_one, devices))


class Volleys:
    """Requests that reach REST at the same moment. Each is made once: one that was tried again would come alone."""

    def __init__(self, stage: Stage, size: int) -> None:
        self._stage = stage
        self._size = size
        self._pauses: Iterator[float] = growing_pauses(stage.run.deadline)

    async def ready(self) -> None:
        await self._stage.rest.warm_up(self._size)

    async def fire(self, user: User) -> None:
        """Where fewer than two were answered for their pace (HTTP 429 or 503), the next volley waits longer."""
        stage, since = self._stage, len(self._stage.transcript.entries)
        await stage.together(*(stage.fetch(user=user, tag="launch", once=True) for _ in range(self._size)))
        exchanges = [e for e in stage.transcript.entries[since:] if e.kind is Kind.HTTP and e.get("user") == user.name]
        if sum(entry.get("status") not in SLOWER for entry in exchanges) < 2:
            await stage.recorder.until(lambda: None, within=next(self._pauses, 0.0))


def buffered(stage: Stage) -> list[str]:
    """What a client sends at once that has connected."""
    return [stage.words() for _ in range(BURST)]


async def sent_early(stage: Stage, phone: Device) -> None:
    """A device enters the namespace, sends its burst as soon as that is entered, greeted or not, and goes; then another
    one shows the conversation. No law judges the device, which was made so (``greet``, ``unjudged``)."""
    await phone.open()
    await phone.enter_sending(buffered(stage), tag="burst")
    with contextlib.suppress(ScenarioAborted):
        await phone.greeted()
    await phone.settle()
    await phone.close()
    async with stage.device("laptop"):
        pass


async def afterwards(stage: Stage) -> None:
    """When all devices have gone, one more of each user connects and sends a text."""

    async def later(user: User, number: int) -> None:
        with contextlib.suppress(ScenarioAborted):
            async with stage.device(f"later {number}", user=user) as device:
                await device.send_plain(tag="later")

    await stage.together(*(device.close() for device in stage.devices))
    await stage.together(*(later(user, number) for number, user in enumerate(stage.users, 1)))
