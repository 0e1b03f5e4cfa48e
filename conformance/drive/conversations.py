"""Random conversations: programs of a few steps that several devices, a second user and REST play, one after another.

A program is plain data, so Hypothesis can make it smaller; a step on a device that is not connected connects it first,
so that every part of a program is a program. Playing asserts nothing: the general laws judge what was recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.device import Device
from conformance.drive.stage import Stage
from conformance.drive.stimuli import TYPING_HARMLESS, judges_of_text
from conformance.errors import Unverified
from conformance.protocol import Json
from conformance.record.transcript import Point

DEVICES = {"phone": 0, "tablet": 0, "stranger": 1}
"""Which user each device belongs to."""
FEWEST, STEPS = 2, 10

PLAIN = "a plain text"
WHAT: dict[str, Callable[[Stage], Json]] = {
    PLAIN: lambda stage: stage.words(),
    "a padded text": lambda stage: f" {stage.words()}\n",
    "an emoji": lambda stage: f"\N{GRINNING FACE} {stage.words()}",
    "an empty text": lambda _: "",
    "a text that is too long": lambda _: "x" * 2001,
    "null": lambda _: None,
}
"""What is sent; the last three are to be refused."""
VALID = tuple(WHAT)[:3]


@dataclass(frozen=True, slots=True)
class Connect:
    """(Re)connect by an option, over a transport, with a token that may be a fresh one."""

    device: str
    option: str = "auth"
    transport: str = "websocket"
    fresh: bool = False
    default_route: bool = False
    """By the run's default route, whatever it is."""

    def __str__(self) -> str:
        if self.default_route:
            return f"{self.device} connects"
        return f"{self.device} connects by {self.option} over {self.transport}{' with a fresh token' * self.fresh}"


@dataclass(frozen=True, slots=True)
class Leave:
    """Close cleanly, or drop the line."""

    device: str
    abruptly: bool = False

    def __str__(self) -> str:
        return f"{self.device} {'drops the line' if self.abruptly else 'closes'}"


@dataclass(frozen=True, slots=True)
class Send:
    """Send something, with an ack or without, and wait for its outcome or go on."""

    device: str
    what: str = PLAIN
    ack: bool = True
    wait: bool = True

    def __str__(self) -> str:
        return f"{self.device} sends {self.what}{' without an ack' * (not self.ack)}{' and goes on' * (not self.wait)}"


@dataclass(frozen=True, slots=True)
class Type:
    """Say that somebody is typing."""

    device: str
    typing: bool = True

    def __str__(self) -> str:
        return f"{self.device} {'types' if self.typing else 'stops typing'}"


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask REST for the conversation of a device's user."""

    device: str

    def __str__(self) -> str:
        return f"the user of {self.device} asks REST"


@dataclass(frozen=True, slots=True)
class Burst:
    """Several devices send some plain texts each, all at once, while REST is asked or not."""

    devices: tuple[str, ...]
    texts: int = 2
    fetch: bool = False

    def __str__(self) -> str:
        who = " and ".join(self.devices)
        return f"{who}: {self.texts} texts at once{' while REST is asked' * self.fetch}"


Step = Connect | Leave | Send | Type | Fetch | Burst


def judges(step: Step) -> set[str]:
    """The requirements that the target outlives a step, where it is neither a plain text nor a connection."""
    if isinstance(step, Type):
        return {TYPING_HARMLESS}
    if not isinstance(step, Send):
        return set()
    return judges_of_text(valid=step.what in VALID, plain=step.what == PLAIN, acked=step.ack)


_GROUPS = (("phone",), ("phone", "tablet"), ("phone", "stranger"), tuple(DEVICES))

_devices = st.sampled_from(tuple(DEVICES))
steps = st.one_of(
    st.builds(Send, _devices, st.sampled_from(tuple(WHAT)), st.booleans(), st.booleans()),
    st.builds(
        Connect,
        _devices,
        st.sampled_from(("auth", "bearer", "header")),
        st.sampled_from(("websocket", "polling")),
        st.booleans(),
    ),
    st.builds(Send, _devices, st.sampled_from(VALID), st.just(True), st.booleans()),
    st.builds(Leave, _devices, st.booleans()),
    st.builds(Type, _devices, st.booleans()),
    st.builds(Fetch, _devices),
    st.builds(Burst, st.sampled_from(_GROUPS), st.integers(2, 4), st.booleans()),
)
programs = st.lists(steps, min_size=FEWEST, max_size=STEPS)


async def play(stage: Stage, program: Sequence[Step]) -> None:
    """Play the steps in order, but for those that the target is known to die of, then close everything; each user says
    a last word, and the conversations are looked at once more, on the socket and over REST."""
    stage.mark("example", point=Point.EXAMPLE)
    player = _Player(stage)
    try:
        for step in (step for step in program if not judges(step) & stage.deadly):
            stage.mark(str(step))
            await player.do(step)
        await player.finish()
    finally:
        await player.leave()


async def _token(user: User, *, fresh: bool) -> Token:
    """A fresh token where there is one; a ready-made one may be all there is."""
    try:
        return await user.token(fresh=fresh)
    except Unverified:
        return await user.token()


class _Player:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._devices: dict[str, Device] = {}
        self._going_on: dict[str, list[asyncio.Task[object]]] = {}

    async def do(self, step: Step) -> None:
        if isinstance(step, Connect):
            await self._connect(step)
        elif isinstance(step, Fetch):
            await self._stage.fetch(user=self._user(step.device))
        elif isinstance(step, Leave):
            await self._leave(step)
        elif isinstance(step, Send):
            await self._send(step)
        elif isinstance(step, Burst):
            await self._burst(step)
        else:
            await (await self._device(step.device)).typing({"isTyping": step.typing})

    def _user(self, device: str) -> User:
        """Where there is one user only, the stranger is a third device of it."""
        return self._stage.users[min(DEVICES[device], len(self._stage.users) - 1)]

    async def _device(self, name: str) -> Device:
        if name not in self._devices or self._devices[name].closed:
            await self._connect(Connect(name, default_route=True))
        return self._devices[name]

    async def _connect(self, step: Connect) -> None:
        await self._outcomes(step.device)
        if step.device in self._devices:
            await self._devices.pop(step.device).close()
        user = self._user(step.device)
        token = await _token(user, fresh=step.fresh)
        option, transport = (None, None) if step.default_route else (step.option, step.transport)
        device = self._stage.device(step.device, user=user, token=token, option=option, transport=transport)
        self._devices[step.device] = device
        await device.connect()

    async def _leave(self, step: Leave) -> None:
        device = self._devices.get(step.device)
        if device is None or device.closed:
            return
        if not step.abruptly:
            await self._outcomes(step.device)
        await (device.drop() if step.abruptly else device.close())
        await self._outcomes(step.device)

    async def _send(self, step: Send) -> None:
        device = await self._device(step.device)
        valid = step.what in VALID
        sending = device.send_text(WHAT[step.what](self._stage), tag=step.what, ack=step.ack or not valid, valid=valid)
        task = asyncio.ensure_future(sending)
        self._going_on.setdefault(step.device, []).append(task)
        if step.wait:
            await self._outcomes(step.device)
        else:
            await asyncio.sleep(0)  # let it go out before the next step does

    async def _burst(self, step: Burst) -> None:
        senders = [await self._device(name) for name in step.devices]
        work = [sender.pipeline([self._stage.words() for _ in range(step.texts)], plain=False) for sender in senders]
        rest = [self._stage.fetch(user=self._user(step.devices[0]))] if step.fetch else []
        await self._stage.together(*work, *rest)

    async def _outcomes(self, name: str) -> None:
        await asyncio.gather(*self._going_on.pop(name, ()))

    async def finish(self) -> None:
        for name in DEVICES:
            await self._outcomes(name)
        there = {name: device for name, device in self._devices.items() if not device.closed}
        await self._stage.together(*(self._fence(devices) for devices in _by_user(there)))
        await asyncio.gather(*(device.catch_up() for device in there.values()))
        await asyncio.gather(*(device.settle() for device in there.values()))
        self._stage.mark("all is quiet", point=Point.QUIET)
        await self.leave()
        await self._stage.together(*map(self._last_word, ("phone", "stranger")))

    async def _fence(self, devices: Sequence[Device]) -> None:
        """A last text of one of a user's devices, which the others wait for: what was emitted before has come then."""
        sender, *others = devices
        if others:
            answer = await sender.send_text(self._stage.words(), tag="fence", plain=True)
            await self._stage.together(*(other.until_message_of(answer) for other in others))

    async def _last_word(self, name: str) -> None:
        for step in (Connect(name, default_route=True), Send(name), Fetch(name), Connect(name)):
            await self.do(step)

    async def leave(self) -> None:
        for name, device in self._devices.items():
            await device.close()
            await asyncio.gather(*self._going_on.pop(name, ()), return_exceptions=True)


def _by_user(devices: Mapping[str, Device]) -> list[list[Device]]:
    users: dict[int, list[Device]] = {}
    for name, device in devices.items():
        users.setdefault(DEVICES[name], []).append(device)
    return list(users.values())
