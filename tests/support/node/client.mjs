// An app on the official client: sections 5 to 8 of the API document. Commands come in on standard input, a JSON array
// on each line: ["send", "hello"], and are answered: ["done", "send"]. What the app sees goes out the same way:
// ["help_center:message", {…}].

import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';

const [url, settings] = process.argv.slice(2);
const thread = new Map(); // what is rendered, by id
const outbox = []; // what was written while there was no conversation to send it to
let token = null; // in secure storage
let ready = false;

const socket = io(`${url}/help-center`, {
  ...JSON.parse(settings),
  auth: (present) => present({ token }),
  autoConnect: false,
  forceNew: true,
  reconnectionDelay: 50, // ms; the default is made for people
  reconnectionDelayMax: 50,
});

socket.on('help_center:connected', (data) => {
  tell('help_center:connected', data);
  thread.clear();
  data.messages.forEach((message) => thread.set(message.id, message));
  ready = true;
  outbox.splice(0).forEach(send);
});
socket.on('help_center:message', (message) => {
  tell('help_center:message', message);
  thread.set(message.id, message);
});
socket.on('help_center:typing', (typing) => tell('help_center:typing', typing));
socket.on('help_center:error', (error) => tell('help_center:error', error));
socket.on('disconnect', (reason) => {
  ready = false;
  tell('disconnect', reason);
});

socket.on('connect_error', (error) => tell('connect_error', error.message));

function send(text) {
  if (ready) socket.emit('help_center:send', { text }, (answer) => tell('ack', answer));
  else outbox.push(text);
}

const commands = {
  store: (refreshed) => { token = refreshed; },
  connect: () => socket.connect(),
  send,
  typing: (isTyping) => socket.emit('help_center:typing', { isTyping }),
  render: () => tell('thread', [...thread.values()]),
  leave: () => socket.disconnect(),
  async fetch() {
    const headers = { Authorization: `Bearer ${token}` };
    tell('rest', await (await fetch(`${url}/api/help-center/messages`, { headers })).json());
  },
  /** Tells the transport; with `moves`, once it is no longer the first one. */
  transport(moves) {
    const { engine } = socket.io;
    if (moves && engine.transport.name === 'polling') engine.once('upgrade', () => commands.transport(false));
    else tell('transport', engine.transport.name);
  },
};

function tell(...what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const [name, ...details] = JSON.parse(line);
  commands[name](...details);
  tell('done', name);
});
input.once('close', () => process.exit());
