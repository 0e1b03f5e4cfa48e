import express from 'express';
import { bearerToken } from './tokens.js';

/** The REST API: the same conversation as on the socket. */
export function createApp({ authenticate, conversations }) {
  const app = express();
  app.disable('x-powered-by');

  app.get('/api/help-center/messages', async (req, res) => {
    const userId = await authenticate(bearerToken(req.headers));
    if (userId === null) {
      res.status(401).set('WWW-Authenticate', 'Bearer');
      res.json({ code: 'UNAUTHORIZED', message: 'The token is missing or not valid' });
      return;
    }
    res.json(await conversations.read(userId));
  });

  app.use((req, res) => {
    res.status(404).json({ code: 'NOT_FOUND', message: 'There is nothing here' });
  });
  app.use((error, req, res, next) => {
    console.error(error);
    if (res.headersSent) return next(error);
    res.status(500).json({ code: 'SERVER_ERROR', message: 'Something went wrong' });
  });
  return app;
}
