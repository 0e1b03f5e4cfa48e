"""Beneath httpx: answers that are announced again and again (``100 Continue``) and never come take all processor time,
as each announcement is read like an answer; so they are counted where they arrive."""

from __future__ import annotations

import ssl
from typing import Any, cast

import httpcore
import httpx

MOST = 100
"""Informational responses that one read from a socket may bring (64 kB)."""
_BEGINNING = b"HTTP/1.1 1"


def transport(verify: ssl.SSLContext | bool) -> httpx.AsyncHTTPTransport:
    """httpx's own, which gives up where there are too many."""
    made = httpx.AsyncHTTPTransport(verify=verify, trust_env=False)
    pool = cast(Any, made)._pool  # private, there is no other way; a test pins it
    pool._network_backend = _Backend(pool._network_backend)
    return made


class _Backend(httpcore.AsyncNetworkBackend):
    def __init__(self, behind: httpcore.AsyncNetworkBackend) -> None:
        self._behind = behind

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._behind.connect_tcp(*args, **options))

    async def connect_unix_socket(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._behind.connect_unix_socket(*args, **options))

    async def sleep(self, seconds: float) -> None:
        await self._behind.sleep(seconds)


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, behind: httpcore.AsyncNetworkStream) -> None:
        self._behind = behind

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  as httpcore's
        data = await self._behind.read(max_bytes, timeout)
        if data.startswith(_BEGINNING) and data.count(_BEGINNING) > MOST:
            raise httpcore.RemoteProtocolError(f"more than {MOST} informational responses at once")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._behind.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._behind.aclose()

    async def start_tls(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return _Stream(await self._behind.start_tls(*args, **options))

    def get_extra_info(self, info: str) -> Any:
        return self._behind.get_extra_info(info)
