// PORT=3000 JWT_SECRET=… DATABASE=help-center.db bun server.js

import { Server as Engine } from '@socket.io/bun-engine';
import { Server } from 'socket.io';
import { Conversations } from './conversations.js';
import { bearerToken, createAuthenticator, handshakeToken } from './tokens.js';
import { validateSend } from './validation.js';

const { HOST = '127.0.0.1', PORT = '3000', JWT_SECRET, DATABASE = 'help-center.db' } = process.env;
const UNAUTHORIZED = { code: 'UNAUTHORIZED', message: 'The token is missing or not valid' };
const NOT_FOUND = { code: 'NOT_FOUND', message: 'There is nothing here' };
const AUTO_REPLY = 'Thank you for your message. Our support team will answer you soon.';

const authenticate = createAuthenticator(JWT_SECRET);
const conversations = new Conversations(DATABASE);
const engine = new Engine({ path: '/socket.io/' });
const io = new Server();
io.bind(engine);
const helpCenter = io.of('/help-center');

// A bad token joins and is refused with an event: next(error) would answer with CONNECT_ERROR instead.
helpCenter.use(async (socket, next) => {
  socket.data.userId = await authenticate(handshakeToken(socket.handshake));
  next();
});

helpCenter.on('connection', (socket) => {
  const { userId } = socket.data;
  if (userId === null) {
    socket.emit('help_center:error', UNAUTHORIZED);
    socket.disconnect();
    return;
  }
  // SQLite answers at once: a message is either in what is read here or emitted to the room, never both or neither.
  socket.emit('help_center:connected', conversations.read(userId));
  socket.join(room(userId));

  socket.on('help_center:send', (...args) => {
    const acknowledge = typeof args.at(-1) === 'function' ? args.pop() : null;
    const { text, error } = validateSend(args[0]);
    if (error) {
      if (acknowledge) acknowledge({ error });
      else socket.emit('help_center:error', error);
      return;
    }
    const message = publish(userId, 'user', text);
    acknowledge?.({ message });
    setImmediate(publish, userId, 'support', AUTO_REPLY);
  });

  socket.on('help_center:typing', () => {}); // no one on the support side is watching yet
});

/** Saves a message and emits it to every device of its user. */
function publish(userId, sender, text) {
  const message = conversations.append(userId, sender, text);
  helpCenter.to(room(userId)).emit('help_center:message', message);
  return message;
}

/** Every socket is also in a room named by its id, which no user's room may share. */
function room(userId) {
  return `user:${userId}`;
}

async function messages(request) {
  const userId = await authenticate(bearerToken(request.headers));
  if (userId === null) return Response.json(UNAUTHORIZED, { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } });
  return Response.json(conversations.read(userId));
}

const { websocket, idleTimeout, maxRequestBodySize } = engine.handler();
const server = Bun.serve({
  hostname: HOST,
  port: Number(PORT),
  websocket,
  idleTimeout,
  maxRequestBodySize,
  routes: {
    '/socket.io/': (request, bun) => engine.handleRequest(request, bun),
    '/api/help-center/messages': { GET: messages },
  },
  fetch: () => Response.json(NOT_FOUND, { status: 404 }),
});
console.log(`listening on ${server.url}`);
