"""Packets are written as the official JavaScript client writes them."""

from __future__ import annotations

import json
import subprocess

import pytest

from conformance.inputs.texts import CJK, LONGEST, of_length
from conformance.transport.socketio_packets import Sending, stringified

EVERYTHING = "".join(map(chr, [*range(0x10000), *range(0x10000, 0x110000, 0x111)]))
HALVES = "\ud83d \ude00\ud83d\ud83d\ude00\ude00 \ud83d\ude00"


@pytest.mark.parametrize(
    "value",
    [
        EVERYTHING,
        HALVES,
        {"text": 'say "hi" \\ /\u2028\x7f\x00\n', "more": [1, -2, True, None, {}, [], "é"]},
        ["help_center:send", {"text": of_length(CJK, LONGEST)}],
    ],
    ids=["everything", "halves", "object", "event"],
)
def test_json_is_that_of_javascript(value: object) -> None:
    program = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8'))))"
    node = subprocess.run(["node", "-e", program], input=json.dumps(value).encode(), capture_output=True, check=True)
    assert stringified(value).encode() == node.stdout


def test_a_packet_of_2000_ideographs_is_as_large_as_they_are() -> None:
    packet = Sending(2, data=["help_center:send", {"text": of_length(CJK, LONGEST)}], namespace="/help-center", id=17)
    written = str(packet.encode())
    assert written.startswith('2/help-center,17["help_center:send",{"text":"请帮')
    assert len(written.encode()) == 3 * LONGEST + 48
