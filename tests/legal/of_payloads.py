"""Further fields, null ones among them, and errors in other words (sections 4.1 to 4.6)."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Event, Json, Problem
from conformance.reference.store import Conversation, Message
from tests.legal.legal import legal

AGENT = {"id": "7", "userId": "agent-7", "name": "Ada", "online": True, "tags": ["tier 1", None], "rating": 4.75}


@legal()
class FurtherFieldsEverywhere(HelpCenter):
    """Internals of a document database, agents, a copy of the last message, links."""

    def message_payload(self, message: Message) -> Json:
        more = {"_id": message.id, "__v": 0, "type": "text", "agent": AGENT, "attachments": [], "isTyping": False}
        return more | super().message_payload(message) | {"meta": {"sender": "x", "text": {"html": "<p>"}, "n": 1e300}}

    def conversation_payload(self, conversation: Conversation) -> Json:
        return {"assignee": AGENT, "unread": 0} | super().conversation_payload(conversation) | {"topic": {"id": 3}}

    def connected_payload(self, conversation: Conversation, messages: Sequence[Message]) -> Json:
        payload = super().connected_payload(conversation, messages)
        last = payload["messages"][-1] if messages else {}
        return {"lastMessage": last, "count": len(messages), "code": 0, "links": {"self": "/"}} | payload

    def ack_payload(self, message: Message) -> Json:
        return {"status": "ok", "code": 200, "took": 0.4} | super().ack_payload(message) | {"data": {}}

    def error_payload(self, problem: Problem) -> Json:
        return super().error_payload(problem) | {"statusCode": 400, "path": "help_center:send", "errors": [{}], "": ""}

    def error_ack_payload(self, problem: Problem) -> Json:
        return {"status": "error", "success": False} | super().error_ack_payload(problem)


@legal()
class NullsEverywhere(HelpCenter):
    """A serializer that writes what is not there as null: deleted dates, the error beside a message."""

    def message_payload(self, message: Message) -> Json:
        return {"deletedAt": None, "editedAt": None, "agent": None} | super().message_payload(message)

    def conversation_payload(self, conversation: Conversation) -> Json:
        return {"closedAt": None} | super().conversation_payload(conversation)

    def connected_payload(self, conversation: Conversation, messages: Sequence[Message]) -> Json:
        return {"error": None, "nextCursor": None} | super().connected_payload(conversation, messages)

    def ack_payload(self, message: Message) -> Json:
        return {"error": None} | super().ack_payload(message)

    def error_payload(self, problem: Problem) -> Json:
        return {"cause": None} | super().error_payload(problem)

    def error_ack_payload(self, problem: Problem) -> Json:
        return {"message": None} | super().error_ack_payload(problem)


@legal()
class ErrorsSayNothing(HelpCenter):
    """An empty message, and no details."""

    def error_payload(self, problem: Problem) -> Json:
        return {"code": problem.code, "message": ""}


@legal()
class ErrorsInOtherLanguages(HelpCenter):
    """Chinese and Arabic, with details deeper than anyone wants."""

    def error_payload(self, problem: Problem) -> Json:
        details = {"ошибки": [{"поле": ["text", 0, None, {"": {}}]}], "limit": 2000, "value": None, "text": "…" * 300}
        return {"code": problem.code, "message": "消息无效 – الرسالة غير صالحة", "details": details}


@legal()
class ErrorsHaveEmptyDetails(HelpCenter):
    def error_payload(self, problem: Problem) -> Json:
        return {"details": {}, "code": problem.code, "message": f"<b>{problem.message}</b>\n"}


@legal()
class ErrorsAreToldTwice(HelpCenter):
    """In the ack, and by an event before it."""

    async def reject(self, event: Event, problem: Problem) -> None:
        await self.emit_error(event.sid, problem)
        if event.ack is not None:
            await self.acknowledge(event, self.error_ack_payload(problem))


@legal()
class ErrorsAreToldTwiceTheEventLater(HelpCenter):
    """In the ack, and by an event in other words after it, from the exception filter."""

    async def reject(self, event: Event, problem: Problem) -> None:
        if event.ack is not None:
            await self.acknowledge(event, self.error_ack_payload(problem))
        await self.emit_error(event.sid, Problem(problem.code, "Something was not right."))


@legal(advice=["REJECT-CODE"])
class CodesAreItsOwn(HelpCenter):
    """The document's codes are examples."""

    def invalid(self, message: str, *, rule: str, **facts: int) -> Problem:  # noqa: ARG002
        return Problem(f"E_TEXT_{rule.upper()}", message)


@legal()
class RefusesUnknownFields(HelpCenter):
    """A validator that forbids what it does not know."""

    def text_of(self, payload: object) -> str:
        if isinstance(payload, dict) and set(payload) - {"text"}:
            raise self.invalid("property should not exist", rule="unknown")
        return super().text_of(payload)
