"""A device of a user: one Socket.IO connection to the Help Center namespace, recorded packet by packet.

It asserts nothing. It does what a documented client does (connect, send, wait for the ack and for the message), and
what no client should (any payload, any packet), and leaves the judging to whoever reads the transcript.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from socketio.packet import CONNECT, DISCONNECT, EVENT

from conformance.auth.credentials import Presenting, presenting
from conformance.auth.tokens import Token
from conformance.drive.inbox import Line
from conformance.drive.retry import growing_pauses
from conformance.protocol import CONNECTED, ERROR, MESSAGE, NAMESPACE, SEND, TYPING, VALIDATION_ERROR, Json
from conformance.record.descriptions import problem, said
from conformance.record.rate_limits import CONTROL, SLOWER, wanted_pause
from conformance.record.timeouts import ACK, REFUSING_ACK, SHAKEN, Taken, Talk
from conformance.record.transcript import Doubt, Entry, Kind, first, only
from conformance.record.waits import (
    GREETING,
    HANDSHAKE,
    NAMESPACE_ANSWER,
    REFUSED_END,
    Awaited,
    ack_of,
    ack_of_control,
    errors_of,
    message_named,
    message_of,
)
from conformance.transport import connection
from conformance.transport.engineio import HandshakeFailed, HandshakeTimeout, Transport
from conformance.transport.socketio_packets import Sending, fields_of

if TYPE_CHECKING:
    from conformance.auth.users import User
    from conformance.drive.stage import Stage

__all__ = ["Cut", "Device", "Presenting", "presenting"]


REFUSAL, SUPPORT_SAID = "refusal", "message of support"
"""The kind of wait (``Patience``) that is not over when the connection is."""
HELD_OUT = 2
"""After so many texts that were refused to the last pause, the others of a scenario are not tried again."""
UNHURRIED = 3
"""How many times as long as acks take an ack is waited for that is not promised."""


class Cut(Exception):
    """The scenario cannot go on: what it needs did not come. The transcript says so and is judged as it is."""


class Missed(NamedTuple):
    """What was given up: should it come all the same, the run knows that it has to wait for longer."""

    kind: str
    found: Callable[[], object]
    since: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt to send: the ack's argument, None without one; and when that was known."""

    answer: Json
    at: float

    @property
    def wanted_pause(self) -> float | None:
        """After how many seconds a refusal asks for the next attempt."""
        return wanted_pause(self.answer.get("error")) if isinstance(self.answer, dict) else None


class Device(Line):
    """Made by ``Stage.device``; an async context manager that connects, and on leaving waits for quiet and closes."""

    def __init__(
        self,
        stage: Stage,
        name: str,
        user: User,
        *,
        token: Token | None = None,
        option: str | None = None,
        transport: str | None = None,
        greet: bool = True,
        trial: bool = False,
        presented: Presenting | None = None,
    ) -> None:
        super().__init__(stage.recorder, name)
        self._stage = stage
        self.user = user
        self.owner = user.subject
        self._token = token
        self._usual = option is None and transport is None
        self._option = option or stage.usual.option
        self._transport = transport or stage.usual.transport
        self._greet = greet
        self._trial = trial
        self._presented = presented
        self._wire: connection.Connection | None = None
        self._shown: Token | None = None
        """The token that the current connection presents."""
        self._missed: list[Missed] = []
        self._recovery: Mapping[str, Json] = {}
        self._ack_ids = 0

    # -- connecting --------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Device:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._wire is not None and not self._wire.closed:
            await self.settle()
        await self.close()

    async def connect(self) -> None:
        """Open the transport, enter the namespace, wait for the greeting (or, with a bad token, for the end)."""
        token = self._token or await self.user.token()
        others = self._stage.present(self.user)
        async with self._stage.first_contact(self.user, token):
            opened = await self._open(token)
            if opened:
                await self.enter()
        if opened and self._greet and token.good:
            await self._stage.announced(others, self.listed)

    async def open(self) -> None:
        """Open the transport and no more: ``enter`` goes on. For devices that are to enter at the same moment."""
        await self._open(self._token or await self.user.token())

    async def enter(self) -> None:
        """Enter the namespace on a transport that is open, and wait for the greeting or the end."""
        assert self._shown is not None
        auth = self._presentation(self._shown).auth
        self.packet(CONNECT, {**self._recovery, **(auth or {})} if self._recovery else auth)
        if self._greet:
            await self._wait_for_greeting() if self._shown.good else await self._wait_for_refusal()

    async def enter_sending(self, texts: Sequence[str], *, tag: str) -> None:
        """Enter the namespace without waiting for the greeting, and send texts at the very moment in which it is
        entered, as official clients send what they have buffered; then wait for all outcomes."""
        sending: list[asyncio.Task[Json]] = []

        def flush() -> None:
            sending.extend(asyncio.ensure_future(self.send(text, tag=tag)) for text in texts)

        self._once_entered = flush
        try:
            await self.enter()
            await self.entered()
            await asyncio.gather(*sending)
        finally:
            for task in sending:
                task.cancel()

    def _presentation(self, token: Token) -> Presenting:
        return self._presented or presenting(token, self._option)

    async def _open(self, token: Token) -> bool:
        """Open the transport, again after a pause when the target asks for patience (HTTP 429 or 503).
        Whether it is open."""
        if self._wire is not None:
            await self._wire.close()
        self._shown = token
        presented = self._presentation(token)
        self._begin(token)
        turns = self._stage.turns("handshake")
        await turns.none_waiting()
        refused = await self._knock(presented)
        if _for_its_pace(refused):
            refused = await turns.retry(
                lambda: self._knock(presented),
                last=refused,
                refused=_for_its_pace,
                pause=self._pause_before_knocking_again,
                pauses=growing_pauses(self._stage.deadline),
            )
        if refused is not None:
            self.on_closed(refused.close_reason)
            return self._unopened(token, refused)
        return True

    async def _pause_before_knocking_again(self, refused: HandshakeFailed | None, seconds: float) -> None:
        assert refused is not None
        status, asked = refused.close_reason.status, refused.close_reason.retry_after
        await self._stage.pause_for_rate_limit(status, asked, seconds, device=self.name, connection=self.connection)

    async def _knock(self, presented: Presenting) -> HandshakeFailed | None:
        """Try to open the transport; how that was refused, if it was."""
        self._wire = self._stage.wire(self, presented.headers)
        began, patience = self._recorder.now, self._stage.patience
        try:
            await self._wire.open(Transport.POLLING if self._transport == "upgrade" else Transport(self._transport))
        except HandshakeFailed as refused:
            if isinstance(refused, HandshakeTimeout):
                doubt = patience.gave_up(SHAKEN, refused.seconds)
                self._log(Kind.EXPIRED, waiting=HANDSHAKE, seconds=refused.seconds, **_why(doubt))
            return refused
        patience.came(SHAKEN, self._recorder.now - began)
        return None

    def _begin(self, token: Token) -> None:
        self.connection = self._stage.next_connection()
        self._clear()
        self._missed.clear()
        self._log(
            Kind.OPEN,
            user=self.user.name,
            **token.notes,
            option=self._option,
            transport=self._transport,
            usual=self._usual,
            greet=self._greet,
            **({"trial": True} if self._trial else {}),
        )

    def _unopened(self, token: Token, refused: HandshakeFailed) -> bool:
        if token.good:
            raise Cut(f"{self.name}: no {self._transport} connection: {self._recorder.brief(str(refused))}")
        return False

    async def reconnect(
        self, *, token: Token | None = None, transport: str | None = None, recover: bool = False
    ) -> None:
        """A new connection of the same device, by the same option; with the same token unless another is given.
        ``recover``: with what Socket.IO recovers connections by, where the target has told it."""
        self._recovery = self.recovery if recover else {}
        self._token = token or self._token
        self._transport = transport or self._transport
        await self.connect()

    async def revive(self) -> None:
        """Connect again where the connection has ended."""
        if await self.wait_closed(within=0):
            await self.close()
            await self.reconnect()

    async def _wait_for_greeting(self) -> None:
        """Until both the greeting and the CONNECT answer are there, in whatever order: nothing may be sent to a
        namespace that has not answered."""

        def answered() -> str | None:
            packets = {str(entry.get("packet")) for entry in self._inbox}
            refusals = packets & {"CONNECT_ERROR", "DISCONNECT"}
            if refusals:
                return min(refusals)
            return CONNECTED if "CONNECT" in packets and self.heard(CONNECTED) else None

        kind = "connected on trial" if self._trial else "connected"  # a trial says nothing about the other waits
        answer = await self._patiently(kind, GREETING, answered)
        if answer != CONNECTED:
            instead = said(self._inbox) or ("a closed transport" if self.closed else "nothing")
            raise Cut(self._recorder.brief(f"{self.name}: {instead} for a greeting"))

    async def _wait_for_refusal(self) -> None:
        """Until the target has ended the connection, one way or the other, and a quiet window has passed."""

        def ended() -> bool | None:
            packets = [entry.get("packet") for entry in self._inbox]
            return True if self.closed or "DISCONNECT" in packets or "CONNECT_ERROR" in packets else None

        def welcomed() -> bool | None:
            return True if self.heard(CONNECTED) and not self.heard(ERROR) else ended()

        came = await self._patiently(REFUSAL, REFUSED_END, welcomed)
        if not self.closed:
            await self.settle()
        if came and self.heard(ERROR):
            await self._patiently(REFUSAL, REFUSED_END, ended)

    @property
    def closed(self) -> bool:
        return self._wire is None or self._wire.closed

    @property
    def _gone(self) -> bool:
        """Whether nothing can come any more: the transport is closed, or the target has ended the namespace."""
        return self.closed or self._disconnected == self.connection

    async def wait_closed(self, within: float) -> bool:
        """Whether the connection ended (either way) within so many seconds."""

        def ended() -> bool | None:
            gone = self.closed or any(entry.get("packet") == "DISCONNECT" for entry in self._inbox)
            return True if gone else None

        return bool(await self._recorder.until(ended, within=within))

    async def entered(self) -> None:
        """Wait for the answer to the CONNECT packet (not for the greeting)."""

        def answered() -> str | None:
            names = [str(e.get("packet")) for e in self._inbox if e.get("packet") != "EVENT"]
            return names[0] if names else ("closed" if self.closed else None)

        if await self._patiently("connect", NAMESPACE_ANSWER, answered) != "CONNECT":
            raise Cut(f"{self.name}: the namespace was not entered")

    async def greeted(self) -> None:
        """Wait for ``help_center:connected`` on a device that was opened without waiting (``greet=False``)."""
        await self._wait_for_greeting()

    async def upgrade(self) -> bool:
        """Move from polling to WebSocket, packets in flight and all. Whether the target completed it."""
        assert self._wire is not None
        upgrades = self.handshake.get("upgrades")
        offered = isinstance(upgrades, list) and "websocket" in upgrades
        done = offered and await self._wire.upgrade()
        self._log(Kind.MARK, label="upgraded" if done else "upgrade not completed", offered=offered)
        return done

    # -- sending -----------------------------------------------------------------------------------------------

    def packet(self, kind: int, data: Json = None, *, id: int | None = None, **notes: Json) -> None:
        """Queue one Socket.IO packet; it is recorded when it is written to the transport."""
        assert self._wire is not None
        packet = Sending(kind, data=data, namespace=NAMESPACE, id=id)
        fields = fields_of(packet) | notes
        self._wire.send(str(packet.encode()), lambda via: self._written(fields, via))

    def raw(self, text: str) -> None:
        """Queue a Socket.IO packet given as its text, which may be no packet at all."""
        assert self._wire is not None
        self._wire.send(text, lambda via: self._written({"packet": "RAW", "text": text}, via))

    def _written(self, fields: Mapping[str, Json], via: Transport) -> None:
        self._log(Kind.SENT, **fields, via=str(via))

    def emit(self, event: str, *args: Json, ack: bool = False, **notes: Json) -> int | None:
        """Emit one event and go on. The id of the ack that was asked for, if one was."""
        self._ack_ids += 1
        number = self._ack_ids if ack else None
        self.packet(EVENT, [event, *args], id=number, **notes)
        return number

    async def say(self, text: str | None = None, *, tag: str = "") -> None:
        """Send a plain text, made up unless given, and wait until it is acked and heard. A means, not a stimulus:
        the scenario is cut when it is not accepted, and SEND-PLAIN judges that."""
        answer = await self.send(text or self._stage.words(), tag=tag or "plain", plain=True)
        if not isinstance(answer, dict) or answer.get("message") is None:
            error = answer.get("error") if isinstance(answer, dict) else None
            told = f" ({problem(error)})" if error is not None else ""
            raise Cut(self._recorder.brief(f"{self.name}: a plain text was not accepted{told}"))

    async def send(
        self, text: Json, *, tag: str = "text", ack: bool = True, valid: bool = True, plain: bool = False
    ) -> Json:
        """Send a text as documented and wait for its outcome: the ack, and for an accepted message the event that
        tells of it. Returns the ack's argument, None without one. A valid text refused for a reason that is not
        validation (a rate limit, a busy server) is tried again with growing pauses."""
        return await self._deliver({"text": text}, tag=tag, ack=ack, valid=valid, plain=plain)

    async def offer(self, payload: Mapping[str, Json], *, tag: str, ack: bool = True, valid: bool = False) -> Json:
        """Send any object as the payload and wait for its outcome, as ``send`` does for a text."""
        return await self._deliver(payload, tag=tag, ack=ack, valid=valid, plain=False)

    async def pipeline(self, texts: Sequence[str], *, tag: str = "batch", plain: bool = True) -> None:
        """Send all the texts without waiting in between; then wait for all outcomes."""
        await asyncio.gather(*(self.send(text, tag=tag, plain=plain) for text in texts))

    async def flood(self, texts: Sequence[str], *, tag: str, within: float) -> bool:
        """Send all the texts without waiting in between, and none again. Whether all were acked as saved within so many
        seconds: of a slow target, or one that limits its rate, no more is asked."""
        notes: dict[str, Json] = {"tag": tag, "valid": True, "plain": False}
        numbers = [self._emit_send(({"text": text},), self._stage.next_send(), 1, ack=True, **notes) for text in texts]

        def answered() -> bool | None:
            return True if self._gone or all(number in self._acks for number in numbers) else None

        await self._recorder.until(answered, within=within)
        answers = [only(entry.get("args")) for number in numbers if (entry := self._acks.get(number or 0))]
        saved = [answer for answer in answers if isinstance(answer, dict) and answer.get("message") is not None]
        return len(saved) == len(texts)

    async def post(self, *args: Json, tag: str, ack: bool = True) -> None:
        """Emit ``help_center:send`` with any arguments; the ack that may come is waited for no longer than a quiet
        window, or some times as long as other acks took (the document does not clearly promise one)."""
        ack_id = self._emit_send(args, self._stage.next_send(), 1, ack=ack, tag=tag, valid=False, plain=False)
        if ack_id is not None:
            window = max(self._stage.settle, UNHURRIED * self._stage.patience.slowest(ACK, REFUSING_ACK))
            await self._recorder.until(lambda: self._acks.get(ack_id) or self.closed or None, within=window)

    async def _deliver(self, payload: Json, *, tag: str, ack: bool, valid: bool, plain: bool) -> Json:
        number = self._stage.next_send()
        attempts = itertools.count(1)

        async def attempt() -> Outcome:
            since, began = len(self._inbox), len(self._recorder.transcript.entries)
            ack_id = self._emit_send((payload,), number, next(attempts), ack=ack, tag=tag, valid=valid, plain=plain)
            if ack_id is None:
                answer = await self._outcome_without_ack(payload, since, number, valid=valid)
            else:
                answer = await self._outcome(ack_id, number, began, valid=valid)
            return Outcome(answer, self._recorder.now)

        def throttled(outcome: Outcome) -> bool:
            return self._throttled(outcome.answer, valid)

        outcome, turns = await attempt(), self._stage.resending
        if throttled(outcome) and turns.given_up < HELD_OUT:
            pauses = growing_pauses(self._stage.deadline)
            outcome = await turns.retry(
                attempt, last=outcome, refused=throttled, pause=self._pause_before_sending_again, pauses=pauses
            )
            if valid and ack and throttled(outcome) and self._stage.controls < HELD_OUT:
                self._stage.controls += 1
                outcome = await self._controlled(number, outcome, attempt)
        return outcome.answer

    async def _pause_before_sending_again(self, outcome: Outcome, seconds: float) -> None:
        asked = self._stage.granted.granted(outcome.wanted_pause)
        await self._pause(max(seconds, asked - (self._recorder.now - outcome.at)))

    async def _controlled(self, number: int, refused: Outcome, attempt: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Whether it is the text: another one is sent, and, where that is taken, this one again, each as long after the
        last one as the pauses were."""
        longest = sum(growing_pauses(self._stage.deadline)) / 2
        pause = max(longest, self._stage.granted.granted(refused.wanted_pause))
        await self._pause(pause)
        other = self._emit_send(
            ({"text": self._stage.words()},),
            self._stage.next_send(),
            1,
            ack=True,
            tag=CONTROL,
            valid=True,
            plain=True,
            control=number,
        )
        entry = await self._patiently(ACK, ack_of_control(number), lambda: self._acks.get(other or 0))
        answer = only(entry.get("args")) if entry else None
        if not isinstance(answer, dict) or answer.get("message") is None:
            return refused
        await self._pause(pause)
        return await attempt()

    async def _pause(self, seconds: float) -> None:
        await self._recorder.until(lambda: self.closed or None, within=seconds)

    def _emit_send(self, args: Sequence[Json], number: int, attempt: int, *, ack: bool, **notes: Json) -> int | None:
        return self.emit(SEND, *args, ack=ack, send=number, attempt=attempt, **notes)

    async def _outcome(self, ack_id: int, number: int, since: int, *, valid: bool) -> Json:
        kind = ACK if valid else REFUSING_ACK
        entry = await self._patiently(kind, ack_of(number), lambda: self._acks.get(ack_id))
        answer = only(entry.get("args")) if entry else None
        if isinstance(answer, dict) and isinstance(answer.get("message"), dict):
            message_id = answer["message"].get("id")
            if isinstance(message_id, str):
                self._stage.taken.append(Taken(self.user.name, message_id, since))
                await self._heard(message_id, "message", message_of(number))
        return answer

    def _throttled(self, answer: Json, valid: bool) -> bool:
        """Whether a refusal may be about the pace and not about the text."""
        error = answer.get("error") if isinstance(answer, dict) and answer.get("message") is None else None
        code = error.get("code") if isinstance(error, dict) else None
        if not isinstance(code, str) or code == VALIDATION_ERROR or self.closed or self._told_closed():
            return False
        codes = self._stage.throttle_codes
        if valid:
            codes.add(code)
        return code in codes

    def _told_closed(self) -> bool:
        """Whether the greeting said that the conversation is closed (section 4.1), which no patience opens."""
        greetings = [first(entry.get("args")) for entry in self.heard(CONNECTED)[:1]]
        conversations = [greeting.get("conversation") for greeting in greetings if isinstance(greeting, dict)]
        return any(isinstance(one, dict) and one.get("status") == "closed" for one in conversations)

    async def _heard(self, message_id: str, kind: str, waiting: Awaited) -> None:
        await self._patiently(kind, waiting, lambda: self._messages.get(message_id))

    async def _outcome_without_ack(self, payload: Json, since: int, number: int, *, valid: bool) -> Json:
        """What an ack would have said of a valid text, as the events say it: its message, or an error."""
        text = payload.get("text")

        def told() -> Json:
            for entry in self._inbox[since:]:
                said = first(entry.get("args"))
                if entry.get("event") == MESSAGE and isinstance(said, dict) and said.get("text") == text.strip():
                    return {"message": said}
            errors = [e for e in self._inbox[since:] if e.get("event") == ERROR]
            return {"error": first(errors[0].get("args"))} if errors else None

        if valid and isinstance(text, str):
            return await self._patiently("message without ack", message_of(number), told)
        return None

    async def typing(self, *args: Json) -> None:
        """Emit ``help_center:typing`` with any arguments (section 3.2)."""
        self.emit(TYPING, *args)

    @property
    def present(self) -> bool:
        """Whether it was greeted, and hears what is emitted."""
        return bool(self.heard(CONNECTED)) and not self._gone and not self._trial

    async def until_said(self, message_id: str, beside: Sequence[Device]) -> bool:
        """Wait until this device, or one of those, has heard a message of support that a history shows. Whether it
        has, or has gone."""

        def said() -> bool | None:
            return any(message_id in device._messages for device in (self, *beside)) or None

        return bool(await self._patiently(SUPPORT_SAID, message_named(message_id), said)) or self._gone

    # -- waiting -----------------------------------------------------------------------------------------------

    async def until_heard(self, message_id: str, *, kind: str = "message from elsewhere") -> None:
        """Wait for the ``help_center:message`` with this id."""
        await self._heard(message_id, kind, message_named(message_id))

    async def hears_support(self, message_ids: Iterable[str]) -> None:
        """Wait for the events of all these messages of support."""
        await asyncio.gather(*(self.until_heard(one, kind=SUPPORT_SAID) for one in message_ids))

    async def until_told(self, answer: Json) -> None:
        """Wait for the ``help_center:message`` of an ack that another device got."""
        message = answer.get("message") if isinstance(answer, dict) else None
        if isinstance(message, dict) and isinstance(message.get("id"), str):
            await self.until_heard(message["id"])

    async def catch_up(self) -> None:
        """Wait for all that the user's devices have sent, and had accepted, since it was greeted; or before, where
        the greeting shows older messages and not those."""
        greeted = self.heard(CONNECTED)
        if greeted and not self._gone:
            listed = listed_ids(greeted[0])
            taken = sorted((t for t in self._stage.taken if t.user == self.user.name), key=lambda t: t.since)
            oldest = next((t.since for t in taken if t.message_id in listed), greeted[0].serial)
            missed = [t.message_id for t in taken if t.since > oldest and t.message_id not in listed]
            await asyncio.gather(*(self.until_heard(one) for one in missed if one not in self._messages))

    async def told_of_refusals(self, count: int) -> None:
        """Wait until so many texts that are to be refused, and asked for no ack, led to an error event; or to a
        message, where one was accepted."""
        before = len(self._messages)

        def told() -> bool | None:
            return len(self.heard(ERROR)) + len(self._messages) - before >= count or None

        await self._patiently("error event", errors_of(count), told)

    async def fence(self) -> None:
        """After this, what the target had to say about earlier packets has been said: a plain text is answered on
        the same connection, then a quiet window passes."""
        await self.say(tag="fence")
        await self.settle()

    async def settle(self) -> None:
        """Wait for one quiet window on this connection."""
        seconds = self._stage.settle
        await self._recorder.quiet(seconds, connection=self.connection, at_most=6 * seconds)

    async def _patiently(self, kind: str, waiting: Awaited, found: Callable[[], Any]) -> Any:
        """What ``found`` says at last, waited for until the user's conversation is silent; None where it is not to be
        expected any more."""
        patience = self._stage.patience
        answer, silence = await self._recorder.unless_silent(
            lambda: found() or (False if self._gone and kind != REFUSAL else None),
            talk=self._talk,
            patience=lambda: patience.of(kind),
        )
        if answer:
            patience.came(kind, silence)
        elif not self._gone:
            doubt = patience.gave_up(kind, silence)
            self._log(Kind.EXPIRED, waiting=waiting, seconds=round(silence, 2), **_why(doubt))
            self._missed.append(Missed(kind, found, self._recorder.now - silence))
        return answer or None

    @property
    def _talk(self) -> Talk:
        return self._stage.talks[self.user.name]

    def _keep(self, entry: Entry) -> None:
        super()._keep(entry)
        said = first(entry.get("args"))
        by_support = isinstance(said, dict) and said.get("sender") == "support"
        self._talk.add(answer=entry.get("event") in (None, CONNECTED, ERROR, MESSAGE) and not by_support)
        for missed in [missed for missed in self._missed if missed.found()]:
            self._missed.remove(missed)
            self._stage.patience.came(missed.kind, self._recorder.now - missed.since)

    # -- ending ------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Leave the namespace and close the transport, as a client does."""
        if self._wire is None:
            return
        if not self._wire.closed:
            self.packet(DISCONNECT)
        await self._wire.close()

    async def drop(self) -> None:
        """Cut the line without a word."""
        assert self._wire is not None
        await self._wire.drop()


def listed_ids(greeting: Entry) -> set[str]:
    """The ids of the messages that a greeting lists."""
    payload = first(greeting.get("args"))
    messages = payload.get("messages") if isinstance(payload, dict) else None
    found = [one.get("id") for one in messages if isinstance(one, dict)] if isinstance(messages, list) else []
    return {one for one in found if isinstance(one, str)}


def _why(doubt: Doubt | None) -> dict[str, Json]:
    return {"doubt": str(doubt)} if doubt else {}


def _for_its_pace(refused: HandshakeFailed | None) -> bool:
    return refused is not None and refused.close_reason.status in SLOWER
