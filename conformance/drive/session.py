"""The connections of a device, one after the other: opened, entered, greeted or refused, closed; and their packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from socketio.packet import CONNECT, DISCONNECT, EVENT

from conformance.auth.tokens import Token
from conformance.drive.opening import Opening, ScenarioAborted
from conformance.drive.retry import Turns, growing_pauses
from conformance.drive.waiting import REFUSAL
from conformance.protocol import CONNECTED, ERROR, NAMESPACE, SEND, Json
from conformance.record.descriptions import said
from conformance.record.rate_limits import too_soon, wanted_pause
from conformance.record.timeouts import GREETED, UNJUDGED
from conformance.record.transcript import Kind
from conformance.record.waits import GREETING, NAMESPACE_ANSWER, REFUSED_END
from conformance.transport.engineio import Transport
from conformance.transport.socketio_packets import Sending, fields_of


class Session(Opening):
    """A device in the namespace, on the connection that it has now."""

    # -- opening -----------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Open the transport, enter the namespace, wait for the greeting (or, with a bad token, for the end)."""
        token = self._token or await self.user.token()
        await self._namespace_turns.none_waiting()
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
        token = self._token or await self.user.token()
        await self._namespace_turns.none_waiting()
        await self._open(token)

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

    # -- entering ----------------------------------------------------------------------------------------------

    async def enter(self) -> None:
        """Enter the namespace on a transport that is open, and wait for the greeting or the end. Again on another one,
        after a pause, where the target says that this came too soon."""
        refused = await self._ask_to_enter()
        if refused is not None and not self._namespace_turns.hopeless:
            refused = await self._namespace_turns.retry(
                self._enter_anew,
                last=refused,
                refused=lambda error: error is not None,
                pause=self._pause_as_told,
                pauses=growing_pauses(self.context.run.deadline),
            )
        await self._given_up(refused)

    async def enter_once(self) -> None:
        """The same, and not again."""
        await self._given_up(await self._ask_to_enter())

    async def _given_up(self, refused: Json) -> None:
        if refused is not None and self._presented is not None and self._presented.good:
            await self.greeted()  # which says what came instead

    @property
    def _namespace_turns(self) -> Turns:
        return self.context.run.turns["namespace"]

    async def _ask_to_enter(self) -> Json:
        """The error by which a token was refused for the pace, if it was."""
        assert self._presented is not None
        auth = self._credentials.auth
        self.packet(CONNECT, {**self._recovery, **(auth or {})} if self._recovery else auth)
        if not self.options.greet:
            return None
        try:
            await (self.greeted() if self._presented.good else self._refused())
        except ScenarioAborted:
            if too_soon(self.inbox.received) is None:
                raise
        else:
            self._namespace_turns.anybody |= self._presented.good
        return too_soon(self.inbox.received)

    async def _enter_anew(self) -> Json:
        assert self._presented is not None
        return await self._ask_to_enter() if await self._open(self._presented) else None

    async def _pause_as_told(self, error: Json, seconds: float, waited: float) -> None:
        limit, asked, where = str(error.get("code")), wanted_pause(error), self.inbox.connection
        await self.context.pause_for_rate_limit(limit, asked, seconds, waited, device=self.name, connection=where)

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
        self.inbox.asked |= fields.get("packet") == "CONNECT"
        self.inbox.log(Kind.SENT, **fields, via=str(via))

    def emit(self, event: str, *args: Json, ack: bool = False, **notes: Json) -> int | None:
        """Emit one event and go on. The id of the ack that was asked for, if one was."""
        number = next(self._ack_ids) if ack else None
        self.packet(EVENT, [event, *args], id=number, **notes)
        return number

    # -- ending ------------------------------------------------------------------------------------------------

    async def wait_closed(self, within: float) -> bool:
        """Whether the connection ended (either way) within so many seconds."""
        return bool(await self.context.recorder.until(lambda: self.gone or None, within=within))

    async def settle(self) -> None:
        """Wait for one quiet window on this connection."""
        seconds = self.context.run.settle
        await self.context.recorder.quiet(seconds, self.inbox.connection, at_most=6 * seconds)

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

    async def let_go(self) -> None:
        """Cut what is left of the connection, at once."""
        if self._wire is not None:
            await self._wire.drop()
