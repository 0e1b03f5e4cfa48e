export type Sender = 'user' | 'support';

export interface Message {
  id: string;
  conversationId: string;
  sender: Sender;
  text: string;
  createdAt: string;
}

export interface Conversation {
  id: string;
  userId: string;
  status: 'open' | 'closed';
  createdAt: string;
  updatedAt: string;
}

export interface History {
  conversation: Conversation;
  messages: Message[];
}
