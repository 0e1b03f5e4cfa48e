"""``python -m benchmarks.greeter MESSAGES``: a server that greets every connection with the same conversation, written
beforehand, so that it takes no time to speak of."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta

from aiohttp import WSMsgType, web

from conformance.protocol import CONNECTED, NAMESPACE, Json
from conformance.reference.serve import listen, url_of

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HANDSHAKE = '0{"sid":"benchmark","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'


def greeting(count: int) -> str:
    """The packet with so many messages, one in four by support."""
    began = FIRST.isoformat()
    conversation: Json = {"id": "conversation-1", "userId": "user-1", "status": "open"}
    conversation |= {"createdAt": began, "updatedAt": began}
    messages = [
        {
            "id": f"message-{number:08}",
            "conversationId": "conversation-1",
            "sender": "support" if number % 4 == 3 else "user",
            "text": f"conformance check number {number}, of which there are many in this conversation",
            "createdAt": (FIRST + timedelta(seconds=number)).isoformat(),
        }
        for number in range(count)
    ]
    return f"42{NAMESPACE}," + json.dumps([CONNECTED, {"conversation": conversation, "messages": messages}])


async def serve(count: int) -> None:
    text = greeting(count)

    async def greet(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str(HANDSHAKE)
        async for frame in ws:
            if frame.type is WSMsgType.TEXT and frame.data.startswith("40"):
                await ws.send_str(f'40{NAMESPACE},{{"sid":"benchmark"}}')
                await ws.send_str(text)
        return ws

    app = web.Application()
    app.router.add_get("/socket.io/", greet)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = listen("127.0.0.1", 0)
    await web.SockSite(runner, listener).start()
    print(f"listening on {url_of(listener)}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # ends with whoever started it


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
