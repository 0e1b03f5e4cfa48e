"""Servers that mix up what is under way on one connection at the same time (sections 3.2, 4.3 and 4.6)."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Problem
from tests.faults.fault import fault


@fault("REJECT-SURVIVED", also=("SEND-PLAIN",))
class OneErrorFailsTheBatch(HelpCenter):
    """``Promise.all``: what a connection sends within ten milliseconds is saved together, or refused together."""

    async def on_send(self, event: Event) -> None:
        batches = self.__dict__.setdefault("batches", {})
        if event.sid not in batches:
            batches[event.sid] = []
            self.spawn(self.batch(event.sid))
        batches[event.sid].append(event)

    async def batch(self, sid: str) -> None:
        await asyncio.sleep(0.01)
        events, turn = self.batches.pop(sid), self.__dict__.setdefault("turns", defaultdict(asyncio.Lock))[sid]
        async with turn:
            try:
                for event in events:
                    self.validate(self.payload_of(event))
            except Problem as problem:
                for event in events:
                    await self.reject(event, problem)
            else:
                for event in events:
                    await super().on_send(event)


@fault("TYPING-HARMLESS", also=("ACK-CALLED", "SEND-KEPT", "MESSAGE-ECHO", "SEND-UNACKED"))
class TypingCancelsTheSend(HelpCenter):
    """Who types on has a draft: a send of the same connection that is still under way (20 ms) is given up."""

    async def on_send(self, event: Event) -> None:
        drafts = self.__dict__.setdefault("drafts", defaultdict(list))
        turn = self.__dict__.setdefault("turns", defaultdict(asyncio.Lock))[event.sid]

        async def save() -> None:
            async with turn:
                await asyncio.sleep(0.02)
                drafts[event.sid].remove(task)
                await HelpCenter.on_send(self, event)

        task = asyncio.create_task(save())
        drafts[event.sid].append(task)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def on_typing(self, event: Event) -> None:
        drafts = self.__dict__.setdefault("drafts", defaultdict(list))
        for task in drafts.pop(event.sid, []):
            task.cancel()
