"""How a device connects: what scenarios choose, and what they leave to the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from conformance.auth.credentials import Presenting
from conformance.auth.tokens import Token
from conformance.transport.cookies import Cookies


@dataclass(frozen=True, slots=True)
class Route:
    """A way into the Help Center: how the token is presented, and over which transport."""

    option: str = "auth"
    transport: str = "websocket"


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """``token``: a new one of its user's unless given. ``option``: how it is presented (see ``auth.credentials``), and
    ``transport``: websocket, polling, or upgrade (polling that will move); those of the run's default route unless
    given. ``greet``: whether connecting waits for the greeting. ``unjudged``: it tries something that the document is
    silent on, and no law judges its connections and sends. ``presented``: what it presents instead of its token.
    ``cookies``: the jar of its app, which it keeps from one connection to the next; unless given, each begins without
    any."""

    token: Token | None = None
    option: str | None = None
    transport: str | None = None
    greet: bool = True
    unjudged: bool = False
    presented: Presenting | None = None
    cookies: Cookies | None = None

    @property
    def takes_default_route(self) -> bool:
        """Whether it takes the default route, whatever that is."""
        return self.option is None and self.transport is None

    def route(self, default: Route) -> Route:
        return Route(self.option or default.option, self.transport or default.transport)


class DeviceArguments(TypedDict, total=False):
    """The fields of ``DeviceOptions``, as keyword arguments."""

    token: Token | None
    option: str | None
    transport: str | None
    greet: bool
    unjudged: bool
    presented: Presenting | None
    cookies: Cookies | None
