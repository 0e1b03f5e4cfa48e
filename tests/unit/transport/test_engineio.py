"""Engine.IO 4 as text: what a packet, a payload and a handshake are, and what goes into one request. No sockets."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import pytest

from conformance.transport.close_reason import CloseReason, HandshakeFailed
from conformance.transport.engineio import (
    DEFAULT_MAX_PAYLOAD,
    Attachment,
    Garbled,
    Outgoing,
    Packet,
    PacketType,
    Transport,
    encode_payload,
    next_batch,
    parse_handshake,
    parse_packet,
    parse_payload,
    query,
)

NO_PACKET = "not an Engine.IO packet that a server sends"


# -- receiving -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ("40/help-center,", Packet(PacketType.MESSAGE, "0/help-center,")),
        ("4", Packet(PacketType.MESSAGE, "")),
        ("2", Packet(PacketType.PING, "")),
        ("2probe", Packet(PacketType.PING, "probe")),
        ("1", Packet(PacketType.CLOSE, "")),
        ("6", Packet(PacketType.NOOP, "")),
        ("4\x1e2", Packet(PacketType.MESSAGE, "\x1e2")),  # a frame is one packet, whatever is in it
    ],
)
def test_packets_that_a_server_sends(text: str, packet: Packet) -> None:
    assert parse_packet(text, Transport.WEBSOCKET) == packet


@pytest.mark.parametrize("text", ["", "0", "3", "5", "7", "9", "x", "bAQ==", " 4", "٤"])
def test_what_is_not_a_packet_that_a_server_sends(text: str) -> None:
    assert parse_packet(text, Transport.WEBSOCKET) == Garbled(text, NO_PACKET)


def test_a_payload_is_packets_in_their_order() -> None:
    assert list(parse_payload("42[]\x1e2\x1e\x1ebAQID\x1e6")) == [
        Packet(PacketType.MESSAGE, "2[]"),
        Packet(PacketType.PING, ""),
        Garbled("", NO_PACKET),
        Attachment(b"\x01\x02\x03"),
        Packet(PacketType.NOOP, ""),
    ]


@pytest.mark.parametrize("text", ["b", "bAQ", "b*", "bé"])
def test_bytes_in_a_payload_are_base64(text: str) -> None:
    assert list(parse_payload(text)) == [Attachment(b"") if text == "b" else Garbled(text, NO_PACKET)]


# -- the handshake -------------------------------------------------------------------------------------------------

FIELDS: dict[str, Any] = {
    "sid": "a-session",
    "upgrades": [],
    "pingInterval": 25000,
    "pingTimeout": 20000,
    "maxPayload": 1000,
}


def packet(**changed: Any) -> str:
    return "0" + json.dumps(FIELDS | changed)


def test_a_handshake() -> None:
    handshake = parse_handshake(packet(more="fields"))
    assert (handshake.sid, handshake.max_payload) == ("a-session", 1000)
    assert handshake.fields == FIELDS | {"more": "fields"}


@pytest.mark.parametrize("limit", [None, "many", [1], 1e5])
def test_without_a_limit_that_is_a_number_the_usual_one_is_taken(limit: object) -> None:
    assert parse_handshake(packet(maxPayload=limit)).max_payload == DEFAULT_MAX_PAYLOAD


@pytest.mark.parametrize(
    "text", ["", "0", "0{", "0[]", "0null", "0{}", '0"sid"', "40", packet(sid=1), packet()[1:], "0" + "[" * 99999]
)
def test_what_is_not_a_handshake(text: str) -> None:
    with pytest.raises(HandshakeFailed) as failed:
        parse_handshake(text)
    assert failed.value.close_reason == CloseReason("target", reason=f"not an Engine.IO handshake: {text!r}")


@pytest.mark.parametrize("name", ["pingInterval", "pingTimeout"])
@pytest.mark.parametrize(
    ("value", "actual"),
    [
        ([25000], "[25000]"),
        ({}, "{}"),
        ("25000", '"25000"'),
        (None, "null"),
        (True, "true"),
        (-1, "-1"),
        (-0.5, "-0.5"),
        (2**53, "9007199254740992"),
        (10**400, f"1{'0' * 39}… (401 digits)"),
    ],
)
def test_a_handshake_whose_pings_no_client_can_expect(name: str, value: object, actual: str) -> None:
    with pytest.raises(HandshakeFailed) as failed:
        parse_handshake(packet(**{name: value}))
    assert failed.value.close_reason == CloseReason("target", reason=f"not an Engine.IO handshake: {name} is {actual}")


@pytest.mark.parametrize("name", ["pingInterval", "pingTimeout"])
def test_a_handshake_that_does_not_announce_pings(name: str) -> None:
    fields = {key: value for key, value in FIELDS.items() if key != name}
    with pytest.raises(HandshakeFailed, match=rf"handshake: {name} is missing$"):
        parse_handshake("0" + json.dumps(fields))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1" * 5000])
def test_a_handshake_with_numbers_that_are_not_json_or_not_to_be_read(constant: str) -> None:
    text = f'0{{"sid":"x","pingInterval":{constant},"pingTimeout":1}}'
    with pytest.raises(HandshakeFailed, match=r"^not an Engine\.IO handshake: '0"):
        parse_handshake(text)


def test_a_sid_that_no_url_can_hold() -> None:
    assert parse_handshake(packet(sid="x" * 1000)).sid == "x" * 1000
    with pytest.raises(HandshakeFailed, match=r"handshake: a sid of 1,001 characters, for the URL of each request$"):
        parse_handshake(packet(sid="é" * 1001))


@pytest.mark.parametrize("value", [0, 0.5, 25000, 1e9, 2**53 - 1])
def test_pings_may_be_as_rare_or_frequent_as_a_server_likes(value: float) -> None:
    assert parse_handshake(packet(pingInterval=value, pingTimeout=value)).sid == "a-session"


def test_a_handshake_of_engine_io_3_is_named() -> None:
    with pytest.raises(HandshakeFailed, match=r"a handshake of Engine\.IO 3") as failed:
        parse_handshake('97:0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":5000}2:40')
    assert failed.value.close_reason.engine_io == 3


def test_a_handshake_is_text() -> None:
    with pytest.raises(HandshakeFailed, match=r"not an Engine\.IO handshake: b'0"):
        parse_handshake(packet().encode())


# -- sending -------------------------------------------------------------------------------------------------------


def queue(*packets: str) -> deque[Outgoing]:
    return deque(Outgoing(packet, lambda _: None) for packet in packets)


def batches(queue: deque[Outgoing], *, max_packets: int = 16, max_bytes: int = 1000) -> list[list[str]]:
    found = []
    while queue:
        batch = next_batch(queue, max_packets=max_packets, max_bytes=max_bytes)
        found.append([outgoing.packet for outgoing in batch])
    return found


def test_a_batch_has_no_more_packets_than_a_write_takes() -> None:
    assert batches(queue(*"abcde"), max_packets=2) == [["a", "b"], ["c", "d"], ["e"]]
    assert batches(queue(*"ab"), max_packets=1) == [["a"], ["b"]]


def test_a_batch_is_no_larger_than_the_server_takes_separators_included() -> None:
    assert batches(queue("aaaa", "bbb", "c"), max_bytes=8) == [["aaaa", "bbb"], ["c"]]
    assert batches(queue("aaaa", "bbb", "c"), max_bytes=7) == [["aaaa"], ["bbb", "c"]]


def test_what_is_too_large_for_any_batch_goes_alone() -> None:
    assert batches(queue("a", "b" * 99, "c"), max_bytes=8) == [["a"], ["b" * 99], ["c"]]
    assert batches(queue("a", "b"), max_bytes=-1) == [["a"], ["b"]]


@pytest.mark.parametrize(("text", "size"), [("4a", 2), ("4é", 3), ("4请", 4), ("4😀", 5), ("4\ud83d", 4)])
def test_sizes_are_in_bytes(text: str, size: int) -> None:
    assert Outgoing(text, lambda _: None).size == size


def test_a_payload_is_read_as_it_was_written() -> None:
    written = ["42[]", "2", "6"]
    assert list(parse_payload(encode_payload(written))) == [parse_packet(text, Transport.WEBSOCKET) for text in written]


@pytest.mark.parametrize(
    ("transport", "sid", "expected"),
    [
        (Transport.POLLING, "", {"EIO": "4", "transport": "polling"}),
        (Transport.WEBSOCKET, "s", {"EIO": "4", "transport": "websocket", "sid": "s"}),
    ],
)
def test_the_query_of_a_request(transport: Transport, sid: str, expected: dict[str, str]) -> None:
    assert query(transport, sid) == expected
