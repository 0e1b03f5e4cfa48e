"""What the socket and REST have in common: who is speaking, and the state of a conversation."""

from __future__ import annotations

from conformance.reference.protocol import SERVER_ERROR, UNAUTHORIZED, Json, Problem
from conformance.reference.rules import Rules
from conformance.reference.shapes import Shapes
from conformance.reference.store import Message, Store
from conformance.reference.tokens import BadToken, Verifier


class Service(Rules, Shapes):
    """A verifier and a store, and what is done with them over every channel; a part of `HelpCenter`."""

    def __init__(self, verifier: Verifier, store: Store) -> None:
        self.verifier = verifier
        self.store = store

    def header_token(self, header: str | None) -> str | None:
        """Option B, and REST: the token of an Authorization header."""
        scheme, _, token = (header or "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None

    def strip_bearer(self, text: str) -> str:
        """What follows "Bearer ", or the text itself."""
        scheme, space, rest = text.partition(" ")
        return rest.strip() if space and scheme.lower() == "bearer" else text

    def user_of(self, token: object) -> str:
        """The user a token stands for, over every channel; raises `Problem`."""
        try:
            return self.verifier.verify(token)
        except BadToken as bad:
            raise self.unauthorized(str(bad)) from bad

    def snapshot(self, user: str) -> Json:
        """The conversation of a user with all its messages."""
        conversation = self.store.conversation_of(user)
        return self.connected_payload(conversation, self.store.history(conversation))

    def save(self, user: str, text: str, *, sender: str) -> Message:
        """Add a message to a user's conversation."""
        return self.store.add(self.store.conversation_of(user), text, sender=sender)

    def unauthorized(self, message: str) -> Problem:
        """A token that is missing or no good."""
        return Problem(UNAUTHORIZED, message)

    def server_problem(self) -> Problem:
        """An error of our own, with nothing in it that is only ours to know."""
        return Problem(SERVER_ERROR, "Something went wrong on the server.")
