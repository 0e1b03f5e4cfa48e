"""HTTP requests under gevent, with the cookies of one client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from yarl import URL

from conformance.load.settings import OPENING
from conformance.transport.close_reason import CloseReason, TransportClosed, describe_error
from conformance.transport.cookies import Cookies

if TYPE_CHECKING:
    import ssl

LOST = (OSError, HTTPConnectionClosed, HTTPParseError, RuntimeError)
"""What the client raises where no answer comes."""


@dataclass(frozen=True, repr=False)
class Address:
    """Where a target is, and what every request to it carries. ``tls``: None for what the machine trusts."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None

    def with_headers(self, headers: Mapping[str, str]) -> Address:
        """The same target, for requests that carry these, too."""
        return replace(self, headers={**self.headers, **headers})

    @property
    def cookies(self) -> Cookies:
        """An empty jar of a client that sends these headers."""
        return Cookies.beside(self.headers)

    def sent(self, cookies: Cookies, url: URL) -> dict[str, str]:
        """The headers of a request."""
        return {
            **{name: value for name, value in self.headers.items() if name.lower() != "cookie"},
            **cookies.header(url),
        }


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

    def __init__(self, address: Address, cookies: Cookies, *, timeout: float = 4 * OPENING) -> None:
        self._address, self._target = address, URL(address.url)
        self._cookies = cookies
        context = address.tls
        tls: dict[str, Any] = {}
        if context is not None:  # the client sets it to verify unless it is set not to
            tls = {"ssl_context_factory": lambda: context, "insecure": not context.check_hostname}
        limits = {"connection_timeout": OPENING, "network_timeout": timeout}
        self._client = HTTPClient.from_url(address.url, concurrency=2, **limits, **tls)

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: str = "") -> Answer:
        """Raises TransportClosed where no answer comes."""
        url = self._target.join(URL(path, encoded=True))
        sent = {**self._address.sent(self._cookies, url), **headers}
        try:
            answer: Any = self._client.request(method, path, body=body.encode(), headers=sent)
            text = bytes(answer.read()).decode("utf-8-sig", "replace")
        except LOST as error:
            reason = CloseReason("network", reason=f"{method} failed: {describe_error(error)}")
            raise TransportClosed(reason) from error
        received = [(name.lower(), value) for name, value in answer.headers]
        self._cookies.take([value for name, value in received if name == "set-cookie"], url)
        return Answer(answer.status_code, text, dict(received))

    def close(self) -> None:
        self._client.close()
