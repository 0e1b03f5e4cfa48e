"""Markup and terminal escapes in every string that a target controls."""

from __future__ import annotations

import json

from tests.hostile.peer import CLOSE, Peer, frame
from tests.hostile.target import hostile, rest, sockets

MARKUP = (
    "\"'><script>owned = 'script'</script><img src=x onerror=\"owned = 'image'\"><svg onload=\"owned = 'svg'\"></svg>"
    "<a href=\"javascript:owned = 'link'\">x</a></script></style></textarea>--><!-- ]]> &lt;b&gt; {{7*7}}"
)
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[1A\rVERDICT  conformant: every MUST holds\u202e\x9b31m"
SAID = ESCAPES + MARKUP


def said(event: str) -> bytes:
    """An event whose payload says it in each field, and in names of fields."""
    names = ("id", "conversationId", "sender", "text", "createdAt", "code", "message", "status", SAID)
    return frame(f"42/help-center,{json.dumps([event, dict.fromkeys(names, SAID)])}".encode())


def everywhere(request: str) -> bool:
    return rest(request) or sockets(request)


@hostile(everywhere, says="script")
async def says_markup_and_escapes_everywhere(peer: Peer) -> None:
    if rest(peer.request):
        printable = SAID.encode("ascii", "ignore").replace(b"\r", b"").replace(b"\x07", b"")
        body = {"conversation": {"id": SAID, SAID: SAID}, "messages": [{"id": SAID, "text": SAID, "sender": SAID}]}
        headers = b"X-Said: %b\r\nSet-Cookie: a=%b\r\n" % (printable, printable)
        return await peer.answer(json.dumps(body).encode(), status=f"200 {printable.decode()}", headers=headers)
    if "transport=websocket" not in peer.request:
        return await peer.answer(SAID.encode(), status="400 No", headers=b"Content-Type: text/html\r\n")

    async def say(peer: Peer) -> None:
        for event in ("help_center:message", "help_center:error", "help_center:typing", SAID):
            await peer.send(said(event))
        await peer.send(frame(SAID.encode()) + frame(b"43/help-center,0[%b]" % json.dumps(SAID).encode()))
        await peer.send(frame(b"\x0f\xa1" + SAID.encode()[:120], CLOSE))

    await peer.through(beside=say)
