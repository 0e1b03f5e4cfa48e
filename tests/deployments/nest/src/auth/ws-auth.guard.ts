import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import type { Socket } from 'socket.io';

/** For events: only who was let in at the handshake is heard. */
@Injectable()
export class WsAuthGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.switchToWs().getClient<Socket>().data.user) return true;
    throw new WsException({ code: 'UNAUTHORIZED', message: 'The token is missing or not valid' });
  }
}
