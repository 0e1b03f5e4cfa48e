"""A POST does not go out on a connection that was idle: the end of it may be on its way."""

from __future__ import annotations

import pytest

from conformance.transport import gate
from conformance.transport.http_session import HttpSession
from conformance.transport.limits import Intake
from tests.support.clients import DEADLINE
from tests.support.peers import Stream, in_loop, raw_server

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(("idle", "connections"), [(DEADLINE, 1), (-1.0, 3)], ids=["busy", "idle"])
@in_loop
async def test_a_connection_is_used_again_only_while_it_is_busy(
    idle: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "IDLE", idle)
    opened = []

    async def answers(stream: Stream) -> None:
        reader, writer = stream
        opened.append(writer)
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(ANSWER)

    async with raw_server(answers) as url:
        http = HttpSession(url, headers={}, tls=None, deadline=DEADLINE, intake=Intake(2**20))
        for _ in range(3):
            assert (await http.post("")).body == "ok"
        await http.release(within=DEADLINE)
    assert len(opened) == connections
