"""Cookies of one client, kept by the standard library's jar and sent as browsers do: the value goes back byte for byte.

Load balancers tell by a cookie which server a connection belongs to, and compare it as it is. The jars of our HTTP
clients put quotes around some values, or take them away. (Over Socket.IO, bytes that are not UTF-8 are left out:
aiohttp writes no other.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http.cookiejar import Cookie, CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from urllib.request import Request

from yarl import URL

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Not a tab (draft-ietf-httpbis-rfc6265bis, section 5.6)."""


class _AsBrowsers(DefaultCookiePolicy):
    """``Secure`` cookies go to this very machine without TLS, too."""

    def __init__(self) -> None:
        super().__init__(secure_protocols=("https", "wss"), strict_ns_domain=self.DomainStrictNonDomain)

    def return_ok_secure(self, cookie: Cookie, request: Request) -> bool:
        return bool(super().return_ok_secure(cookie, request)) or _is_this_machine(request.host)


class _Headers:
    """What a jar wants of an answer and its headers (``email.message`` would not take bytes beyond UTF-8)."""

    def __init__(self, header: str) -> None:
        self._header = header

    def info(self) -> _Headers:
        return self

    def get_all(self, name: str, default: list[str]) -> list[str]:
        return [self._header] if name.lower() == "set-cookie" else default


class Cookies:
    """``own``: what the client sends besides (a header that somebody asked for)."""

    def __init__(self, own: str = "") -> None:
        self._own = own
        self._jar = CookieJar(_AsBrowsers())

    @classmethod
    def beside(cls, headers: Mapping[str, str]) -> Cookies:
        """A jar of a client that sends these headers, a ``Cookie`` among them or not."""
        return cls(next((value for name, value in headers.items() if name.lower() == "cookie"), ""))

    def take(self, headers: Iterable[str], url: URL) -> None:
        """Keep what the ``Set-Cookie`` headers of an answer from ``url`` say, but for those that browsers ignore."""
        request = Request(str(url))  # noqa: S310  it is sent nowhere
        for header in headers:  # one by one: a later header of an answer may delete what an earlier one set
            if not _CONTROLS.search(header):
                self._jar.extract_cookies(_Headers(header), request)  # type: ignore[arg-type]

    def header(self, url: URL) -> dict[str, str]:
        """The header of a request for ``url``; empty where there is nothing to send."""
        request = Request(str(url))  # noqa: S310  nor is this
        self._jar.add_cookie_header(request)
        whole = "; ".join(part for part in (self._own, request.get_header("Cookie")) if part)
        return {"Cookie": whole} if whole else {}


def _is_this_machine(host: str | None) -> bool:
    name = URL(f"http://{host}").host or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
