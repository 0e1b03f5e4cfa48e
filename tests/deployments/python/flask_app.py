"""A Help Center on Flask-SocketIO in threading mode, with SQLite.

    PORT=3000 JWT_SECRET=… DATABASE=help-center.db python flask_app.py
    JWT_SECRET=… DATABASE=… gunicorn --worker-class=gthread --threads=100 --bind=127.0.0.1:3000 flask_app:app

One process: the threads of one process share the sockets, and Flask-SocketIO in this mode has no other.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from contextlib import AbstractContextManager
from typing import Any

from conversations import Conversations
from flask import Flask, Response, jsonify, request, session
from flask_socketio import SocketIO, disconnect, emit, join_room
from tokens import bearer_token, handshake_token, user_of
from validation import Refused, valid_text

NAMESPACE = "/help-center"
UNAUTHORIZED = {"code": "UNAUTHORIZED", "message": "The token is missing or not valid"}
AUTO_REPLY = "Thank you for your message. Our support team will answer you soon."

app = Flask(__name__)
app.secret_key = os.urandom(32)
app.json.sort_keys = False
# always_connect: a client that is refused has to enter the namespace before it can hear why.
# async_handlers: with a thread for each event, what a client sends in one go would be saved in any order.
socketio = SocketIO(app, async_mode="threading", always_connect=True, async_handlers=False)
conversations = Conversations(os.environ.get("DATABASE", "help-center.db"))


class Locks:
    """One lock for each user: what is saved and what was emitted agree for whoever holds it."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._all = threading.Lock()

    def of(self, user: str) -> AbstractContextManager[Any]:
        with self._all:
            return self._locks[user]


locks = Locks()


@app.get("/api/help-center/messages")
def messages() -> tuple[Response, int]:
    user = user_of(bearer_token(request.headers.get("Authorization")))
    if user is None:
        return jsonify(UNAUTHORIZED), 401
    return jsonify(conversations.read(user)), 200


@socketio.on("connect", namespace=NAMESPACE)
def connect(auth: Any) -> None:
    user = user_of(handshake_token(auth, request.headers.get("Authorization")))
    if user is None:
        emit("help_center:error", UNAUTHORIZED)
        disconnect()
        return
    session["user"] = user
    with locks.of(user):
        emit("help_center:connected", conversations.read(user))
        join_room(user)


@socketio.on("help_center:send", namespace=NAMESPACE)
def send(payload: Any = None, *_: Any) -> dict[str, Any]:
    try:
        text = valid_text(payload)
    except Refused as refused:
        emit("help_center:error", refused.error)  # Flask-SocketIO does not tell whether the client waits for our answer
        return {"error": refused.error}
    user = session["user"]
    message = publish(user, "user", text)
    socketio.start_background_task(publish, user, "support", AUTO_REPLY)
    return {"message": message}


@socketio.on("help_center:typing", namespace=NAMESPACE)
def typing(*_: Any) -> None:
    """No one on the support side is watching yet."""


def publish(user: str, sender: str, text: str) -> dict[str, str]:
    """Save a message and tell all devices of its user."""
    with locks.of(user):
        message = conversations.append(user, sender, text)
        socketio.emit("help_center:message", message, to=user, namespace=NAMESPACE)
    return message


if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "3000")), allow_unsafe_werkzeug=True)
