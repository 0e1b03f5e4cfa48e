"""The transports of a device, one after the other: opened, again after pauses where the target asks for patience."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from conformance.auth.credentials import Presenting, presenting
from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.context import ScenarioContext
from conformance.drive.device_options import DeviceOptions
from conformance.drive.inbox import PacketInbox
from conformance.drive.retry import growing_pauses
from conformance.drive.waiting import Waiting, as_note
from conformance.protocol import Json
from conformance.record.rate_limits import SLOWER
from conformance.record.timeouts import ENGINE_HANDSHAKE
from conformance.record.transcript import Kind
from conformance.record.waits import HANDSHAKE
from conformance.transport import connection
from conformance.transport.close_reason import HandshakeFailed, HandshakeTimeout
from conformance.transport.engineio import Transport


class ScenarioAborted(Exception):
    """The scenario cannot go on: what it needs did not come. The transcript says so and is judged as it is."""


class Opening:
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

    @property
    def closed(self) -> bool:
        return self._wire is None or self._wire.closed

    @property
    def gone(self) -> bool:
        """Whether nothing can come any more: the transport is closed, or the target has ended the namespace."""
        return self.closed or self.inbox.disconnected

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

    async def _pause(self, refused: HandshakeFailed | None, seconds: float, waited: float) -> None:
        assert refused is not None
        why, where = refused.close_reason, self.inbox.connection
        await self.context.pause_for_rate_limit(
            why.status, why.retry_after, seconds, waited, device=self.name, connection=where
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


def _for_its_pace(refused: HandshakeFailed | None) -> bool:
    return refused is not None and refused.close_reason.status in SLOWER
