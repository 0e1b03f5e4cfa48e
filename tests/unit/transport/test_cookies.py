"""Cookies: what a browser would keep of an answer, and send back."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from yarl import URL

from conformance.transport.cookies import Cookies
from tests.support.peers import HANDSHAKE, in_loop, opened, send, serving
from tests.support.staging import stage_at

HERE = URL("http://chat.example/socket.io/?EIO=4")


def sent(*headers: str, to: str = "http://chat.example/socket.io/", by: URL = HERE) -> str:
    """What goes out after an answer with these ``Set-Cookie`` headers."""
    jar = Cookies()
    jar.take(headers, by)
    return jar.header(URL(to)).get("Cookie", "")


@pytest.mark.parametrize(
    "pair",
    [
        "AWSALB=fwAAAWaX/+y4Kk+3lA==",
        'route="quoted /= value"',
        'route="',
        r"odd=a\b,c:(d)<e>@[f]?{g}",
        "json=%7B%22a%22%3A1%7D",
        "spaces=a b",
        "empty=",
        "first=a=b=c",
        "utf8=é",
        "bare",
    ],
)
def test_a_value_goes_back_as_it_came(pair: str) -> None:
    assert sent(f"{pair}; Path=/; HttpOnly; SameSite=None") == pair


@pytest.mark.parametrize("ignored", ["", "=", "; Path=/", "a=b; Domain=other.example", "a=b; Secure"])
def test_what_browsers_ignore_is_ignored(ignored: str) -> None:
    assert sent(ignored) == ""


@pytest.mark.parametrize(
    ("attributes", "to", "goes"),
    [
        ("", "http://chat.example/socket.io/", True),
        ("", "http://chat.example/socket.io", True),
        ("", "http://chat.example/api/help-center/messages", False),
        ("Path=/", "http://chat.example/api/help-center/messages", True),
        ("Path=no-path", "http://chat.example/api/help-center/messages", False),
        ("Path=/sock", "http://chat.example/socket.io/", False),
        ("Path=/api", "http://chat.example/api/help-center/messages", True),
        ("Path=/", "ws://chat.example/socket.io/", True),
        ("Path=/", "ws://other.example/socket.io/", False),
        ("Path=/", "http://eu.chat.example/", False),
        ("Path=/; Domain=chat.example", "http://eu.chat.example/", True),
        ("Path=/; Domain=hat.example", "http://chat.example/", False),
    ],
)
def test_a_cookie_goes_where_it_belongs(attributes: str, to: str, goes: bool) -> None:
    assert (sent(f"a=b; {attributes}", to=to) == "a=b") is goes


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://chat.example/", True),
        ("http://127.0.0.1:3000/", True),
        ("http://[::1]/", True),
        ("http://x.y/", False),
    ],
)
def test_a_secure_cookie_needs_tls_or_this_machine(url: str, kept: bool) -> None:
    assert bool(sent("a=b; Secure; Path=/", by=URL(url), to=url)) is kept


def test_an_address_may_name_itself() -> None:
    assert sent("a=b; Domain=127.0.0.1", by=URL("http://127.0.0.1/"), to="http://127.0.0.1/") == "a=b"


def test_longer_paths_come_first_and_then_older_cookies() -> None:
    headers = ("old=1; Path=/", "new=2; Path=/", "own=3; Path=/socket.io", "old=4; Path=/")
    assert sent(*headers) == "own=3; old=4; new=2"


@pytest.mark.parametrize(
    "gone",
    [
        "Max-Age=0",
        "max-age=-1",
        "Max-Age=0; Expires=Wed, 06 Jan 2100 08:49:37 GMT",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "expires=Thu, 01-Jan-1970 00:00:01 GMT",
    ],
)
def test_a_cookie_whose_time_is_up_is_deleted(gone: str) -> None:
    assert sent("a=b; Path=/", f"a=; Path=/; {gone}") == ""
    assert sent("a=b; Path=/", f"a=; Path=/elsewhere; {gone}") == "a=b"


@pytest.mark.parametrize(
    "lasting",
    ["Max-Age=5", "Expires=Wed, 06 Jan 2100 08:49:37 GMT", "expires=Thu, 31-Dec-37 23:55:55 GMT", "Expires=someday"],
)
def test_a_cookie_lasts_until_its_time_is_up(lasting: str) -> None:
    assert sent(f"a=b; {lasting}") == "a=b"


def test_what_a_client_sends_anyway_stays_beside_them() -> None:
    jar = Cookies.beside({"cookie": "gate=open", "X-Other": "1"})
    assert jar.header(HERE) == {"Cookie": "gate=open"}
    jar.take(["a=b"], HERE)
    assert jar.header(HERE) == {"Cookie": "gate=open; a=b"}


# -- over every channel ------------------------------------------------------------------------------------------------


class Balancer:
    """Renews its cookie with every answer, and notes what comes."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request.headers.get("Cookie", ""))
        renewed = f'route="{len(self.seen)}/=="; Path=/'
        if request.query.get("transport") == "websocket":
            ws = web.WebSocketResponse()
            ws.headers["Set-Cookie"] = renewed
            await ws.prepare(request)
            await ws.send_str(HANDSHAKE if "sid" not in request.query else "3probe")
            await ws.receive()
            return ws
        text = HANDSHAKE if "sid" not in request.query else "6"
        body = json.dumps({}) if request.path.startswith("/api") else "ok" if request.method == "POST" else text
        return web.Response(text=body, headers={"Set-Cookie": renewed})


@in_loop
async def test_polls_posts_and_the_upgrade_carry_the_newest_cookie() -> None:
    balancer = Balancer()
    async with serving(balancer) as url, opened(url, "polling") as (wire, heard):
        send(wire, heard, "0/help-center,")
        await heard.until(lambda: len(balancer.seen) > 4)
        await wire.upgrade()
    assert balancer.seen[0] == ""
    given_out = {f'route="{number}/=="' for number in range(1, len(balancer.seen) + 1)}
    assert given_out.issuperset(balancer.seen[1:])
    assert balancer.seen[1] == 'route="1/=="'


@in_loop
async def test_a_websocket_begins_without_cookies() -> None:
    balancer = Balancer()
    async with serving(balancer) as url, opened(url, "websocket"):
        assert balancer.seen == [""]


@in_loop
async def test_rest_sends_back_what_it_was_given_to_each_user_alone() -> None:
    balancer = Balancer()
    async with serving(balancer) as url, stage_at(url, users=2) as stage:
        for _ in range(2):
            for user in stage.users:
                await stage.fetch(user=user)
    assert balancer.seen == ["", "", 'route="1/=="', 'route="2/=="']


@in_loop
async def test_an_app_sends_the_cookies_of_rest_over_the_socket_and_those_of_one_user_for_the_next() -> None:
    balancer = Balancer()
    async with serving(balancer) as url, stage_at(url, users=2) as stage:
        jar = stage.cookies()
        await stage.fetch(user=stage.users[0], cookies=jar)
        async with stage.device(cookies=jar, greet=False):
            pass
        await stage.fetch(user=stage.users[1], cookies=jar)
        await stage.fetch(user=stage.users[1])
    assert balancer.seen == ["", 'route="1/=="', 'route="2/=="', ""]
