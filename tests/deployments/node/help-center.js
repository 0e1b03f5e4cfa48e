import { setTimeout as delay } from 'node:timers/promises';
import { Feed, Feeds } from './feeds.js';
import { handshakeToken } from './tokens.js';
import { validateSend } from './validation.js';

const UNAUTHORIZED = { code: 'UNAUTHORIZED', message: 'The token is missing or not valid' };
const SERVER_ERROR = { code: 'SERVER_ERROR', message: 'Something went wrong' };
const AUTO_REPLY = 'Thank you for your message. Our support team will answer you soon.';
const AUTO_REPLY_DELAY = 100; // ms

/** The namespace `/help-center` of this node. */
export class HelpCenter {
  #namespace;
  #conversations;
  #feeds = new Feeds();
  #underWay = new Set();

  constructor(namespace, { authenticate, conversations }) {
    this.#namespace = namespace;
    this.#conversations = conversations;
    // A bad token joins and is refused with an event: next(error) would answer with CONNECT_ERROR instead.
    namespace.use(async (socket, next) => {
      socket.data.userId = await authenticate(handshakeToken(socket.handshake));
      next();
    });
    namespace.on('connection', (socket) => this.#welcome(socket));
    namespace.on('message', (userId, message) => this.#feeds.tell(userId, message)); // from the other nodes
  }

  /** Waits for what was begun: a message that was stored is emitted. */
  async close() {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  #welcome(socket) {
    const { userId } = socket.data;
    if (userId === null) {
      socket.emit('help_center:error', UNAUTHORIZED);
      socket.disconnect();
      return;
    }
    const feed = new Feed(socket);
    this.#feeds.add(userId, feed);
    socket.on('disconnect', () => this.#feeds.remove(userId, feed));
    socket.on('help_center:send', (...args) => {
      const acknowledge = typeof args.at(-1) === 'function' ? args.pop() : null;
      this.#follow(this.#send(socket, userId, args[0], acknowledge));
    });
    socket.on('help_center:typing', () => {}); // no one on the support side is watching yet
    this.#follow(this.#greet(socket, userId, feed));
  }

  async #greet(socket, userId, feed) {
    try {
      feed.open(await this.#conversations.read(userId));
    } catch (error) {
      console.error(error);
      socket.emit('help_center:error', SERVER_ERROR);
      socket.disconnect();
    }
  }

  async #send(socket, userId, payload, acknowledge) {
    const { text, error } = validateSend(payload);
    const answer = error ? { error } : await this.#accept(userId, text);
    if (acknowledge) acknowledge(answer);
    else if (answer.error) socket.emit('help_center:error', answer.error);
  }

  async #accept(userId, text) {
    try {
      const message = await this.#publish(userId, 'user', text);
      this.#follow(this.#reply(userId));
      return { message };
    } catch (error) {
      console.error(error);
      return { error: SERVER_ERROR };
    }
  }

  async #reply(userId) {
    await delay(AUTO_REPLY_DELAY);
    await this.#publish(userId, 'support', AUTO_REPLY);
  }

  /** Saves a message and tells every device of its user, on whichever node. */
  async #publish(userId, sender, text) {
    const message = await this.#conversations.append(userId, sender, text);
    this.#feeds.tell(userId, message);
    this.#namespace.serverSideEmit('message', userId, message);
    return message;
  }

  #follow(work) {
    const one = work.catch(console.error).finally(() => this.#underWay.delete(one));
    this.#underWay.add(one);
  }
}
