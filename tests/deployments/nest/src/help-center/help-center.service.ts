import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { History, Message, Sender } from './help-center.types.js';

/** Every user's one conversation, in memory. */
@Injectable()
export class HelpCenterService {
  private readonly histories = new Map<string, History>();

  /** The conversation of a user, which may be new. */
  read(userId: string): History {
    const { conversation, messages } = this.open(userId);
    return { conversation: { ...conversation }, messages: [...messages] };
  }

  append(userId: string, sender: Sender, text: string): Message {
    const { conversation, messages } = this.open(userId);
    const createdAt = new Date().toISOString();
    const message: Message = { id: randomUUID(), conversationId: conversation.id, sender, text, createdAt };
    messages.push(message);
    conversation.updatedAt = createdAt;
    return message;
  }

  private open(userId: string): History {
    const known = this.histories.get(userId);
    if (known) return known;
    const createdAt = new Date().toISOString();
    const conversation = { id: randomUUID(), userId, status: 'open' as const, createdAt, updatedAt: createdAt };
    const history = { conversation, messages: [] };
    this.histories.set(userId, history);
    return history;
  }
}
