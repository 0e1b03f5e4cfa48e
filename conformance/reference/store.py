"""The conversations and their messages, in SQLite."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.reference.protocol import USER

SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    sender TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_in_order ON messages (conversation_id, number);
"""


@dataclass(frozen=True)
class Conversation:
    """One row; section 4.1. Instants are milliseconds since 1970, UTC."""

    id: str
    user_id: str
    status: str
    created_at: int
    updated_at: int


@dataclass(frozen=True)
class Message:
    """One row; section 4.2. `created_at` is in milliseconds since 1970, UTC."""

    id: str
    conversation_id: str
    sender: str
    text: str
    created_at: int


class Store:
    """One conversation for each user, each with its messages in the order they were saved.

    In memory unless `path` names a file. Raises `sqlite3.Error` when the file cannot be used. Every
    method is one transaction and may be called from any thread, so tests can fill a store that is
    being served.
    """

    def __init__(self, path: str | Path = ":memory:") -> None:
        self.db = sqlite3.connect(path, check_same_thread=False)
        # Closed with the store at the latest: Python 3.13 warns about a connection left open.
        self.close = weakref.finalize(self, self.db.close)
        self._lock = threading.RLock()
        self.db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + SCHEMA)

    def now(self) -> int:
        """The clock, in milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def new_id(self) -> str:
        """A new id for a conversation or a message."""
        return str(uuid.uuid4())

    def conversation_of(self, user: str) -> Conversation:
        """The one conversation of a user, made at the first contact."""
        with self._lock:
            return self.find(user) or self.create(user)

    def find(self, user: str) -> Conversation | None:
        """The conversation of a user, if there is one."""
        query = "SELECT id, user_id, status, created_at, updated_at FROM conversations WHERE user_id = ?"
        with self._lock:
            row = self.db.execute(query, (user,)).fetchone()
        return None if row is None else Conversation(*row)

    def create(self, user: str) -> Conversation:
        """A new conversation; raises `sqlite3.IntegrityError` when the user has one."""
        now = self.now()
        conversation = Conversation(self.new_id(), user, "open", now, now)
        row = (conversation.id, user, conversation.status, now, now)
        with self._lock, self.db:
            self.db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", row)
        return conversation

    def history(self, conversation: Conversation) -> list[Message]:
        """All messages of a conversation, oldest first."""
        query = (
            "SELECT id, conversation_id, sender, text, created_at FROM messages"
            " WHERE conversation_id = ? ORDER BY number"
        )
        with self._lock:
            rows = self.db.execute(query, (conversation.id,)).fetchall()
        return [Message(*row) for row in rows]

    def add(self, conversation: Conversation, text: str, *, sender: str) -> Message:
        """Save one message."""
        return self._insert(conversation, [text], sender)[0]

    def add_many(self, user: str, texts: Iterable[str], *, sender: str = USER) -> list[Message]:
        """Save many messages at once, to prepare a user with a long history."""
        return self._insert(self.conversation_of(user), texts, sender)

    def _insert(self, conversation: Conversation, texts: Iterable[str], sender: str) -> list[Message]:
        with self._lock, self.db:
            at = self._touch(conversation)
            messages = [Message(self.new_id(), conversation.id, sender, text, at) for text in texts]
            self.db.executemany(
                "INSERT INTO messages (id, conversation_id, sender, text, created_at) VALUES (?, ?, ?, ?, ?)",
                [(m.id, m.conversation_id, m.sender, m.text, m.created_at) for m in messages],
            )
        return messages

    def _touch(self, conversation: Conversation) -> int:
        """Set the conversation's `updated_at`, which never goes back even if the clock does."""
        update = "UPDATE conversations SET updated_at = max(updated_at, ?) WHERE id = ? RETURNING updated_at"
        rows = self.db.execute(update, (self.now(), conversation.id)).fetchall()
        return int(rows[0][0])
