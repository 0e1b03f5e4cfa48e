import { jwtVerify } from 'jose';

/** The token of an `Authorization: Bearer <token>` header, or undefined. */
export function bearerToken(headers) {
  return /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
}

/** The token of a Socket.IO handshake: `auth.token`, with or without "Bearer ", else the header. */
export function handshakeToken({ auth, headers }) {
  if (typeof auth.token !== 'string' || auth.token === '') return bearerToken(new Headers(headers));
  return auth.token.replace(/^Bearer /i, '').trim();
}

/** Makes the function that tells whose token it is given: its `sub`, or null for a token that is not to be trusted. */
export function createAuthenticator(secret) {
  const key = new TextEncoder().encode(secret);
  return async function authenticate(token) {
    try {
      const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] });
      return typeof payload.sub === 'string' && payload.sub !== '' ? payload.sub : null;
    } catch {
      return null;
    }
  };
}
