"""Servers whose errors are malformed, or come for nothing (section 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import ERROR, NAMESPACE, VALIDATION_ERROR, Event, Json, Problem
from conformance.reference.store import Message
from tests.faults.fault import fault

Error = Callable[[Json], object]

IN_ACKS: dict[str, Error] = {
    "ErrorInAckIsAText": lambda error: error["message"],
    "ErrorInAckIsTrue": lambda _: True,
    "ErrorInAckHasNoCode": lambda error: {"message": error["message"]},
    "ErrorInAckHasANumberForACode": lambda error: error | {"code": 400},
    "ErrorInAckHasNoMessage": lambda error: {"code": error["code"], "error": "Bad Request"},
    "ErrorInAckHasAListOfMessages": lambda error: error | {"message": [error["message"]]},
    "ErrorInAckHasAListOfDetails": lambda error: error | {"details": [error["message"]]},
    "ErrorInAckHasATextForDetails": lambda error: error | {"details": "text"},
}
IN_EVENTS: dict[str, Error] = {
    "ErrorEventHasNoMessage": lambda error: {"code": error["code"]},
    "ErrorEventHasANestedMessage": lambda error: error | {"message": {"en": error["message"]}},
    "ErrorEventHasAListOfDetails": lambda error: error | {"details": []},
}
CODES = ("REJECT-CODE", "REJECT-UNACKED")


def _in_acks(name: str, change: Error) -> None:
    def error_ack_payload(self: HelpCenter, problem: Problem) -> Json:
        return {"error": change(self.error_payload(problem))}

    fault("ERROR-SHAPE", also=CODES)(type(name, (HelpCenter,), {"error_ack_payload": error_ack_payload}))


def _in_events(name: str, change: Error) -> None:
    async def emit_error(self: HelpCenter, sid: str, problem: Problem) -> None:
        await self.wire.emit(ERROR, change(self.error_payload(problem)), to=sid, namespace=self.wire.namespace)

    fault("ERROR-SHAPE", also=CODES)(type(name, (HelpCenter,), {"emit_error": emit_error}))


for _name, _change in IN_ACKS.items():
    _in_acks(_name, _change)
for _name, _change in IN_EVENTS.items():
    _in_events(_name, _change)


@fault("ERROR-UNPROVOKED", also=("TYPING-HARMLESS",))
class ErrorAfterEachSuccess(HelpCenter):
    """The push notification fails, and the client gets an error for it."""

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        message = await super().deliver(user, text, sender=sender, origin=origin)
        if origin is not None:
            await self.emit_error(origin, self.server_problem())
        return message


@fault("ERROR-UNPROVOKED")
class ErrorAfterEachGreeting(HelpCenter):
    async def welcome(self, sid: str, user: str) -> None:
        await super().welcome(sid, user)
        await self.emit_error(sid, Problem("DEPRECATED", "Please update the app."))


@fault("ERROR-UNPROVOKED", also=("SEND-UNACKED",))
class ErrorWithoutACallback(HelpCenter):
    """Takes a send without a callback for an error, though it saves it."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        if event.ack is None:
            await self.emit_error(event.sid, Problem("NO_ACK", "A callback is required."))
        await super().acknowledge(event, answer)


@fault("ERROR-UNPROVOKED", also=("REFUSAL-EVENT", "REFUSAL-CODE"))
class ErrorsReachEverybody(HelpCenter):
    """Emits an error to the namespace, not to the one connection that it is about."""

    async def emit_error(self, sid: str, problem: Problem) -> None:
        await super().emit_error(sid, problem)
        await self.wire.emit(ERROR, self.error_payload(problem), namespace=NAMESPACE, skip_sid=sid)


@fault("ERROR-UNPROVOKED")
class ErrorsReachAllDevices(HelpCenter):
    """What one device did wrong is an error on the others of its user."""

    async def emit_error(self, sid: str, problem: Problem) -> None:
        user = self.users.get(sid)
        await self.emit(ERROR, self.error_payload(problem), to=sid if user is None else self.room_of(user))


@fault("ISOLATION-MESSAGES")
class DetailsAreADefaultArgument(HelpCenter):
    """There is one object of details for all errors: what an error does not overwrite is what another one said."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.details: dict[str, Any] = {}

    def trim(self, text: str) -> str:
        self.text = super().trim(text)
        return self.text

    def invalid(self, message: str, *, rule: str, **facts: int) -> Problem:
        self.details |= {"field": "text", "rule": rule, **facts}
        if rule == "maximum":
            self.details["value"] = self.text
        return Problem(VALIDATION_ERROR, message, details=dict(self.details))


@fault("ISOLATION-MESSAGES")
class DetailsAreOneErrorBehind(HelpCenter):
    """What was refused is noted for the details of the error after the error is made."""

    given: Json = None
    noted: Json = None

    def validate(self, payload: object) -> str:
        self.given = payload
        return super().validate(payload)

    def invalid(self, message: str, *, rule: str, **facts: int) -> Problem:
        details = {"field": "text", "rule": rule, "value": self.noted, **facts}
        self.noted = self.given
        return Problem(VALIDATION_ERROR, message, details=details)
