"""Ids of every form (sections 4.1 and 4.2: they are strings)."""

from __future__ import annotations

import itertools
import re
import secrets
import time
import uuid
from collections.abc import Iterable
from typing import ClassVar

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json
from conformance.reference.store import Conversation, Message, Store
from tests.legal.legal import legal

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Counting(Store):
    """Ids from a counter that all tables share."""

    FIRST: ClassVar[int] = 1

    def __init__(self) -> None:
        self._count = itertools.count(self.FIRST)
        super().__init__()

    def new_id(self) -> str:
        return self.form(next(self._count))

    def form(self, number: int) -> str:
        return str(number)


@legal()
class IdsAreSnowflakes(Counting):
    """Numbers past what a double holds, in strings."""

    FIRST = 1_234_567_890_123_456_789


@legal()
class IdsCountDown(Counting):
    """So that an index gives the latest first; the last ones are negative."""

    def form(self, number: int) -> str:
        return str(300 - number)


@legal()
class IdsAreUlids(Counting):
    """The clock and a counter; sortable."""

    def form(self, number: int) -> str:
        value = (time.time_ns() // 1_000_000 << 80) + number
        return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


@legal()
class IdsAreObjectIds(Counting):
    """As MongoDB makes them."""

    def form(self, number: int) -> str:
        return f"{int(time.time()):08x}a1b2c3d4e5{number:06x}"


@legal()
class IdsHave500Characters(Counting):
    """And differ in the last few only."""

    def form(self, number: int) -> str:
        return f"{'m' * 490}{number:010d}"


@legal()
class IdsDifferInCaseOnly(Counting):
    """Short ones in the manner of video platforms, where upper and lower case are different digits."""

    def form(self, number: int) -> str:
        return "".join("aA"[number >> bit & 1] for bit in range(16))


@legal()
class IdsHaveOddCharacters(Counting):
    """Paths, spaces, quotes, an emoji, right-to-left letters."""

    def form(self, number: int) -> str:
        return f"tenants/é 中/{number} “m” '\\\"%2F#?&=+ 😀 שלום\u2028\ttab"


@legal()
class IdsAreSignedTokens(Store):
    """Opaque and random, in URL-safe base64, like Relay's global ids."""

    def new_id(self) -> str:
        return f"TWVzc2FnZTo{secrets.token_urlsafe(24)}=="


@legal()
class IdsCountFromOneInEachConversation(HelpCenter):
    """Each conversation numbers its messages; conversations and users are numbered as well, all from 1."""

    class STORE(Store):
        """Unique ids inside, ``conversation:number``."""

        def __init__(self) -> None:
            self._conversations = itertools.count(1)
            self._messages: dict[str, itertools.count[int]] = {}
            super().__init__()

        def create(self, user: str) -> Conversation:
            now = self.now()
            conversation = Conversation(str(next(self._conversations)), user, "open", now, now)
            self._messages[conversation.id] = itertools.count(1)
            with self.db:
                row = (conversation.id, user, conversation.status, now, now)
                self.db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?, ?)", row)
            return conversation

        def _insert(self, conversation: Conversation, texts: Iterable[str], sender: str) -> list[Message]:
            count = self._messages[conversation.id]
            with self._lock:
                self.new_id = lambda: f"{conversation.id}:{next(count)}"  # type: ignore[method-assign]
                return super()._insert(conversation, texts, sender)

    def message_payload(self, message: Message) -> Json:
        payload = super().message_payload(message)
        return payload | {"id": payload["id"].partition(":")[2]}

    def conversation_payload(self, conversation: Conversation) -> Json:
        return super().conversation_payload(conversation) | {"userId": conversation.id}


@legal()
class UserIdIsNotTheSubject(HelpCenter):
    """The conversation speaks of the profile, not of the account that the token names; both have UUIDs, in upper case
    and braces."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        profile = uuid.uuid5(uuid.NAMESPACE_OID, conversation.user_id)
        return super().conversation_payload(conversation) | {"userId": f"{{{str(profile).upper()}}}"}


class KnowsTheFormOfSubjects(HelpCenter):
    """Issues subjects of one form, and takes no token with another; right as it stands."""

    FORM = r".*"

    def user_of(self, token: object) -> str:
        subject = super().user_of(token)
        if not re.fullmatch(self.FORM, subject):
            raise self.unknown(subject)
        return subject

    def unknown(self, subject: str) -> Exception:  # noqa: ARG002  for overrides
        return self.unauthorized("There is no such user.")


@legal()
class SubjectsAreSlugs(KnowsTheFormOfSubjects):
    """Lower case, digits and hyphens, forty at most."""

    FORM = r"[a-z0-9-]{1,40}"


@legal()
class OddSubjectsFail(KnowsTheFormOfSubjects):
    """A constraint of the column, met as late as the insert: a failure of the server, over either channel."""

    FORM = r"[A-Za-z0-9@.|_-]{1,64}"

    def unknown(self, subject: str) -> Exception:
        return ValueError(f"violates a check constraint: {subject!r}")


@legal()
class ConversationIdIsTheSubject(Store):
    """One for each user, so the user's id is its id."""

    def create(self, user: str) -> Conversation:
        self.next = user
        return super().create(user)

    def new_id(self) -> str:
        given, self.next = getattr(self, "next", None), None
        return given or super().new_id()
