"""Servers that acknowledge wrongly (section 4.6)."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Json, Problem
from tests.faults.fault import fault
from tests.legal.of_limits import HasASlowMode

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


@fault("ACK-CALLED")
class TakesTheFirstCallbackForNone(HelpCenter):
    """The id of a client's first callback is 0, which is false in many languages."""

    async def acknowledge(self, event: Event, answer: Json) -> None:
        if event.ack:
            await super().acknowledge(event, answer)


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
class AcksFromAStackInSlowMode(AcksFromAStack, HasASlowMode):
    """The same, of texts that are refused but for one: another callback gets its message, and its own an error."""


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


@fault("ACK-CALLED")
class DropsWhatIsTooMuch(HelpCenter):
    """A limit of a hundred texts a minute for each user, and nothing is said of what exceeds it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.taken: Counter[tuple[str, int]] = Counter()

    async def on_send(self, event: Event) -> None:
        minute = (self.users.get(event.sid, ""), int(time.time() // 60))
        self.taken[minute] += 1
        if self.taken[minute] <= 100:
            await super().on_send(event)
