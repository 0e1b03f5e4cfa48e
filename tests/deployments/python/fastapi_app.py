"""A Help Center on FastAPI and python-socketio. Any number of processes share a database and tell each other by Redis.

JWT_SECRET=… DATABASE=help-center.db REDIS_URL=redis://127.0.0.1:6379 uvicorn fastapi_app:app --port 3000
"""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Any

import socketio
from conversations import Conversations
from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from tokens import bearer_token, handshake_token, user_of
from validation import Refused, valid_text

NAMESPACE = "/help-center"
UNAUTHORIZED = {"code": "UNAUTHORIZED", "message": "The token is missing or not valid"}
AUTO_REPLY = "Thank you for your message. Our support team will answer you soon."
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")

# always_connect: a client that is refused has to enter the namespace before it can hear why.
# async_handlers: with a task for each event, what a client sends in one go would be saved in any order.
sio = socketio.AsyncServer(
    async_mode="asgi",
    always_connect=True,
    async_handlers=False,
    client_manager=socketio.AsyncRedisManager(REDIS_URL),
)
api = FastAPI(title="Help Center")
app = socketio.ASGIApp(sio, other_asgi_app=api)
redis = Redis.from_url(REDIS_URL)
conversations = Conversations(os.environ.get("DATABASE", "help-center.db"))
background: set[asyncio.Task[Any]] = set()


def lock(user: str) -> Lock:
    """Among all processes: what is saved and what was emitted agree for whoever holds it."""
    return redis.lock(f"lock:{user}", timeout=60, sleep=0.005)


@api.get("/api/help-center/messages")
def messages(authorization: Annotated[str | None, Header()] = None) -> JSONResponse:
    user = user_of(bearer_token(authorization))
    if user is None:
        return JSONResponse(UNAUTHORIZED, 401, {"WWW-Authenticate": "Bearer"})
    return JSONResponse(conversations.read(user))


@sio.event(namespace=NAMESPACE)
async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
    user = user_of(handshake_token(auth, environ.get("HTTP_AUTHORIZATION")))
    if user is None:
        await sio.emit("help_center:error", UNAUTHORIZED, to=sid, namespace=NAMESPACE)
        await sio.disconnect(sid, namespace=NAMESPACE)
        return
    await sio.save_session(sid, {"user": user}, namespace=NAMESPACE)
    async with lock(user):
        history = await asyncio.to_thread(conversations.read, user)
        await sio.emit("help_center:connected", history, to=sid, namespace=NAMESPACE)
        await sio.enter_room(sid, user, namespace=NAMESPACE)


@sio.on("help_center:send", namespace=NAMESPACE)
async def send(sid: str, payload: Any = None, *_: Any) -> dict[str, Any]:
    try:
        text = valid_text(payload)
    except Refused as refused:  # python-socketio does not tell whether the client waits for our answer
        await sio.emit("help_center:error", refused.error, to=sid, namespace=NAMESPACE)
        return {"error": refused.error}
    user = (await sio.get_session(sid, namespace=NAMESPACE))["user"]
    message = await publish(user, "user", text)
    reply = asyncio.create_task(publish(user, "support", AUTO_REPLY))
    background.add(reply)
    reply.add_done_callback(background.discard)
    return {"message": message}


@sio.on("help_center:typing", namespace=NAMESPACE)
async def typing(*_: Any) -> None:
    """No one on the support side is watching yet."""


async def publish(user: str, sender: str, text: str) -> dict[str, str]:
    """Save a message and tell all devices of its user, whichever process they are connected to."""
    async with lock(user):
        message = await asyncio.to_thread(conversations.append, user, sender, text)
        await sio.emit("help_center:message", message, room=user, namespace=NAMESPACE)
    return message
