"""What a hostile target is: a front before a correct server, which answers some of the requests in its own way."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import pkgutil
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.tokens import Verifier
from tests.hostile.peer import Peer

SECONDS = 120
SECRET = "a secret that every hostile target trusts, too"

Handler = Callable[[Peer], Awaitable[None]]


@dataclass(frozen=True)
class Target:
    """``takes``: which requests the handler answers; all others go to the correct server. ``code``: the exit code of
    its certification, several where it depends on chance; ``says``: what the output says; ``options``: of the run;
    ``seconds``: that it may take, on a machine that is busy with others."""

    name: str
    handle: Handler
    takes: Callable[[str], bool]
    codes: tuple[int, ...]
    says: str = ""
    options: tuple[str, ...] = ()
    seconds: float = SECONDS

    @contextmanager
    def served(self) -> Iterator[str]:
        """The URL of the front, which runs in a thread of its own."""
        with Served(HelpCenter(Verifier(SECRET)).app) as server, _front(self, server.url) as url:
            yield url


TARGETS: dict[str, Target] = {}


def load_all() -> dict[str, Target]:
    """All targets by name, from the modules ``of_…``."""
    folder = Path(__file__).parent
    for module in pkgutil.iter_modules([str(folder)]):
        if module.name.startswith("of_"):
            importlib.import_module(f"tests.hostile.{module.name}")
    return TARGETS


def everything(_: str) -> bool:
    return True


def rest(request: str) -> bool:
    return " /api/" in request


def sockets(request: str) -> bool:
    return " /socket.io/" in request


def polls(request: str) -> bool:
    return sockets(request) and "transport=polling" in request


def websockets(request: str) -> bool:
    return sockets(request) and "transport=websocket" in request


def hostile(
    takes: Callable[[str], bool],
    *codes: int,
    says: str = "",
    options: tuple[str, ...] = (),
    seconds: float = SECONDS,
) -> Callable[[Handler], Handler]:
    """Make a handler a target of its name."""

    def decorate(handle: Handler) -> Handler:
        name = handle.__name__  # type: ignore[attr-defined]
        assert name not in TARGETS
        TARGETS[name] = Target(name, handle, takes, codes or (1,), says, options, seconds)
        return handle

    return decorate


# -- serving -------------------------------------------------------------------------------------------------------


@dataclass
class _Front:
    target: Target
    server: str
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        where = urlsplit(self.server)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, RuntimeError):
            head = await reader.readuntil(b"\r\n\r\n")
            peer = Peer(reader, writer, head, str(where.hostname), int(where.port or 0))
            taken = self.target.takes(peer.request)
            await (self.target.handle(peer) if taken else peer.through())
        writer.transport.abort() if writer.is_closing() else writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        listener = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=2**20)
        async with listener:
            yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"


@contextmanager
def _front(target: Target, server: str) -> Iterator[str]:
    ready, url = threading.Event(), ""
    over, loop = asyncio.Event(), None

    async def run() -> None:
        nonlocal url, loop
        loop = asyncio.get_running_loop()
        async with _Front(target, server).listening() as url:
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=[run()], daemon=True)
    thread.start()
    ready.wait()
    try:
        yield url
    finally:
        assert loop is not None
        loop.call_soon_threadsafe(over.set)
        thread.join(5)
