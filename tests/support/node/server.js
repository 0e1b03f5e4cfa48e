import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { parseOptions } from './options.js';
import { ConversationStore } from './store.js';
import { bearerToken, createAuthenticator, handshakeToken } from './tokens.js';
import { validateSend } from './validation.js';

const UNAUTHORIZED = { code: 'UNAUTHORIZED', message: 'The token is missing or not valid' };
const NOT_FOUND = { code: 'NOT_FOUND', message: 'There is nothing here' };
const SERVER_ERROR = { code: 'SERVER_ERROR', message: 'Something went wrong' };
const AUTO_REPLY = 'Thank you for your message. Our support team will answer you soon.';
const SHUTDOWN_LIMIT = 200; // ms

const options = readOptions();
const authenticate = await createAuthenticator(options.auth).catch((error) => fail(error.message));
const store = new ConversationStore({ preload: options.preload });

const httpServer = createServer((req, res) => {
  handleRequest(req, res).catch((error) => {
    console.error(error);
    sendJson(res, 500, SERVER_ERROR);
  });
});
const io = new Server(httpServer, { serveClient: false });
const helpCenter = io.of('/help-center');

async function handleRequest(req, res) {
  const [path] = req.url.split('?');
  if (req.method !== 'GET' || path !== '/api/help-center/messages') return sendJson(res, 404, NOT_FOUND);
  const userId = await authenticate(bearerToken(req.headers));
  if (userId === null) return sendJson(res, 401, UNAUTHORIZED, { 'WWW-Authenticate': 'Bearer' });
  return sendJson(res, 200, store.snapshot(userId, options.window));
}

function sendJson(res, status, body, headers = {}) {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', ...headers });
  res.end(JSON.stringify(body));
}

// The namespace is joined with any token, and a bad one is refused there with an event; next(error) would answer
// with CONNECT_ERROR instead. Verifying before the join also means that no event can arrive before its handler.
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

  // One synchronous step: a message is either in the snapshot or emitted to the room, never both or neither.
  socket.emit('help_center:connected', store.snapshot(userId, options.window));
  socket.join(roomOf(userId));

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
    if (options.reply) setTimeout(publish, options.reply.delay, userId, 'support', AUTO_REPLY);
  });

  socket.on('help_center:typing', () => {}); // no one on the support side is watching yet
});

/** Saves a message and emits it to every device of its user. */
function publish(userId, sender, text) {
  const message = store.append(userId, sender, text);
  helpCenter.to(roomOf(userId)).emit('help_center:message', message);
  return message;
}

/** Every socket is also in a room named by its id, which no user's room may share. */
function roomOf(userId) {
  return `user:${userId}`;
}

function readOptions() {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    return fail(error.message);
  }
}

function fail(message) {
  console.error(`server.js: ${message}`);
  process.exit(2);
}

function shutDown() {
  io.close(() => process.exit(0));
  setTimeout(() => process.exit(0), SHUTDOWN_LIMIT); // a request that never ends must not keep us
}

process.once('SIGTERM', shutDown);
process.once('SIGINT', shutDown);
if (options.exitWithParent) process.stdin.once('end', shutDown).resume();

httpServer.once('error', (error) => fail(error.message));
httpServer.listen(options.port, options.host, () => {
  const { address, family, port } = httpServer.address();
  console.log(`listening on http://${family === 'IPv6' ? `[${address}]` : address}:${port}`);
});
