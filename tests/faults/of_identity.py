"""Servers that take one user for another whose id looks alike (sections 2.2 and 4.1)."""

from __future__ import annotations

import re
import unicodedata
import zlib
from urllib.parse import quote

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import MESSAGE, Json
from conformance.reference.store import Conversation, Message, Store
from tests.faults.fault import fault

ONE_FOR_TWO = ("CONNECTED-USER", "CONNECTED-CONVERSATION", "ISOLATION-HISTORY", "ISOLATION-MESSAGES")


class Compares(HelpCenter):
    """Users whose ``key`` is the same are one user; right as it stands."""

    def user_of(self, token: object) -> str:
        return self.key(super().user_of(token))

    def key(self, subject: str) -> str:
        return subject


@fault(*ONE_FOR_TWO)
class ComparesWithoutCase(Compares):
    """The collation of the column."""

    def key(self, subject: str) -> str:
        return subject.lower()


@fault(*ONE_FOR_TWO)
class ComparesWithoutAccents(Compares):
    def key(self, subject: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFD", subject) if not unicodedata.combining(c))


@fault(*ONE_FOR_TWO)
class ComparesNormalized(Compares):
    def key(self, subject: str) -> str:
        return unicodedata.normalize("NFC", subject)


@fault(*ONE_FOR_TWO)
class ComparesTrimmed(Compares):
    """CHAR columns are padded with spaces."""

    def key(self, subject: str) -> str:
        return subject.rstrip(" ")


@fault(*ONE_FOR_TWO)
class ComparesNumbers(Compares):
    """What looks like a number is one: ``==`` of a language that converts."""

    def key(self, subject: str) -> str:
        try:
            return repr(float(subject))
        except ValueError:
            return subject


@fault(*ONE_FOR_TWO)
class ComparesSlugs(Compares):
    def key(self, subject: str) -> str:
        return re.sub(r"[^0-9A-Za-z]+", "-", subject)


@fault(*ONE_FOR_TWO)
class ComparesWhatFits(Compares):
    """A column of 64 characters, in a database that cuts."""

    def key(self, subject: str) -> str:
        return subject[:64]


@fault(*ONE_FOR_TWO)
class ComparesLocalParts(Compares):
    def key(self, subject: str) -> str:
        return subject.partition("@")[0].partition("+")[0]


@fault("CONNECTED-USER", "CONNECTED-CONVERSATION", "ISOLATION-HISTORY", also=("ISOLATION-MESSAGES", "SEND-PLAIN"))
class LooksUsersUpWithLike(Store):
    """WHERE user_id LIKE :subject"""

    def find(self, user: str) -> Conversation | None:
        query = "SELECT id, user_id, status, created_at, updated_at FROM conversations WHERE user_id LIKE ?"
        row = self.db.execute(query, (user,)).fetchone()
        return None if row is None else Conversation(*row)


@fault(*ONE_FOR_TWO)
class LooksUsersUpByChecksum(Compares):
    """WHERE user_crc = CRC32(?), and no user_id = ? besides: whoever came first is found."""

    def key(self, subject: str) -> str:
        first: dict[int, str] = self.__dict__.setdefault("first", {})
        return first.setdefault(zlib.crc32(subject.encode()), subject)


def binds(pattern: list[str], key: list[str]) -> bool:
    """Whether a topic exchange of AMQP routes a key by this pattern."""
    if not pattern:
        return not key
    first, *rest = pattern
    if first == "#":
        return any(binds(rest, key[begin:]) for begin in range(len(key) + 1))
    return bool(key) and first in ("*", key[0]) and binds(rest, key[1:])


@fault("ISOLATION-MESSAGES", also=("MESSAGE-CONVERSATION",))
class SubscribesByTopic(HelpCenter):
    """Each connection binds a queue to user.<sub>, and the wildcards in it count."""

    async def announce(self, user: str, message: Message, *, origin: str | None) -> None:  # noqa: ARG002
        for sid, other in list(self.users.items()):
            if binds(other.split("."), user.split(".")):
                await self.emit(MESSAGE, self.message_payload(message), to=sid)


@fault("ISOLATION-MESSAGES", also=("MESSAGE-CONVERSATION",))
class RoomsAreSlugs(HelpCenter):
    def room_of(self, user: str) -> str:
        return "user:" + re.sub(r"\W", "", user.lower())


@fault("CONNECTED-USER", also=("REST-SAME",))
class RestEncodesTheUserId(HelpCenter):
    """``encodeURIComponent(userId)``, for the path of the service behind REST; plain ids look the same."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(user)
        payload["conversation"]["userId"] = quote(payload["conversation"]["userId"], safe="")
        return payload


@fault("CONNECTED-CONVERSATION")
class RestLooksUpTheEncodedUser(HelpCenter):
    """The service behind REST does not decode the id in its path: who has an odd one has another conversation there."""

    def rest_payload(self, user: str) -> Json:
        payload = super().rest_payload(quote(user, safe=""))
        payload["conversation"]["userId"] = user
        return payload
