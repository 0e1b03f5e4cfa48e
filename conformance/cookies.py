"""Cookies as browsers keep and send them (RFC 6265): the value goes back byte for byte as it came, quotes and all.

Load balancers tell by a cookie which server a connection belongs to, and compare it as it is. Python's own jars read
and write values by an older standard, with quotes and backslashes of their own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from itertools import count

from yarl import URL

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
"""What makes browsers refuse a cookie; and bytes that are no UTF-8, which our HTTP client cannot send."""
_BLANK = " \t"
_YEAR_OF_TWO_DIGITS = re.compile(r"(\d{1,2})-(\w{3})-(\d{2}) ")


@dataclass(frozen=True, slots=True)
class Cookie:
    """``domain``: without a dot before it; ``host_only``: not for its subdomains. ``expires``: seconds since 1970, None
    for a cookie of the session. ``age``: how many cookies came before it."""

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool
    expires: float | None
    age: int

    def goes_to(self, url: URL) -> bool:
        host = _host(url)
        there = host == self.domain or (not self.host_only and _within(host, self.domain))
        return there and _path_matches(url.path, self.path) and (_is_safe(url) or not self.secure)


class Cookies:
    """A jar of one client. ``own``: what the client sends besides (a header that somebody asked for)."""

    def __init__(self, own: str = "", *, clock: Callable[[], float] = time.time) -> None:
        self._own = own
        self._clock = clock
        self._ages = count()
        self._kept: dict[tuple[str, str, str], Cookie] = {}

    @classmethod
    def beside(cls, headers: Mapping[str, str]) -> Cookies:
        """A jar of a client that sends these headers, a ``Cookie`` among them or not."""
        return cls(next((value for name, value in headers.items() if name.lower() == "cookie"), ""))

    def take(self, headers: Iterable[str], url: URL) -> None:
        """Keep what the ``Set-Cookie`` headers of an answer from ``url`` say."""
        for header in headers:
            cookie = self._parsed(header, url)
            if cookie is None:
                continue
            key = (cookie.domain, cookie.path, cookie.name)
            if cookie.expires is not None and cookie.expires <= self._clock():
                self._kept.pop(key, None)
            else:
                self._kept[key] = cookie

    def header(self, url: URL) -> dict[str, str]:
        """The header of a request for ``url``; empty where there is nothing to send."""
        now = self._clock()
        for key in [key for key, one in self._kept.items() if one.expires is not None and one.expires <= now]:
            del self._kept[key]
        sent = [cookie for cookie in self._kept.values() if cookie.goes_to(url)]
        sent.sort(key=lambda cookie: (-len(cookie.path), cookie.age))
        pairs = [f"{cookie.name}={cookie.value}" if cookie.name else cookie.value for cookie in sent]
        whole = "; ".join(part for part in (self._own, *pairs) if part)
        return {"Cookie": whole} if whole else {}

    def _parsed(self, header: str, url: URL) -> Cookie | None:
        """RFC 6265, section 5; None for what a browser ignores."""
        if _CONTROL.search(header):
            return None
        pair, _, rest = header.partition(";")
        name, equals, value = pair.partition("=")
        name, value = (name.strip(_BLANK), value.strip(_BLANK)) if equals else ("", name.strip(_BLANK))
        attributes = _attributes(rest)
        domain = attributes.get("domain", "").lstrip(".").lower()
        foreign = bool(domain) and not _within(_host(url), domain)
        secure = "secure" in attributes
        if not (name or value) or foreign or (secure and not _is_safe(url)):
            return None
        path = attributes.get("path", "")
        path = path if path.startswith("/") else _default_path(url.path)
        key = (domain or _host(url), path, name)
        age = self._kept[key].age if key in self._kept else next(self._ages)
        expires = self._expires(attributes)
        return Cookie(name, value, key[0], not domain, path, secure, expires, age)

    def _expires(self, attributes: Mapping[str, str]) -> float | None:
        """``Max-Age`` goes before ``Expires``; what cannot be read counts as absent."""
        seconds = attributes.get("max-age", "")
        if re.fullmatch(r"-?[0-9]+", seconds, re.ASCII):
            return self._clock() + int(seconds[:12])
        return _moment(attributes.get("expires", ""))


def _attributes(rest: str) -> Mapping[str, str]:
    """By name in lower case; the last of a name counts."""
    found = {}
    for attribute in rest.split(";"):
        name, _, value = attribute.partition("=")
        found[name.strip(_BLANK).lower()] = value.strip(_BLANK)
    return found


def _moment(date: str) -> float | None:
    """Seconds since 1970, of a date in any of the forms that HTTP has had."""
    date = _YEAR_OF_TWO_DIGITS.sub(lambda found: f"{found[1]} {found[2]} {_century(int(found[3]))} ", date.strip('"'))
    try:
        return parsedate_to_datetime(date.replace("-", " ")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _century(year: int) -> int:
    return year + (1900 if year >= 70 else 2000)


def _host(url: URL) -> str:
    return (url.host or "").lower()


def _within(host: str, domain: str) -> bool:
    """Whether a host is the domain, or one of its subdomains; an address has none."""
    return host == domain or (host.endswith(f".{domain}") and not _is_address(host))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_safe(url: URL) -> bool:
    """Whether browsers send ``Secure`` cookies there: over TLS, and to this very machine."""
    host = _host(url)
    local = ip_address(host).is_loopback if _is_address(host) else _within(host, "localhost")
    return url.scheme in ("https", "wss") or local


def _default_path(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _path_matches(path: str, wanted: str) -> bool:
    return path == wanted or (path.startswith(wanted) and (wanted.endswith("/") or path[len(wanted)] == "/"))
