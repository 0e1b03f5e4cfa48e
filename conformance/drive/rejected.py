"""Ways in that are tried with bad tokens, and the steps of the scenarios that try them (sections 2.2 and 6)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from conformance.auth.credentials import Presenting
from conformance.auth.expiry import expiry_of, remaining
from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.device import Device, ScenarioAborted
from conformance.drive.stage import Stage
from conformance.errors import Unverified
from conformance.record.token_kinds import ABSENT, CONFUSED, EXPIRED, FORBIDDEN, GUESSED, INVALID, NOT_STRINGS

# -- tables ------------------------------------------------------------------------------------------------------

ODD_WAYS = {
    "empty-object": Presenting({}, {}),
    "basic": Presenting(None, {"Authorization": "Basic bm9ib2R5Om5vYm9keQ=="}),
}
"""Ways to present no token beside those of ``auth.credentials``: an ``auth`` without one, a header of another scheme
(nobody:nobody)."""

MISSING = [
    ("missing", "auth", "websocket"),
    ("missing", "auth", "polling"),
    ("missing", "empty-object", "websocket"),
    ("null", "auth", "websocket"),
    ("empty", "auth", "websocket"),
    ("empty", "bearer", "websocket"),
    ("empty", "header", "polling"),
]
"""Kind of token, option and transport of each refusal that is tried: here those without a token."""

WRONG = [
    *((kind, "auth", "websocket") for kind in (*INVALID, *NOT_STRINGS)),
    *((kind, "header", "polling") for kind in INVALID),
    ("garbage", "bearer", "websocket"),
    ("wrong-key", "bearer", "websocket"),
    ("tampered", "auth", "polling"),
    ("unsigned", "header", "websocket"),
]

CONFUSING = [
    (kind, option, transport)
    for kind in CONFUSED
    for option, transport in [("auth", "websocket"), ("header", "polling")]
]
"""Tried where tokens are signed with a private key; elsewhere there is no such token."""

AGED = [
    ("expired", "auth", "websocket"),
    ("expired", "auth", "polling"),
    ("expired", "bearer", "websocket"),
    ("expired", "header", "websocket"),
    ("expired", "header", "polling"),
]

REQUESTS = ["missing", "empty", *INVALID, *EXPIRED]
"""The kinds that a REST request can carry; with a public key, those of ``CONFUSED`` too."""

KNOWN: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = {
    ("present", "websocket"): [
        ("expired", "auth"),
        ("resigned", "header"),
        ("recased", "auth"),
        ("missing", "auth"),
        ("expired", "auth"),
    ],
    ("present", "polling"): [
        ("wrong-key", "auth"),
        ("expired", "header"),
        ("resigned", "bearer"),
        ("tampered", "auth"),
    ],
    ("left", "websocket"): [
        ("expired", "header"),
        ("wrong-key", "auth"),
        ("resigned", "auth"),
        ("resigned", "auth"),
        ("tampered", "auth"),
    ],
    ("left", "polling"): [
        ("resigned", "bearer"),
        ("recased", "header"),
        ("expired", "auth"),
        ("missing", "auth"),
        ("missing", "basic"),
    ],
    ("cut", "websocket"): [("expired", ""), ("missing", ""), ("resigned", "")],
    ("cut", "polling"): [("expired", ""), ("tampered", ""), ("missing", "")],
}
"""Kind and option of the tokens that are tried for a user whom the target knows, by state and transport: any two of
state, kind and transport meet, and what is there twice is the very same token. Who was cut off comes back by the usual
option."""
IN_BETWEEN = ("expired", "resigned", "recased", "missing")
"""The kinds that REST is asked with meanwhile."""
BARE = ("resigned", "expired")
"""The kinds that are tried in the header without ``Bearer``, too."""
PAST = 1.0
"""Seconds after its time that a token is tried again."""

# -- steps -------------------------------------------------------------------------------------------------------


async def bad(user: User, kind: str, *, of: Token | None = None) -> Token:
    """A bad token. Where no expired one can be signed it is another one, so that what holds for any bad token is
    judged all the same; ``of_kind`` tells the difference."""
    try:
        return await user.bad(kind, of=of)
    except Unverified:
        if kind not in EXPIRED:
            raise
        return await user.bad("resigned", of=of)


def requests(user: User) -> list[str]:
    """The kinds to ask REST with."""
    minter = user.source.minter
    return [*REQUESTS, *(CONFUSED if minter is not None and minter.public_key is not None else ())]


async def enter(device: Device) -> None:
    """Wait until the namespace has answered, whatever it has answered."""
    with contextlib.suppress(ScenarioAborted):
        await device.entered()


async def send_when(device: Device, moment: str, text: str) -> None:
    """Send a text that must not be stored: "at-once" behind the CONNECT packet, or once the namespace is "entered"."""
    if moment == "entered":
        await enter(device)
    if not device.closed:
        await device.emit_send({"text": text}, tag=FORBIDDEN)


async def try_connect(device: Device) -> None:
    """Connect, stay until it is quiet, leave. That it was not greeted does not end the scenario."""
    with contextlib.suppress(ScenarioAborted):
        async with device:
            pass


def option_of(stage: Stage, kind: str, option: str) -> str:
    """How to present a bad token: where the target does not take good ones in ``auth``, by the route that works."""
    fits = option == "auth" and kind not in (*ABSENT, *NOT_STRINGS)
    return stage.run.default_route.option if fits else option


async def control(stage: Stage, device: Device, option: str, transport: str) -> None:
    """Where a bad token found no handshake, see whether a good one does, by the same route or by the default one: else
    the transport is to blame."""
    if device.inbox.handshake:
        return
    for known in dict.fromkeys([option if option not in ODD_WAYS else "auth", stage.run.default_route.option]):
        same = stage.device("control", option=known, transport=transport, greet=False)
        await try_connect(same)
        if same.inbox.handshake:
            return


async def call(device: Device) -> None:
    """Connect, and leave once it is clear what becomes of it."""
    with contextlib.suppress(ScenarioAborted):
        await device.connect()
    await device.close()


async def come_back(phone: Device, good: Token, bad: Token) -> None:
    """Connect with a good token, be cut off, and come back with a bad one and what Socket.IO recovers by."""
    await phone.reconnect(token=good)
    await phone.drop()
    await phone.settle()  # the target needs a moment to notice
    with contextlib.suppress(ScenarioAborted):
        await phone.reconnect(token=bad, recover=True)
    await phone.close()


async def bad_ones(user: User, kinds: Iterable[str], good: Token) -> dict[str, Token]:
    """One bad token of each kind, made from a good one."""
    return {kind: await bad(user, kind, of=good) for kind in dict.fromkeys(kinds)}


async def guessed(user: User, good: Token) -> dict[str, Token]:
    """One token of each kind that anyone could sign. Where the target's own secret is a word that is guessed, that one
    is good, and left out."""
    made = await bad_ones(user, GUESSED, good)
    return {kind: token for kind, token in made.items() if token.value != good.value}


async def knock(stage: Stage, name: str, token: Token, *, bare: bool) -> None:
    """Present a bad token to the socket and to REST at the same moment; ``bare``: in the header, without ``Bearer``."""
    option = "header-bare" if bare else option_of(stage, token.kind, "auth")
    device = stage.device(name, token=token, option=option, transport="websocket")
    await stage.together(call(device), stage.fetch(token=token, tag=token.label, bare=bare))


async def bare(user: User, good: Token) -> list[Token]:
    """One token of each kind that is tried without ``Bearer``, too."""
    made = await bad_ones(user, BARE, good)
    return [replace(token, label=f"{token.label}, without Bearer") for token in made.values()]


async def outlive(stage: Stage, token: Token) -> None:
    """Wait until a token has expired."""
    seconds = remaining(expiry_of(token.value)) + PAST
    await stage.recorder.until(lambda: None, within=max(0.0, seconds))
