"""A device of a user: one Socket.IO connection to the Help Center namespace, recorded packet by packet.

It asserts nothing. It does what a documented client does (connect, send, wait for the ack and for the message), and
what no client should (any payload, any packet), and leaves the judging to whoever reads the transcript.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from socketio.packet import CONNECT, DISCONNECT

from conformance.auth.tokens import Token
from conformance.auth.users import User
from conformance.drive.context import ScenarioContext
from conformance.drive.delivery import Delivery
from conformance.drive.device_options import DeviceOptions
from conformance.drive.inbox import PacketInbox
from conformance.drive.opening import ScenarioAborted
from conformance.drive.session import Session
from conformance.drive.waiting import REFUSAL, SUPPORT_SAID
from conformance.protocol import CONNECTED, ERROR, LONGEST, MESSAGE, SEND, SUPPORT, TYPING, Json
from conformance.record.descriptions import problem
from conformance.record.heartbeats import announced, overdue
from conformance.record.timeouts import ACK, GREETED, REFUSING_ACK
from conformance.record.transcript import Entry, first
from conformance.record.waits import errors_of, message_named

__all__ = ["Device", "ScenarioAborted"]

UNHURRIED = 3
"""How many times as long as others took an answer is waited for that is not promised."""
SURELY = 1.0
"""Seconds that are waited longer for a ping than it takes until it is overdue."""


class Device(Session):
    """Made by ``Stage.device``; an async context manager that connects, and on leaving waits for quiet and closes."""

    def __init__(self, context: ScenarioContext, name: str, user: User, options: DeviceOptions) -> None:
        super().__init__(context, name, user, options)
        context.attendance.add(self)

    async def __aenter__(self) -> Device:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.closed:
            await self.settle()
        await self.close()

    # -- sending -----------------------------------------------------------------------------------------------

    async def send_plain(self, text: str | None = None, *, tag: str = "") -> None:
        """Send a plain text, made up unless given, and wait until it is acked and heard. A means, not a stimulus:
        the scenario is cut when it is not accepted, which the judgements of plain texts see."""
        answer = await self.send_text(text or self.context.words(), tag=tag or "plain", plain=True)
        if not isinstance(answer, dict) or answer.get("message") is None:
            error = answer.get("error") if isinstance(answer, dict) else None
            why = f" ({problem(error)})" if error is not None else ""
            raise ScenarioAborted(self.context.recorder.brief(f"{self.name}: a plain text was not accepted{why}"))

    async def send_text(
        self, text: Json, *, tag: str = "text", ack: bool = True, valid: bool = True, plain: bool = False
    ) -> Json:
        """Send a text as documented and wait for its outcome: the ack, and for an accepted message the event that
        tells of it. Returns the ack's argument, None without one. A valid text refused for a reason that is not
        validation (a rate limit, a busy server) is tried again with growing pauses."""
        return await Delivery(self, {"text": text}, tag=tag, ack=ack, valid=valid, plain=plain).answer()

    def send_unawaited(self, text: str, *, tag: str) -> None:
        """Send a text as documented, and go on without its ack."""
        Delivery(self, {"text": text}, tag=tag).emit()

    async def send_payload(
        self, payload: Mapping[str, Json], *, tag: str, ack: bool = True, valid: bool = False
    ) -> Json:
        """Send any object as the payload and wait for its outcome, as ``send_text`` does."""
        return await Delivery(self, payload, tag=tag, ack=ack, valid=valid).answer()

    async def pipeline(self, texts: Sequence[str], *, tag: str = "batch", plain: bool = True) -> None:
        """Send all the texts without waiting in between; then wait for all outcomes."""
        await asyncio.gather(*(self.send_text(text, tag=tag, plain=plain) for text in texts))

    async def flood(self, texts: Sequence[str], *, tag: str, within: float) -> bool:
        """Send all the texts without waiting in between, and none again; then wait for all outcomes. Whether all were
        acked as saved within so many seconds: of a slow target, or one that limits its rate, no more is asked."""
        since = len(self.context.recorder.transcript.entries)
        deliveries = [Delivery(self, {"text": text}, tag=tag) for text in texts]
        emitted = [(delivery, number) for delivery in deliveries if (number := delivery.emit()) is not None]
        acks = self.inbox.acks

        def answered() -> bool | None:
            return True if self.gone or all(number in acks for _, number in emitted) else None

        in_time = await self.context.recorder.until(answered, within=within)
        answers = await asyncio.gather(*(delivery.until_acked(number, since=since) for delivery, number in emitted))
        saved = [answer for answer in answers if isinstance(answer, dict) and answer.get("message") is not None]
        return bool(in_time) and len(saved) == len(texts)

    async def emit_send(self, *args: Json, tag: str, ack: bool = True) -> None:
        """Emit ``help_center:send`` with any arguments; the ack that may come is waited for no longer than a quiet
        window, or some times as long as other acks took (the document does not clearly promise one)."""
        notes: dict[str, Json] = {"send": next(self.context.sends), "attempt": 1, "tag": tag}
        ack_id = self.emit(SEND, *args, ack=ack, **notes, valid=False, plain=False)
        if ack_id is not None:
            run = self.context.run
            window = max(run.settle, UNHURRIED * run.timeout.slowest(ACK, REFUSING_ACK))
            answered = lambda: self.inbox.acks.get(ack_id) or self.closed or None  # noqa: E731
            await self.context.recorder.until(answered, within=window)

    async def enter_sending(self, texts: Sequence[str], *, tag: str) -> None:
        """Enter the namespace without waiting for the greeting, and send texts at the very moment in which it is
        entered, as official clients send what they have buffered; then wait for all outcomes."""
        sending: list[asyncio.Task[Json]] = []

        def flush(entry: Entry) -> None:
            if entry.get("packet") == "CONNECT" and not sending:
                sending.extend(asyncio.ensure_future(self.send_text(text, tag=tag)) for text in texts)

        self.inbox.on_kept.append(flush)
        try:
            await self.enter_once()
            await self.entered()
            await asyncio.gather(*sending)
        finally:
            self.inbox.on_kept.remove(flush)
            for task in sending:
                task.cancel()

    def log_in(self, user: User) -> None:
        """From now on it is the device of somebody else. Whatever the app does not throw away with the token stays: the
        transport, cookies, and what Socket.IO recovers connections by."""
        self.user, self._token = user, None
        self.inbox.pass_to(user.subject)
        self.waiting.pass_to(self.context.talks[user.name])

    async def enter_again(self, token: Token) -> None:
        """Leave the namespace, and enter it once more on the same transport with another token, as a client does that
        has other namespaces open. An experiment: the document does not say that the transport stays open."""
        assert self._wire is not None
        run = self.context.run
        self.packet(DISCONNECT)
        await self._wire.flush()
        self._begin(token, trial=True, again=True)
        self.packet(CONNECT, self._credentials.auth)
        window = max(run.settle, UNHURRIED * run.timeout.slowest(GREETED, REFUSAL))

        def answered() -> bool | None:
            return bool(self.inbox.heard(CONNECTED) if token.good else self.inbox.received) or self.gone or None

        await self.context.recorder.until(answered, within=window)
        if not self.closed:
            await self.settle()

    async def typing(self, *args: Json) -> None:
        """Emit ``help_center:typing`` with any arguments (section 3.2)."""
        self.emit(TYPING, *args)

    async def fence(self) -> None:
        """After this, what the target had to say about earlier packets has been said: a plain text is answered on
        the same connection, then a quiet window passes."""
        await self.send_plain(tag="fence")
        await self.settle()

    # -- waiting -----------------------------------------------------------------------------------------------

    async def until_pinged(self, *, at_most: float) -> None:
        """Be silent until the target pings, or that is overdue; not where the handshake announces that it may take
        longer than so many seconds until clients hang up."""
        patience = announced(self.inbox.handshake)
        if patience is not None and patience <= at_most:
            pinged = lambda: self.inbox.pinged or self.gone or None  # noqa: E731
            await self.context.recorder.until(pinged, within=overdue(patience) + SURELY)

    @property
    def present(self) -> bool:
        """Whether it was greeted, and hears what is emitted."""
        return bool(self.inbox.heard(CONNECTED)) and not self.gone and not self.options.unjudged

    async def until_any_heard(self, message_id: str, beside: Sequence[PacketInbox]) -> bool:
        """Wait until this device, or one of those inboxes, has received a message of support that a history shows.
        Whether it has, or has gone."""

        def said() -> bool | None:
            return any(message_id in inbox.messages for inbox in (self.inbox, *beside)) or None

        return bool(await self.waiting.until(SUPPORT_SAID, message_named(message_id), said)) or self.gone

    async def until_heard(self, message_id: str, *, kind: str = "message from elsewhere") -> None:
        """Wait for the ``help_center:message`` with this id."""
        await self.waiting.until(kind, message_named(message_id), lambda: self.inbox.messages.get(message_id))

    async def is_replied_to(self, *, tag: str, within: float) -> bool:
        """Whether another message follows a plain text that it sends, within so many seconds."""
        own_and_reply = len(self.inbox.heard(MESSAGE)) + 2
        await self.send_plain(tag=tag)

        def replied() -> bool | None:
            return len(self.inbox.heard(MESSAGE)) >= own_and_reply or None

        return bool(await self.context.recorder.until(replied, within=within))

    async def until_support_heard(self, message_ids: Iterable[str]) -> None:
        """Wait for the events of all these messages of support."""
        await asyncio.gather(*(self.until_heard(one, kind=SUPPORT_SAID) for one in message_ids))

    async def quote_support(self) -> None:
        """Send back the last words of support that were heard, if a user may surely say the same."""
        said = [one for one in self.inbox.told if isinstance(one, dict) and one.get("sender") == SUPPORT]
        if said and _may_be_said(text := said[-1].get("text")):
            await self.send_text(text, tag="quoted")

    async def until_message_of(self, answer: Json) -> None:
        """Wait for the ``help_center:message`` of an ack that another device got."""
        message = answer.get("message") if isinstance(answer, dict) else None
        if isinstance(message, dict) and isinstance(message.get("id"), str):
            await self.until_heard(message["id"])

    async def until_heard_as_listed(self, text: str, listed: Sequence[Json]) -> None:
        """Wait for the messages with this text that a history lists."""
        ids = [one.get("id") for one in listed if isinstance(one, dict) and one.get("text") == text]
        await asyncio.gather(*(self.until_heard(one) for one in ids if isinstance(one, str)))

    async def catch_up(self) -> None:
        """Wait for all that the user's devices have sent, and had accepted, since it was greeted; or before, where
        the greeting shows older messages and not those."""
        greeted = self.inbox.heard(CONNECTED)
        if greeted and not self.gone:
            listed = listed_ids(greeted[0])
            taken = sorted((t for t in self.context.taken if t.user == self.user.name), key=lambda t: t.since)
            oldest = next((t.since for t in taken if t.message_id in listed), greeted[0].serial)
            missed = [t.message_id for t in taken if t.since > oldest and t.message_id not in listed]
            await asyncio.gather(*(self.until_heard(one) for one in missed if one not in self.inbox.messages))

    async def until_refused(self, count: int) -> None:
        """Wait until so many texts that are to be refused, and asked for no ack, led to an error event; or to a
        message, where one was accepted."""
        inbox, before = self.inbox, len(self.inbox.messages)

        def enough() -> bool | None:
            return len(inbox.heard(ERROR)) + len(inbox.messages) - before >= count or None

        await self.waiting.until("error event", errors_of(count), enough)


def _may_be_said(text: Json) -> bool:
    """Nothing odd, and no echo of what the run has sent, which is sent just once."""
    plain = isinstance(text, str) and text.isprintable() and text == text.strip() and "conformance check" not in text
    return plain and 0 < len(text) <= LONGEST // 2


def listed_ids(greeting: Entry) -> set[str]:
    """The ids of the messages that a greeting lists."""
    payload = first(greeting.get("args"))
    messages = payload.get("messages") if isinstance(payload, dict) else None
    found = [one.get("id") for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []
    return {one for one in found if isinstance(one, str)}
