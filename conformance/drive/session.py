"""The connections of a device, one after the other: opened, entered, greeted or refused, closed; and their packets."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

from socketio.packet import CONNECT, DISCONNECT, EVENT

from conformance.auth.credentials import Presenting, presenting
from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.context import ScenarioContext
from conformance.drive.device_options import DeviceOptions
from conformance.drive.inbox import PacketInbox
from conformance.drive.retry import growing_pauses
from conformance.drive.waiting import REFUSAL, Waiting, as_note
from conformance.protocol import CONNECTED, ERROR, NAMESPACE, SEND, Json
from conformance.record.descriptions import said
from conformance.record.rate_limits import SLOWER
from conformance.record.timeouts import ENGINE_HANDSHAKE, GREETED, UNJUDGED
from conformance.record.transcript import Kind
from conformance.record.waits import GREETING, HANDSHAKE, NAMESPACE_ANSWER, REFUSED_END
from conformance.transport import connection
from conformance.transport.close_reason import HandshakeFailed, HandshakeTimeout
from conformance.transport.engineio import Transport
from conformance.transport.socketio_packets import Sending, fields_of


class ScenarioAborted(Exception):
    """The scenario cannot go on: what it needs did not come. The transcript says so and is judged as it is."""


class Session:
    """What a device connects with and by, and its current connection."""

    def __init__(self, context: ScenarioContext, name: str, user: User, options: DeviceOptions) -> None:
        self.context = context
        self.name = name
        self.user = user
        self.options = options
        self.inbox = PacketInbox(context.recorder, name, user.subject)
        self.waiting = Waiting(context, self.inbox, context.talks[user.name], lambda: self.gone)
        self._route = options.route(context.run.default_route)
        self._token = options.token
        """What to present; None: a new one each time."""
        self._presented: Token | None = None
        """What the current connection presents."""
        self._recovery: Mapping[str, Json] = {}
        self._wire: connection.Connection | None = None
        self._ack_ids = itertools.count()
        """From 0, which most official clients begin with and python-socketio does not."""

    # -- opening -----------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Open the transport, enter the namespace, wait for the greeting (or, with a bad token, for the end)."""
        token = self._token or await self.user.token()
        attendance = self.context.attendance
        others = attendance.present(self.user)
        async with self.context.first_contact(self.user, token):
            opened = await self._open(token)
            if opened:
                await self.enter()
        if opened and self.options.greet and token.good:
            await attendance.announced(others, self.inbox.listed)

    async def open(self) -> None:
        """Open the transport and no more: ``enter`` goes on. For devices that are to enter at the same moment."""
        await self._open(self._token or await self.user.token())

    async def reconnect(
        self, *, token: Token | None = None, transport: str | None = None, recover: bool = False
    ) -> None:
        """A new connection of the same device, by the same option; with the same token unless another is given.
        ``recover``: with what Socket.IO recovers connections by, where the target has sent it."""
        self._recovery = self.inbox.recovery if recover else {}
        self._token = token or self._token
        self._route = replace(self._route, transport=transport or self._route.transport)
        await self.connect()

    async def revive(self) -> None:
        """Connect again where the connection has ended."""
        if await self.wait_closed(within=0):
            await self.close()
            await self.reconnect()

    async def _open(self, token: Token) -> bool:
        """Open the transport, again after a pause when the target asks for patience (HTTP 429 or 503).
        Whether it is open."""
        if self._wire is not None:
            await self._wire.close()
        self._begin(token)
        refused = await self._let_in()
        if refused is None:
            return True
        self.inbox.on_closed(refused.close_reason)
        if token.good:
            why = self.context.recorder.brief(str(refused))
            raise ScenarioAborted(f"{self.name}: no {self._route.transport} connection: {why}")
        return False

    def _begin(self, token: Token, **notes: Json) -> None:
        self._presented = token
        self.inbox.begin(next(self.context.connections))
        self.waiting.begin()
        self.inbox.log(
            Kind.OPEN,
            user=self.user.name,
            **token.notes,
            option=self._route.option,
            transport=self._route.transport,
            usual=self.options.takes_default_route,
            greet=self.options.greet,
            **({"trial": True} if self.options.unjudged else {}) | notes,
        )

    async def _let_in(self) -> HandshakeFailed | None:
        """Try to open the transport, as often as makes sense; how that was refused at last, if it was."""
        run = self.context.run
        turns = run.turns["handshake"]
        await turns.none_waiting()
        refused = await self._try_connect()
        if not _for_its_pace(refused):
            return refused
        pauses = growing_pauses(run.deadline)
        return await turns.retry(
            self._try_connect, last=refused, refused=_for_its_pace, pause=self._pause, pauses=pauses
        )

    async def _pause(self, refused: HandshakeFailed | None, seconds: float) -> None:
        assert refused is not None
        status, asked = refused.close_reason.status, refused.close_reason.retry_after
        await self.context.pause_for_rate_limit(
            status, asked, seconds, device=self.name, connection=self.inbox.connection
        )

    async def _try_connect(self) -> HandshakeFailed | None:
        """Try to open the transport once."""
        recorder, run = self.context.recorder, self.context.run
        headers, wait = {**run.headers, **self._credentials.headers}, run.timeout.of(ENGINE_HANDSHAKE)
        self._wire = connection.Connection(
            self._credentials.url(run.url),
            self.inbox,
            headers=headers,
            tls=run.tls,
            deadline=wait,
            intake=run.intake,
            cookies=self.options.cookies,
        )
        began = recorder.now
        try:
            await self._wire.open(self._first_transport)
        except HandshakeFailed as refused:
            if isinstance(refused, HandshakeTimeout):
                doubt = run.timeout.gave_up(ENGINE_HANDSHAKE, refused.seconds)
                self.inbox.log(Kind.EXPIRED, waiting=HANDSHAKE, seconds=refused.seconds, **as_note(doubt))
            return refused
        run.timeout.came(ENGINE_HANDSHAKE, recorder.now - began)
        return None

    @property
    def _first_transport(self) -> Transport:
        transport = self._route.transport
        return Transport.POLLING if transport == "upgrade" else Transport(transport)

    @property
    def _credentials(self) -> Presenting:
        assert self._presented is not None
        return self.options.presented or presenting(self._presented, self._route.option)

    # -- entering ----------------------------------------------------------------------------------------------

    async def enter(self) -> None:
        """Enter the namespace on a transport that is open, and wait for the greeting or the end."""
        assert self._presented is not None
        auth = self._credentials.auth
        self.packet(CONNECT, {**self._recovery, **(auth or {})} if self._recovery else auth)
        if self.options.greet:
            await (self.greeted() if self._presented.good else self._refused())

    async def entered(self) -> None:
        """Wait for the answer to the CONNECT packet (not for the greeting)."""

        def answered() -> str | None:
            names = [str(e.get("packet")) for e in self.inbox.received if e.get("packet") != "EVENT"]
            return names[0] if names else ("closed" if self.closed else None)

        if await self.waiting.until("connect", NAMESPACE_ANSWER, answered) != "CONNECT":
            raise ScenarioAborted(f"{self.name}: the namespace was not entered")

    async def greeted(self) -> None:
        """Until both the greeting and the CONNECT answer are there, in whatever order: nothing may be sent to a
        namespace that has not answered."""

        def answered() -> str | None:
            packets = {str(entry.get("packet")) for entry in self.inbox.received}
            refusals = packets & {"CONNECT_ERROR", "DISCONNECT"}
            if refusals:
                return min(refusals)
            return CONNECTED if "CONNECT" in packets and self.inbox.heard(CONNECTED) else None

        # an experiment says nothing about the other waits
        kind = UNJUDGED if self.options.unjudged else GREETED
        answer = await self.waiting.until(kind, GREETING, answered)
        if answer != CONNECTED:
            instead = said(self.inbox.received) or ("a closed transport" if self.closed else "nothing")
            raise ScenarioAborted(self.context.recorder.brief(f"{self.name}: expected {CONNECTED}, got {instead}"))

    async def _refused(self) -> None:
        """Until the target has ended the connection, one way or the other, and a quiet window has passed."""

        def ended() -> bool | None:
            packets = [entry.get("packet") for entry in self.inbox.received]
            return True if self.closed or "DISCONNECT" in packets or "CONNECT_ERROR" in packets else None

        def welcomed() -> bool | None:
            return True if self.inbox.heard(CONNECTED) and not self.inbox.heard(ERROR) else ended()

        came = await self.waiting.until(REFUSAL, REFUSED_END, welcomed)
        if not self.closed:
            await self.settle()
        if came and self.inbox.heard(ERROR):
            await self.waiting.until(REFUSAL, REFUSED_END, ended)

    async def upgrade(self, *, give_up: bool = False) -> bool:
        """Move from polling to WebSocket, packets in flight and all. Whether the target completed it. ``give_up``: stay
        on polling once the WebSocket has answered."""
        assert self._wire is not None
        upgrades = self.inbox.handshake.get("upgrades")
        offered = isinstance(upgrades, list) and "websocket" in upgrades
        done = offered and await self._wire.upgrade(give_up=give_up)
        self.inbox.log(Kind.MARK, label="upgraded" if done else "upgrade not completed", offered=offered)
        return done

    # -- packets -----------------------------------------------------------------------------------------------

    def packet(self, kind: int, data: Json = None, *, id: int | None = None, **notes: Json) -> None:
        """Queue one Socket.IO packet; it is recorded when it is written to the transport."""
        packet = Sending(kind, data=data, namespace=NAMESPACE, id=id)
        self._queue(str(packet.encode()), fields_of(packet) | notes)

    def raw(self, text: str) -> None:
        """Queue a Socket.IO packet given as its text, which may be no packet at all."""
        self._queue(text, {"packet": "RAW", "text": text})

    def _queue(self, text: str, fields: Mapping[str, Json]) -> None:
        assert self._wire is not None
        self._wire.send(text, lambda via: self._written(fields, via))

    def _written(self, fields: Mapping[str, Json], via: Transport) -> None:
        self.context.run.intake.meter.messages += fields.get("event") == SEND
        self.inbox.log(Kind.SENT, **fields, via=str(via))

    def emit(self, event: str, *args: Json, ack: bool = False, **notes: Json) -> int | None:
        """Emit one event and go on. The id of the ack that was asked for, if one was."""
        number = next(self._ack_ids) if ack else None
        self.packet(EVENT, [event, *args], id=number, **notes)
        return number

    # -- ending ------------------------------------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        return self._wire is None or self._wire.closed

    @property
    def gone(self) -> bool:
        """Whether nothing can come any more: the transport is closed, or the target has ended the namespace."""
        return self.closed or self.inbox.disconnected

    async def wait_closed(self, within: float) -> bool:
        """Whether the connection ended (either way) within so many seconds."""
        return bool(await self.context.recorder.until(lambda: self.gone or None, within=within))

    async def settle(self) -> None:
        """Wait for one quiet window on this connection."""
        seconds = self.context.run.settle
        await self.context.recorder.quiet(seconds, connection=self.inbox.connection, at_most=6 * seconds)

    async def close(self) -> None:
        """Leave the namespace and close the transport, as a client does."""
        if self._wire is None:
            return
        if not self._wire.closed:
            self.packet(DISCONNECT)
        await self._wire.close()

    async def drop(self) -> None:
        """Cut the line without a word, as soon as what is queued is written."""
        assert self._wire is not None
        await self._wire.flush()
        await self._wire.drop()


def _for_its_pace(refused: HandshakeFailed | None) -> bool:
    return refused is not None and refused.close_reason.status in SLOWER
