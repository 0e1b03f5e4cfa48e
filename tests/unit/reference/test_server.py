"""The reference server, seen from the wire: raw Engine.IO connections, real sockets, no sleeps."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx
import pytest

from conformance.reference import HelpCenter, Message, Served, Store, Verifier, mint
from tests.support.clients import official_client

SECRET = "a secret of the tests, long enough for HS256"
OTHER_SECRET = "another secret of the tests, just as long"
NAMESPACE = "/help-center"
REST = "/api/help-center/messages"
TRANSPORTS = ["websocket", "polling"]
ERROR = "help_center:error"
CONNECTED = "help_center:connected"
MESSAGE = "help_center:message"
SEND = "help_center:send"


def token(user: str = "ann", **options: Any) -> str:
    return mint(SECRET, user, **options)


def center(kind: type[HelpCenter] = HelpCenter, **options: Any) -> HelpCenter:
    return kind(Verifier(SECRET), **({"auto_reply": False} | options))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """One server without automatic replies; each test brings users of its own."""
    with Served(center().app) as server:
        yield server.url


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 20))


# A bare Engine.IO connection


@dataclass(frozen=True)
class Packet:
    """A Socket.IO packet: its type (0 CONNECT, 1 DISCONNECT, 2 EVENT, 3 ACK, 4 CONNECT_ERROR)."""

    type: int
    namespace: str
    id: int | None
    data: Any

    @property
    def event(self) -> str | None:
        return self.data[0] if self.type == 2 else None

    @property
    def payload(self) -> Any:
        return self.data[1] if self.type == 2 else self.data[0]


def parse(text: str) -> Packet:
    kind, rest = int(text[1]), text[2:]
    namespace, _, rest = rest.partition(",") if rest.startswith("/") else ("/", "", rest)
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    body = rest[len(digits) :]
    return Packet(kind, namespace, int(digits) if digits else None, json.loads(body) if body else None)


@dataclass
class Raw:
    """What it reads is what crossed the wire, in order."""

    write: Callable[[list[str]], Awaitable[None]]
    read: Callable[[], Awaitable[list[str]]]
    buffer: list[Packet] = field(default_factory=list)

    async def next(self) -> Packet:
        while not self.buffer:
            self.buffer += [parse(text) for text in await self.read() if text.startswith("4")]
        return self.buffer.pop(0)

    async def until_fence(self) -> list[Packet]:
        """Everything up to the answer to a question asked now."""
        await self.write(["40/fence,"])
        packets = [await self.next()]
        while packets[-1].namespace != "/fence":
            packets.append(await self.next())
        return packets[:-1]

    async def connect(self, auth: object = None) -> None:
        await self.write([f"40{NAMESPACE}," + ("" if auth is None else json.dumps(auth))])

    async def emit(self, *events: tuple[Any, ...], ack: int | None = None) -> None:
        """Events in one breath, with acknowledgements numbered from `ack`."""
        numbers = ["" if ack is None else str(ack + i) for i in range(len(events))]
        await self.write([f"42{NAMESPACE},{n}{json.dumps(list(e))}" for n, e in zip(numbers, events, strict=True)])

    async def ack(self, *event: Any) -> Any:
        """The answer to one event; what comes before it is dropped."""
        await self.emit(event, ack=9)
        while (packet := await self.next()).type != 3:
            pass
        assert packet.id == 9
        assert len(packet.data) == 1
        return packet.payload


@asynccontextmanager
async def raw(url: str, transport: str = "websocket", *, headers: dict[str, str] | None = None) -> AsyncIterator[Raw]:
    async with aiohttp.ClientSession(url, headers=headers) as session:
        query = {"EIO": "4", "transport": transport}
        if transport == "websocket":
            async with session.ws_connect("/socket.io/", params=query, max_msg_size=0) as socket:

                async def write(packets: list[str]) -> None:
                    for packet in packets:
                        await socket.send_str(packet)

                async def read() -> list[str]:
                    return [await socket.receive_str()]

                yield Raw(write, read)
        else:
            async with session.get("/socket.io/", params=query) as answer:
                query["sid"] = json.loads((await answer.text())[1:])["sid"]

            async def post(packets: list[str]) -> None:
                async with session.post("/socket.io/", params=query, data="\x1e".join(packets)) as answer:
                    assert answer.status == 200

            async def poll() -> list[str]:
                async with session.get("/socket.io/", params=query) as answer:
                    assert answer.status == 200
                    return (await answer.text()).split("\x1e")

            yield Raw(post, poll)


@asynccontextmanager
async def device(url: str, user: str, transport: str = "websocket") -> AsyncIterator[tuple[Raw, dict[str, Any]]]:
    """A connection that was let in, with the payload of its `help_center:connected`."""
    async with raw(url, transport) as wire:
        await wire.connect({"token": token(user)})
        assert (await wire.next()).type == 0
        connected = await wire.next()
        assert connected.event == CONNECTED
        yield wire, connected.payload


def get(url: str, user: str = "ann", *, method: str = "GET") -> httpx.Response:
    return httpx.request(method, url + REST, headers={"Authorization": f"Bearer {token(user)}"})


def rest(url: str, user: str) -> dict[str, Any]:
    answer = get(url, user)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


# Connecting (section 2.2)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_connected_is_the_first_and_only_event(url: str, transport: str) -> None:
    async def work() -> None:
        async with raw(url, transport) as wire:
            await wire.connect({"token": token("first")})
            answer, connected = await wire.until_fence()
            assert answer.type == 0
            assert connected.event == CONNECTED
            assert connected.payload["messages"] == []
            conversation = connected.payload["conversation"]
            assert conversation["userId"] == "first"
            assert conversation["status"] == "open"
            assert conversation["createdAt"].endswith("Z")
            assert len(conversation["createdAt"]) == len("2026-01-01T00:00:00.000Z")

    run(work)


def unsigned() -> str:
    return token().rsplit(".", 1)[0] + "."


def tampered() -> str:
    head, body, signature = token().split(".")
    middle = len(signature) // 2
    letter = "A" if signature[middle] != "A" else "B"
    return ".".join([head, body, signature[:middle] + letter + signature[middle + 1 :]])


BAD_AUTH: dict[str, object] = {
    "nothing": None,
    "no token": {"other": 1},
    "null": {"token": None},
    "empty": {"token": ""},
    "only Bearer": {"token": "Bearer "},
    "number": {"token": 1},
    "zero": {"token": 0},
    "true": {"token": True},
    "array": {"token": [token()]},
    "object": {"token": {"token": token()}},
    "text for auth": "token",
    "array for auth": ["token"],
    "no JWT": {"token": "nonsense"},
    "surrogate": {"token": "\ud800"},
    "expired": {"token": token(lifetime=-3600)},
    "wrong secret": {"token": mint(OTHER_SECRET, "ann")},
    "wrong algorithm": {"token": token(algorithm="HS512")},
    "tampered": {"token": tampered()},
    "unsigned": {"token": unsigned()},
    "no subject": {"token": token("")},
}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("auth", BAD_AUTH.values(), ids=BAD_AUTH)
def test_a_bad_token_gets_one_error_and_a_disconnect(url: str, transport: str, auth: object) -> None:
    async def work() -> None:
        async with raw(url, transport) as wire:
            await wire.connect(auth)
            answer, error, end = await wire.until_fence()
            assert answer.type == 0
            assert error.event == ERROR
            assert error.payload["code"] == "UNAUTHORIZED"
            assert isinstance(error.payload["message"], str)
            assert (end.type, end.data) == (1, None)  # data in a DISCONNECT breaks JavaScript clients

    run(work)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("auth", "header", "user"),
    [
        pytest.param("Bearer {a}", None, "a", id="prefix"),
        pytest.param(None, "Bearer {b}", "b", id="header"),
        pytest.param("{a}", "Bearer {b}", "a", id="both"),
        pytest.param("nonsense", "Bearer {b}", None, id="bad token, good header"),
        pytest.param("{a}", "Bearer nonsense", "a", id="good token, bad header"),
        pytest.param(None, "{b}", None, id="header without Bearer"),
    ],
)
def test_either_road_for_the_token(
    url: str, transport: str, auth: str | None, header: str | None, user: str | None
) -> None:
    tokens = {"a": token("a"), "b": token("b")}

    async def work() -> None:
        headers = {"Authorization": header.format(**tokens)} if header else {}
        async with raw(url, transport, headers=headers) as wire:
            await wire.connect({"token": auth.format(**tokens) if auth else None})
            await wire.next()
            first = await wire.next()
            if user is None:
                assert first.payload["code"] == "UNAUTHORIZED"
            else:
                assert first.payload["conversation"]["userId"] == user

    run(work)


def test_other_namespaces_are_refused(url: str) -> None:
    async def work() -> None:
        async with raw(url) as wire:
            await wire.write(["40"])
            assert (await wire.next()).type == 4

    run(work)


def test_many_first_connections_of_a_user_share_one_conversation(url: str) -> None:
    async def first(transport: str) -> str:
        async with device(url, "new", transport) as (_, connected):
            return str(connected["conversation"]["id"])

    async def work() -> None:
        ids = await asyncio.gather(*[first(t) for t in TRANSPORTS * 8])
        assert len(set(ids)) == 1

    run(work)


def test_a_message_saved_while_a_device_connects_is_seen_once(url: str) -> None:
    """In the history or as an event, never both, never neither, in order, on every device."""

    async def watch(transport: str, seen_by: list[list[str]]) -> None:
        async with device(url, "race", transport) as (wire, connected):
            seen = [message["text"] for message in connected["messages"]]
            while "end" not in seen:
                packet = await wire.next()
                assert packet.event == MESSAGE
                seen.append(packet.payload["text"])
            seen_by.append(seen)

    async def work() -> None:
        seen_by: list[list[str]] = []
        texts = [f"message {i}" for i in range(60)]
        async with device(url, "race") as (sender, _), asyncio.TaskGroup() as group:
            for i, text in enumerate(texts):
                if i % 5 == 0:
                    group.create_task(watch(TRANSPORTS[i % 2], seen_by))
                await sender.ack(SEND, {"text": text})
            await sender.ack(SEND, {"text": "end"})
        assert seen_by == [[*texts, "end"]] * 12

    run(work)


# Sending (sections 3.2, 4.5 and 4.6)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_sent_message_is_the_same_on_every_road(url: str, transport: str) -> None:
    user = f"roads {transport}"

    async def work() -> None:
        async with (
            device(url, user, transport) as (phone, before),
            device(url, user) as (tablet, _),
            device(url, "stranger") as (stranger, _),
        ):
            await phone.emit((SEND, {"text": "  hello\n", "extra": 1}, "more"), ack=0)
            event, ack = await phone.until_fence()
            assert (ack.type, ack.id) == (3, 0)
            message = event.payload
            assert event.event == MESSAGE
            assert ack.data == [{"message": message}]
            assert (message["text"], message["sender"]) == ("hello", "user")
            assert message["conversationId"] == before["conversation"]["id"]
            assert [p.payload for p in await tablet.until_fence()] == [message]
            assert await stranger.until_fence() == []
        async with device(url, user) as (_, after):
            assert after["messages"] == [message]
            assert after == rest(url, user)
            assert after["conversation"]["updatedAt"] == message["createdAt"]

    run(work)


def test_a_send_without_ack_is_announced_only(url: str) -> None:
    async def work() -> None:
        async with device(url, "quiet") as (phone, _):
            await phone.emit((SEND, {"text": "hello"}))
            (event,) = await phone.until_fence()
            assert event.event == MESSAGE

    run(work)


GOOD_TEXTS = {
    "one character": ("a", "a"),
    "2,000 characters": ("a" * 2000, "a" * 2000),
    "2,000 emoji": ("\U0001f600" * 2000, "\U0001f600" * 2000),
    "padding beyond the limit": (" " * 1500 + "a" * 2000 + "\n" * 1500, "a" * 2000),
    "inner space": (" a \t\n b ", "a \t\n b"),
    "U+0000": ("a\0b", "a\0b"),
    "only U+0000": ("\0", "\0"),
    "record separator inside": ("a\x1eb", "a\x1eb"),
}


@pytest.mark.parametrize(("sent", "saved"), GOOD_TEXTS.values(), ids=GOOD_TEXTS)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_good_text_is_saved(url: str, transport: str, sent: str, saved: str) -> None:
    async def work() -> None:
        async with device(url, "good", transport) as (phone, _):
            answer = await phone.ack(SEND, {"text": sent})
            assert answer["message"]["text"] == saved
        assert rest(url, "good")["messages"][-1] == answer["message"]

    run(work)


BAD_SENDS: dict[str, tuple[Any, ...]] = {
    "no payload": (),
    "null": (None,),
    "text alone": ("hello",),
    "number alone": (1,),
    "array": ([{"text": "hello"}],),
    "missing text": ({},),
    "null text": ({"text": None},),
    "number": ({"text": 1},),
    "boolean": ({"text": True},),
    "array for text": ({"text": ["hello"]},),
    "object for text": ({"text": {"text": "hello"}},),
    "empty": ({"text": ""},),
    "white space": ({"text": " \n\t\u3000"},),
    "2,001 characters": ({"text": "a" * 2001},),
    "lone surrogate": ({"text": "a\ud800b"},),
}


@pytest.mark.parametrize("args", BAD_SENDS.values(), ids=BAD_SENDS)
def test_a_bad_send_is_refused_and_the_connection_lives(url: str, args: tuple[Any, ...]) -> None:
    async def work() -> None:
        async with device(url, "bad") as (phone, before), device(url, "bad") as (tablet, _):
            error = (await phone.ack(SEND, *args))["error"]
            assert error["code"] == "VALIDATION_ERROR"
            assert error["message"]
            assert error["details"]["field"] == "text"
            await phone.emit((SEND, *args))
            (event,) = await phone.until_fence()
            assert (event.event, event.payload) == (ERROR, error)
            assert await tablet.until_fence() == []
            assert rest(url, "bad") == before

    run(work)


def test_binary_is_no_text(url: str) -> None:
    async def work() -> None:
        async with device(url, "binary", "polling") as (phone, _):
            placeholder = '{"_placeholder":true,"num":0}'
            await phone.write([f'451-{NAMESPACE},3["{SEND}",{{"text":{placeholder}}}]', "bAAEC"])
            (ack,) = await phone.until_fence()
            assert ack.payload["error"]["code"] == "VALIDATION_ERROR"

    run(work)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_pipelined_sends_keep_their_order(url: str, transport: str) -> None:
    user, count = f"pipeline {transport}", 200
    texts = [str(i) for i in range(count)]

    async def work() -> None:
        async with device(url, user, transport) as (phone, _):
            await phone.emit(*[(SEND, {"text": text}) for text in texts], ack=100)
            packets = await phone.until_fence()
        events = [p.payload for p in packets if p.type == 2]
        acks = [p for p in packets if p.type == 3]
        assert [e["text"] for e in events] == texts
        assert [(a.id, a.payload["message"]) for a in acks] == list(zip(range(100, 100 + count), events, strict=True))
        assert rest(url, user)["messages"] == events
        assert len({e["id"] for e in events}) == count
        instants = [e["createdAt"] for e in events]
        assert instants == sorted(instants)

    run(work)


HARMLESS: dict[str, tuple[Any, ...]] = {
    "typing": ("help_center:typing", {"isTyping": True}),
    "typing with nothing": ("help_center:typing",),
    "typing with nonsense": ("help_center:typing", None, 1, ["x"]),
    "unknown": ("help_center:nonsense", {"text": "hello"}),
    "named connect": ("connect", {"HTTP_AUTHORIZATION": "x"}, {"token": "x"}),
    "named disconnect": ("disconnect", "x"),
    "named by an object": ({"a": 1}, {"text": "hello"}),
    "without a name": (),
}


@pytest.mark.parametrize("event", HARMLESS.values(), ids=HARMLESS)
def test_other_events_change_nothing(url: str, event: tuple[Any, ...]) -> None:
    async def work() -> None:
        async with device(url, "typist") as (phone, before), device(url, "typist") as (tablet, _):
            await phone.emit(event)
            assert await phone.until_fence() == []
            assert await tablet.until_fence() == []
            assert rest(url, "typist") == before

    run(work)


def test_a_device_that_has_left_gets_nothing(url: str) -> None:
    async def work() -> None:
        async with device(url, "leaver") as (phone, _), device(url, "leaver") as (tablet, _):
            await tablet.write([f"41{NAMESPACE},"])
            await tablet.emit((SEND, {"text": "from beyond"}))
            assert await tablet.until_fence() == []
            await phone.ack(SEND, {"text": "hello"})
            assert await tablet.until_fence() == []
        assert [m["text"] for m in rest(url, "leaver")["messages"]] == ["hello"]

    run(work)


# The automatic answer (section 9)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_support_answers_each_message_once(transport: str) -> None:
    async def work(url: str) -> None:
        async with device(url, "ann", transport) as (phone, _):
            await phone.emit((SEND, {"text": "help"}), ack=1)
            event, ack, reply = [await phone.next() for _ in range(3)]
            assert ack.payload == {"message": event.payload}
            assert reply.event == MESSAGE
            assert reply.payload["sender"] == "support"
            assert await phone.until_fence() == []
        assert rest(url, "ann")["messages"] == [event.payload, reply.payload]

    with Served(center(auto_reply=True).app) as server:
        run(lambda: work(server.url))


# Errors of our own (section 4.4)


class BrokenStore(Store):
    """A store that works until `broken` is set."""

    broken = False

    def history(self, *args: Any) -> list[Message]:
        return self._fail() if self.broken else super().history(*args)

    def add(self, *args: Any, **options: Any) -> Message:
        return self._fail() if self.broken else super().add(*args, **options)

    def _fail(self) -> Any:
        raise sqlite3.OperationalError("disk full")


def test_an_internal_error_is_told_and_survived() -> None:
    store = BrokenStore()

    async def work(url: str) -> None:
        async with device(url, "ann") as (phone, _), raw(url) as late:
            store.broken = True
            assert (await phone.ack(SEND, {"text": "hello"}))["error"]["code"] == "SERVER_ERROR"
            await late.connect({"token": token()})
            _, error, end = await late.until_fence()
            assert (error.event, error.payload["code"], end.type) == (ERROR, "SERVER_ERROR", 1)
            answer = get(url)
            assert (answer.status_code, answer.json()["code"]) == (500, "SERVER_ERROR")
            assert "disk" not in answer.text
            store.broken = False
            assert "message" in await phone.ack(SEND, {"text": "hello"})

    with Served(center(store=store).app) as server:
        run(lambda: work(server.url))


# REST (section 7)


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer x", f"Bearer {token(lifetime=-9)}", f"Basic {token()}", token()],
    ids=["none", "empty", "scheme only", "nonsense", "expired", "other scheme", "no scheme"],
)
def test_rest_asks_for_a_good_token(url: str, header: str | None) -> None:
    answer = httpx.get(url + REST, headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"code", "message"}
    assert answer.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_rest_is_read_only(url: str, method: str) -> None:
    assert get(url, method=method).status_code == 405


def test_rest_answers_head(url: str) -> None:
    answer = get(url, method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


def test_rest_knows_a_user_before_the_socket_does(url: str) -> None:
    async def work() -> None:
        body = rest(url, "rest first")
        async with device(url, "rest first") as (_, connected):
            assert connected == body

    run(work)


# The store


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_long_history_is_delivered_whole(transport: str) -> None:
    store = Store()
    texts = [str(i) for i in range(2000)]
    store.add_many("old", texts)

    async def work(url: str) -> None:
        async with device(url, "old", transport) as (_, connected):
            assert [message["text"] for message in connected["messages"]] == texts
            assert connected == rest(url, "old")

    with Served(center(store=store).app) as server:
        run(lambda: work(server.url))


def test_instants_never_go_back() -> None:
    class Clock(Store):
        time = 5_000

        def now(self) -> int:
            return self.time

    store = Clock()
    conversation = store.conversation_of("ann")
    assert store.add(conversation, "one", sender="user").created_at == 5_000
    store.time = 3_000
    assert store.add(conversation, "two", sender="user").created_at == 5_000
    store.time = 5_001
    assert store.add(conversation, "three", sender="support").created_at == 5_001
    assert store.conversation_of("ann").updated_at == 5_001
    assert [m.text for m in store.history(conversation)] == ["one", "two", "three"]


def test_a_database_file_outlives_the_server(tmp_path: Any) -> None:
    bodies = []
    for _ in range(2):
        store = Store(tmp_path / "chat.db")
        with Served(center(store=store).app) as server:
            if not bodies:
                store.add_many("ann", ["one", "two"])
            bodies.append(rest(server.url, "ann"))
        store.close()
    assert len(bodies[0]["messages"]) == 2
    assert bodies[0] == bodies[1]


# Ordinary clients


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], None], ids=["websocket", "polling", "upgrade"])
def test_an_ordinary_client_can_chat(url: str, transports: list[str] | None) -> None:
    """Over polling it also ends only when the server ends its pending poll."""
    user = f"ordinary {transports}"

    async def work() -> None:
        events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        async with official_client() as client:
            client.on("*", lambda *args: events.put_nowait(args), namespace=NAMESPACE)
            await client.connect(url, namespaces=NAMESPACE, auth={"token": token(user)}, transports=transports)
            assert (await events.get())[0] == CONNECTED
            answer = await client.call(SEND, {"text": " hello "}, namespace=NAMESPACE)
            assert await events.get() == (MESSAGE, answer["message"])

    run(work)


# Serving


def test_servers_share_a_process_but_nothing_else() -> None:
    with Served(center().app) as one, Served(center().app) as two:
        assert one.url != two.url
        assert rest(one.url, "ann")["conversation"]["id"] != rest(two.url, "ann")["conversation"]["id"]


def test_stopping_waits_for_nobody() -> None:
    """Not for an idle connection, an open WebSocket, a pending poll, or an answer due in an hour."""

    async def poll(wire: Raw) -> None:
        with pytest.raises((aiohttp.ClientError, AssertionError)):
            await wire.next()

    async def work(server: Served) -> None:
        async with (
            aiohttp.ClientSession(server.url) as idle,
            device(server.url, "ann") as (phone, _),
            device(server.url, "ann", "polling") as (tablet, _),
            asyncio.TaskGroup() as group,
        ):
            (await idle.get("/")).release()
            await phone.ack(SEND, {"text": "hello"})
            await tablet.next()
            group.create_task(poll(tablet))
            begin = time.monotonic()
            await asyncio.to_thread(server.__exit__, None, None, None)
            assert time.monotonic() - begin < 1.0

    run(lambda: work(Served(center(auto_reply=True, reply_delay=3600).app).__enter__()))


def test_a_server_that_cannot_start_says_so() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(RuntimeError, match="did not start"), Served(app):
        pass


def test_any_asgi_application_can_be_served() -> None:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with Served(app) as server:
        assert httpx.get(server.url).status_code == 204


# Overriding


def test_one_method_makes_another_server() -> None:
    """The faulty servers of the harness's own tests are made this way."""

    class Shouts(HelpCenter):
        def trim(self, text: str) -> str:
            return super().trim(text).upper()

        async def acknowledge(self, event: Any, answer: Any) -> None:
            await super().acknowledge(event, answer)
            await super().acknowledge(event, answer)

        async def on_typing(self, event: Any) -> None:
            await self.wire.hang_up(event.sid)

    async def work(url: str) -> None:
        async with device(url, "ann") as (phone, _):
            await phone.emit((SEND, {"text": "hello"}), ack=5)
            event, *acks = await phone.until_fence()
            assert event.payload["text"] == "HELLO"
            assert [ack.id for ack in acks] == [5, 5]
            await phone.emit(("help_center:typing",))
            assert await phone.read() == ["1"]

    with Served(center(Shouts).app) as server:
        run(lambda: work(server.url))
