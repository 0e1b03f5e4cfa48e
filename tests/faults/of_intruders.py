"""Servers that refuse, and still let a client hear or say something (section 2.2)."""

from __future__ import annotations

import asyncio

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, Event, Json, Problem
from tests.faults.fault import fault

SOON = 0.15
"""Seconds: a pause that somebody put before the disconnect, so that the error has time to arrive."""

# -- silence -----------------------------------------------------------------------------------------------------


@fault("REFUSAL-SILENT")
class GreetsFirst(HelpCenter):
    """Verifies while the greeting is under way already."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.emit(CONNECTED, self.snapshot("nobody"), to=sid)
        await super().refuse(sid, problem)


@fault("REFUSAL-SILENT")
class GreetsEmptyHanded(HelpCenter):
    """Sends the greeting without a conversation before it says no."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.emit_error(sid, problem)
        await self.emit(CONNECTED, {"conversation": None, "messages": []}, to=sid)
        await self.disconnect(sid)


@fault("REFUSAL-SILENT")
class AnnouncesTheTypingOfSupport(HelpCenter):
    """Somebody is always typing."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.emit("help_center:typing", {"isTyping": False, "sender": "support"}, to=sid)
        await super().refuse(sid, problem)


class Peeks(HelpCenter):
    """Knows whose token it refuses."""

    def named(self, environ: Json, auth: object) -> str | None:
        token = self.token_of(environ, auth)
        try:
            return self.verifier.subject(self.verifier.unverified(self.verifier.text(token)))
        except Exception:
            return None


@fault("REFUSAL-SILENT")
class TellsTheConversationInDetails(Peeks):
    """A context object of the logger, sent along."""

    def authenticate(self, environ: Json, auth: object) -> str:
        try:
            return super().authenticate(environ, auth)
        except Problem as problem:
            user = self.named(environ, auth)
            details = {"context": self.snapshot(user)} if user else None
            raise Problem(problem.code, problem.message, details=details) from problem


@fault("REFUSAL-SILENT")
class TellsTheLastTextInDetails(Peeks):
    """Says which message could not be shown."""

    def authenticate(self, environ: Json, auth: object) -> str:
        try:
            return super().authenticate(environ, auth)
        except Problem as problem:
            user = self.named(environ, auth)
            texts = [m["text"] for m in self.snapshot(user)["messages"]] if user else []
            raise Problem(problem.code, problem.message, details={"pending": texts}) from problem


@fault("REFUSAL-SILENT")
class JoinsBeforeItVerifies(Peeks):
    """In the room first; the disconnect comes when the error has had time to arrive."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        if user := self.named(environ, auth):
            await self.join(sid, user)
        await super().on_connect(sid, environ, auth)

    async def disconnect(self, sid: str) -> None:
        self.spawn(self.disconnect_soon(sid))

    async def disconnect_soon(self, sid: str) -> None:
        await asyncio.sleep(SOON)
        await super().disconnect(sid)


# -- the lock ----------------------------------------------------------------------------------------------------


class Unlocked(Peeks):
    """Takes what arrives while the token is being looked at for what its user said."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        self.users[sid] = self.named(environ, auth) or "nobody"
        await super().on_connect(sid, environ, auth)

    async def disconnect(self, sid: str) -> None:
        self.spawn(self.disconnect_soon(sid))

    async def disconnect_soon(self, sid: str) -> None:
        await asyncio.sleep(SOON)
        await HelpCenter.disconnect(self, sid)


@fault("REFUSAL-LOCKED")
class SavesWhatTheRefusedSend(Unlocked):
    """Knows the user from the claims before it has verified them."""


class Absentminded(Unlocked):
    """Finds out too late who has not been let in."""

    async def welcome(self, sid: str, user: str) -> None:
        self.welcomed.add(sid)
        await super().welcome(sid, user)

    @property
    def welcomed(self) -> set[str]:
        return self.__dict__.setdefault("_welcomed", set())


@fault("REFUSAL-LOCKED")
class SavesWhatTheRefusedSendAndSaysNo(Absentminded):
    """Saves first, checks then."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        no = {"error": self.error_payload(self.unauthorized("No."))}
        await super().acknowledge(event, answer if event.sid in self.welcomed else no)


@fault("REFUSAL-LOCKED")
class AcksWhatTheRefusedSend(Absentminded):
    """The ack is optimistic, the message goes nowhere."""

    async def on_send(self, event: Event) -> None:
        if event.sid in self.welcomed:
            await super().on_send(event)
        else:
            draft = {"id": "draft", "conversationId": "none", "sender": "user", "text": "", "createdAt": "2026-01-01"}
            await self.acknowledge(event, {"message": draft})
