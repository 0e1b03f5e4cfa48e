"""python-socketio's client, set up so that nothing of it outlives a scenario or fails unseen.

What of the library is used beyond its documentation: a subclass says which Engine.IO client it wants
(``_engineio_client_class``), connecting again by itself calls ``connect``, its class of packets may be another
(``serializer``), and its module has a generator of random numbers, which gets another.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import logging
import random
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import engineio
import socketio
import socketio.async_client
from engineio.payload import Payload
from socketio.packet import Packet

from conformance import strict_json
from conformance.transport.recorded_session import RecordedSession

LIBRARY = f"python-socketio {importlib.metadata.version('python-socketio')}"
COMES_BACK_AFTER, AT_MOST = 0.1, 2.0
"""Seconds after which the client connects again by itself: the first time, and at most."""

# Sixteen packets in one answer of long-polling are a limit of the library, which its documentation says how to lift.
Payload.max_decode_packets = max(Payload.max_decode_packets, 1000)

# The pause before it connects again draws from the generator of the whole process. Hypothesis, which searches in
# another thread meanwhile, would take that for a strategy's doing, and warn.
socketio.async_client.random = random.Random()  # noqa: S311  no secret depends on it

_quiet = logging.getLogger("conformance.standard_client")
_quiet.setLevel(logging.CRITICAL + 1)

Watch = Callable[["asyncio.Future[Any]"], "asyncio.Future[Any]"]


class _Engine(engineio.AsyncClient):  # type: ignore[misc]  # the base class has no types
    """Has its tasks watched."""

    def __init__(self, *, watch: Watch, **options: Any) -> None:
        super().__init__(**options)
        self._watch = watch

    def start_background_task(self, target: Any, *args: Any, **options: Any) -> asyncio.Future[Any]:
        return self._watch(super().start_background_task(target, *args, **options))


class _Packet(Packet):  # type: ignore[misc]
    """Has no infinite numbers, which could not be written into the record."""

    json = SimpleNamespace(dumps=json.dumps, loads=partial(json.loads, parse_float=strict_json.finite))


class _Client(socketio.AsyncClient):  # type: ignore[misc]  # the base class has no types
    """Waits for the answer to CONNECT as long as it takes, also when it connects again by itself: its default is one
    second, and the document has no time limits."""

    def __init__(self, *, wait_timeout: float, **options: Any) -> None:
        super().__init__(**options)
        self._wait_timeout = wait_timeout

    async def connect(self, url: str, **options: Any) -> None:
        await super().connect(url, **{"wait_timeout": self._wait_timeout, **options})

    def _engineio_client_class(self) -> type[_Engine]:
        return _Engine


def client_on(session: RecordedSession, *, watch: Watch, patience: float) -> socketio.AsyncClient:
    """A client with the library's defaults, but for how long it waits (``patience``, seconds) and that it comes back
    soon. ``watch`` gets each task that it starts, and returns it."""
    return _Client(
        http_session=session,
        watch=watch,
        request_timeout=patience,
        wait_timeout=patience,
        reconnection_delay=COMES_BACK_AFTER,
        reconnection_delay_max=AT_MOST,
        randomization_factor=0,
        handle_sigint=False,
        serializer=_Packet,
        logger=_quiet,
        engineio_logger=_quiet,
    )
