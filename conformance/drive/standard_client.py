"""A device that is none of ours: python-socketio's own client, as Python teams use it, on a recorded session.

It lives the flow that section 5 recommends, and nothing about it is ours but its patience and its transport's session.
What its handlers and callbacks are called with is written into the transcript (``Kind.CLIENT``) beside what crossed the
wire, so that both can be compared. Its connections are unjudged: what the library makes of a server is judged by the
requirement about it, and not by the laws about what our own devices do.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from functools import partial

from socketio.exceptions import SocketIOError

from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.client_inbox import ClientInbox
from conformance.drive.client_library import client_on
from conformance.drive.context import ScenarioContext
from conformance.drive.delivery import Outcome
from conformance.drive.opening import ScenarioAborted
from conformance.drive.retry import growing_pauses
from conformance.drive.waiting import Waiting
from conformance.protocol import CONNECTED, MESSAGE, NAMESPACE, SEND, TYPING, VALIDATION_ERROR, Json
from conformance.record.descriptions import said
from conformance.record.rate_limits import SLOWER, too_soon, wanted_pause
from conformance.record.timeouts import CHATTER, ENGINE_HANDSHAKE
from conformance.record.transcript import Entry, first
from conformance.record.waits import GREETING, ack_of, message_of
from conformance.transport.close_reason import CloseReason
from conformance.transport.goodbyes import CLOSING
from conformance.transport.recorded_session import RecordedSession


class StandardClient:
    """An async context manager that connects and waits for the greeting, and on leaving waits for quiet and
    disconnects. Raises ScenarioAborted where the flow cannot go on."""

    def __init__(self, context: ScenarioContext, name: str = "app", *, user: User | None = None) -> None:
        run = context.run
        self._context = context
        self._name = name
        self._user = user or context.user
        self.inbox = ClientInbox(context, name, self._user)
        self._gone: Callable[[], bool] = self._ended
        self._waiting = Waiting(context, self.inbox, context.talks[self._user.name], self._is_gone)
        self._session = RecordedSession(
            self.inbox,
            headers=run.headers,
            tls=run.tls,
            patience=lambda: run.timeout.of(ENGINE_HANDSHAKE),
            intake=run.intake,
        )
        self._longest = CHATTER * run.late
        """Seconds that the library waits: longer than ``Waiting``, which decides."""
        self._client = client_on(self._session, watch=self.inbox.watched, patience=self._longest)
        self.inbox.listen(self._client)

    async def __aenter__(self) -> StandardClient:
        try:
            await self.connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        settle, connection = self._context.run.settle, self.inbox.connection
        try:
            if not self._ended():
                await self._context.recorder.quiet(settle, connection, at_most=6 * settle)
        finally:
            await self.close()

    # -- connecting --------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect as the document has it (2.2, option A), with the library's defaults: long-polling that moves to
        WebSocket. Again after pauses where the target limits its rate."""
        token, run = await self._user.token(), self._context.run
        self.inbox.token = token
        async with self._context.first_contact(self._user, token):
            turns = run.turns["handshake"]
            await turns.none_waiting()
            refused = await self._try(token)
            if self._is_limited(refused):
                pauses = growing_pauses(run.deadline)
                again = partial(self._try, token)
                await turns.retry(again, last=refused, refused=self._is_limited, pause=self._pause, pauses=pauses)
        if not self.inbox.greeted:
            instead = said(self.inbox.received) or ("a closed transport" if self._session.tap.ended else "nothing")
            raise ScenarioAborted(self._context.recorder.brief(f"{self._name}: expected {CONNECTED}, got {instead}"))

    def _is_limited(self, refused: CloseReason) -> bool:
        """By an HTTP status, or in words."""
        return refused.status in SLOWER or too_soon(self.inbox.received) is not None

    async def _pause(self, refused: CloseReason, seconds: float, waited: float) -> None:
        limit: int | str | None = refused.status
        asked = refused.retry_after
        if (error := too_soon(self.inbox.received)) is not None:
            limit, asked = str(error.get("code")), wanted_pause(error)
        where = self.inbox.connection
        await self._context.pause_for_rate_limit(limit, asked, seconds, waited, device=self._name, connection=where)

    async def _try(self, token: Token) -> CloseReason:
        """Try to connect; how the connection ended, where it has."""
        auth, url = {"token": token.value}, self._context.run.url
        connecting = self.inbox.watched(
            asyncio.ensure_future(self._client.connect(url, auth=auth, namespaces=[NAMESPACE]))
        )
        self._gone = lambda: connecting.done() and self._ended()
        await self._waiting.until(
            "connected, standard client", GREETING, lambda: connecting.done() and self.inbox.greeted
        )
        self._gone = self._ended
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        return self.inbox.close_reason

    def _is_gone(self) -> bool:
        """Whether what is waited for cannot come any more."""
        return self._gone()

    def _ended(self) -> bool:
        return self._session.tap.ended or self.inbox.disconnected

    async def lose_connection(self) -> None:
        """Cut the connection, and wait until the client has come back by itself and was greeted again."""
        before = self.inbox.connection
        self._gone = lambda: self.inbox.connection != before and self.inbox.disconnected
        await self._session.drop()
        back = await self._waiting.until(
            "connected again, standard client",
            GREETING,
            lambda: self.inbox.connection != before and self.inbox.greeted,
        )
        self._gone = self._ended
        if not back:
            raise ScenarioAborted(f"{self._name}: not greeted again after its connection was cut")

    # -- sending -----------------------------------------------------------------------------------------------

    async def send(self, text: str, *, tag: str, call: bool = False) -> None:
        """Send a text, by ``emit`` with a callback or by ``call``; wait for what the ack brings and for the message's
        event. A refusal for another reason than validation is tried again with growing pauses."""
        number, attempts = next(self._context.sends), itertools.count(1)

        async def attempt() -> Outcome:
            return Outcome(await self._attempt(text, number, next(attempts), tag=tag, call=call))

        outcome = await attempt()
        if _throttled(outcome):
            pauses = growing_pauses(self._context.run.deadline)
            outcome = await self._context.resending.retry(
                attempt, last=outcome, refused=_throttled, pause=self._pause_before_sending_again, pauses=pauses
            )
        message = outcome.answer.get("message") if isinstance(outcome.answer, dict) else None
        if isinstance(message, dict):
            await self._until_heard(message.get("id"), number)

    async def _pause_before_sending_again(self, outcome: Outcome, seconds: float, waited: float) -> None:
        asked = self._context.requested_pauses.grant(outcome.wanted_pause, waited=waited)
        await self._context.recorder.until(lambda: self._ended() or None, within=max(seconds, asked))

    async def _attempt(self, text: str, number: int, attempt: int, *, tag: str, call: bool) -> Json:
        self.inbox.notes.append({"send": number, "attempt": attempt, "tag": tag, "valid": True, "plain": False})
        about = {"send": number, "attempt": attempt}
        sending = self._call(text, about) if call else self._emit(text, about)
        self.inbox.watched(asyncio.ensure_future(sending))
        ack = await self._waiting.until("ack, standard client", ack_of(number), lambda: self._ack(about))
        if ack is None:
            raise ScenarioAborted(f"{self._name}: send #{number} was not acked")
        return first(ack.get("args"))

    async def _call(self, text: str, about: dict[str, Json]) -> None:
        answer = await self._client.call(SEND, {"text": text}, namespace=NAMESPACE, timeout=self._longest)
        args = answer if isinstance(answer, tuple) else () if answer is None else (answer,)
        self.inbox.handler("ack", *args, **about, call=True)

    async def _emit(self, text: str, about: dict[str, Json]) -> None:
        callback = partial(self.inbox.handler, "ack", **about)
        await self._client.emit(SEND, {"text": text}, namespace=NAMESPACE, callback=callback)

    def _ack(self, about: dict[str, Json]) -> Entry | None:
        acks = (entry for entry in self.inbox.seen if entry.get("saw") == "ack")
        return next((entry for entry in acks if about.items() <= entry.data.items()), None)

    async def _until_heard(self, message_id: Json, number: int) -> None:
        def heard() -> bool:
            events = (entry for entry in self.inbox.seen if entry.get("event") == MESSAGE)
            payloads = (first(entry.get("args")) for entry in events)
            return any(isinstance(one, dict) and one.get("id") == message_id for one in payloads)

        if not await self._waiting.until("message, standard client", message_of(number), heard):
            raise ScenarioAborted(f"{self._name}: its message was not heard")

    async def typing(self, is_typing: bool) -> None:
        """Emit ``help_center:typing`` (section 3.2)."""
        try:
            await self._client.emit(TYPING, {"isTyping": is_typing}, namespace=NAMESPACE)
        except SocketIOError as error:
            raise ScenarioAborted(f"{self._name}: {error}") from error

    # -- ending ------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Disconnect as a client does, and let nothing of it go on. Raises what went wrong in the harness."""
        async with contextlib.AsyncExitStack() as at_last:  # also when there is no time left for a goodbye
            at_last.push_async_callback(self._session.close)
            at_last.push_async_callback(self._end_tasks)
            with contextlib.suppress(TimeoutError, SocketIOError):
                async with asyncio.timeout(CLOSING):
                    await self._client.shutdown()
        if (error := self.inbox.broken or self._session.tap.broken) is not None:
            raise error

    async def _end_tasks(self) -> None:
        running = list(self.inbox.tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _throttled(outcome: Outcome) -> bool:
    """Whether a refusal may be about the pace and not about the text."""
    answer = outcome.answer
    error = answer.get("error") if isinstance(answer, dict) and answer.get("message") is None else None
    return isinstance(error, dict) and isinstance(error.get("code"), str) and error["code"] != VALIDATION_ERROR
