import { UseFilters, UseGuards, ValidationPipe } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from '@nestjs/websockets';
import type { ValidationError } from 'class-validator';
import type { Namespace, Socket } from 'socket.io';
import { AuthService } from '../auth/auth.service.js';
import { WsAuthGuard } from '../auth/ws-auth.guard.js';
import { HelpCenterExceptionFilter } from './help-center.filter.js';
import { HelpCenterService } from './help-center.service.js';
import type { Message, Sender } from './help-center.types.js';
import { SendMessageDto } from './send-message.dto.js';

const AUTO_REPLY = 'Thank you for your message. Our support team will answer you soon.';

const validation = new ValidationPipe({
  transform: true,
  exceptionFactory: (errors: ValidationError[]) =>
    new WsException({
      code: 'VALIDATION_ERROR',
      message: 'The message is not valid',
      details: Object.fromEntries(errors.map(({ property, constraints }) => [property, Object.values(constraints ?? {})])),
    }),
});

@WebSocketGateway({ namespace: '/help-center', serveClient: false })
@UseGuards(WsAuthGuard)
@UseFilters(new HelpCenterExceptionFilter())
export class HelpCenterGateway implements OnGatewayInit<Namespace>, OnGatewayConnection<Socket> {
  @WebSocketServer()
  private readonly namespace!: Namespace;

  constructor(
    private readonly auth: AuthService,
    private readonly helpCenter: HelpCenterService,
  ) {}

  /** Guards see events, not connections: whoever connects is looked at here, before any event can come. */
  afterInit(namespace: Namespace): void {
    namespace.use(async (socket, next) => {
      socket.data.user = await this.auth.userOfHandshake(socket.handshake).catch(() => null);
      next();
    });
  }

  handleConnection(client: Socket): void {
    if (!client.data.user) {
      client.emit('help_center:error', { code: 'UNAUTHORIZED', message: 'The token is missing or not valid' });
      client.disconnect();
      return;
    }
    const { userId } = client.data.user;
    client.emit('help_center:connected', this.helpCenter.read(userId));
    client.join(room(userId));
  }

  @SubscribeMessage('help_center:send')
  send(@ConnectedSocket() client: Socket, @MessageBody(validation) { text }: SendMessageDto): { message: Message } {
    const { userId } = client.data.user;
    const message = this.publish(userId, 'user', text);
    setImmediate(() => this.publish(userId, 'support', AUTO_REPLY));
    return { message };
  }

  @SubscribeMessage('help_center:typing')
  typing(): void {
    // no one on the support side is watching yet
  }

  /** Saves a message and emits it to every device of its user. */
  private publish(userId: string, sender: Sender, text: string): Message {
    const message = this.helpCenter.append(userId, sender, text);
    this.namespace.to(room(userId)).emit('help_center:message', message);
    return message;
  }
}

/** Every socket is also in a room named by its id, which no user's room may share. */
function room(userId: string): string {
  return `user:${userId}`;
}
