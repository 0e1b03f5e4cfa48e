"""The transports of Engine.IO, as greenlets read and write them: WebSocket, long-polling, and the one that becomes the
other. What crosses them is parsed by ``transport``."""

from __future__ import annotations

import ssl
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import gevent
import websocket
from gevent.lock import Semaphore
from yarl import URL

from conformance.load.http import Address, Answer, Http
from conformance.load.settings import OPENING
from conformance.record.rate_limits import SLOWER, retry_after
from conformance.transport import engineio
from conformance.transport.close_reason import CloseReason, HandshakeFailed, TransportClosed, describe_error
from conformance.transport.cookies import Cookies
from conformance.transport.engineio import Handshake, Received, parse_handshake, parse_packet, parse_payload

PATH = "/socket.io/"
TRIES, PAUSE = 6, 0.25
"""How often a request of a session is made again while a gateway limits the rate, and seconds before the first time."""


class Transport(Protocol):
    """``read`` waits for packets. Both raise TransportClosed where the connection has ended."""

    def open(self) -> Handshake:
        """Raises HandshakeFailed."""

    def read(self) -> Iterable[Received]: ...

    def write(self, packet: str) -> None: ...

    def close(self) -> None: ...


class WebSocket:
    def __init__(self, address: Address, cookies: Cookies) -> None:
        self._address, self._cookies = address, cookies
        self._ws: websocket.WebSocket | None = None

    def open(self) -> Handshake:
        with _opening():
            self._ws = self._connected("")
            handshake = parse_handshake(self._ws.recv())
        self.wait_at_most(handshake)
        return handshake

    def probed(self, sid: str) -> bool:
        """Whether a session that began with polling may go on here. Raises HandshakeFailed."""
        with _opening():
            self._ws = self._connected(sid)
            self._ws.send(engineio.PROBE)
            return bool(self._ws.recv() == engineio.PROBED)

    def wait_at_most(self, handshake: Handshake) -> None:
        """Until the next ping is overdue."""
        assert self._ws is not None
        self._ws.settimeout((handshake.fields["pingInterval"] + handshake.fields["pingTimeout"]) / 1000)

    def _connected(self, sid: str) -> websocket.WebSocket:
        url = URL(self._address.url).with_path(PATH).with_query(engineio.query(engineio.Transport.WEBSOCKET, sid))
        headers = self._address.sent(self._cookies, url)
        return websocket.create_connection(
            str(url.with_scheme("wss" if url.scheme == "https" else "ws")),
            timeout=OPENING,
            header=[f"{name}: {value}" for name, value in headers.items()],
            sslopt=_trusting(self._address.tls),
            enable_multithread=True,  # whoever reads answers pings, beside whoever writes
            skip_utf8_validation=True,
        )

    def read(self) -> Iterable[Received]:
        opcode, data = self._frame()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            code = struct.unpack("!H", data[:2])[0] if len(data) > 1 else None
            raise TransportClosed(CloseReason("target", code=code, reason="closed"))
        if opcode == websocket.ABNF.OPCODE_BINARY:
            return [engineio.Attachment(data)]
        return [parse_packet(data.decode("utf-8", "replace"), engineio.Transport.WEBSOCKET)]

    def _frame(self) -> tuple[int, bytes]:
        assert self._ws is not None
        try:
            opcode, data = self._ws.recv_data()
        except websocket.WebSocketTimeoutException as error:
            raise TransportClosed(CloseReason("network", reason="no ping in time")) from error
        except (websocket.WebSocketException, OSError, AttributeError) as error:  # closed by ``close`` meanwhile
            raise TransportClosed(CloseReason("network", reason=describe_error(error))) from error
        return opcode, bytes(data)

    def write(self, packet: str) -> None:
        assert self._ws is not None
        try:
            self._ws.send(packet)
        except (websocket.WebSocketException, OSError, AttributeError) as error:
            raise TransportClosed(CloseReason("network", reason=describe_error(error))) from error

    def close(self) -> None:
        if self._ws is not None:
            self._ws.shutdown()  # the socket, with no closing handshake: nothing is waited for


def _trusting(context: ssl.SSLContext | None) -> dict[str, Any]:
    """As options of the WebSocket client, which sets a context to what stands beside it."""
    if context is None:
        return {}
    return {"context": context, "check_hostname": context.check_hostname, "cert_reqs": context.verify_mode}


@contextmanager
def _opening() -> Iterator[None]:
    """What keeps a WebSocket from opening is a HandshakeFailed."""
    try:
        yield
    except websocket.WebSocketBadStatusException as error:
        asked = retry_after(error.resp_headers or {})
        reason = CloseReason("target", status=error.status_code, reason="no WebSocket", retry_after=asked)
        raise HandshakeFailed(reason) from error
    except (websocket.WebSocketException, OSError) as error:
        raise HandshakeFailed(CloseReason("network", reason=describe_error(error))) from error


class Polling:
    def __init__(self, address: Address, cookies: Cookies) -> None:
        self._http = Http(address, cookies)
        self._sid = ""

    def open(self) -> Handshake:
        try:
            answer = self._http.ask("GET", self._path(), {})
        except TransportClosed as error:
            raise HandshakeFailed(error.reason) from error
        if not answer.ok:
            raise HandshakeFailed(_ending(answer))
        handshake = parse_handshake(answer.text.split(engineio.SEPARATOR)[0])
        self._sid = handshake.sid
        return handshake

    def read(self) -> Iterable[Received]:
        return list(parse_payload(self._again("GET").text))

    def write(self, packet: str) -> None:
        self._again("POST", packet)

    def _again(self, method: str, body: str = "") -> Answer:
        """The answer to a request of the session, made again while a gateway limits the rate: it has not handed it
        on."""
        headers = {"Content-Type": "text/plain;charset=UTF-8"} if body else {}
        for turn in range(TRIES):
            answer = self._http.ask(method, self._path(), headers, body)
            if answer.status not in SLOWER:
                break
            gevent.sleep(retry_after(answer.headers) or PAUSE * 2**turn)
        if not answer.ok:
            raise TransportClosed(_ending(answer))
        return answer

    def _path(self) -> str:
        return str(URL(PATH).with_query(engineio.query(engineio.Transport.POLLING, self._sid)))

    def close(self) -> None:
        self._http.close()


class Upgrade:
    """Polling that becomes a WebSocket as soon as that is there, as by default in Socket.IO's clients. ``moved`` is
    called with whether it did; what the target does not complete stays with polling."""

    def __init__(self, address: Address, cookies: Cookies, moved: Callable[[bool], None]) -> None:
        self._polling, self._websocket = Polling(address, cookies), WebSocket(address, cookies)
        self._now: Transport = self._polling
        self._moved = moved
        self._is_probed = False
        self._writing = Semaphore()
        self._probing: gevent.Greenlet | None = None

    def open(self) -> Handshake:
        handshake = self._polling.open()
        offered = handshake.fields.get("upgrades")
        if isinstance(offered, list) and "websocket" in offered:
            self._probing = gevent.spawn(self._probe, handshake)
        return handshake

    def _probe(self, handshake: Handshake) -> None:
        """The target ends the running poll when it has answered; then ``read`` moves."""
        try:
            self._is_probed = self._websocket.probed(handshake.sid)
        except HandshakeFailed:
            self._is_probed = False
        if self._is_probed:
            self._websocket.wait_at_most(handshake)
        else:
            self._websocket.close()
            self._moved(False)

    def read(self) -> Iterable[Received]:
        if self._is_probed and self._now is self._polling:
            with self._writing:  # the running post has ended
                self._websocket.write(engineio.PacketType.UPGRADE)
                self._now = self._websocket
            self._moved(True)
        return self._now.read()

    def write(self, packet: str) -> None:
        with self._writing:
            self._now.write(packet)

    def close(self) -> None:
        if self._probing is not None:
            self._probing.kill(block=False)
        self._polling.close()
        self._websocket.close()


def _ending(answer: Answer) -> CloseReason:
    asked = retry_after(answer.headers)
    return CloseReason("target", status=answer.status, reason=answer.text[:120], retry_after=asked)


def made(name: str, address: Address, moved: Callable[[bool], None]) -> Transport:
    """One of ``settings.TRANSPORTS``, for a client with no cookies yet."""
    cookies = address.cookies
    if name == "upgrade":
        return Upgrade(address, cookies, moved)
    return (WebSocket if name == "websocket" else Polling)(address, cookies)
