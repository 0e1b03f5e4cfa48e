"""Windows, long histories, and conversations that were there before (sections 4.1 and 7)."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from conformance.inputs import texts, unicode_texts
from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import SUPPORT, USER, Json, Problem
from conformance.reference.store import Conversation, Message, Store
from tests.legal.legal import legal
from tests.legal.of_limits import Bucket


class Windowed(HelpCenter):
    """Shows the last messages only: `on_socket` of them in the greeting, `on_rest` over REST; all where None."""

    on_socket: int | None = None
    on_rest: int | None = None

    def snapshot(self, user: str) -> Json:
        return self.last(super().snapshot(user), self.on_socket)

    def rest_payload(self, user: str) -> Json:
        return self.last(super().snapshot(user), self.on_rest)

    def last(self, payload: Json, window: int | None) -> Json:
        return payload if window is None else payload | {"messages": payload["messages"][-window:]}


class WithPast(Store):
    """Every conversation has had messages before this run, some of support."""

    LENGTH = 120
    TEXT = "an old question"

    def create(self, user: str) -> Conversation:
        conversation = super().create(user)
        for number in range(self.LENGTH // 4):
            self._insert(conversation, [f"{self.TEXT} {number}", "another", "another"], USER)
            self._insert(conversation, ["an old answer"], SUPPORT)
        return conversation


@legal()
class ShowsTheLast20(Windowed):
    """And support answers three times, so that few of them are the user's."""

    on_socket = on_rest = 20

    async def reply(self, user: str, message: Message) -> None:
        for _ in range(3):
            await super().reply(user, message)


@legal()
class ShowsTheLast50(Windowed):
    on_socket = on_rest = 50
    STORE = WithPast


@legal()
class ShowsLessOnTheSocket(Windowed):
    """20 in the greeting, 100 over REST, of a conversation that is longer."""

    on_socket, on_rest = 20, 100
    STORE = WithPast


@legal()
class ShowsLessOverRest(Windowed):
    """REST shows "the last messages"; the greeting shows all."""

    on_rest = 25
    STORE = WithPast


@legal(advice=["HISTORY-DEPTH"])
class ShowsTheLast10(Windowed):
    on_socket = on_rest = 10


@legal(advice=["HISTORY-DEPTH"])
class ShowsLessThanSupportAnswers(Windowed):
    """A bot lists what it can help with: of its twelve lines, ten are shown, and nothing of what they answer."""

    on_socket = on_rest = 10

    async def reply(self, user: str, message: Message) -> None:
        for _ in range(12):
            await super().reply(user, message)


@legal(advice=["HISTORY-DEPTH"])
class ShowsTheNewestBucket(HelpCenter):
    """A document of MongoDB holds 25 messages. What is shown is the newest document, be there one message in it."""

    def snapshot(self, user: str) -> Json:
        payload = super().snapshot(user)
        begun = max(0, len(payload["messages"]) - 1) // 25 * 25
        return payload | {"messages": payload["messages"][begun:]}


@legal(advice=["HISTORY-DEPTH"])
class ShowsWhatFitsIntoItsCache(HelpCenter):
    """The last 16 kB, and one message at least; support answers with 3 kB, twice."""

    def snapshot(self, user: str) -> Json:
        payload, left, shown = super().snapshot(user), 16_384, 0
        for message in reversed(payload["messages"]):
            left -= len(json.dumps(message))
            shown += left >= 0 or not shown
        return payload | {"messages": payload["messages"][len(payload["messages"]) - shown :]}

    def reply_text(self, message: Message) -> str:  # noqa: ARG002
        return "Terms and conditions. " * 150

    async def reply(self, user: str, message: Message) -> None:
        for _ in range(2):
            await super().reply(user, message)


@legal(advice=["HISTORY-ORDER"])
class ShowsTheNewestFirst(HelpCenter):
    def connected_payload(self, conversation: Conversation, messages: list[Message]) -> Json:  # type: ignore[override]
        return super().connected_payload(conversation, messages[::-1])


@legal()
class UsersHaveLongHistories(HelpCenter):
    """All of which is shown; every text is 1,000 characters long."""

    class STORE(WithPast):
        LENGTH = 160
        TEXT = "blah " * 200


@legal()
class UsersWereCertifiedBefore(Windowed):
    """Last month's run has sent these users everything that a run sends, and the window shows the end of it."""

    on_socket = on_rest = 50

    class STORE(Store):
        def create(self, user: str) -> Conversation:
            conversation = super().create(user)
            tables = texts.merged([texts.SHORTEST, texts.FULL, texts.PADDED, *unicode_texts.FAMILIES.values()])
            self._insert(conversation, [text.saved for text in tables.values()], USER)
            return conversation


@legal()
class ConversationsAreClosedUntilWrittenTo(HelpCenter):
    """A conversation that was closed is shown as such, and opens again with the first message of the user."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        written = any(message.sender == USER for message in self.store.history(conversation))
        return super().conversation_payload(conversation) | {"status": "open" if written else "closed"}


@legal()
class RestReadsAReplica(HelpCenter):
    """It follows 700 ms after what it copies."""

    BEHIND = 700
    """Milliseconds."""

    def rest_payload(self, user: str) -> Json:
        payload, edge = self.snapshot(user), self.instant(self.store.now() - self.BEHIND)
        there = [message for message in payload["messages"] if message["createdAt"] < edge]
        updated = max((message["createdAt"] for message in there), default=payload["conversation"]["createdAt"])
        return {"conversation": payload["conversation"] | {"updatedAt": updated}, "messages": there}


@legal()
class RestReadsReplicasInTurn(RestReadsAReplica):
    """One of two is up to date, and the other one 700 ms behind: what was shown once is missing for a moment."""

    turn = 0

    def rest_payload(self, user: str) -> Json:
        self.turn += 1
        return self.snapshot(user) if self.turn % 2 else super().rest_payload(user)


@legal()
class ConversationsAreOpenWhileSomebodyIsThere(HelpCenter):
    """Closed as long as the user has no device connected."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        there = conversation.user_id in self.users.values()
        return super().conversation_payload(conversation) | {"status": "open" if there else "closed"}


@legal(slow=True)
class RestReadsAReplicaThroughALimit(RestReadsAReplica):
    """One request at once for each user who was answered before, and ten a second: whoever comes sooner is told to come
    later, when more was said."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.requests: dict[str, Bucket] = {}
        super().__init__(*arguments, **options)

    async def rest_messages(self, request: Request) -> Response:
        user = None
        with contextlib.suppress(Problem):
            user = self.rest_user(request)
        if user in self.requests and not self.requests[user].take():
            return Response("busy", 503)
        answer = await super().rest_messages(request)
        if user is not None:
            self.requests.setdefault(user, Bucket(1, 10))
        return answer


@legal()
class ReadingTouchesTheConversation(Store):
    """``updatedAt`` is when the conversation was last looked at."""

    def history(self, conversation: Conversation) -> list[Message]:
        rows = super().history(conversation)
        with self._lock, self.db:
            self._touch(conversation)
        return rows
