import { type ArgumentsHost, Catch, Logger, type WsExceptionFilter } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import type { Socket } from 'socket.io';

const SERVER_ERROR = { code: 'SERVER_ERROR', message: 'Something went wrong' };

/** Errors go into the acknowledgement, or by an event to a client that asked for none. */
@Catch()
export class HelpCenterExceptionFilter implements WsExceptionFilter {
  private readonly logger = new Logger(HelpCenterExceptionFilter.name);

  catch(exception: unknown, host: ArgumentsHost): void {
    if (!(exception instanceof WsException)) this.logger.error(exception);
    const error = exception instanceof WsException ? exception.getError() : SERVER_ERROR;
    const [client, , acknowledge] = host.getArgs<[Socket, unknown, unknown]>();
    if (typeof acknowledge === 'function') acknowledge({ error });
    else client.emit('help_center:error', error);
  }
}
