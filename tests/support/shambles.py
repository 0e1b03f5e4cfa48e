"""A server on which many small things are broken at once: what fills a failing report."""

from __future__ import annotations

import html
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, MESSAGE, Event, Json, Problem
from conformance.reference.store import Message
from conformance.reference.tokens import Verifier


class Forgiving(Verifier):
    """Takes expired tokens."""

    def check_expiry(self, claims: dict[str, Any]) -> None:
        """It is not checked."""


class Shambles(HelpCenter):
    """Each override is a deviation of its own; together they leave enough standing to go on talking."""

    def trim(self, text: str) -> str:
        return text

    def check_length(self, text: str) -> None:
        """Any length will do."""

    def save(self, user: str, text: str, *, sender: str) -> Message:
        return super().save(user, html.escape(text), sender=sender)

    def auth_token(self, auth: object) -> object:
        token = auth.get("token") if isinstance(auth, dict) else None
        return None if isinstance(token, str) and token.startswith("Bearer ") else token

    def error_payload(self, problem: Problem) -> Json:
        return {**super().error_payload(problem), "code": problem.code.lower()}

    def rest_status(self, problem: Problem) -> int:  # noqa: ARG002
        return 403

    def rest_payload(self, user: str) -> Json:
        body = super().rest_payload(user)
        return {**body, "messages": body["messages"][:-1]}

    def ack_payload(self, message: Message) -> Json:
        return {"message": {**self.message_payload(message), "createdAt": self.instant(0)}}

    async def acknowledge(self, event: Event, answer: Json) -> None:
        await super().acknowledge(event, answer)
        await super().acknowledge(event, answer)

    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        await self.emit(CONNECTED, self.snapshot(user), to=sid)

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        """To the device that it came from, alone; what support says comes twice."""
        reported = self.message_payload(message)
        for _ in range(1 if origin else 2):
            await self.emit(MESSAGE, reported, to=origin or self.room_of(user))

    async def on_typing(self, event: Event) -> None:
        await self.emit("help_center:typing", {}, to=event.sid)


def shambles(secret: str) -> HelpCenter:
    return Shambles(Forgiving(secret))
