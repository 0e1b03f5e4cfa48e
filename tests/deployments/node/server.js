// One node: it shares conversations in Redis, and events by the Redis adapter, with any number of others.
//
//   PORT=3000 REDIS_URL=redis://127.0.0.1:6379 JWT_SECRET=… node server.js

import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { createApp } from './app.js';
import { Conversations, scripts } from './conversations.js';
import { HelpCenter } from './help-center.js';
import { createAuthenticator } from './tokens.js';

const { HOST = '127.0.0.1', PORT = '3000', REDIS_URL = 'redis://127.0.0.1:6379', JWT_SECRET } = process.env;

const redis = createClient({ url: REDIS_URL, scripts });
const subscriber = redis.duplicate();
await Promise.all([redis.connect(), subscriber.connect()]);

const authenticate = createAuthenticator(JWT_SECRET);
const conversations = new Conversations(redis);
const httpServer = createServer(createApp({ authenticate, conversations }));
const io = new Server(httpServer, { adapter: createAdapter(redis, subscriber), serveClient: false });
const helpCenter = new HelpCenter(io.of('/help-center'), { authenticate, conversations });

/** Clients hear that their connections end, and connect to another node; what is under way is finished. */
async function shutDown() {
  await Promise.all([io.close(), helpCenter.close()]);
  await Promise.all([redis.close(), subscriber.close()]);
  process.exit(0);
}

process.once('SIGTERM', shutDown);
process.once('SIGINT', shutDown);
httpServer.listen(Number(PORT), HOST, () => console.log(`listening on http://${HOST}:${httpServer.address().port}`));
