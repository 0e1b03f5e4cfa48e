"""Servers that acknowledge wrongly (section 4.6)."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import CONNECTED, MESSAGE, Event, Json, Problem
from conformance.reference.store import Message
from tests.faults.fault import fault

HOUR = 3_600_000
Answers = list[tuple[int, Json]]

# -- whether, and how often --------------------------------------------------------------------------------------


@fault("ACK-CALLED", also=("REJECT-NO-OBJECT",))
class NeverAcks(HelpCenter):
    async def acknowledge(self, event: Event, answer: Json) -> None:
        """The callback is forgotten."""


@fault("ACK-CALLED", also=("REJECT-NO-OBJECT",))
class AcksSuccessOnly(HelpCenter):
    """Tells of errors by the event alone, as a validation pipe that knows nothing of acks."""

    async def reject(self, event: Event, problem: Problem) -> None:
        await self.emit_error(event.sid, problem)


@fault("ACK-CALLED", also=("BURST-AFTER-GREETING", "BURST-AFTER-CONNECT"))
class AcksOneAtATime(HelpCenter):
    """Keeps one callback for each connection: the next send replaces it."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        self.__dict__.setdefault("waiting", {})[event.sid] = (event, answer)
        self.spawn(self.later(event.sid, event))

    async def later(self, sid: str, event: Event) -> None:
        await asyncio.sleep(0.1)
        waiting = self.__dict__["waiting"].get(sid)
        if waiting is not None and waiting[0] is event:
            await super().acknowledge(*waiting)


@fault("ACK-ONCE", also=("CONN-UPGRADE",))
class AcksTwice(HelpCenter):
    async def acknowledge(self, event: Event, answer: Json) -> None:
        await super().acknowledge(event, answer)
        await super().acknowledge(event, answer)


@fault("ACK-ONCE")
class AcksUnasked(HelpCenter):
    """Acknowledges sends without a callback too, under an id of its own."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        await self.wire.answer(event.sid, 90_000 if event.ack is None else event.ack, answer)
        if event.ack is not None:
            await self.wire.answer(event.sid, 90_000 + event.ack, answer)


# -- the arguments and the shape ---------------------------------------------------------------------------------

Arguments = Callable[[Json], tuple[Any, ...]]

ARGUMENTS: dict[str, Arguments] = {
    "AckInTheMannerOfNode": lambda answer: (answer.get("error"), answer.get("message")),
    "AckOfTrue": lambda _: (True,),
    "AckInAnArray": lambda answer: ([answer],),
    "AckAsJsonText": lambda answer: (json.dumps(answer),),
    "AckOfNothing": lambda _: (),
    "AckWithAStatusBesides": lambda answer: (answer, 200),
}
SHAPES: dict[str, Arguments] = {
    "AckIsTheMessage": lambda answer: (answer.get("message") or answer,),
    "AckIsWrapped": lambda answer: ({"event": "help_center:send", "data": answer},),
    "AckSaysOk": lambda answer: ({"status": "ok"} if "message" in answer else answer,),
    "AckHasBothNull": lambda _: ({"message": None, "error": None},),
    "AckHasBoth": lambda answer: ({"error": {"code": "NONE", "message": ""}} | answer,),
    "AckHasEmptyErrorBeside": lambda answer: ({"error": {}} | answer,),
    "AckIdIsANumber": lambda answer: (_with(answer, id=7),),
    "AckWithoutConversationId": lambda answer: (_with(answer, conversationId=None),),
    "AckSenderIsAClient": lambda answer: (_with(answer, sender="client"),),
    "AckTextIsAnObject": lambda answer: (_with(answer, text={"body": "hello"}),),
    "AckCreatedAtIsEpoch": lambda answer: (_with(answer, createdAt=1767225600000),),
}


def _with(answer: Json, **fields: object) -> Json:
    return {"message": answer["message"] | fields} if "message" in answer else answer


def _acking(name: str, breaks: str, arguments: Arguments) -> None:
    async def acknowledge(self: HelpCenter, event: Event, answer: Json) -> None:
        if event.ack is not None:
            await self.wire.answer(event.sid, event.ack, *arguments(answer))

    fault(breaks, also=("SEND-PLAIN",))(type(name, (HelpCenter,), {"acknowledge": acknowledge}))


for _name, _arguments in ARGUMENTS.items():
    _acking(_name, "ACK-ARGUMENT", _arguments)
for _name, _arguments in SHAPES.items():
    _acking(_name, "ACK-SHAPE", _arguments)


# -- whose answer ------------------------------------------------------------------------------------------------

BURSTS = ("BURST-AFTER-GREETING", "BURST-AFTER-CONNECT", "SEND-VERBATIM")


class AcksLater(HelpCenter):
    """Collects what is to be acknowledged for a moment; right as it stands."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        if event.ack is not None:
            waiting: defaultdict[str, Answers] = self.__dict__.setdefault("waiting", defaultdict(list))
            waiting[event.sid].append((event.ack, answer))
            self.spawn(self.flush(event.sid))

    async def flush(self, sid: str) -> None:
        await asyncio.sleep(0.1)
        for ack, answer in self.matched(self.__dict__["waiting"].pop(sid, [])):
            await self.wire.answer(sid, ack, answer)

    def matched(self, waiting: Answers) -> Answers:
        return waiting


@fault("ACK-MATCH", also=BURSTS)
class AcksFromAStack(AcksLater):
    """The last callback gets the first answer."""

    def matched(self, waiting: Answers) -> Answers:
        return [(ack, answer) for (ack, _), (_, answer) in zip(reversed(waiting), waiting, strict=True)]


@fault("ACK-MATCH", also=BURSTS)
class AcksWithTheLatest(AcksLater):
    """The handler closes over a variable that the next send has overwritten."""

    def matched(self, waiting: Answers) -> Answers:
        return [(ack, waiting[-1][1]) for ack, _ in waiting]


@fault("ACK-MATCH", also=("DEVICE-COEXIST", "SEND-PLAIN"))
class MixesUpTheAcksOfTwoDevices(HelpCenter):
    """Files answers by user and ack id; each connection counts its ids from the same number."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        user = self.users.get(event.sid)
        self.__dict__.setdefault("answers", {})[user, event.ack] = answer
        self.spawn(self.later(user, event))

    async def later(self, user: str | None, event: Event) -> None:
        await asyncio.sleep(0.1)
        await super().acknowledge(event, self.__dict__["answers"][user, event.ack])


# -- the same message everywhere ---------------------------------------------------------------------------------

SPELLED = ("SEND-VERBATIM", "SEND-TRIM", "SEND-UNACKED", "REST-SAME", "REST-FIRST", "SUPPORT-STORED")
ALL_ROADS = ("PARITY-EVENT", "PARITY-GREETING", "PARITY-REST")


@fault(*ALL_ROADS, also=("SEND-VERBATIM", "SEND-TRIM", "PARITY-TIME"))
class AcksWithThePreviousId(HelpCenter):
    """last_insert_id() was asked on another connection of the pool."""

    def ack_payload(self, message: Message) -> Json:
        before = self.__dict__.get("before", message.id)
        self.__dict__["before"] = message.id
        return {"message": self.message_payload(message) | {"id": before}}


@fault(*ALL_ROADS, also=("SEND-VERBATIM", "SEND-TRIM"))
class AcksBeforeSaving(HelpCenter):
    """The message gets its id when it is saved; the ack has a temporary one."""

    def ack_payload(self, message: Message) -> Json:
        return {"message": self.message_payload(message) | {"id": f"tmp-{message.id}"}}


@fault(*ALL_ROADS)
class AcksInLocalTime(HelpCenter):
    """The ack tells the time two hours east of Greenwich, and calls it UTC."""

    def ack_payload(self, message: Message) -> Json:
        return {"message": self.message_payload(message) | {"createdAt": self.instant(message.created_at + 2 * HOUR)}}


@fault(*ALL_ROADS, also=("SEND-TRIM", "SEND-VERBATIM"))
class AcksTheTextAsItCame(HelpCenter):
    """The ack repeats the request; only what is stored is trimmed."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        if "message" in answer and isinstance(event.args[0], dict):
            answer = {"message": answer["message"] | {"text": event.args[0]["text"]}}
        await super().acknowledge(event, answer)


class Emits(HelpCenter):
    """A server that writes messages otherwise into its events; right as it stands."""

    async def emit(self, event: str, payload: Json, *, to: str) -> None:
        await super().emit(event, self.told(dict(payload)) if event == MESSAGE else payload, to=to)

    def told(self, message: Json) -> Json:
        return message


@fault("PARITY-EVENT", also=("SEND-VERBATIM", "SUPPORT-STORED", "SEND-UNACKED"))
class EventShortensTheText(Emits):
    """A preview, as for a notification."""

    def told(self, message: Json) -> Json:
        return message | {"text": message["text"][:20]}


@fault("PARITY-EVENT", also=("SUPPORT-STORED",))
class EventTellsWhenItWasEmitted(Emits):
    """The event is stamped when it leaves the queue, here five seconds later."""

    def told(self, message: Json) -> Json:
        return message | {"createdAt": self.instant(self.store.now() + 5000)}


@fault("PARITY-EVENT", "MESSAGE-SENDER", also=("SUPPORT-STORED",))
class OtherDevicesTakeItForSupport(HelpCenter):
    """ "Mine" or "theirs", seen from the connection: the user's other device is told that support wrote."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:
        payload = self.message_payload(message)
        for sid in [sid for sid, owner in self.users.items() if owner == user]:
            await self.emit(MESSAGE, payload if sid == origin else payload | {"sender": "support"}, to=sid)


@fault("PARITY-GREETING", also=SPELLED)
class GreetingShortensTexts(HelpCenter):
    async def welcome(self, sid: str, user: str) -> None:
        payload = self.snapshot(user)
        listed = [message | {"text": message["text"][:20]} for message in payload["messages"]]
        await self.emit(CONNECTED, payload | {"messages": listed}, to=sid)


@fault("PARITY-GREETING", "PARITY-REST", also=("SUPPORT-STORED",))
class DatabaseTellsLocalTime(HelpCenter):
    """What comes back from the database has lost its zone and is taken for UTC."""

    def connected_payload(self, conversation: Any, messages: Any) -> Json:
        payload = super().connected_payload(conversation, messages)
        times = [self.instant(message.created_at - 5 * HOUR) for message in messages]
        listed = [m | {"createdAt": time} for m, time in zip(payload["messages"], times, strict=True)]
        return payload | {"messages": listed}


@fault("PARITY-REST", also=SPELLED)
class RestShoutsTexts(HelpCenter):
    def rest_payload(self, user: str) -> Json:
        payload = self.snapshot(user)
        return payload | {"messages": [m | {"text": m["text"].upper()} for m in payload["messages"]]}


@fault("PARITY-TIME")
class DatabaseKeepsSeconds(HelpCenter):
    """A DATETIME column without fractions; ack and event tell what was in memory."""

    def connected_payload(self, conversation: Any, messages: Any) -> Json:
        payload = super().connected_payload(conversation, messages)
        listed = [m | {"createdAt": m["createdAt"][:19] + "Z"} for m in payload["messages"]]
        return payload | {"messages": listed}


@fault("PARITY-TIME")
class EventIsStampedAgain(Emits):
    """The event asks the clock once more."""

    def told(self, message: Json) -> Json:
        return message | {"createdAt": self.instant(self.store.now() + 3)}


@fault("PIPELINE-ORDER", also=("SEND-VERBATIM",))
class SavesTheLastFirst(HelpCenter):
    """Collects what comes within a moment, and takes the last of it first."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.collected: dict[str, list[Event]] = {}

    async def receive(self, event: Event) -> None:
        self.collected.setdefault(event.sid, []).append(event)
        if len(self.collected[event.sid]) == 1:
            self.spawn(self.handled(event.sid))

    async def handled(self, sid: str) -> None:
        await asyncio.sleep(0.1)
        for event in reversed(self.collected.pop(sid)):
            await super().receive(event)


class Overtakes(HelpCenter):
    """Handles sends side by side: those that wait for something are overtaken."""

    async def receive(self, event: Event) -> None:
        self.spawn(self.handled(event, self.wait_of(event)))

    def wait_of(self, event: Event) -> float:
        raise NotImplementedError

    async def handled(self, event: Event, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await super().receive(event)


@fault("PIPELINE-ORDER")
class LooksUpTheUserFirst(Overtakes):
    """The first send of a connection waits for a query whose answer the next ones find in a cache."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cached: set[str] = set()

    def wait_of(self, event: Event) -> float:
        first = event.sid not in self.cached
        self.cached.add(event.sid)
        return 0.05 if first else 0.0


@fault("PIPELINE-ORDER")
class OtherDevicesAreSlower(Overtakes):
    """Only the second and further devices of a user are handled side by side: they share a pool of connections."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.turn = 0

    def wait_of(self, event: Event) -> float:
        self.turn += 1
        crowded = list(self.users.values()).count(self.users.get(event.sid, "")) > 1
        return 0.05 if crowded and self.turn % 2 else 0.0
