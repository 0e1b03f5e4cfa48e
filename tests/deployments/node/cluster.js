// The same server as a cluster on one machine: a worker for each port, and events by the cluster adapter. Whoever
// balances over the ports keeps a session with its worker.
//
//   PORTS=3000,3001 REDIS_URL=redis://127.0.0.1:6379 JWT_SECRET=… node cluster.js

import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { createAdapter, setupPrimary } from '@socket.io/cluster-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';
import { createApp } from './app.js';
import { Conversations, scripts } from './conversations.js';
import { HelpCenter } from './help-center.js';
import { createAuthenticator } from './tokens.js';

const { HOST = '127.0.0.1', PORT, PORTS = '3000,3001', REDIS_URL = 'redis://127.0.0.1:6379', JWT_SECRET } = process.env;

if (cluster.isPrimary) primary();
else await worker();

function primary() {
  setupPrimary();
  const missing = new Set(PORTS.split(',').map(Number));
  for (const port of missing) cluster.fork({ PORT: port });
  cluster.on('listening', (_, { port }) => {
    missing.delete(port);
    if (missing.size === 0) console.log(`listening on ${HOST}, ports ${PORTS}`);
  });
  const shutDown = () => cluster.disconnect(() => process.exit(0));
  process.once('SIGTERM', shutDown);
  process.once('SIGINT', shutDown);
}

async function worker() {
  const redis = createClient({ url: REDIS_URL, scripts });
  await redis.connect();
  const authenticate = createAuthenticator(JWT_SECRET);
  const conversations = new Conversations(redis);
  const httpServer = createServer(createApp({ authenticate, conversations }));
  const io = new Server(httpServer, { adapter: createAdapter(), serveClient: false });
  new HelpCenter(io.of('/help-center'), { authenticate, conversations });
  httpServer.listen(Number(PORT), HOST);
  process.once('disconnect', () => process.exit(0)); // the primary ends
  process.once('SIGINT', () => {}); // a terminal tells all, and the primary tells us
}
