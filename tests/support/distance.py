"""A TCP proxy that puts distance between a client and a server: latency, jitter, order kept."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

HOST = "127.0.0.1"
CHUNK = 65536


@dataclass(frozen=True)
class Distance:
    """Seconds for a round trip, and how much longer each way may take now and then."""

    rtt: float = 0.0
    jitter: float = 0.0
    seed: int = 0


@contextmanager
def far_away(url: str, distance: Distance, *, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The same server behind a proxy on a free loopback port, which may speak TLS; its URL there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    proxy = _Proxy(urlsplit(url).port or 80, distance, tls)
    port = asyncio.run_coroutine_threadsafe(proxy.open(), loop).result()
    try:
        yield f"{'http' if tls is None else 'https'}://{HOST}:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(proxy.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Proxy:
    def __init__(self, port: int, distance: Distance, tls: ssl.SSLContext | None) -> None:
        self._port, self._tls = port, tls
        self._distance = distance
        self._random = random.Random(distance.seed)
        self._open: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._accept, HOST, 0, ssl=self._tls)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        await asyncio.sleep(self._distance.rtt)  # the handshake of TCP
        try:
            there, back = await asyncio.open_connection(HOST, self._port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(self._carry(reader, back), self._carry(there, writer))
        finally:
            back.close()
            writer.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """One direction, until its source is done: what is read is written when its time has come."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.ensure_future(self._deliver(queue, target))
        try:
            with contextlib.suppress(OSError):
                while data := await source.read(CHUNK):
                    queue.put_nowait((self._due(), data))
            queue.put_nowait((self._due(), b""))
            await delivering
        finally:
            delivering.cancel()

    def _due(self) -> float:
        late = self._random.random() * self._distance.jitter
        return asyncio.get_running_loop().time() + self._distance.rtt / 2 + late

    async def _deliver(self, queue: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter) -> None:
        """In order: what comes later never overtakes what is late."""
        with contextlib.suppress(OSError):
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
                if not data:
                    if target.can_write_eof():  # TLS cannot
                        target.write_eof()
                    break
                target.write(data)
                await target.drain()
