"""HTTP requests under gevent, with the cookies of one client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from yarl import URL

from conformance.load.settings import OPENING
from conformance.transport.close_reason import CloseReason, TransportClosed, describe_error
from conformance.transport.cookies import Cookies

LOST = (OSError, HTTPConnectionClosed, HTTPParseError, RuntimeError)
"""What the client raises where no answer comes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers`` in lower case."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Http:
    """One client of a target, with connections of its own."""

    def __init__(self, target: str, cookies: Cookies, *, timeout: float = 4 * OPENING) -> None:
        self._target = URL(target)
        self._cookies = cookies
        self._client = HTTPClient.from_url(target, concurrency=2, connection_timeout=OPENING, network_timeout=timeout)

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: str = "") -> Answer:
        """Raises TransportClosed where no answer comes."""
        url = self._target.join(URL(path, encoded=True))
        sent = {**headers, **self._cookies.header(url)}
        try:
            answer: Any = self._client.request(method, path, body=body.encode(), headers=sent)
            text = bytes(answer.read()).decode("utf-8", "replace")
        except LOST as error:
            reason = CloseReason("network", reason=f"{method} failed: {describe_error(error)}")
            raise TransportClosed(reason) from error
        told = [(name.lower(), value) for name, value in answer.headers]
        self._cookies.take([value for name, value in told if name == "set-cookie"], url)
        return Answer(answer.status_code, text, dict(told))

    def close(self) -> None:
        self._client.close()
