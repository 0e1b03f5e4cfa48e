"""The payloads of section 4, as a correct server writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from conformance.reference.protocol import Json, Problem
from conformance.reference.store import Conversation, Message


class Shapes:
    """Builds every payload; a part of `HelpCenter`."""

    def connected_payload(self, conversation: Conversation, messages: Sequence[Message]) -> Json:
        """Section 4.1; also the answer of REST (section 7)."""
        return {
            "conversation": self.conversation_payload(conversation),
            "messages": [self.message_payload(message) for message in messages],
        }

    def conversation_payload(self, conversation: Conversation) -> Json:
        """The conversation of section 4.1."""
        return {
            "id": conversation.id,
            "userId": conversation.user_id,
            "status": conversation.status,
            "createdAt": self.instant(conversation.created_at),
            "updatedAt": self.instant(conversation.updated_at),
        }

    def message_payload(self, message: Message) -> Json:
        """Section 4.2: the same in the event, the acknowledgement, the history and REST."""
        return {
            "id": message.id,
            "conversationId": message.conversation_id,
            "sender": message.sender,
            "text": message.text,
            "createdAt": self.instant(message.created_at),
        }

    def ack_payload(self, message: Message) -> Json:
        """The acknowledgement of a message that was saved; section 4.6."""
        return {"message": self.message_payload(message)}

    def error_payload(self, problem: Problem) -> Json:
        """Section 4.4."""
        payload = {"code": problem.code, "message": problem.message}
        return payload if problem.details is None else payload | {"details": problem.details}

    def error_ack_payload(self, problem: Problem) -> Json:
        """The acknowledgement of a message that was refused; section 4.6."""
        return {"error": self.error_payload(problem)}

    def instant(self, milliseconds: int) -> str:
        """ISO 8601 in UTC, with milliseconds and a final Z."""
        seconds, rest = divmod(milliseconds, 1000)
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000, tzinfo=None)
        return moment.isoformat(timespec="milliseconds") + "Z"
