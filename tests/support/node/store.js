import { randomUUID } from 'node:crypto';

const MINUTE = 60_000;

/** Every user's one conversation, in memory. */
export class ConversationStore {
  #threads = new Map();
  #preload;

  /** @param {{ preload?: number }} options how many older messages a conversation starts with */
  constructor({ preload = 0 } = {}) {
    this.#preload = preload;
  }

  /** The conversation of a user with its last `window` messages, oldest first. */
  snapshot(userId, window = Infinity) {
    const { conversation, messages } = this.#thread(userId);
    return { conversation: { ...conversation }, messages: messages.slice(Math.max(0, messages.length - window)) };
  }

  /** Saves a new message and returns it. */
  append(userId, sender, text) {
    return this.#append(this.#thread(userId), sender, text, new Date());
  }

  #thread(userId) {
    return this.#threads.get(userId) ?? this.#open(userId);
  }

  #open(userId) {
    const start = Date.now() - this.#preload * MINUTE;
    const createdAt = new Date(start).toISOString();
    const conversation = { id: randomUUID(), userId, status: 'open', createdAt, updatedAt: createdAt };
    const thread = { conversation, messages: [] };
    this.#threads.set(userId, thread);
    for (let i = 0; i < this.#preload; i += 1) {
      const sender = i % 2 === 0 ? 'user' : 'support';
      this.#append(thread, sender, `Older message ${i + 1} (${sender})`, new Date(start + i * MINUTE));
    }
    return thread;
  }

  #append({ conversation, messages }, sender, text, at) {
    const createdAt = at.toISOString();
    const message = { id: randomUUID(), conversationId: conversation.id, sender, text, createdAt };
    messages.push(message);
    conversation.updatedAt = createdAt;
    return message;
  }
}
