import { Database } from 'bun:sqlite';
import { randomUUID } from 'node:crypto';

const SHOWN = 200; // messages

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS conversation (
    id TEXT PRIMARY KEY, user TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL, updated_at TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL REFERENCES conversation (id),
    sender TEXT NOT NULL, text TEXT NOT NULL, created_at TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS message_of ON message (conversation, number);
`;

/** Every user's one conversation, in SQLite. */
export class Conversations {
  #find;
  #open;
  #last;
  #add;
  #touch;

  constructor(path) {
    const db = new Database(path);
    db.exec('PRAGMA journal_mode = WAL');
    db.exec(SCHEMA);
    this.#find = db.query('SELECT * FROM conversation WHERE user = ?');
    this.#open = db.query('INSERT INTO conversation VALUES (?1, ?2, ?3, ?3)');
    this.#last = db.query('SELECT * FROM message WHERE conversation = ? ORDER BY number DESC LIMIT ?');
    this.#add = db.query('INSERT INTO message (id, conversation, sender, text, created_at) VALUES (?, ?, ?, ?, ?)');
    this.#touch = db.query('UPDATE conversation SET updated_at = ? WHERE id = ?');
    this.append = db.transaction(this.append.bind(this));
  }

  /** The conversation of a user, which may be new, with its last messages, oldest first. */
  read(userId) {
    const { id, created_at: createdAt, updated_at: updatedAt } = this.#conversation(userId);
    const rows = this.#last.all(id, SHOWN).reverse();
    return {
      conversation: { id, userId, status: 'open', createdAt, updatedAt },
      messages: rows.map(({ id: messageId, sender, text, created_at }) => {
        return { id: messageId, conversationId: id, sender, text, createdAt: created_at };
      }),
    };
  }

  /** Saves a new message and returns it. */
  append(userId, sender, text) {
    const { id: conversationId } = this.#conversation(userId);
    const message = { id: randomUUID(), conversationId, sender, text, createdAt: new Date().toISOString() };
    this.#add.run(message.id, conversationId, sender, text, message.createdAt);
    this.#touch.run(message.createdAt, conversationId);
    return message;
  }

  #conversation(userId) {
    const known = this.#find.get(userId);
    if (known) return known;
    this.#open.run(randomUUID(), userId, new Date().toISOString());
    return this.#find.get(userId);
  }
}
