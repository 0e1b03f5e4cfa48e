"""One device of a user during one visit: it connects, sends, and notices what arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.auth.tokens import Token
from conformance.load import transports
from conformance.load.connection import Connection
from conformance.load.http import Address
from conformance.load.outcomes import Outcomes
from conformance.load.story import Story
from conformance.protocol import CONNECTED, ERROR, MESSAGE, SEND, TYPING, Json
from conformance.record.rate_limits import error_of
from conformance.record.transcript import Entry, Kind, first
from conformance.record.waits import GREETING, Awaited
from conformance.transport.close_reason import HandshakeFailed

COUNTING = "phone"
"""The device that counts the answers of support."""


@dataclass(eq=False)
class Text:
    """A text on its way. ``numbers``: of its send, and of its acks, one for each attempt; ``answer``: what the last
    ack brought."""

    device: Device
    text: str
    number: int
    sent: float = 0.0
    attempt: int = 0
    ack: int = 0
    answer: Entry | None = None
    replied: bool = False
    """Whether support has answered, or might have while no device of the user was there."""

    @property
    def error(self) -> Json:
        """Of a refusing ack, an object; None where it is none."""
        return None if self.answer is None else error_of(self.answer)

    @property
    def message_id(self) -> str | None:
        answer = first(self.answer.get("args")) if self.answer is not None else None
        message = answer.get("message") if isinstance(answer, dict) else None
        name = message.get("id") if isinstance(message, dict) else None
        return name if isinstance(name, str) else None


class Device:
    """``texts``: those of the whole visit, by what they say; ``wake``: called whenever something arrives."""

    def __init__(
        self, name: str, story: Story, outcomes: Outcomes, texts: dict[str, Text], wake: Callable[[], None]
    ) -> None:
        self.name, self.story, self.outcomes, self._texts, self._wake = name, story, outcomes, texts, wake
        self.connection: Connection | None = None
        self.greeted = self.refused = False
        self.heard: set[str] = set()
        """Ids and texts of the messages that were heard on this connection."""
        self._began = self._entered = 0.0
        self._acks: dict[int, Text] = {}

    @property
    def there(self) -> bool:
        return self.connection is not None and not self.connection.ended

    # -- connecting --------------------------------------------------------------------------------------------

    def connect(self, address: Address, token: Token, *, transport: str, option: str) -> bool:
        """Whether there was a handshake; what comes then is noticed when it comes."""
        bearer = {"Authorization": f"Bearer {token.value}"} if option == "header" else {}
        self.greeted = self.refused = False
        self.heard.clear()
        for text in self._texts.values():
            text.replied = True
        self._began = time.monotonic()
        number = self.story.opens(self.name, token, option=option, transport=transport)
        made = transports.made(transport, address.with_headers(bearer), self.outcomes.moved)
        self.connection = Connection(self.story, self.name, number, made, self._notice)
        try:
            self.connection.open(transport)
        except HandshakeFailed as error:
            why = f"HTTP {error.close_reason.status}" if error.close_reason.status else error.close_reason.reason
            self.outcomes.failed("connect", time.monotonic() - self._began, why)
            self.connection.drop("no handshake")
            return False
        self._entered = time.monotonic()
        self.connection.enter({"token": token.value} if option == "auth" else None)
        return True

    def leave(self) -> None:
        if self.connection is not None:
            self.connection.leave()

    def drop(self) -> None:
        if self.connection is not None:
            self.connection.drop()

    # -- sending -----------------------------------------------------------------------------------------------

    def send(self, text: Text, ack: int) -> None:
        """The first attempt, or another one."""
        assert self.connection is not None
        text.sent, text.attempt, text.ack, text.answer = time.monotonic(), text.attempt + 1, ack, None
        self._acks[ack] = text
        notes = {"send": text.number, "attempt": text.attempt, "tag": "text", "plain": True, "valid": True}
        self.outcomes.tally.counts["send"] += 1
        self.connection.emit(SEND, {"text": text.text}, ack=ack, **notes)

    def types(self, is_typing: bool) -> None:
        if self.connection is not None:
            self.connection.emit(TYPING, {"isTyping": is_typing})

    def gave_up(self, waiting: Awaited, seconds: float) -> None:
        """Note that something was waited for in vain."""
        assert self.connection is not None
        fields = {"waiting": waiting, "seconds": round(seconds, 1), **self.outcomes.doubt}
        self.story.add(Kind.EXPIRED, device=self.name, connection=self.connection.number, **fields)
        named = "a greeting" if waiting == GREETING else "an ack" if "ack" in waiting else "a message"
        self.outcomes.apart(f"waited for {named} in vain")

    # -- what arrives ------------------------------------------------------------------------------------------

    def _notice(self, entry: Entry) -> None:
        packet = entry.get("packet")
        if entry.kind is Kind.CLOSED:
            if entry.get("by") != "harness":
                self.outcomes.apart(f"connection ended by the {entry.get('by')}")
        elif packet == "CONNECT":
            self.outcomes.came("connect", time.monotonic() - self._began)
        elif packet == "EVENT":
            self._event(entry)
        elif packet == "ACK":
            self._acked(entry)
        elif packet in ("DISCONNECT", "CONNECT_ERROR"):
            self.refused = True
        self._wake()

    def _event(self, entry: Entry) -> None:
        payload = first(entry.get("args"))
        if entry.get("event") == CONNECTED and not self.greeted:
            self.greeted = True
            self.outcomes.came("greeting", time.monotonic() - self._entered)
        elif entry.get("event") == ERROR:
            code = payload.get("code") if isinstance(payload, dict) else None
            self.outcomes.apart(f"error {code}")
        elif entry.get("event") == MESSAGE and isinstance(payload, dict):
            self._message(payload)

    def _message(self, payload: Mapping[str, Json]) -> None:
        self.outcomes.tally.counts["message"] += 1
        said = payload.get("text")
        text = self._texts.get(said) if isinstance(said, str) else None
        if text is not None and said not in self.heard:
            elsewhere = text.device is not self
            self.outcomes.came("echo elsewhere" if elsewhere else "echo", time.monotonic() - text.sent)
        elif payload.get("sender") == "support":
            self._reply()
        self.heard |= {one for one in (said, payload.get("id")) if isinstance(one, str)}

    def _reply(self) -> None:
        """A word of support: an answer to the first text that has none yet. One device counts them."""
        text = next((one for one in self._texts.values() if not one.replied), None)
        if text is not None and self.name == COUNTING:
            text.replied = True
            self.outcomes.came("reply", time.monotonic() - text.sent)

    def _acked(self, entry: Entry) -> None:
        text = self._acks.pop(entry.get("id"), None)
        if text is None:
            return  # a second ack, or one that was not asked for: ACK-ONCE judges it
        if entry.get("id") == text.ack:
            text.answer = entry
        error = error_of(entry)
        name = "ack" if error is None else f"ack refused ({error.get('code')})"
        self.outcomes.came(name, time.monotonic() - text.sent)
        if error is not None:
            self.outcomes.apart(name)
