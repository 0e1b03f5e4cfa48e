import { randomUUID } from 'node:crypto';
import { defineScript } from 'redis';

const SHOWN = 200; // messages

// Scripts are atomic in Redis: however many nodes a new user reaches at once, there is one conversation. Redis gives
// the time as well: the order of the list is that of its instants, whichever node a message came by.
const OPEN = `
  local clock = redis.call('TIME')
  local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
  if redis.call('HSETNX', KEYS[1], 'id', ARGV[1]) == 1 then
    redis.call('HSET', KEYS[1], 'createdAt', now, 'updatedAt', now)
  end
  local id = redis.call('HGET', KEYS[1], 'id')
`;

const READ = `${OPEN}
  local conversation = redis.call('HMGET', KEYS[1], 'id', 'createdAt', 'updatedAt')
  return { conversation, redis.call('LRANGE', KEYS[2], -tonumber(ARGV[2]), -1) }
`;

const APPEND = `${OPEN}
  redis.call('HSET', KEYS[1], 'updatedAt', now)
  redis.call('RPUSH', KEYS[2], cjson.encode({ id = ARGV[2], sender = ARGV[3], text = ARGV[4], at = now }))
  return { id, now }
`;

function script(lua) {
  return defineScript({
    SCRIPT: lua,
    NUMBER_OF_KEYS: 2,
    parseCommand(parser, userId, ...args) {
      parser.pushKey(`conversation:${userId}`);
      parser.pushKey(`messages:${userId}`);
      parser.push(...args);
    },
    transformReply: (reply) => reply,
  });
}

/** What the Redis client has to know. */
export const scripts = { readConversation: script(READ), appendMessage: script(APPEND) };

/** Every user's one conversation, in Redis. */
export class Conversations {
  #redis;

  constructor(redis) {
    this.#redis = redis;
  }

  /** The conversation of a user, which may be new, with its last messages, oldest first. */
  async read(userId) {
    const [[id, createdAt, updatedAt], rows] = await this.#redis.readConversation(userId, randomUUID(), `${SHOWN}`);
    return {
      conversation: { id, userId, status: 'open', createdAt: instant(createdAt), updatedAt: instant(updatedAt) },
      messages: rows.map((row) => {
        const { id: messageId, sender, text, at } = JSON.parse(row);
        return { id: messageId, conversationId: id, sender, text, createdAt: instant(at) };
      }),
    };
  }

  /** Saves a new message and returns it. */
  async append(userId, sender, text) {
    const id = randomUUID();
    const [conversationId, at] = await this.#redis.appendMessage(userId, randomUUID(), id, sender, text);
    return { id, conversationId, sender, text, createdAt: instant(at) };
  }
}

function instant(milliseconds) {
  return new Date(Number(milliseconds)).toISOString();
}
