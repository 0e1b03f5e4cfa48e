// Makes exchanges on the official client (a send, its ack, its event), so many at once, and prints how many seconds all
// of them took.

import { createRequire } from 'node:module';

const { io } = createRequire(`${process.cwd()}/`)('socket.io-client'); // where the packages of the tests are

const [url, settings] = process.argv.slice(2);
const { token, exchanges, atOnce } = JSON.parse(settings);
const socket = io(`${url}/help-center`, { auth: { token }, transports: ['websocket'], reconnection: false });
const heard = new Set(); // messages that came before anybody waited for them
const waiting = new Map(); // by id of a message: whom to call

socket.on('help_center:message', ({ id }) => {
  if (waiting.has(id)) waiting.get(id)();
  else heard.add(id);
});

async function exchange(text) {
  const { message } = await socket.emitWithAck('help_center:send', { text });
  if (!heard.has(message.id)) await new Promise((come) => waiting.set(message.id, come));
}

socket.once('help_center:connected', async () => {
  const began = process.hrtime.bigint();
  for (let done = 0; done < exchanges; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, number) => exchange(`benchmark message ${done + number}`)));
  }
  process.stdout.write(`${Number(process.hrtime.bigint() - began) / 1e9}\n`);
  socket.disconnect();
});
