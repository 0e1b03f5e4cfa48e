import { Injectable, UnauthorizedException } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import type { Socket } from 'socket.io';

export interface User {
  userId: string;
}

export interface Claims {
  sub?: unknown;
}

@Injectable()
export class AuthService {
  constructor(private readonly jwt: JwtService) {}

  /** The user of these claims. Throws UnauthorizedException when they name none. */
  userOf({ sub }: Claims): User {
    if (typeof sub !== 'string' || sub === '') throw new UnauthorizedException();
    return { userId: sub };
  }

  /** Who connects. Throws when the token of the handshake is not to be trusted. */
  async userOfHandshake({ auth, headers }: Socket['handshake']): Promise<User> {
    const given = typeof auth.token === 'string' && auth.token !== '' ? auth.token : headers.authorization;
    const token = (given ?? '').replace(/^Bearer /i, '').trim();
    return this.userOf(await this.jwt.verifyAsync<Claims>(token));
  }
}
