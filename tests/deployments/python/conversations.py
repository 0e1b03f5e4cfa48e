"""Every user's one conversation, in SQLite."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from datetime import UTC, datetime

SHOWN = 200  # messages

SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    id TEXT PRIMARY KEY, user TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL REFERENCES conversation (id),
    sender TEXT NOT NULL, text TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS message_of ON message (conversation, number);
"""


class Conversations:
    """Each thread has a connection of its own."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._local = threading.local()
        self._connection.executescript("PRAGMA journal_mode = WAL;" + SCHEMA)

    @property
    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = sqlite3.connect(self._path, timeout=30)
            self._local.connection.row_factory = sqlite3.Row
        return self._local.connection

    def read(self, user: str) -> dict[str, object]:
        """The conversation, which may be new, with its last messages, oldest first."""
        with self._connection as db:
            one = self._open(db, user)
            rows = db.execute(
                "SELECT * FROM message WHERE conversation = ? ORDER BY number DESC LIMIT ?", (one["id"], SHOWN)
            ).fetchall()
        conversation = {
            "id": one["id"],
            "userId": one["user"],
            "status": "open",
            "createdAt": one["created_at"],
            "updatedAt": one["updated_at"],
        }
        return {"conversation": conversation, "messages": [_message(row) for row in reversed(rows)]}

    def append(self, user: str, sender: str, text: str) -> dict[str, str]:
        """Save a message; what clients are sent of it."""
        with self._connection as db:
            db.execute("BEGIN IMMEDIATE")
            conversation, now = self._open(db, user)["id"], _now()
            row = db.execute(
                "INSERT INTO message (id, conversation, sender, text, created_at) VALUES (?, ?, ?, ?, ?) RETURNING *",
                (str(uuid.uuid4()), conversation, sender, text, now),
            ).fetchone()
            db.execute("UPDATE conversation SET updated_at = ? WHERE id = ?", (now, conversation))
        return _message(row)

    def _open(self, db: sqlite3.Connection, user: str) -> sqlite3.Row:
        """Of many that open a new user's conversation at once, one does."""
        find = "SELECT * FROM conversation WHERE user = ?"
        found = db.execute(find, (user,)).fetchone()
        if found is None:
            now = _now()
            db.execute(
                "INSERT INTO conversation VALUES (?, ?, ?, ?) ON CONFLICT (user) DO NOTHING",
                (str(uuid.uuid4()), user, now, now),
            )
            found = db.execute(find, (user,)).fetchone()
        return found


def _message(row: sqlite3.Row) -> dict[str, str]:
    return {
        "id": row["id"],
        "conversationId": row["conversation"],
        "sender": row["sender"],
        "text": row["text"],
        "createdAt": row["created_at"],
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
