"""Whatever a target sends, and whatever stands in a file that we read, becomes a value or an error that has a name.

``FUZZ=10000 python -m pytest tests/unit/test_fuzzing.py`` tries so many examples of each.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.drive.inbox import PacketInbox
from conformance.errors import Unverified, UsageError
from conformance.formatting import preview, printable
from conformance.fragments import Fragments
from conformance.observations.run import ping
from conformance.record.recorder import Recorder
from conformance.record.transcript import Kind, Transcript
from conformance.record.views import Everything, Record
from conformance.redaction import Redactor
from conformance.requirements import catalogue
from conformance.run.waivers import load
from conformance.transport.close_reason import HandshakeFailed
from conformance.transport.engineio import Handshake, Transport, parse_handshake, parse_packet, parse_payload

MANY = settings(
    max_examples=int(os.environ.get("FUZZ", "40")),
    deadline=None,
    database=None,
    derandomize="FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
TEXTS = st.text(st.characters(codec=None), max_size=60)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
NAMESPACES, IDS = ("", "/help-center,", "/,"), ("", "7", "1-")
NAMES = st.sampled_from(["help_center:connected", "help_center:message", "help_center:error", "help_center:typing"])
FIELDS = ("id", "conversationId", "sender", "text", "createdAt", "messages", "conversation", "code", "sid")
PAYLOADS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4)
HEADS = st.sampled_from([f"{kind}{namespace}{id_}" for kind in "012345" for namespace in NAMESPACES for id_ in IDS])
PACKETS = TEXTS | st.builds(
    lambda head, name, payload: f"{head}{json.dumps([name, payload])}", HEADS, NAMES | VALUES, PAYLOADS | VALUES
)
HANDSHAKES = st.dictionaries(st.sampled_from(["sid", "pingInterval", "pingTimeout", "maxPayload"]), VALUES)
HEADER = {"format": 2, "key": "k", "scenario": "s"}
ENTRY = {"n": 0, "at": 0.0, "kind": "received", "device": "", "connection": 1, "data": {}}
LINES = (
    st.binary(max_size=80)
    | st.dictionaries(st.sampled_from(["format", "key", "params", "entries", "facts", "more"]), VALUES, max_size=2).map(
        lambda fields: json.dumps({"transcript": HEADER | fields}).encode()
    )
    | st.dictionaries(st.sampled_from([*ENTRY, "histories"]), VALUES, max_size=2).map(
        lambda fields: json.dumps(ENTRY | fields).encode()
    )
)
WAIVERS = st.binary(max_size=80) | st.dictionaries(TEXTS, TEXTS, max_size=3).map(
    lambda fields: "\n".join(
        ["[[waiver]]", *(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in fields.items())]
    ).encode()
)


def caught(error: type[Exception], call: Callable[[], object]) -> str:
    """What the error of this type says that a call raises; empty where it raises none."""
    try:
        call()
    except error as raised:
        return str(raised)
    return ""


@MANY
@given(TEXTS, st.sampled_from(list(Transport)))
def test_engine_io_packets(text: str, via: Transport) -> None:
    assert parse_packet(text, via) is not None
    assert len(list(parse_payload(text))) == text.count("\x1e") + 1


@MANY
@given(TEXTS | HANDSHAKES.map(lambda fields: f"0{json.dumps(fields)}"))
def test_handshakes(text: str) -> None:
    handshakes: list[Handshake] = []
    failed = caught(HandshakeFailed, lambda: handshakes.append(parse_handshake(text)))
    assert bool(failed) != bool(handshakes)
    assert all(isinstance(one.sid, str) and isinstance(one.max_payload, int) for one in handshakes)


@MANY
@given(st.lists(PACKETS, max_size=8))
def test_what_a_device_receives_is_recorded_saved_and_read_again(packets: list[str]) -> None:
    transcript = Transcript("key", "key")
    inbox = PacketInbox(Recorder(transcript, Redactor()), "phone", "alice")
    inbox.begin(1)
    for packet in packets:
        inbox.on_message(packet, Transport.WEBSOCKET)
    with tempfile.TemporaryDirectory() as folder:
        again = Transcript.load(transcript.save(Path(folder)))
    assert [entry.kind for entry in again] == [entry.kind for entry in transcript]


@MANY
@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=4))
def test_pings_of_old_transcripts(announced: list[tuple[object, object]]) -> None:
    transcript = Transcript("key", "key")
    recorder = Recorder(transcript, Redactor())
    for interval, timeout in announced:
        recorder.add(Kind.HANDSHAKE, connection=1, pingInterval=interval, pingTimeout=timeout)
    assert caught(Unverified, lambda: ping(Everything([Record(transcript)]))) in ("", "no handshake announced pings")


@MANY
@given(st.lists(LINES, max_size=4))
def test_files_that_may_be_transcripts(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jsonl")
        path.write_bytes(b"\n".join(lines))
        wrong = caught(ValueError, lambda: Transcript.load(path))
    assert not wrong or "is not a transcript of this harness" in wrong


@MANY
@given(WAIVERS)
def test_files_that_may_be_waivers(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "waivers.toml")
        path.write_bytes(content)
        wrong = caught(UsageError, lambda: load(path, catalogue()))
    assert len(wrong.splitlines()) <= 1


@MANY
@given(VALUES)
def test_what_people_read_is_printable(value: object) -> None:
    assert preview(value).isprintable()
    assert printable(str(value)).replace("\n", "").isprintable()


@MANY
@given(st.text(max_size=300))
def test_fragments_take_any_text(text: str) -> None:
    found = Fragments()
    found.add("c2lnbmF0dXJlLW9mLWFsaWNlLWFuZC1vZi1ib2I", "‹found›")
    assert found.replaced(text) == text
