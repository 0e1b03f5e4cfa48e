"""Servers that refuse in a wrong way (section 2.2)."""

# ruff: noqa: ARG002  what an overridden method ignores is its fault

from __future__ import annotations

import asyncio
from typing import Any

from socketio import packet
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import ERROR, NAMESPACE, Json, Problem
from tests.faults.fault import fault

# -- the error ---------------------------------------------------------------------------------------------------


@fault("REFUSAL-EVENT")
class ErrsTwice(HelpCenter):
    """Once in the middleware, once in the handler."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.emit_error(sid, problem)
        await super().refuse(sid, problem)


@fault("REFUSAL-EVENT")
class DisconnectsWithoutAnError(HelpCenter):
    """client.disconnect() and no more."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.disconnect(sid)


@fault("REFUSAL-EVENT")
class DisconnectsAMissingTokenWithoutAnError(HelpCenter):
    """Only verification errors are reported."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        if "required" in problem.message:
            await self.disconnect(sid)
        else:
            await super().refuse(sid, problem)


@fault("REFUSAL-EVENT")
class HangsUpWithoutAnError(HelpCenter):
    """The transport is cut."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.wire.hang_up(sid)


@fault("REFUSAL-EVENT", also=("EVENT-AFTER-CONNECT",))
class RefusesInTheMiddleware(HelpCenter):
    """next(new Error("unauthorized")): a connect error."""

    def wire_options(self) -> dict[str, Any]:
        return {"always_connect": False}

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        try:
            user = self.authenticate(environ, auth)
        except Problem as problem:
            raise ConnectionRefusedError(problem.message) from problem
        await self.admit(sid, user)


@fault("REFUSAL-EVENT", also=("REJECT-UNACKED",))
class EmitsOnTheDefaultNamespace(HelpCenter):
    """io.emit where socket.emit was meant: no client listens there."""

    async def emit_error(self, sid: str, problem: Problem) -> None:
        await self.wire.emit(ERROR, self.error_payload(problem), to=sid, namespace="/")


@fault("REFUSAL-EVENT", also=("REFUSAL-SILENT", "REJECT-UNACKED"))
class EmitsAnotherEvent(HelpCenter):
    """NestJS sends the errors of a gateway as "exception"."""

    async def emit_error(self, sid: str, problem: Problem) -> None:
        await self.emit("exception", self.error_payload(problem), to=sid)


@fault("REFUSAL-EVENT")
class RefusesTheHandshake(HelpCenter):
    """A gateway in front verifies the header, and answers with HTTP."""

    def build_app(self) -> ASGIApp:
        inside = super().build_app()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope.get("path", "").startswith("/socket.io") and self.is_bad(scope):
                scope = {**scope, "path": "/nowhere", "raw_path": b"/nowhere"}
            await inside(scope, receive, send)

        return app

    def is_bad(self, scope: Scope) -> bool:
        header = dict(scope["headers"]).get(b"authorization")
        try:
            return bool(header) and not self.user_of(self.header_token(header.decode()))
        except Problem:
            return True


@fault("REFUSAL-EVENT", "REFUSAL-CLOSE")
class CrashesOnWhatIsNoString(HelpCenter):
    """token.startsWith is not a function, and the exception is not caught."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if token is None or isinstance(token, str):
            await super().on_connect(sid, environ, auth)


@fault("REFUSAL-EVENT", "REFUSAL-CLOSE")
class SaysNothingAtAll(HelpCenter):
    """A bad token is left waiting for the greeting."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        pass


# -- an error that no client hears ----------------------------------------------------------------------------------


class AnswersLast(HelpCenter):
    """What all have in common whose connect handler runs before CONNECT is answered: python-socketio's default."""

    def wire_options(self) -> dict[str, Any]:
        return {"always_connect": False}


@fault("REFUSAL-EVENT", also=("EVENT-AFTER-CONNECT",))
class ErrsBeforeAConnectError(AnswersLast):
    """Emits, then raises ConnectionRefusedError: the client's library has no handler for the event yet."""

    async def on_connect(self, sid: str, environ: Json, auth: object = None) -> None:
        try:
            user = self.authenticate(environ, auth)
        except Problem as problem:
            await self.emit_error(sid, problem)
            raise ConnectionRefusedError(problem.message) from problem
        await self.admit(sid, user)


@fault("REFUSAL-EVENT", also=("EVENT-AFTER-CONNECT",))
class ErrsAndHangsUpBeforeConnect(AnswersLast):
    """The transport ends with CONNECT never answered, and the client comes back for ever."""

    async def disconnect(self, sid: str) -> None:
        await self.wire.hang_up(sid)


@fault("REFUSAL-EVENT", also=("EVENT-AFTER-CONNECT",))
class ErrsAndDisconnectsBeforeConnect(AnswersLast):
    """DISCONNECT overtakes the answer to CONNECT."""

    async def disconnect(self, sid: str) -> None:
        await self.say(sid, packet.Packet(packet.DISCONNECT, namespace=NAMESPACE))

    async def say(self, sid: str, what: packet.Packet) -> None:
        await self.wire._send_packet(self.wire.manager.eio_sid_from_sid(sid, NAMESPACE), what)


@fault("REFUSAL-EVENT")
class ErrsAfterDisconnect(HelpCenter):
    """The two lines the other way round."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        eio_sid = self.wire.manager.eio_sid_from_sid(sid, NAMESPACE)
        await self.disconnect(sid)
        event = packet.Packet(packet.EVENT, namespace=NAMESPACE, data=[ERROR, self.error_payload(problem)])
        await self.wire._send_packet(eio_sid, event)


@fault("EVENT-AFTER-CONNECT")
class AnswersConnectAfterItsHandler(AnswersLast):
    """The greeting comes before the answer to CONNECT; only a refusal waits for it."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        self.spawn(self.later(sid, problem))

    async def later(self, sid: str, problem: Problem) -> None:
        await asyncio.sleep(0.05)
        await super().refuse(sid, problem)


# -- its code ----------------------------------------------------------------------------------------------------


@fault("REFUSAL-CODE")
class SaysAuthFailed(HelpCenter):
    """A code of its own."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await super().refuse(sid, Problem("AUTH_FAILED", problem.message))


@fault("REFUSAL-CODE")
class SaysUnauthorizedInLowerCase(HelpCenter):
    """Nearly."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await super().refuse(sid, Problem("unauthorized", problem.message))


@fault("REFUSAL-CODE")
class SaysTokenExpired(HelpCenter):
    """Tells expired tokens from others, in the field that clients act on."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        expired = "expired" in problem.message
        await super().refuse(sid, Problem("TOKEN_EXPIRED", problem.message) if expired else problem)


@fault("REFUSAL-CODE")
class FailsOnWhatIsNoString(HelpCenter):
    """A TypeError, caught by the handler of last resort."""

    def auth_token(self, auth: object) -> object:
        token = auth.get("token") if isinstance(auth, dict) else None
        return self.strip_bearer(token.strip()) if token is not None else None


# -- the end -----------------------------------------------------------------------------------------------------


@fault("REFUSAL-CLOSE")
class RefusesWithoutDisconnecting(HelpCenter):
    """Tells the error, and leaves the rest to the client."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.emit_error(sid, problem)


@fault("REFUSAL-CLOSE")
class KeepsTheExpired(HelpCenter):
    """Who was good once may stay, and is asked to refresh."""

    async def refuse(self, sid: str, problem: Problem) -> None:
        await self.emit_error(sid, problem)
        if "expired" not in problem.message:
            await self.disconnect(sid)


@fault("REFUSAL-CLOSE", also=("EVENT-AFTER-CONNECT",))
class DisconnectsBeforeItHasConnected(HelpCenter):
    """python-socketio ignores a disconnect in the connect handler, unless it is set to connect always."""

    def wire_options(self) -> dict[str, Any]:
        return {"always_connect": False}


@fault("AUTH-BARE", "AUTH-PREFIXED", "REFUSAL-EVENT")
class VerifiesTheHandshake(HelpCenter):
    """The JWT is checked where HTTP is upgraded: the header has to be there, and whatever is not good gets a 401."""

    def build_app(self) -> ASGIApp:
        inside = super().build_app()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if self.is_handshake(scope) and self.is_bad(scope):
                refused = PlainTextResponse("unauthorized", status_code=401)
                if scope["type"] == "websocket":
                    await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
                    await send({"type": "websocket.http.response.body", "body": b"unauthorized"})
                else:
                    await refused(scope, receive, send)
            else:
                await inside(scope, receive, send)

        return app

    def is_handshake(self, scope: Scope) -> bool:
        return scope.get("path", "").startswith("/socket.io") and b"sid=" not in scope.get("query_string", b"")

    def is_bad(self, scope: Scope) -> bool:
        header = dict(scope["headers"]).get(b"authorization", b"")
        try:
            return not self.user_of(self.header_token(header.decode()))
        except Problem:
            return True
