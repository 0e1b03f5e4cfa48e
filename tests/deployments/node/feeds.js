/**
 * What one device is sent: the greeting, then every message that is not in it. The history and news of messages come
 * by different connections from Redis, in either order: news that come before the greeting wait for it.
 */
export class Feed {
  #socket;
  #waiting = [];
  #shown = new Set();

  constructor(socket) {
    this.#socket = socket;
  }

  open(history) {
    this.#socket.emit('help_center:connected', history);
    this.#shown = new Set(history.messages.map(({ id }) => id));
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting.forEach((message) => this.tell(message));
  }

  tell(message) {
    if (this.#waiting) this.#waiting.push(message);
    else if (!this.#shown.has(message.id)) this.#socket.emit('help_center:message', message);
  }
}

/** The devices of each user that are connected to this node. */
export class Feeds {
  #byUser = new Map();

  add(userId, feed) {
    if (!this.#byUser.has(userId)) this.#byUser.set(userId, new Set());
    this.#byUser.get(userId).add(feed);
  }

  remove(userId, feed) {
    const feeds = this.#byUser.get(userId);
    feeds?.delete(feed);
    if (feeds?.size === 0) this.#byUser.delete(userId);
  }

  tell(userId, message) {
    this.#byUser.get(userId)?.forEach((feed) => feed.tell(message));
  }
}
