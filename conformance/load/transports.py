"""The two transports of Engine.IO, as greenlets read and write them. What crosses them is parsed by ``transport``."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Protocol

import gevent
import websocket
from yarl import URL

from conformance.load.http import Answer, Http
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
    def __init__(self, target: str, headers: Mapping[str, str], cookies: Cookies) -> None:
        url = URL(target).with_path(PATH).with_query(engineio.query(engineio.Transport.WEBSOCKET, ""))
        self._url = str(url.with_scheme("wss" if url.scheme == "https" else "ws"))
        self._headers = {**headers, **cookies.header(url)}
        self._ws: websocket.WebSocket | None = None

    def open(self) -> Handshake:
        try:
            self._ws = websocket.create_connection(
                self._url,
                timeout=OPENING,
                header=[f"{name}: {value}" for name, value in self._headers.items()],
                enable_multithread=True,  # whoever reads answers pings, beside whoever writes
                skip_utf8_validation=True,
            )
            handshake = parse_handshake(self._ws.recv())
        except websocket.WebSocketBadStatusException as error:
            asked = retry_after(error.resp_headers or {})
            reason = CloseReason("target", status=error.status_code, reason="no WebSocket", retry_after=asked)
            raise HandshakeFailed(reason) from error
        except (websocket.WebSocketException, OSError) as error:
            raise HandshakeFailed(CloseReason("network", reason=describe_error(error))) from error
        fields = handshake.fields
        self._ws.settimeout((fields["pingInterval"] + fields["pingTimeout"]) / 1000)
        return handshake

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


class Polling:
    def __init__(self, target: str, headers: Mapping[str, str], cookies: Cookies) -> None:
        self._http = Http(target, cookies)
        self._headers = headers
        self._sid = ""

    def open(self) -> Handshake:
        try:
            answer = self._http.ask("GET", self._path(), self._headers)
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
        headers = {**self._headers, **({"Content-Type": "text/plain;charset=UTF-8"} if body else {})}
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


def _ending(answer: Answer) -> CloseReason:
    asked = retry_after(answer.headers)
    return CloseReason("target", status=answer.status, reason=answer.text[:120], retry_after=asked)


def made(name: str, target: str, headers: Mapping[str, str], cookies: Cookies) -> Transport:
    return (WebSocket if name == "websocket" else Polling)(target, headers, cookies)
