import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const FLAGS = {
  'host': { type: 'string', default: '127.0.0.1' },
  'port': { type: 'string', default: '3000' },
  'jwt-secret': { type: 'string' }, // HS256
  'jwt-key': { type: 'string' }, // a public key, PEM
  'jwt-algorithm': { type: 'string' },
  'users': { type: 'string' }, // the only subjects that exist: a,b,c
  'require-claims': { type: 'string', default: '{}' }, // JSON; a token without just these is refused
  'window': { type: 'string' }, // how many of the last messages are shown; all by default
  'preload': { type: 'string', default: '0' }, // how many older messages a conversation starts with
  'no-reply': { type: 'boolean', default: false },
  'reply-delay': { type: 'string', default: '0' }, // ms
  'exit-with-parent': { type: 'boolean', default: false }, // exit when standard input ends
};

const KEY_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/** The command line as the settings of each part of the server. Throws an Error that says what is wrong. */
export function parseOptions(args) {
  const { values } = parseArgs({ args, options: FLAGS });
  return {
    host: values.host,
    port: count(values, 'port'),
    exitWithParent: values['exit-with-parent'],
    auth: {
      ...signingKey(values),
      users: values.users === undefined ? null : new Set(values.users.split(',')),
      requiredClaims: claims(values['require-claims']),
    },
    window: values.window === undefined ? Infinity : count(values, 'window'),
    preload: count(values, 'preload'),
    reply: values['no-reply'] ? null : { delay: count(values, 'reply-delay') },
  };
}

function signingKey({ 'jwt-secret': secret, 'jwt-key': file, 'jwt-algorithm': algorithm }) {
  if (secret && !file && !algorithm) return { algorithm: 'HS256', secret };
  if (!secret && file && KEY_ALGORITHMS.includes(algorithm)) {
    return { algorithm, publicKey: readFileSync(file, 'utf8') };
  }
  throw new Error(`give --jwt-secret=S, or --jwt-key=FILE with --jwt-algorithm=${KEY_ALGORITHMS.join('|')}`);
}

function claims(json) {
  const value = JSON.parse(json);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Error('--require-claims must be a JSON object');
  }
  return value;
}

function count(values, name) {
  if (!/^\d+$/.test(values[name])) throw new Error(`--${name} must be a whole number, not '${values[name]}'`);
  return Number(values[name]);
}
