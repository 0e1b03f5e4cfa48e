"""Before the first scenario: is the target there, is it a Help Center, does it take our tokens, how far away is it?"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, replace

import httpx

from conformance.auth.expiry import SKEW, remaining, up
from conformance.auth.users import User, Users
from conformance.drive.context import RunContext
from conformance.drive.device import ScenarioAborted
from conformance.drive.device_options import Route
from conformance.drive.load import measured
from conformance.drive.stage import Stage
from conformance.errors import TargetUnusable
from conformance.protocol import REST_PATH, UNAUTHORIZED
from conformance.record.descriptions import said
from conformance.record.health import is_of_socket_io_2
from conformance.record.transcript import Transcript
from conformance.record.views import Fetch, Record

ROUTES = [Route(option, transport) for transport in ("websocket", "polling") for option in ("auth", "bearer", "header")]
"""All documented ways into the conversation, the recommended one first (section 2.2)."""
AT_ONCE = 8
"""How many ready-made users are looked at at the same time."""
BRIEF = 4.0
"""Seconds that the first answers may take each, however short the deadline of the run is."""
OTHER_PROTOCOL = (
    "it speaks Engine.IO 3 (Socket.IO 2), and the document's clients speak Engine.IO 4 (Socket.IO 3 and later)"
)
SLOW = 12.0
"""Seconds that whoever answers at all may be silent before it greets."""


@dataclass(frozen=True)
class Met:
    """What one user found: by which route into the namespace, and over REST, where the first route is not open."""

    fetch: Fetch | None
    route: Route | None
    refused: bool
    record: Record
    said: str
    """What the target said on the first route, if it said anything."""

    @property
    def works(self) -> bool:
        shown = self.fetch is not None and self.fetch.successful and looks_like_a_conversation(self.fetch)
        return self.route is not None or shown


def looks_like_a_conversation(fetch: Fetch) -> bool:
    return fetch.is_json and isinstance(fetch.body, dict) and ("conversation" in fetch.body or "messages" in fetch.body)


async def check(context: RunContext, users: Users, *, wait: float, within: float) -> RunContext:
    """``_checked``, within so many seconds beyond ``wait``."""
    try:
        async with asyncio.timeout(wait + within):
            return await _checked(context, users, wait)
    except TimeoutError:
        raise TargetUnusable(
            f"{context.url} was not found to be a Help Center within --max-time={within:g} s"
        ) from None


async def _checked(context: RunContext, users: Users, wait: float) -> RunContext:
    """The context of the run, with its default route and for its round trip. Raises TargetUnusable where the
    target can't be judged. Users who are kept for scenarios that need a new one make no contact: there only has to be a
    token."""
    brief = context.untaught(deadline=min(context.deadline, BRIEF), late=SLOW)
    async with users.lease(min(users.at_hand or 1, AT_ONCE)) as lent:
        first = await _first_meeting(brief, lent[:1], wait, silence=_silence(context))
        remark = OTHER_PROTOCOL if first.route is None and is_of_socket_io_2(first.record.transcript) else ""
        context = replace(context, default_route=first.route or Route(), remark=remark)
        at_once = measured([(first.record, 1)]).at_once(AT_ONCE, brief.deadline)
        turn, brief = asyncio.Semaphore(at_once), replace(brief.untaught(), default_route=context.default_route)

        async def meet(user: User) -> Met:
            async with turn:
                return await _meet(brief, [user])

        others = await asyncio.gather(*map(meet, lent[1:]))
        beside = min(at_once, max(1, len(others)))
        context = replace(context, load=measured([(first.record, 1), *((met.record, beside) for met in others)]))
        for number, met in enumerate(others, 2):
            if not met.works:
                raise TargetUnusable(f"user {number} of {len(lent)}: {_diagnosis(context.url, met, lent[number - 1])}")
        await asyncio.gather(*(user.token() for user in users.untouched[: AT_ONCE - len(lent)]))
    return context.calibrated(await _round_trip(context))


async def _first_meeting(context: RunContext, users: list[User], wait: float, *, silence: float) -> Met:
    """Tried again for ``wait`` seconds: what is being deployed is silent first, or a gateway answers in its place.
    A token that is refused is refused at once. Raises TargetUnusable."""
    ends = time.monotonic() + wait
    while True:
        silent = await _silent(context, within=silence)
        met = None if silent else await _meet(context, users)
        if met is not None and met.works:
            return met
        if time.monotonic() >= ends or (met is not None and met.refused):
            waited = f" (waited {wait:g} s)" if wait else ""
            raise TargetUnusable((silent if met is None else _diagnosis(context.url, met, users[0])) + waited)
        context = context.untaught()
        await asyncio.sleep(0.2)


def _silence(context: RunContext) -> float:
    """For how many seconds whoever has never answered may be silent."""
    return max(BRIEF, context.deadline)


async def _silent(context: RunContext, *, within: float) -> str:
    """Why no HTTP server can be reached there; empty when one can, whatever it answers."""
    try:
        async with asyncio.timeout(within), context.client() as client, client.stream("GET", "/", timeout=within):
            return ""
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return f"{context.url} {_why(error, within)}"


def _why(error: Exception, within: float) -> str:
    reason = str(error)
    if isinstance(error, (httpx.ReadTimeout, TimeoutError)):
        return f"accepts connections and does not answer within {within:g} s"
    if isinstance(error, httpx.ConnectTimeout):
        return f"does not answer within {within:g} s"
    if "CERTIFICATE" in reason:
        return f"has a certificate that is not trusted ({reason}): pass --ca-bundle=FILE or --insecure"
    if "[SSL" in reason or "TLS" in reason:
        return f"does not speak TLS as it should ({reason}): is it http and not https?"
    if isinstance(error, httpx.ConnectError):
        refused = reason.startswith("All connection attempts")  # as httpx says it, whatever the system said
        return f"cannot be reached: {'nothing listens there. Is it running, and on this port?' if refused else reason}"
    if isinstance(error, httpx.RemoteProtocolError):
        return f"does not speak HTTP: {reason}"
    return f"does not answer: {reason or type(error).__name__}"


async def _round_trip(context: RunContext) -> float:
    """Seconds: the quickest of three small requests on a warm connection, to the socket or, where that does not
    answer, over REST. 0 when neither does."""
    async with context.client() as client:
        for path in ("/socket.io/?EIO=4&transport=none", REST_PATH):
            took = []
            with contextlib.suppress(httpx.HTTPError, TimeoutError, ValueError):
                for _ in range(4):
                    async with asyncio.timeout(_silence(context)):
                        began = time.monotonic()
                        await context.ask(client, path, silence=_silence(context))
                        took.append(time.monotonic() - began)
                return min(took[1:])
    return 0.0


async def _meet(context: RunContext, users: list[User]) -> Met:
    transcript = Transcript("preflight", "preflight")
    stage = Stage(context, transcript, users)
    first, *others = ROUTES
    try:
        if await _opens(stage, first):
            return _met(Record(transcript), None, first)
        await stage.fetch()
        record, route = Record(transcript), None
        fetch = record.fetches[-1]
        handshake_completed = any(connection.handshake_completed for connection in record.connections)
        if handshake_completed or looks_like_a_conversation(fetch):  # else there is no door to try
            opened = await asyncio.gather(*(_opens(stage, other) for other in others))
            route = next((other for other, is_open in zip(others, opened, strict=True) if is_open), None)
        return _met(Record(transcript), fetch, route)
    finally:
        await stage.close()


async def _opens(stage: Stage, route: Route) -> bool:
    device = stage.device(f"{route.option} {route.transport}", option=route.option, transport=route.transport)
    try:
        await device.connect()
    except ScenarioAborted:
        return False
    finally:
        await device.close()
    return True


def _met(record: Record, fetch: Fetch | None, route: Route | None) -> Met:
    problems = [p.raw for p, _ in record.problems() if isinstance(p.raw, dict)]
    refused = (fetch is not None and fetch.status in (401, 403)) or any(p.get("code") == UNAUTHORIZED for p in problems)
    met = next((words for connection in record.connections if (words := said(connection.entries))), "")
    return Met(fetch, route, refused, record, met)


def _diagnosis(url: str, met: Met, user: User) -> str:
    assert met.fetch is not None  # no route was open
    if met.refused and remaining(user.expiry) <= SKEW:
        return f"{url} rejects the token over WebSocket, polling and REST: {up(user.subject, user.expiry)}"
    if met.refused:
        socket = f"; /help-center: {met.said}" if met.said else ""
        return (
            f"{url} rejects the token over WebSocket, polling and REST (REST: {_status(met.fetch)}{socket}): "
            "check the token or secret, --jwt-claims and --users"
        )
    if is_of_socket_io_2(met.record.transcript):
        return f"no Help Center at {url}: {OTHER_PROTOCOL} (GET {REST_PATH} gave {_status(met.fetch)})"
    socket = f" ({met.said})" if met.said else ""
    media = f" {met.fetch.content_type}" if met.fetch.content_type else ""
    hint = _where_to(met.fetch.location) if met.fetch.location else ""
    return (
        f"no Help Center at {url}: GET {REST_PATH} gave {_status(met.fetch)}{media}, "
        f"and /help-center gave no greeting over Socket.IO{socket}{hint}"
    )


def _where_to(location: str) -> str:
    """What to do about a redirect."""
    if location.startswith("/") and not location.startswith("//"):
        return "; is there a login before it? pass a gateway's credentials with --header='Name: value'"
    return "; pass as --target where it leads"


def _status(fetch: Fetch) -> str:
    where = f" to {fetch.location}" if fetch.location else ""
    return f"HTTP {fetch.status}{where}" if fetch.status else "no answer"
