"""Messages of the user that appear though they were never reported as saved: what a refused text must not leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.checks.assertions import expect
from conformance.checks.sending import spelled
from conformance.checks.unique_words import words_in
from conformance.inputs.texts import WHITE
from conformance.protocol import MESSAGE, USER
from conformance.record.payloads import History, Message
from conformance.record.views import Record


def unexpected_emitted(record: Record) -> list[Message]:
    """Messages of the user that were emitted and that no accepted send, and no earlier history, accounts for. (What was
    sent before the record began may be emitted late.)"""
    first = {connection.user: connection for connection in reversed(record.connections)}
    old = {message_id for connection in first.values() for message_id in connection.history.ids}
    return _strays(record, [event.message for event in record.events(MESSAGE)], old)


def unexpected_listed(record: Record, before: History, after: History) -> list[Message]:
    """The same of messages that a conversation shows and did not show before. Over the same channel: a longer window
    shows messages that are merely old."""
    old = set(before.ids)
    new = [after.messages[place] for place, name in enumerate(after.ids) if name not in old]
    return _strays(record, new, old)


def unexpected_in_greeting(record: Record) -> list[Message]:
    """Strays in the greeting of the device that connected last ("tablet")."""
    return unexpected_listed(record, record.connection("phone").history, record.connection("tablet").history)


def unexpected_in_rest(record: Record) -> list[Message]:
    """Strays in the REST body that was fetched last ("after")."""
    return unexpected_listed(record, record.fetch("before").history, record.fetch("after").history)


def nothing_unexpected(unexpected: Sequence[Message]) -> None:
    """Deviate unless there are none."""
    expect(
        not unexpected,
        "no message of the user but those that were accepted",
        lambda: "; ".join(f"{message.where}: {spelled(message.text)}" for message in unexpected),
        at=[m.at for m in unexpected],
    )


def _strays(record: Record, messages: Sequence[Message], old: set[str]) -> list[Message]:
    accounted, said = _accounting(record), {words for send in record.sends for words in words_in(send.args)}

    def of_this_record(message: Message) -> bool:
        """A message of another conversation, or of words that were said elsewhere, is a leak, which ISOLATION-MESSAGES
        and its kin judge; or it comes late (SEND-KEPT)."""
        words = words_in(message.text)
        return message.conversation_id in record.conversation_ids and (not words or bool(words & said))

    unknown = (m for m in messages if m.sender == USER and m.id not in old and not accounted(m))
    return [message for message in unknown if of_this_record(message)]


def _accounting(record: Record) -> Callable[[Message], bool]:
    """Whether a message is that of a send that was accepted: rightly, or wrongly, which is judged elsewhere. By its
    text too, so that other ids or a second copy are not taken for something that was refused."""
    accepted = [send for send in record.accepted() if send.args and isinstance(send.args[0], dict)]
    ids = {send.message.id for send in accepted}
    texts = {send.text.strip(WHITE) for send in record.sends if send.valid and isinstance(send.text, str)}
    return lambda message: message.id in ids or message.text in texts
