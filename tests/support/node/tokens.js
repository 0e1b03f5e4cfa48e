import { isDeepStrictEqual } from 'node:util';
import { importSPKI, jwtVerify } from 'jose';

/** The token of an `Authorization: Bearer <token>` header, or undefined. */
export function bearerToken({ authorization }) {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

/** The token of a Socket.IO handshake: `auth.token`, with or without "Bearer ", else the header. */
export function handshakeToken({ auth, headers }) {
  if (typeof auth.token !== 'string' || auth.token === '') return bearerToken(headers);
  return auth.token.replace(/^Bearer /i, '').trim();
}

/**
 * Makes the function that tells whose token it is given: the token's `sub`, or null for every token that is
 * not to be trusted. It never rejects.
 */
export async function createAuthenticator({ algorithm, secret, publicKey, users, requiredClaims }) {
  const key = secret ? new TextEncoder().encode(secret) : await importSPKI(publicKey, algorithm);
  const required = Object.entries(requiredClaims);

  return async function authenticate(token) {
    let claims;
    try {
      claims = (await jwtVerify(token, key, { algorithms: [algorithm] })).payload;
    } catch {
      return null; // whatever went wrong, the token has not been verified
    }
    const { sub } = claims;
    if (typeof sub !== 'string' || sub === '') return null;
    if (users && !users.has(sub)) return null;
    return required.every(([name, value]) => isDeepStrictEqual(claims[name], value)) ? sub : null;
  };
}
