"""Servers that trust fields which only they may fill in, and guards that go too far (sections 4.2, 4.5 and 4.6)."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import USER, Event, Json
from conformance.reference.store import Message
from tests.faults.fault import fault

MOMENT = 2.0
"""Seconds between two taps."""


class AssignsWhatCame(HelpCenter):
    """Builds the message from the whole payload."""

    def field(self, event: Event, name: str) -> Any:
        payload = self.payload_of(event)
        return payload.get(name) if isinstance(payload, dict) else None


@fault("MESSAGE-SENDER")
class TrustsTheSender(AssignsWhatCame):
    async def on_send(self, event: Event) -> None:
        self.claimed = self.field(event, "sender")
        await super().on_send(event)

    def save(self, user: str, text: str, *, sender: str) -> Message:
        claimed, self.claimed = getattr(self, "claimed", None), None
        return super().save(user, text, sender=str(claimed) if claimed and sender == USER else sender)


@fault("ISOLATION-MESSAGES", "ISOLATION-HISTORY", also=("MESSAGE-CONVERSATION", "MESSAGE-ECHO", "SUPPORT-STORED"))
class TrustsTheUserId(AssignsWhatCame):
    """Writes into the thread of whoever is named."""

    def sender_of(self, event: Event) -> str:
        own = super().sender_of(event)
        named = self.field(event, "userId")
        return named if isinstance(named, str) and self.store.find(named) is not None else own


@fault("ISOLATION-MESSAGES", "ISOLATION-HISTORY", also=("MESSAGE-CONVERSATION", "MESSAGE-ECHO", "SUPPORT-STORED"))
class TrustsTheConversationId(AssignsWhatCame):
    """Writes into the conversation that is named."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owners: dict[str, str] = {}

    async def welcome(self, sid: str, user: str) -> None:
        self.owners[self.store.conversation_of(user).id] = user
        await super().welcome(sid, user)

    def sender_of(self, event: Event) -> str:
        own, named = super().sender_of(event), self.field(event, "conversationId")
        return self.owners.get(named, own) if isinstance(named, str) else own


@fault("ISOLATION-HISTORY")
class TrustsTheUserIdOfAuth(HelpCenter):
    """The token is verified, and the user is ``auth.userId ?? claims.sub``."""

    def authenticate(self, environ: Json, auth: object) -> str:
        user = super().authenticate(environ, auth)
        named = auth.get("userId") if isinstance(auth, dict) else None
        return named if isinstance(named, str) else user


@fault("ISOLATION-HISTORY")
class TrustsTheUserIdOfTheHandshake(HelpCenter):
    """The same, by the query of the handshake."""

    def authenticate(self, environ: Json, auth: object) -> str:
        user = super().authenticate(environ, auth)
        return parse_qs(environ.get("QUERY_STRING", "")).get("userId", [user])[0]


@fault("ISOLATION-HISTORY")
class TrustsTheUserIdOfTheUrl(HelpCenter):
    """The same, over REST."""

    def rest_user(self, request: Request) -> str:
        user = super().rest_user(request)
        return str(request.query_params.get("userId", user))


@fault("SEND-TWICE")
class IgnoresDoubleTaps(HelpCenter):
    """The same text within two seconds is answered with the message that is there already."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.last: dict[str, tuple[float, Message]] = {}

    async def deliver(self, user: str, text: str, *, sender: str, origin: str | None = None) -> Message:
        at, known = self.last.get(user, (0.0, None))
        if sender == USER and known is not None and known.text == text and time.monotonic() - at < MOMENT:
            return known
        message = await super().deliver(user, text, sender=sender, origin=origin)
        if sender == USER:
            self.last[user] = (time.monotonic(), message)
        return message


@fault("SEND-VERBATIM", also=("SEND-FULL",))  # a full-length text with a pattern in it grows beyond the limit
class ReplacesPatterns(HelpCenter):
    """Puts the text into its template by a replace that knows patterns."""

    def trim(self, text: str) -> str:
        return text.strip().replace("$$", "$").replace("$&", "{text}")
