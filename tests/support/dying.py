"""Servers that die, or fall silent, in processes of their own:
``python -m tests.support.dying KIND --port=P [--restarted]``.

Restarted ones come back at once, and have forgotten everything. All of them end with their standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Json, Problem
from conformance.reference.serve import Server, listen
from conformance.reference.tokens import Verifier
from tests.faults.battery import SECRET

RESTART = 0.3
"""Seconds that a supervisor takes."""
STOP = 1.0
POOL = 8
"""Connections to the database of those that run out of them."""


def die() -> None:
    """As a process does that does not catch an exception: without a word on any connection."""
    os._exit(1)


class DiesOfBadTokens(HelpCenter):
    """A rejected promise that is not handled: the process ends."""

    def authenticate(self, environ: Json, auth: object) -> str:
        try:
            return super().authenticate(environ, auth)
        except Problem:
            die()
            raise


class DiesOfUnsignedTokens(HelpCenter):
    """Only one kind is deadly: the decoder that looks into a token of no algorithm."""

    def user_of(self, token: object) -> str:
        if isinstance(token, str) and token.endswith("."):
            die()
        return super().user_of(token)


class DiesOfBadTokensOnRest(HelpCenter):
    """The HTTP middleware throws outside of any handler."""

    async def rest_messages(self, request: Any) -> Any:
        answer = await super().rest_messages(request)
        if answer.status_code == 401:
            die()
        return answer


class DiesWhenTheRefusedLeave(HelpCenter):
    """``socket.data.user.id`` in the disconnect handler."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.refused: set[str] = set()

    async def refuse(self, sid: str, problem: Problem) -> None:
        self.refused.add(sid)
        await super().refuse(sid, problem)

    async def on_disconnect(self, sid: str, reason: str) -> None:
        if sid in self.refused:
            die()
        await super().on_disconnect(sid, reason)


class DiesOfNull(HelpCenter):
    """``const { text } = payload`` outside of any try."""

    async def on_send(self, event: Event) -> None:
        if not event.args or event.args[0] is None:
            die()
        await super().on_send(event)


class DiesOfOddTyping(HelpCenter):
    """``payload.isTyping`` of what is not an object."""

    async def on_typing(self, event: Event) -> None:
        if not event.args or event.args[0] is None:
            die()


class DiesOfAnEmoji(HelpCenter):
    """A native module that does not know four bytes."""

    async def on_send(self, event: Event) -> None:
        payload = event.args[0] if event.args else None
        text = payload.get("text") if isinstance(payload, dict) else None
        if isinstance(text, str) and any(ord(one) > 0xFFFF for one in text):
            die()
        await super().on_send(event)


class HangsOfNull(HelpCenter):
    """An endless loop: the process lives, takes connections, and answers nothing any more."""

    async def on_send(self, event: Event) -> None:
        while not event.args or event.args[0] is None:
            time.sleep(1)  # noqa: ASYNC251  it is the fault
        await super().on_send(event)


class LeaksConnections(HelpCenter):
    """What goes wrong before the transaction ends never gives its connection to the database back."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.free = asyncio.Semaphore(POOL)

    async def admit(self, sid: str, user: str) -> None:
        async with self.free:
            await super().admit(sid, user)

    async def on_send(self, event: Event) -> None:
        await self.free.acquire()
        if not event.args or not isinstance(event.args[0], dict):
            return
        await super().on_send(event)
        self.free.release()

    async def rest_messages(self, request: Any) -> Any:
        async with self.free:
            return await super().rest_messages(request)


class DeadlocksOfNewcomers(LeaksConnections):
    """Whoever comes first takes a second connection while it holds one: a few at once, and all wait for ever."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.known: set[str] = set()

    async def admit(self, sid: str, user: str) -> None:
        async with self.free:
            if user not in self.known:
                await asyncio.sleep(0.05)
                async with self.free:
                    self.known.add(user)
            await HelpCenter.admit(self, sid, user)

    async def on_send(self, event: Event) -> None:
        async with self.free:
            await HelpCenter.on_send(self, event)


class DiesOnce(HelpCenter):
    """Ended by others, once, in the middle of everything: correct before and after."""

    LIVES = 0

    def authenticate(self, environ: Json, auth: object) -> str:
        try:
            return super().authenticate(environ, auth)
        except Problem:
            if not DiesOnce.LIVES:
                die()
            raise


KINDS = {
    kind.__name__: kind
    for kind in (
        HelpCenter,
        DiesOfBadTokens,
        DiesOfUnsignedTokens,
        DiesOfBadTokensOnRest,
        DiesWhenTheRefusedLeave,
        DiesOfNull,
        DiesOfOddTyping,
        DiesOfAnEmoji,
        HangsOfNull,
        LeaksConnections,
        DeadlocksOfNewcomers,
        DiesOnce,
    )
}


@contextmanager
def dying(kind: type[HelpCenter], *options: str) -> Iterator[str]:
    """Run one in a process of its own; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.support.dying", kind.__name__, f"--port={port}", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        with process:
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:  # it hangs, as it should
                process.kill()


def serve(kind: type[HelpCenter], port: int) -> None:
    Server(kind(Verifier(SECRET)).app, ready=lambda: print("ready", flush=True)).run_on(listen("127.0.0.1", port))


def _with_parent(number: signal.Signals) -> None:
    """Leave no server behind: the signal comes to this process when standard input ends."""

    def watch() -> None:
        os.read(sys.stdin.fileno(), 1)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, daemon=True).start()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.dying", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--restarted", action="store_true", help="by a supervisor, whenever it dies")
    asked = parser.parse_args(arguments)
    if not asked.restarted:
        _with_parent(signal.SIGKILL)
        return serve(KINDS[asked.kind], asked.port)
    _with_parent(signal.SIGTERM)
    while True:
        child = os.fork()
        if not child:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            return serve(KINDS[asked.kind], asked.port)
        signal.signal(signal.SIGTERM, lambda *_, child=child: (os.kill(child, signal.SIGKILL), os._exit(0)))
        os.waitpid(child, 0)
        DiesOnce.LIVES += 1
        time.sleep(RESTART)


if __name__ == "__main__":
    main(sys.argv[1:])
